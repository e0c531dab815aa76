/*
 * The desk of running campaigns: begins and ends them, serves the members that wait, fills
 * audiences, a few steps at a time.
 *
 *   look  -> the running campaigns, a page of them -> one that has something to do, under a lease:
 *            STEPS steps, submitted together, so that they share a batch and its sync
 *         -> again at once, or when the next one's time comes
 *
 * Steps are jobs: calls go before them. Whether a step still has anything to do the command itself
 * decides, so that nothing happens after a suspension but what was written before it.
 */
#include "courier/desk.h"

#include <stdlib.h>

enum {
	STEPS = 2,
	MEMBERS_NEAR = 128, /* of a step where rows are at hand: calls wait for its end */
	PAGE = 100,
	SMALL = 8, /* members of a step after one that failed: it may have been too large */
	STEP_BYTES_MAX = CALL_BYTES_MAX,
	DUE_BYTES_MAX = CALL_BYTES_MAX,
	FAR_MS = 60 * 1000, /* a scan finds what comes later, when its time is near */
	OTHERS_MS = 1000,   /* the same, where another courier works at it */
};

struct step {
	struct write write; /* first */
	struct arena arena;
	union {
		struct campaign_run_cmd run;
		struct campaign_walk_cmd walk;
	} cmd;
	union {
		struct campaign_run_ret run;
		struct campaign_walk_ret walk;
	} ret;
};
struct campaigns {
	pthread_mutex_t lock;
	pthread_cond_t done;
	unsigned left; /* steps that are not answered */
	uint64_t from; /* merchants have many: the rank at which the next look begins */
	struct step steps[STEPS];
};

static bool open(struct desk *d)
{
	struct campaigns *c = calloc(1, sizeof(*c));
	if (!c)
		return false;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->done, NULL);
	d->state = c;
	return true;
}

static void close(struct desk *d)
{
	struct campaigns *c = d->state;
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* --- steps --- */

static void step_done(struct write *w)
{
	struct campaigns *c = w->context;
	pthread_mutex_lock(&c->lock);
	if (--c->left == 0)
		pthread_cond_signal(&c->done);
	pthread_mutex_unlock(&c->lock);
}

static void step_fill(struct desk *d, const struct desk_merchant *m, const struct campaign_due *due,
		      unsigned n, struct step *s)
{
	enum command command = due->work == DUE_RUN ? COMMAND_campaign_run : COMMAND_campaign_walk;
	memset(&s->ret, 0, sizeof(s->ret));
	if (due->work == DUE_RUN)
		s->cmd.run = (struct campaign_run_cmd){due->number, n, d->owner};
	else
		s->cmd.walk = (struct campaign_walk_cmd){due->number, n, d->owner};
	arena_init(&s->arena, STEP_BYTES_MAX);
	s->write =
	    desk_write_of(d, m, &(struct desk_write){command, &s->cmd, &s->ret, true}, &s->arena);
	s->write.done = step_done;
	s->write.context = d->state;
}

/* The first fault of them, or OK. */
static enum fault steps_run(struct desk *d, const struct desk_merchant *m,
			    const struct campaign_due *due, unsigned steps, unsigned members)
{
	struct campaigns *c = d->state;
	enum fault fault = OK;
	c->left = steps;
	for (unsigned i = 0; i < steps; i++)
		step_fill(d, m, due, members, &c->steps[i]);
	for (unsigned i = 0; i < steps; i++)
		engine_submit(d->engine, &c->steps[i].write);
	pthread_mutex_lock(&c->lock);
	while (c->left)
		pthread_cond_wait(&c->done, &c->lock);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < steps; i++) {
		if (fault == OK)
			fault = c->steps[i].write.fault;
		arena_release(&c->steps[i].arena);
	}
	return fault;
}

/* The lease is ours. */
static int64_t work(struct desk *d, const struct desk_merchant *m, const struct campaign_due *due)
{
	unsigned members = engine_waits(d->engine) ? RUN_MEMBERS_MAX : MEMBERS_NEAR;
	enum fault fault = steps_run(d, m, due, STEPS, members);
	if (fault == FAULT_LEASE_LOST) {
		desk_lease_lost(d, m->number, LEASE_CAMPAIGN, due->number);
		return DESK_TROUBLE;
	}
	if (fault != OK && !desk_fault_passes(fault))
		fault = steps_run(d, m, due, 1, SMALL);
	return fault == OK ? DESK_AGAIN : DESK_TROUBLE;
}

/* --- what is due --- */

static int64_t ms_until(struct instant at, struct instant now)
{
	if (instant_is_none(at))
		return DESK_WAITS;
	int64_t ms = at.ms - now.ms;
	return ms < 1 ? 1 : ms > FAR_MS ? DESK_WAITS : ms;
}

/* A page from the rank: the first that has something to do, or when one will. *ret_next: the rank
 * to go on at; 0: that was the last page. */
static enum fault find_due(struct desk *d, const struct desk_merchant *m, uint64_t from,
			   struct campaign_due *ret_due, int64_t *ret_ms, uint64_t *ret_next)
{
	struct campaign_due_cmd cmd = {from, PAGE};
	struct campaign_due_ret ret = {0};
	struct arena arena;
	arena_init(&arena, DUE_BYTES_MAX);
	desk_begin(d, m, &arena);
	enum fault fault = desk_read(d, COMMAND_campaign_due, &cmd, &ret);
	struct instant now = desk_clock(d);
	*ret_due = (struct campaign_due){0};
	*ret_ms = DESK_WAITS;
	*ret_next = fault == OK && from + ret.n < ret.count && ret.n ? from + ret.n : 0;
	for (unsigned i = 0; fault == OK && i < ret.n && !ret_due->number; i++) {
		if (ret.rows[i].work != DUE_LATER) {
			*ret_due = ret.rows[i];
			*ret_next = from + i + 1 < ret.count ? from + i + 1 : 0;
		} else {
			*ret_ms = desk_sooner(*ret_ms, ms_until(ret.rows[i].at, now));
		}
	}
	desk_end(d);
	arena_release(&arena);
	return fault;
}

/* From where the last look ended, once around: campaigns take turns. */
static int64_t look(struct desk *d, const struct desk_merchant *m)
{
	struct campaigns *c = d->state;
	uint64_t start = c->from, from = start, next;
	int64_t ms = DESK_WAITS;
	for (bool around = start == 0;;) {
		struct campaign_due due;
		int64_t page_ms;
		if (find_due(d, m, from, &due, &page_ms, &next) != OK)
			return DESK_TROUBLE;
		c->from = next;
		ms = desk_sooner(ms, page_ms);
		if (due.number && desk_lease(d, m, LEASE_CAMPAIGN, due.number))
			return work(d, m, &due);
		if (due.number)
			ms = desk_sooner(ms, OTHERS_MS);
		if (atomic_load(&d->stopping))
			return DESK_WAITS;
		from = next;
		if (next == 0 && around)
			return ms;
		around |= next == 0;
	}
}

const struct desk_kind desk_campaigns = {
    .name = "campaigns",
    .chore = CHORE_CAMPAIGNS,
    .tables = DESK_TABLES(CAMPAIGN, MEMBER),
    .open = open,
    .look = look,
    .close = close,
};
