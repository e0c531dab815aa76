/*
 * Replaying the ledger, blind, into an overlay that is fed as it grows. Used by recovery (from the
 * view's position) and by verify (from the first entry, into a view of its own). Checks each
 * merchant's chain on the way.
 */
#pragma once

#include "store/heads.h"
#include "store/keyring.h"
#include "store/snapshot.h"
#include "store/tx.h"

#include <pthread.h>

struct replay {
	/* in */
	struct ledger *ledger;
	struct view *view;
	struct overlay *overlay; /* has an empty active generation; nobody else reads it yet */
	struct keyring *keys;
	size_t feed_bytes;    /* of a generation; 0: nothing may be written, keep all in memory */
	size_t overlay_bytes; /* for new generations */
	void (*progress)(void *context, uint64_t done, uint64_t all);
	void *context;
	uint64_t all;
	/* in: where to begin; out: where it ended */
	struct position position;
	/* out */
	uint64_t batches, entries, merchants, content; /* content: newest batch with entries */
	char *why;
	enum fault feed_fault;
	/* its own */
	struct snapshot snapshot;
	struct heads heads;
	uint64_t command, fed;
	/* a generation on its way into the view, by a thread of its own */
	pthread_t thread;
	bool feeding;
	struct sorted *sorted; /* its rows */
	size_t sorted_count;
	struct generations *old_pair; /* from before it was full: goes with it */
	struct position full_position;
	enum fault thread_fault;
	struct generation *spare; /* fed, empty: its memory serves the next one */
};

/* Applies what stands behind the position, up to batch `until`. DATA_DAMAGED with r->why. */
CHECKED enum fault replay_run(struct replay *r, uint64_t until);
/* Feeds the rest. */
CHECKED enum fault replay_feed(struct replay *r);
void replay_release(struct replay *r);
