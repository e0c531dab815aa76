/*
 * Walks side by side (tree.h). They go down together, level by level, and on a level they compare
 * in turn, one node each: while memory brings one's next node, the others compare theirs. Each
 * calls for that one node only: memory answers about as many at once as there are lanes.
 */
#include "store/tree_page.h"

enum { LANES_MAX = TREE_WALKS_MAX / 2, VALUE_LINES = 4 };

struct lane {
	const struct tree_page *page;
	const struct node *node; /* the one that was called for */
	struct text key;
	struct stretch at;
	bool equal; /* the node at at.low has the key */
};

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
	unsigned i = t->walk_slots[slot_of(key)];
	return i && text_equal(t->walks[i - 1].key, key) ? &t->walks[i - 1] : NULL;
}

static void walk_keep(struct tree *t, const struct lane *l)
{
	struct walk *w = &t->walks[t->walk_count++];
	must(l->page->flags & PAGE_LEAF);
	t->walk_slots[slot_of(l->key)] = (uint8_t)t->walk_count;
	*w = (struct walk){.key = l->key, .leaf = l->page, .at = l->at.low, .found = l->equal};
	if (!w->found)
		return;
	w->value = node_value(t, node_get(w->leaf, w->at));
	for (unsigned line = 0; line < VALUE_LINES; line++)
		__builtin_prefetch(w->value.data + 64 * line);
}

/* Calls for the node that is compared next; false: the search has ended. */
static bool aim(struct lane *l)
{
	if (l->equal || l->at.low >= l->at.high)
		return false;
	l->node = node_get(l->page, stretch_middle(&l->at));
	__builtin_prefetch(l->node);
	return true;
}

/* Each to where its key is on its page, or would be. */
static void search(struct lane *lanes, unsigned n)
{
	bool more = false;
	for (unsigned i = 0; i < n; i++)
		more |= aim(&lanes[i]);
	while (more) {
		more = false;
		for (unsigned i = 0; i < n; i++) {
			struct lane *l = &lanes[i];
			if (l->equal || l->at.low >= l->at.high)
				continue;
			l->equal = stretch_compare(&l->at, l->node, l->key);
			more |= aim(l);
		}
	}
}

/* From the root to the leaves, whose nodes are not looked at yet. */
static void go_down(const struct tree *t, struct lane *lanes, unsigned n)
{
	for (unsigned level = 1;; level++) {
		for (unsigned i = 0; i < n; i++)
			stretch_over(&lanes[i].at, lanes[i].page);
		if (level == t->depth)
			return;
		search(lanes, n);
		for (unsigned i = 0; i < n; i++) {
			struct lane *l = &lanes[i];
			must(l->page->flags & PAGE_BRANCH);
			l->page = child_get(t, node_get(l->page, l->at.low - !l->equal));
			l->equal = false;
			page_call(l->page);
		}
	}
}

static struct lane lane_new(const struct tree *t, struct text key)
{
	return (struct lane){.page = page_get(t, t->root), .key = key};
}

/* The lesser key is on the same leaf. */
static bool is_here(const struct lane *l, struct text beside)
{
	must(tree_compare(beside, l->key) < 0);
	return l->at.low > 0 && tree_compare(node_key(node_get(l->page, 0)), beside) <= 0;
}

/* Where the leaf is the same the way is short; the others begin at the root. */
static void walk_beside(struct tree *t, const struct lane *walked, const struct goal *goals,
			unsigned n)
{
	struct lane lanes[LANES_MAX];
	unsigned count = 0, far[LANES_MAX], far_count = 0;
	for (unsigned i = 0; i < n; i++) {
		struct text beside = goals[i].beside;
		if (beside.size && is_here(&walked[i], beside))
			lanes[count++] = (struct lane){.page = walked[i].page,
						       .key = beside,
						       .at = {.high = walked[i].at.low}};
		else if (beside.size)
			far[far_count++] = i;
	}
	for (unsigned i = 0; i < far_count; i++)
		lanes[count + i] = lane_new(t, goals[far[i]].beside);
	go_down(t, lanes + count, far_count);
	count += far_count;
	search(lanes, count);
	for (unsigned i = 0; i < count; i++)
		walk_keep(t, &lanes[i]);
}

void tree_forget_walks(struct tree *t)
{
	memset(t->walk_slots, 0, sizeof(t->walk_slots));
	t->walk_count = 0;
}

void tree_walk(struct tree *t, const struct goal *goals, unsigned n)
{
	struct lane lanes[LANES_MAX];
	must(2 * n <= TREE_WALKS_MAX - t->walk_count);
	for (unsigned i = 0; i < n; i++)
		lanes[i] = lane_new(t, goals[i].key);
	go_down(t, lanes, n);
	search(lanes, n);
	for (unsigned i = 0; i < n; i++)
		walk_keep(t, &lanes[i]);
	walk_beside(t, lanes, goals, n);
}
