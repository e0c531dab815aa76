/*
 * LMDB's pages, as data version 1 lays them out (mdb.c: MDB_page, MDB_node, MDB_meta). Pages that a
 * held snapshot reaches never change, so nothing here takes a lock or copies.
 */
#include "store/tree.h"

#include "base/utf8.h"

#include <limits.h>
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

/* Compares with the middle; true: it is equal, and at low. */
static inline bool halve(struct stretch *s, const struct tree_page *p, struct text key)
{
	unsigned middle = (s->low + s->high) / 2;
	size_t shares = s->low_shares < s->high_shares ? s->low_shares : s->high_shares;
	int order = tree_compare_behind(key, node_key(node_get(p, middle)), &shares);
	if (order < 0) {
		s->high = middle;
		s->high_shares = shares;
	} else {
		s->low = order ? middle + 1 : middle;
		s->low_shares = shares;
	}
	return order == 0;
}

/* The first node of the stretch whose key is not less, at low. Memory is slow and comparing is not:
 * what three steps may need is called for at once. */
static bool find(const struct tree_page *p, struct text key, struct stretch *s)
{
	for (unsigned step = 0; s->low < s->high; step++) {
		if (step % 3 == 0)
			call_three_steps(p, s->low, s->high);
		if (halve(s, p, key))
			return true;
	}
	return false;
}

/* The nodes' places, which are needed first, come at once. */
static void call_for(const struct tree_page *p)
{
	for (unsigned line = 0; line < 4; line++)
		__builtin_prefetch((const char *)p + 64 * line);
}

/* Where a branch's node leads. */
static const struct tree_page *child_get(const struct tree *t, const struct node *n)
{
	return page_get(t, n->low | (uint64_t)n->high << 16 | (uint64_t)n->flags << 32);
}

/* To the key's leaf; the stretch is all of it then. */
static void descend(const struct tree *t, struct text key, struct finger *f, struct stretch *s)
{
	const struct tree_page *p = page_get(t, t->root);
	*s = (struct stretch){0};
	for (unsigned level = 1; level < t->depth; level++) {
		must(p->flags & PAGE_BRANCH);
		/* The first node has no key: it takes all that is less than the second. */
		s->low = 1;
		s->high = node_count(p);
		bool equal = find(p, key, s);
		p = child_get(t, node_get(p, s->low - !equal));
		call_for(p);
	}
	s->low = 0;
	s->high = node_count(p);
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

/* ---- side by side ---- */

enum { STEPS_A_TURN = 3, VALUE_LINES = 4 };

/* Keys differ in their last bytes. */
static unsigned slot_of(struct text key)
{
	uint64_t word = 0;
	size_t n = key.size < sizeof(word) ? key.size : sizeof(word);
	memcpy(&word, key.data + key.size - n, n);
	return (unsigned)((word * UINT64_C(0x9E3779B97F4A7C15)) >> 56) % TREE_WALK_SLOTS;
}

static const struct walk *walk_find(const struct tree *t, struct text key)
{
	unsigned i = t->walk_slots[slot_of(key)];
	return i && text_equal(t->walks[i - 1].key, key) ? &t->walks[i - 1] : NULL;
}

/* So many steps. True: the search is at its end. */
static bool search_on(struct walk *w, unsigned steps, bool *ret_equal)
{
	struct stretch at = w->at;
	bool equal = false;
	for (; steps > 0 && !equal && at.low < at.high; steps--)
		equal = halve(&at, w->page, w->key);
	w->at = at;
	*ret_equal = equal;
	return equal || at.low >= at.high;
}

static void walk_down(const struct tree *t, struct walk *w, bool equal)
{
	w->page = child_get(t, node_get(w->page, w->at.low - !equal));
	w->looked = false;
	w->level++;
	call_for(w->page);
}

/* A branch's first node has no key. */
static void look_at_page(const struct tree *t, struct walk *w)
{
	w->looked = true;
	w->at.low = w->level < t->depth;
	w->at.high = node_count(w->page);
}

/* Everybody goes through the uppermost pages: they are at hand. */
static void walk_begin(const struct tree *t, struct walk *w)
{
	w->page = page_get(t, t->root);
	for (w->level = 1; w->level + 1 < t->depth;) {
		bool equal = false;
		look_at_page(t, w);
		(void)search_on(w, UINT_MAX, &equal);
		walk_down(t, w, equal);
	}
}

static struct walk *walk_new(struct tree *t, struct text key)
{
	struct walk *w = &t->walks[t->walk_count++];
	t->walk_slots[slot_of(key)] = (uint8_t)t->walk_count;
	*w = (struct walk){.key = key};
	return w;
}

/* Where its leaf is the same, the way is short. */
static void walk_beside(struct tree *t, const struct walk *w)
{
	must(!w->beside.size || tree_compare(w->beside, w->key) < 0);
	if (!w->beside.size || w->at.low == 0 ||
	    tree_compare(node_key(node_get(w->page, 0)), w->beside) > 0)
		return;
	struct walk *other = walk_new(t, w->beside);
	other->page = w->page;
	other->level = t->depth;
	other->looked = true;
	other->at.high = w->at.low;
	call_three_steps(other->page, 0, other->at.high);
}

static void walk_end(struct tree *t, struct walk *w, bool found)
{
	walk_beside(t, w);
	w->found = found;
	w->leaf = w->page;
	if (found) {
		w->value = value_of(t, node_get(w->page, w->at.low));
		for (unsigned line = 0; line < VALUE_LINES; line++)
			__builtin_prefetch(w->value.data + 64 * line);
	}
	w->page = NULL;
}

/* Looks at what was called for by the turn before, and calls for what the next one wants. */
static void turn(struct tree *t, struct walk *w)
{
	bool equal = false, is_leaf = w->level == t->depth;
	if (!w->looked) {
		look_at_page(t, w);
		call_three_steps(w->page, w->at.low, w->at.high);
	} else if (!search_on(w, STEPS_A_TURN, &equal)) {
		call_three_steps(w->page, w->at.low, w->at.high);
	} else if (!is_leaf) {
		walk_down(t, w, equal);
	} else {
		walk_end(t, w, equal);
	}
}

void tree_forget_walks(struct tree *t)
{
	memset(t->walk_slots, 0, sizeof(t->walk_slots));
	t->walk_count = 0;
}

void tree_walk(struct tree *t, const struct goal *goals, unsigned n)
{
	unsigned first = t->walk_count, under_way = n;
	must(2 * n <= TREE_WALKS_MAX - first);
	for (unsigned i = 0; i < n; i++) {
		struct walk *w = walk_new(t, goals[i].key);
		w->beside = goals[i].beside;
		walk_begin(t, w);
	}
	while (under_way) {
		under_way = 0;
		for (unsigned i = first; i < t->walk_count; i++) {
			if (!t->walks[i].page)
				continue;
			turn(t, &t->walks[i]);
			under_way++;
		}
	}
}

/* ---- one row ---- */

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
	struct finger *f = finger_of(t, key);
	bool found = is_beside(f, key);
	const struct walk *walk = !found && t->walk_count ? walk_find(t, key) : NULL;
	if (walk) {
		f->leaf = walk->leaf;
		f->at = walk->at.low;
		*ret_value = walk->value;
		return walk->found;
	}
	if (!found && !find_on_leaf(t, key, f))
		return false;
	*ret_value = value_of(t, node_get(f->leaf, f->at));
	return true;
}
