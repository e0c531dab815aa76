/*
 * Warm-up: while the lane runs a batch, a few threads run the handlers of the batch's later
 * commands read-only and throw away what they did, so that the lane meets pages that are in memory.
 * Reading from the disk goes side by side then, where the lane alone would wait for one page after
 * the other.
 *
 *   rest    pages are in memory: nothing is run ahead, and until the first cold batch there are no
 *           threads
 *   ahead   the last batches waited for the disk
 *
 * What runs ahead sees the newest published state, has an arena and a ret of its own and never
 * touches a write. The lane waits for it before it answers: until then a command's memory is there.
 */
#pragma once

#include "store/engine.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	WARM_THREADS = 4,      /* 8 were no faster, 2 were no help */
	WARM_CALLS_MAX = 2048, /* of a batch: what the lane takes at most, calls and jobs */
	WARM_RET_MAX = 512,    /* a larger ret is not run ahead */
	WARM_BATCHES = 16,     /* it stays ahead so long after the last cold batch */
	WARM_SHARE = 8, /* a batch is cold when one in so many commands waited for the disk */
};

struct warm_call {
	uint64_t merchant;
	struct merchant_clock clock;
	unsigned command;
	handler *handle;
	struct text actor;
	const void *cmd;
};
struct warm {
	struct engine *engine;
	enum engine_warm mode;
	pthread_t threads[WARM_THREADS];
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	/* under the lock */
	struct warm_call *calls;
	unsigned count, next, busy;
	bool stop;
	_Atomic unsigned lane_at; /* how many the lane has run */
	_Atomic uint64_t faults;  /* pages that the threads have read from the disk */
	_Atomic uint64_t ran;
	/* the lane's own */
	unsigned batches; /* left to run ahead */
	uint64_t last_faults;
};

/* Whether its handler can be run ahead, with a ret of WARM_RET_MAX in place of its own. */
static inline bool write_runs_ahead(const struct write *w)
{
	return !w->ret || (w->ret_size > 0 && w->ret_size <= WARM_RET_MAX);
}

void warm_init(struct warm *w, struct engine *e, enum engine_warm mode);
/* All for the lane: before a batch; after each of its commands; behind the last, before answering.
 */
void warm_begin(struct warm *w, const struct write *first, uint64_t count);
void warm_passed(struct warm *w);
void warm_end(struct warm *w, uint64_t ran);
void warm_release(struct warm *w);
