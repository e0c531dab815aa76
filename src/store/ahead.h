/*
 * The ledger, read ahead: a thread walks it, checks links and checksums and hashes each entry
 * behind the one before of its merchant, while the caller applies batches that came earlier. What
 * the caller sees, and where it ends, is as with ledger_walk.
 */
#pragma once

#include "store/ledger.h"
#include "store/view.h"

/* `hashes`: of the batch's entries, in order; of as many as could be taken apart. Batch and hashes
 * live until it returns. */
typedef enum fault ahead_see(void *context, const struct batch *b, const uint8_t (*hashes)[32]);

struct ahead {
	struct ledger *ledger;
	const struct view *view; /* has the merchants' heads at `from`; NULL: they have none */
	struct place from;
	uint64_t until;
	ahead_see *see;
	void *context;
};
CHECKED enum fault ahead_walk(const struct ahead *a, struct place *ret_end,
			      struct ledger_damage *ret_damage);
