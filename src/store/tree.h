/*
 * Look-ups in LMDB's tree, straight from the mapped pages of a snapshot that a transaction holds.
 *
 * LMDB's cursors look rows up one at a time, each from the root. Here a look-up near the last one
 * of its kind begins at its leaf, and those that are known beforehand go side by side, so that
 * memory is waited for once and not by each.
 *
 * The layout is that of LMDB's data version 1, which every 0.9 reads and writes. tree_at says no to
 * anything else, and then the caller asks LMDB.
 */
#pragma once

#include "base/varint.h"

struct tree_page;

/* Where the last look-up of a kind ended. */
struct finger {
	const struct tree_page *leaf; /* NULL: none yet */
	unsigned at;
	bool back; /* its last step to a neighbour was against the order */
};

/* `beside`: a lesser key that mostly stands on the same leaf and will be asked for too, or none. */
struct goal {
	struct text key, beside;
};

/* Where a walk has ended. */
struct walk {
	struct text key;
	const struct tree_page *leaf;
	unsigned at;
	bool found;
	struct text value;
};

enum { TREE_FINGERS = 64, TREE_WALKS_MAX = 66, TREE_WALK_SLOTS = 256 };
struct tree {
	const char *map;
	uint64_t snapshot;     /* LMDB's number of the transaction that made it; 0: none */
	uint64_t root, leaves; /* leaves: how many pages */
	unsigned depth;
	struct finger fingers[TREE_FINGERS];
	struct walk walks[TREE_WALKS_MAX];
	uint8_t walk_slots[TREE_WALK_SLOTS]; /* by their keys' hash, or behind: place + 1, 0 none */
	unsigned walk_count;
};

/* Goes to the snapshot with that number, which a transaction holds. `inside`: any value that LMDB
 * gave. False: it cannot be read, and t->snapshot is 0. */
bool tree_at(struct tree *t, const void *inside, uint64_t snapshot);
/* False: no such row. The value lies in the map. */
bool tree_get(struct tree *t, struct text key, struct text *ret_value);

/* Walks to several keys side by side: while memory brings one's next node, the others go on. What
 * they find tree_get has then at hand, until tree_forget_walks; so long the keys must stay where
 * they are. At most half of TREE_WALKS_MAX between two forgettings. Only on a snapshot. */
void tree_walk(struct tree *t, const struct goal *goals, unsigned n);
void tree_forget_walks(struct tree *t);
/* NULL: nobody has walked there. */
const struct walk *walk_find(const struct tree *t, struct text key);

/* The order of keys, LMDB's own: by bytes, shorter first; eight bytes at a time. The first *shares
 * of them are known to be equal; it then says how many are. */
static inline int tree_compare_behind(struct text a, struct text b, size_t *shares)
{
	size_t common = a.size < b.size ? a.size : b.size, at = *shares;
	while (at < common && common >= 8) {
		at = common - at < 8 ? common - 8 : at; /* some may be known to be equal */
		uint64_t left = load_big_endian(a.data + at), right = load_big_endian(b.data + at);
		if (left != right) {
			*shares = at + (size_t)__builtin_clzll(left ^ right) / 8;
			return left < right ? -1 : 1;
		}
		at += 8;
	}
	while (at < common && a.data[at] == b.data[at])
		at++;
	*shares = at;
	if (at < common)
		return (uint8_t)a.data[at] < (uint8_t)b.data[at] ? -1 : 1;
	return (a.size > b.size) - (a.size < b.size);
}

static inline int tree_compare(struct text a, struct text b)
{
	size_t shares = 0;
	return tree_compare_behind(a, b, &shares);
}
