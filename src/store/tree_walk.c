/*
 * Walks side by side (tree.h). They go down together, level by level, and on a level they compare
 * in turn, one node each: while memory brings one's next node, the others compare theirs. Each
 * calls for that one node only: memory answers about as many at once as there are lanes.
 */
#include "store/tree_page.h"

enum { LANES_MAX = TREE_WALKS_MAX / 2, VALUE_LINES = 4 };

struct lane {
	const struct tree_page *page;
	const struct node *node; /* the one that was called for; NULL: its search has ended */
	struct text key;
	struct stretch at;
	bool equal; /* the node at at.low has the key */
};

/* ---- what has been walked to ---- */

/* Keys differ in their last bytes. */
static unsigned slot_of(struct text key)
{
	uint64_t word = 0;
	size_t n = key.size < sizeof(word) ? key.size : sizeof(word);
	memcpy(&word, key.data + key.size - n, n);
	return (unsigned)((word * UINT64_C(0x9E3779B97F4A7C15)) >> 56) % TREE_WALK_SLOTS;
}

const struct walk *walk_find(const struct tree *t, struct text key)
{
	for (unsigned slot = slot_of(key), i; (i = t->walk_slots[slot]) != 0;
	     slot = (slot + 1) % TREE_WALK_SLOTS)
		if (text_equal(t->walks[i - 1].key, key))
			return &t->walks[i - 1];
	return NULL;
}

static void walk_keep(struct tree *t, const struct lane *l)
{
	struct walk *w = &t->walks[t->walk_count++];
	unsigned slot = slot_of(l->key);
	must(l->page->flags & PAGE_LEAF);
	while (t->walk_slots[slot])
		slot = (slot + 1) % TREE_WALK_SLOTS;
	t->walk_slots[slot] = (uint8_t)t->walk_count;
	*w = (struct walk){.key = l->key, .leaf = l->page, .at = l->at.low, .found = l->equal};
	if (!w->found)
		return;
	w->value = node_value(t, node_get(w->leaf, w->at));
	for (unsigned line = 0; line < VALUE_LINES; line++)
		__builtin_prefetch(w->value.data + 64 * line);
}

void tree_forget_walks(struct tree *t)
{
	memset(t->walk_slots, 0, sizeof(t->walk_slots));
	t->walk_count = 0;
}

/* ---- walking ---- */

/* Calls for the node that is compared next, if any. */
static bool aim(struct lane *l)
{
	bool more = !l->equal && l->at.low < l->at.high;
	l->node = more ? node_get(l->page, stretch_middle(&l->at)) : NULL;
	__builtin_prefetch(l->node);
	return more;
}

/* Each to where its key is in its stretch, or would be. */
static void search(struct lane *lanes, unsigned n)
{
	bool more = false;
	for (unsigned i = 0; i < n; i++)
		more |= aim(&lanes[i]);
	while (more) {
		more = false;
		for (unsigned i = 0; i < n; i++) {
			struct lane *l = &lanes[i];
			if (!l->node)
				continue;
			l->equal = stretch_compare(&l->at, l->node, l->key);
			more |= aim(l);
		}
	}
}

static struct lane lane_new(const struct tree *t, struct text key)
{
	return (struct lane){.page = page_get(t, t->root), .key = key};
}

/* From the root to where the keys are, or would be, on their leaves. */
static void go_down(const struct tree *t, struct lane *lanes, unsigned n)
{
	for (unsigned level = 1;; level++) {
		for (unsigned i = 0; i < n; i++)
			stretch_over(&lanes[i].at, lanes[i].page);
		search(lanes, n);
		if (level == t->depth)
			return;
		for (unsigned i = 0; i < n; i++) {
			struct lane *l = &lanes[i];
			must(l->page->flags & PAGE_BRANCH);
			l->page = child_get(t, node_get(l->page, l->at.low - !l->equal));
			l->equal = false;
			page_call(l->page);
		}
	}
}

/* Most are before the greater key on its leaf; those that would be before all that is on it begin
 * at the root. */
static void walk_beside(struct tree *t, const struct lane *walked, const struct goal *goals,
			unsigned n)
{
	struct lane lanes[LANES_MAX], far[LANES_MAX];
	unsigned count = 0, far_count = 0;
	for (unsigned i = 0; i < n; i++) {
		if (!goals[i].beside.size)
			continue;
		must(tree_compare(goals[i].beside, goals[i].key) < 0);
		lanes[count++] = (struct lane){.page = walked[i].page,
					       .key = goals[i].beside,
					       .at = {.high = walked[i].at.low}};
	}
	search(lanes, count);
	for (unsigned i = 0; i < count; i++)
		if (lanes[i].at.low > 0 || lanes[i].equal)
			walk_keep(t, &lanes[i]);
		else
			far[far_count++] = lane_new(t, lanes[i].key);
	go_down(t, far, far_count);
	for (unsigned i = 0; i < far_count; i++)
		walk_keep(t, &far[i]);
}

void tree_walk(struct tree *t, const struct goal *goals, unsigned n)
{
	struct lane lanes[LANES_MAX];
	must(t->snapshot && 2 * n <= TREE_WALKS_MAX - t->walk_count);
	for (unsigned i = 0; i < n; i++)
		lanes[i] = lane_new(t, goals[i].key);
	go_down(t, lanes, n);
	for (unsigned i = 0; i < n; i++)
		walk_keep(t, &lanes[i]);
	walk_beside(t, lanes, goals, n);
}
