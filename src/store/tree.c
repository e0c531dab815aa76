/*
 * LMDB's pages, as data version 1 lays them out (mdb.c: MDB_page, MDB_node, MDB_meta). Pages that a
 * held snapshot reaches never change, so nothing here takes a lock or copies.
 */
#include "store/tree.h"

#include <urcu/arch.h>

enum {
	PAGE = 4096,
	DEPTH_MAX = 32,
	META_MAGIC = (int)0xBEEFC0DE,
	META_VERSION = 1,
	PAGE_BRANCH = 1,
	PAGE_LEAF = 2,
	NODE_BIG = 1, /* the value is on pages of its own; here is the first one's number */
};

struct tree_page {
	uint64_t number;
	uint16_t pad, flags;
	uint16_t lower, upper; /* free space: `at` ends at lower */
	uint16_t at[];	       /* where the nodes are, in the order of their keys */
};

/* low, high: the value's size; on a branch, with flags, the page's number. */
struct node {
	uint16_t low, high, flags, key_size;
	char key[];
};

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

static const struct tree_page *page_get(const struct tree *t, uint64_t number)
{
	return (const void *)(t->map + number * PAGE);
}

static inline const struct node *node_get(const struct tree_page *p, unsigned i)
{
	return (const void *)((const char *)p + p->at[i]);
}

static inline struct text node_key(const struct node *n)
{
	return (struct text){n->key, n->key_size};
}

static inline unsigned node_count(const struct tree_page *p)
{
	return (unsigned)(p->lower - offsetof(struct tree_page, at)) / sizeof(p->at[0]);
}

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
	       m->version == META_VERSION && m->free.page_size == PAGE && m->rows.flags == 0 &&
	       m->rows.depth > 0 && m->rows.depth <= DEPTH_MAX;
}

bool tree_at(struct tree *t, const void *inside, uint64_t snapshot)
{
	struct meta meta;
	/* A value begins on the page whose number says how far the map's beginning is. */
	const char *page = (const char *)inside - (uintptr_t)inside % PAGE;
	*t = (struct tree){.map = page -
				  ((const struct tree_page *)(const void *)page)->number * PAGE};
	if (!meta_get(t, snapshot, &meta) || !meta_fits(&meta))
		return false;
	t->snapshot = snapshot;
	t->root = meta.rows.root;
	t->depth = meta.rows.depth;
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

/* The first node from `low` on whose key is not less. Memory is slow and comparing is not: what
 * three steps may need is called for at once. */
static unsigned find(const struct tree_page *p, unsigned low, struct text key, bool *ret_equal)
{
	unsigned high = node_count(p);
	*ret_equal = false;
	for (unsigned step = 0; low < high; step++) {
		if (step % 3 == 0)
			call_three_steps(p, low, high);
		unsigned middle = (low + high) / 2;
		int order = tree_compare(key, node_key(node_get(p, middle)));
		if (order == 0) {
			*ret_equal = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The nodes' places, which are needed first, come at once. */
static void call_for(const struct tree_page *p)
{
	for (unsigned line = 0; line < 4; line++)
		__builtin_prefetch((const char *)p + 64 * line);
}

static void descend(const struct tree *t, struct text key, struct finger *f)
{
	const struct tree_page *p = page_get(t, t->root);
	*f = (struct finger){0};
	for (unsigned level = 1; level < t->depth; level++) {
		bool equal;
		must(p->flags & PAGE_BRANCH);
		/* The first node has no key: it takes all that is less than the second. */
		unsigned i = find(p, 1, key, &equal) - !equal;
		const struct node *n = node_get(p, i);
		if (i > 0)
			f->low = node_key(n);
		if (i + 1 < node_count(p))
			f->high = node_key(node_get(p, i + 1));
		p = page_get(t, n->low | (uint64_t)n->high << 16 | (uint64_t)n->flags << 32);
		call_for(p);
	}
	f->leaf = p;
}

static bool belongs(const struct finger *f, struct text key)
{
	return f->leaf && (!f->low.data || tree_compare(key, f->low) >= 0) &&
	       (!f->high.data || tree_compare(key, f->high) < 0);
}

/* A key's first two bytes are the kind of its row and which table, unique or list it is of. */
static struct finger *finger_of(struct tree *t, struct text key)
{
	unsigned i = key.size < 2 ? 0 : (uint8_t)key.data[0] * 13u + (uint8_t)key.data[1];
	return &t->fingers[i % TREE_FINGERS];
}

static struct text value_of(const struct tree *t, const struct node *n)
{
	const char *at = n->key + n->key_size;
	uint64_t number;
	if (n->flags & NODE_BIG) {
		memcpy(&number, at, sizeof(number));
		at = (const char *)page_get(t, number) + sizeof(struct tree_page);
	}
	return (struct text){at, n->low | (size_t)n->high << 16};
}

/* Rows that are asked for together often stand side by side. */
static bool is_beside(struct finger *f, struct text key)
{
	unsigned n = node_count(f->leaf);
	for (unsigned i = f->at ? f->at - 1 : 0; i <= f->at + 1 && i < n; i++) {
		if (text_equal(node_key(node_get(f->leaf, i)), key)) {
			f->at = i;
			return true;
		}
	}
	return false;
}

bool tree_get(struct tree *t, struct text key, struct text *ret_value)
{
	bool equal;
	struct finger *f = finger_of(t, key);
	bool same = belongs(f, key);
	if (!same)
		descend(t, key, f);
	must(f->leaf->flags & PAGE_LEAF);
	if (!same || !(equal = is_beside(f, key)))
		f->at = find(f->leaf, 0, key, &equal);
	if (equal)
		*ret_value = value_of(t, node_get(f->leaf, f->at));
	return equal;
}
