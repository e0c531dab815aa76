/*
 * The lane looks its calls ahead: look.h. Where warm.h has threads bring pages from the disk, this
 * has the processor bring from memory what a batch's next calls will ask for, for all of them at
 * once. In a large view each waits for memory some ten times otherwise; a small one is in the
 * caches, and looking would cost more than it brings.
 */
#include "store/look.h"
#include "store/parts.h"

#include "base/limits.h"

enum {
	CALLS_MIN = 4,
	LEAVES_MIN = 458752, /* pages, 1.75 GiB: with five million coupons it still costs more */
};

struct lane_ahead {
	struct looking looking;
	struct keyring keys;
	struct env env;
	struct arena arena;
	char ret[WARM_RET_MAX] __attribute__((aligned(16)));
};

/* Debug builds look every call ahead, so that every test is a test of it. */
static bool pays(const struct engine *e)
{
	const struct tree *t = &e->lane.snapshot.view.tree;
	bool large = t->leaves >= LEAVES_MIN && e->lane.taken.count >= CALLS_MIN;
	return t->snapshot && (large || CALLS_CHECKED);
}

static struct lane_ahead *open_ahead(const struct engine *e)
{
	struct lane_ahead *a = calloc(1, sizeof(*a));
	must(a);
	a->keys = trial_keys(e);
	a->looking.keys = &a->keys;
	a->looking.env = &a->env;
	a->looking.writes = true;
	arena_init(&a->arena, CALL_BYTES_MAX);
	return a;
}

/* Those that come next, up to LOOK_CALLS; jobs are left out, as a run of theirs may be long. */
static unsigned next_calls(struct lane_ahead *a, const struct write_queue *taken,
			   struct reader_look looks[LOOK_CALLS])
{
	const struct write *w = taken->first;
	unsigned n = 0;
	for (; n < LOOK_CALLS && n < taken->count; n++, w = w->next)
		if (!w->job && write_runs_ahead(w))
			looks[n] = (struct reader_look){.merchant = w->merchant,
							.clock = w->clock,
							.handle = w->handle,
							.cmd = w->cmd,
							.ret = a->ret,
							.ret_size = w->ret ? w->ret_size : 0,
							.arena = &a->arena};
	return n;
}

void lane_look_ahead(struct engine *e, struct instant now)
{
	struct lane *l = &e->lane;
	if (!pays(e))
		return;
	struct reader_look looks[LOOK_CALLS] = {0};
	if (!l->ahead)
		l->ahead = open_ahead(e);
	struct lane_ahead *a = l->ahead;
	a->env = (struct env){
	    .now = now,
	    .instant = {atomic_load_explicit(&e->newest_ms, memory_order_relaxed)},
	    .epoch = atomic_load_explicit(&e->epoch, memory_order_relaxed),
	};
	a->looking.snapshot = &l->snapshot;
	looking_run(&a->looking, looks, next_calls(a, &l->taken, looks));
}

void lane_ahead_release(struct engine *e)
{
	struct lane_ahead *a = e->lane.ahead;
	if (!a)
		return;
	tx_free(&a->looking.tx);
	arena_release(&a->arena);
	secret_wipe(&a->keys, sizeof(a->keys));
	free(a);
	e->lane.ahead = NULL;
}
