/*
 * The feeder: brings the overlay's generations into LMDB.
 *
 *   due      the active generation is old, large, or somebody waits for it
 *   freeze   the lane makes a fresh one active between two batches and notes the position
 *   feed     sorted, in synced transactions; the last one moves the position
 *   drop     readers look at LMDB; the memory goes when none of them can see it any more
 *
 * When LMDB cannot take it (full disk), the frozen generation stays where it is, nothing is lost,
 * and the feeder tries again, ever more slowly.
 */
#include "store/parts.h"

enum {
	LOOK_US = 50 * 1000,
	AGE_US_MIN = 1000 * 1000,      /* a change is in LMDB about a second later */
	AGE_US_MAX = 10 * 1000 * 1000, /* whatever a feeding took */
	AGE_FEEDINGS = 2, /* or so many feedings: it works at most half of the time, as long as
			     there is memory, because of more rows more share a page */
	RETRY_US_MIN = 100 * 1000,
	RETRY_US_MAX = 5 * 1000 * 1000,
};

static struct generations *pair_of(struct engine *e)
{
	return atomic_load_explicit(&e->overlay.pair, memory_order_acquire);
}

static int64_t age_us_max(const struct feeder *f)
{
	int64_t us = f->took_us * AGE_FEEDINGS;
	if (us > AGE_US_MAX)
		return AGE_US_MAX;
	return us > AGE_US_MIN ? us : AGE_US_MIN;
}

static bool is_due(struct engine *e)
{
	struct generations *pair = pair_of(e);
	struct feeder *f = &e->feeder;
	if (pair->frozen)
		return true;
	if (atomic_load(&pair->active->row_count) == 0)
		return false;
	return atomic_load(&f->stopping) || atomic_load(&f->wanted) > atomic_load(&f->fed) ||
	       generation_bytes(pair->active) >= overlay_freeze_bytes(e) ||
	       monotonic_us() - atomic_load(&pair->active->born_us) > age_us_max(f);
}

static enum fault freeze(struct engine *e)
{
	struct generation *fresh = generation_open(e->overlay_cap);
	if (!fresh)
		return FAULT_BUSY;
	lane_freeze(e, fresh, &e->feeder.old, &e->feeder.position);
	return OK;
}

static void note_rate(struct engine *e, size_t bytes, int64_t us)
{
	e->feeder.took_us = us;
	if (us > 0)
		atomic_store(&e->feeder.bytes_per_s, (uint64_t)bytes * 1000000 / (uint64_t)us);
}

static void drop(struct engine *e)
{
	struct generation *fed = pair_of(e)->frozen;
	struct generations next = {pair_of(e)->active, NULL};
	overlay_drop(overlay_change(&e->overlay, next), e->feeder.old, fed);
	e->feeder.old = NULL;
}

static enum fault feed(struct engine *e)
{
	struct feeder *f = &e->feeder;
	if (!pair_of(e)->frozen)
		TRY(freeze(e));
	struct generation *frozen = pair_of(e)->frozen;
	int64_t begin = monotonic_us();
	TRY(view_feed(&e->view, frozen, &f->position));
	note_rate(e, generation_bytes(frozen), monotonic_us() - begin);
	drop(e);
	atomic_store(&f->fed, f->position.place.batch);
	return OK;
}

static void feed_once(struct engine *e)
{
	struct feeder *f = &e->feeder;
	pthread_mutex_lock(&f->feeding);
	enum fault fault = feed(e);
	pthread_mutex_unlock(&f->feeding);
	if (fault != OK && atomic_load(&f->fault) == OK)
		fprintf(stderr, "couponry: the view cannot be written: %s; it is tried again\n",
			fault_text(fault));
	pthread_mutex_lock(&f->lock);
	atomic_store(&f->fault, fault);
	f->attempts++;
	pthread_cond_broadcast(&f->progress);
	pthread_mutex_unlock(&f->lock);
}

static void *feeder_main(void *context)
{
	struct engine *e = context;
	struct feeder *f = &e->feeder;
	int64_t retry = RETRY_US_MIN;
	for (;;) {
		bool failing = atomic_load(&f->fault) != OK, stopping = atomic_load(&f->stopping);
		if (stopping && (failing || !is_due(e)))
			return NULL;
		if (failing) {
			bell_wait(&f->bell, retry);
			retry = retry * 2 < RETRY_US_MAX ? retry * 2 : RETRY_US_MAX;
		} else {
			retry = RETRY_US_MIN;
			if (!is_due(e) || atomic_load(&f->holders) > 0)
				bell_wait(&f->bell, LOOK_US);
		}
		if (is_due(e) && atomic_load(&f->holders) == 0)
			feed_once(e);
	}
}

/* ---- waiting for it ---- */

enum fault feeder_drain(struct engine *e)
{
	struct feeder *f = &e->feeder;
	uint64_t target = atomic_load(&e->content);
	pthread_mutex_lock(&f->lock);
	if (atomic_load(&f->wanted) < target)
		atomic_store(&f->wanted, target);
	uint64_t attempts = f->attempts;
	while (atomic_load(&f->fed) < target &&
	       (atomic_load(&f->fault) == OK || f->attempts == attempts)) {
		bell_ring(&f->bell);
		pthread_cond_wait(&f->progress, &f->lock);
	}
	enum fault fault = atomic_load(&f->fed) < target ? atomic_load(&f->fault) : OK;
	pthread_mutex_unlock(&f->lock);
	return fault;
}

void embedded_feed(struct engine *e)
{
	if (e->running && feeder_drain(e) != OK)
		fprintf(stderr, "couponry: not everything is in the view yet\n");
}

enum fault feeder_hold(struct engine *e)
{
	struct feeder *f = &e->feeder;
	if (!e->running)
		return OK;
	TRY(feeder_drain(e));
	atomic_fetch_add(&f->holders, 1);
	pthread_mutex_lock(&f->feeding);
	if (!pair_of(e)->frozen)
		return OK;
	enum fault fault = atomic_load(&f->fault);
	feeder_go_on(e);
	return fault == OK ? FAULT_BUSY : fault;
}

void feeder_go_on(struct engine *e)
{
	if (!e->running)
		return;
	pthread_mutex_unlock(&e->feeder.feeding);
	atomic_fetch_sub(&e->feeder.holders, 1);
	bell_ring(&e->feeder.bell);
}

/* ---- beginning and end ---- */

void feeder_init(struct engine *e)
{
	struct feeder *f = &e->feeder;
	bell_init(&f->bell);
	pthread_mutex_init(&f->feeding, NULL);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->progress, NULL);
}

void feeder_start(struct engine *e)
{
	must(pthread_create(&e->feeder.thread, NULL, feeder_main, e) == 0);
}

void feeder_stop(struct engine *e)
{
	atomic_store(&e->feeder.stopping, true);
	bell_ring(&e->feeder.bell);
	pthread_join(e->feeder.thread, NULL);
}

void feeder_release(struct engine *e)
{
	struct feeder *f = &e->feeder;
	free(f->old);
	bell_release(&f->bell);
	pthread_mutex_destroy(&f->feeding);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->progress);
}
