/*
 * LMDB's pages, as data version 1 lays them out (mdb.c: MDB_page, MDB_node), and a step of a search
 * on one: what tree.c and tree_walk.c are made of. Pages that a held snapshot reaches never change,
 * so nothing here takes a lock or copies.
 */
#pragma once

#include "store/tree.h"

enum {
	TREE_PAGE = 4096,
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

static inline const struct tree_page *page_get(const struct tree *t, uint64_t number)
{
	return (const void *)(t->map + number * TREE_PAGE);
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

/* Where a branch's node leads. */
static inline const struct tree_page *child_get(const struct tree *t, const struct node *n)
{
	return page_get(t, n->low | (uint64_t)n->high << 16 | (uint64_t)n->flags << 32);
}

static inline struct text node_value(const struct tree *t, const struct node *n)
{
	const char *at = n->key + n->key_size;
	uint64_t number;
	if (n->flags & NODE_BIG) {
		memcpy(&number, at, sizeof(number));
		at = (const char *)page_get(t, number) + sizeof(struct tree_page);
	}
	return (struct text){at, n->low | (size_t)n->high << 16};
}

/* The nodes' places, which are needed first, come at once. */
static inline void page_call(const struct tree_page *p)
{
	for (unsigned line = 0; line < 4; line++)
		__builtin_prefetch((const char *)p + 64 * line);
}

/* Where a search still looks, and how many bytes the key shares with the nodes around it; all that
 * are between share at least the lesser number. Both hold for the page below too. */
struct stretch {
	unsigned low, high;
	size_t low_shares, high_shares;
};

static inline unsigned stretch_middle(const struct stretch *s)
{
	return (s->low + s->high) / 2;
}

/* All nodes of a page, but a branch's first one, which has no key: it takes all that is less than
 * the second. */
static inline void stretch_over(struct stretch *s, const struct tree_page *p)
{
	s->low = (p->flags & PAGE_BRANCH) != 0;
	s->high = node_count(p);
}

/* Compares with the node in the middle; true: it is equal, and at low. */
static inline bool stretch_compare(struct stretch *s, const struct node *middle, struct text key)
{
	unsigned at = stretch_middle(s);
	size_t shares = s->low_shares < s->high_shares ? s->low_shares : s->high_shares;
	int order = tree_compare_behind(key, node_key(middle), &shares);
	if (order < 0) {
		s->high = at;
		s->high_shares = shares;
	} else {
		s->low = order ? at + 1 : at;
		s->low_shares = shares;
	}
	return order == 0;
}
