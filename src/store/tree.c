/* See tree.h. */
#include "store/tree_page.h"

#include "base/utf8.h"

#include <urcu/arch.h>

enum {
	DEPTH_MAX = 32,
	META_MAGIC = (int)0xBEEFC0DE,
	META_VERSION = 1,
};

/* mdb.c: MDB_db, MDB_meta. */
struct database {
	uint32_t page_size; /* in the first one only */
	uint16_t flags, depth;
	uint64_t branches, leaves, big, entries, root;
};
struct meta {
	uint64_t head[2]; /* a struct tree_page */
	uint32_t magic, version;
	uint64_t address, map_size;
	struct database free, rows;
	uint64_t last_page, snapshot;
};
_Static_assert(sizeof(struct tree_page) == 16 && sizeof(struct node) == 8 &&
		   offsetof(struct meta, snapshot) == 144,
	       "as LMDB has them");

/* ---- standing on a snapshot ---- */

/* Commits write the two meta pages in turn: while the other one is older, this one is whole. */
static bool meta_get(const struct tree *t, uint64_t snapshot, struct meta *ret)
{
	const struct meta *mine = (const void *)page_get(t, snapshot & 1);
	const volatile struct meta *other = (const void *)page_get(t, ~snapshot & 1);
	memcpy(ret, mine, sizeof(*ret));
	cmm_smp_rmb();
	return ret->snapshot == snapshot && other->snapshot < snapshot;
}

static bool meta_fits(const struct meta *m)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && m->magic == (uint32_t)META_MAGIC &&
	       m->version == META_VERSION && m->free.page_size == TREE_PAGE && m->rows.flags == 0 &&
	       m->rows.depth > 0 && m->rows.depth <= DEPTH_MAX;
}

bool tree_at(struct tree *t, const void *inside, uint64_t snapshot)
{
	struct meta meta;
	/* A value begins on the page whose number says how far the map's beginning is. */
	const char *page = (const char *)inside - (uintptr_t)inside % TREE_PAGE;
	*t = (struct tree){.map = page - ((const struct tree_page *)(const void *)page)->number *
					     TREE_PAGE};
	if (!meta_get(t, snapshot, &meta) || !meta_fits(&meta))
		return false;
	t->snapshot = snapshot;
	t->root = meta.rows.root;
	t->depth = meta.rows.depth;
	t->leaves = meta.rows.leaves;
	return true;
}

/* ---- looking up ---- */

/* Calls for all nodes that the next three steps between low and high may look at. */
static void call_three_steps(const struct tree_page *p, unsigned low, unsigned high)
{
	unsigned middle = (low + high) / 2;
	unsigned left = (low + middle) / 2, right = (middle + 1 + high) / 2;
	const unsigned at[] = {middle,
			       left,
			       right,
			       (low + left) / 2,
			       (left + 1 + middle) / 2,
			       (middle + 1 + right) / 2,
			       (right + 1 + high) / 2};
	for (size_t i = 0; i < COUNT_OF(at); i++)
		if (at[i] < high)
			__builtin_prefetch(node_get(p, at[i]));
}

/* The first node of the stretch whose key is not less, at low. Memory is slow and comparing is not:
 * what three steps may need is called for at once. */
static bool find(const struct tree_page *p, struct text key, struct stretch *s)
{
	for (unsigned step = 0; s->low < s->high; step++) {
		if (step % 3 == 0)
			call_three_steps(p, s->low, s->high);
		if (stretch_compare(s, node_get(p, stretch_middle(s)), key))
			return true;
	}
	return false;
}

/* To the key's leaf; the stretch is all of it then. */
static void descend(const struct tree *t, struct text key, struct finger *f, struct stretch *s)
{
	const struct tree_page *p = page_get(t, t->root);
	*s = (struct stretch){0};
	for (unsigned level = 1; level < t->depth; level++) {
		must(p->flags & PAGE_BRANCH);
		stretch_over(s, p);
		bool equal = find(p, key, s);
		p = child_get(t, node_get(p, s->low - !equal));
		page_call(p);
	}
	stretch_over(s, p);
	f->leaf = p;
}

/* Between the leaf's first key and its last one: the stretch is what lies between. */
static bool belongs(const struct finger *f, struct text key, struct stretch *s)
{
	unsigned n = f->leaf ? node_count(f->leaf) : 0;
	*s = (struct stretch){.high = n};
	return n && tree_compare_behind(key, node_key(node_get(f->leaf, 0)), &s->low_shares) >= 0 &&
	       tree_compare_behind(key, node_key(node_get(f->leaf, n - 1)), &s->high_shares) <= 0;
}

/* A key's first two bytes are the kind of its row and which table, unique or list it is of. */
static struct finger *finger_of(struct tree *t, struct text key)
{
	unsigned i = key.size < 2 ? 0 : (uint8_t)key.data[0] * 13u + (uint8_t)key.data[1];
	return &t->fingers[i % TREE_FINGERS];
}

/* Neighbours differ in their last bytes: these are compared first. */
static inline bool is_at(const struct finger *f, unsigned at, struct text key)
{
	const struct node *n = node_get(f->leaf, at);
	size_t last = key.size - sizeof(uint64_t);
	if (n->key_size != key.size || key.size < sizeof(uint64_t))
		return text_equal(key, node_key(n));
	if (load8(key.data + last) != load8(n->key + last))
		return false;
	for (size_t i = 0; i < last; i += sizeof(uint64_t))
		if (load8(key.data + i) != load8(n->key + i))
			return false;
	return true;
}

/* Rows that are asked for together often stand side by side, and are asked for in their order or
 * against it: while one is compared, memory brings one that is a few further on. */
static bool is_beside(struct finger *f, struct text key)
{
	enum { FURTHER = 4 };
	unsigned n = f->leaf ? node_count(f->leaf) : 0, at = f->at;
	if (at >= n)
		return false;
	if (is_at(f, at, key))
		return true;
	for (unsigned tries = 0; tries < 2; tries++, f->back = !f->back) {
		unsigned step = f->back ? -1U : 1U, further = at + FURTHER * step;
		if (at + step >= n || !is_at(f, at + step, key))
			continue;
		if (further < n)
			__builtin_prefetch(node_get(f->leaf, further));
		f->at = at + step;
		return true;
	}
	return false;
}

static bool find_on_leaf(struct tree *t, struct text key, struct finger *f)
{
	struct stretch s;
	if (!belongs(f, key, &s))
		descend(t, key, f, &s);
	must(f->leaf->flags & PAGE_LEAF);
	bool equal = find(f->leaf, key, &s);
	f->at = s.low;
	return equal;
}

bool tree_get(struct tree *t, struct text key, struct text *ret_value)
{
	const struct walk *walk = t->walk_count ? walk_find(t, key) : NULL;
	struct finger *f = finger_of(t, key);
	if (walk) {
		f->leaf = walk->leaf;
		f->at = walk->at;
		if (walk->found)
			*ret_value = walk->value;
		return walk->found;
	}
	if (!is_beside(f, key) && !find_on_leaf(t, key, f))
		return false;
	*ret_value = node_value(t, node_get(f->leaf, f->at));
	return true;
}
