/*
 * The lane: one thread that takes all writes that wait, runs them one after the other, makes them
 * durable with ONE sync and then answers. The way of a batch:
 *
 *   take      waiting calls, then a few job rows
 *   room      ledger and key slots have room for all that may come, else DISK_FULL
 *   run       each handler sees the batch's earlier commands in the active generation, stamped with
 *             a number that no reader may see yet
 *   append    write + fdatasync; from here on the batch IS accepted
 *   publish   one release-store of its number
 *   answer
 *
 * Where rows come from the disk, other threads run later commands of the batch ahead of it: warm.h.
 * Where they come from memory it looks the next ones ahead itself: lane_ahead.c.
 *
 * Between two batches: the feeder's request to freeze, and an empty batch after 100 ms of silence,
 * so that an acknowledged batch is not the ledger's last (there a tear and damage look alike).
 */
#include "store/look.h"
#include "store/parts.h"

#include "base/limits.h"
#include "base/varint.h"

#include <unistd.h>

enum {
	IDLE_US_MAX = 100 * 1000, /* until the empty batch */
	SLEEP_US_MAX = 1000 * 1000,
	DELAY_US_MAX = 100 * 1000,   /* of one batch, under pressure */
	FEED_RATE_MIN = 1024 * 1024, /* bytes per second, while it is not known */
	GATHER_US_MAX = 500,	     /* a lane waits for more calls */
};

_Static_assert(BATCH_STOP_BYTES + ENTRY_BYTES_MAX + VARINT_SIZE_MAX <= SEGMENT_BYTES / 2,
	       "a batch that takes one command more still fits: ledger_body_max");

/* ---- queues ---- */

static void queue_move(struct write_queue *from, struct write_queue *to, uint64_t n_max)
{
	for (; n_max > 0 && from->count > 0; n_max--)
		queue_add(to, queue_take(from));
}

/* ---- submitting ---- */

static enum fault enqueue(struct engine *e, struct write *w)
{
	struct lane *l = &e->lane;
	struct write_queue *q = w->job ? &l->jobs : &l->calls;
	enum fault fault = OK;
	bool wake;
	pthread_mutex_lock(&l->lock);
	if (l->stopping || (w->job && l->jobs_ended))
		fault = FAULT_SHUTTING_DOWN;
	else if (q->count >= LANE_QUEUE_MAX)
		fault = FAULT_BUSY;
	else
		queue_add(q, w);
	wake = fault == OK && l->sleeping && l->calls.count >= l->gathering;
	if (wake)
		l->sleeping = false; /* once is enough */
	pthread_mutex_unlock(&l->lock);
	/* Where both have one core, it would wake only to wait for the lock. */
	if (wake)
		pthread_cond_signal(&l->wake);
	return fault;
}

void embedded_submit(struct engine *e, struct write *w)
{
	must(w->arena && w->handle && w->done && !e->read_only);
	w->entry = 0;
	w->tells = 0;
	w->more = false;
	enum fault fault = enqueue(e, w);
	if (fault != OK)
		write_answer(w, fault);
}

void embedded_stop_jobs(struct engine *e)
{
	struct lane *l = &e->lane;
	if (!e->running)
		return;
	pthread_mutex_lock(&l->lock);
	struct write_queue parked = l->jobs;
	l->jobs = (struct write_queue){0};
	l->jobs_ended = true;
	pthread_mutex_unlock(&l->lock);
	queue_answer(&parked, FAULT_SHUTTING_DOWN);
}

/* ---- one batch ---- */

static size_t batch_stop(const struct engine *e)
{
	size_t quarter = ledger_body_max(&e->ledger) / 4;
	return quarter < BATCH_STOP_BYTES ? quarter : BATCH_STOP_BYTES;
}

static void run_command(struct engine *e, struct write *w, struct instant now, uint32_t *entries)
{
	struct lane *l = &e->lane;
	int64_t newest = atomic_load_explicit(&e->newest_ms, memory_order_relaxed);
	struct env env = {.now = now,
			  .instant = {now.ms > newest ? now.ms : newest},
			  .epoch = atomic_load_explicit(&e->epoch, memory_order_relaxed),
			  .from_utc8 = w->clock.from_utc8,
			  .ahead_ms = w->clock.ahead_ms,
			  .arena = w->arena};
	struct tx *tx = &l->tx;
	l->snapshot.stamp.command = ++l->command;
	if (CALLS_CHECKED)
		rounds_check_before(&l->check, &l->snapshot.rows, &e->keys.ring, w, &env);
	tx_init_write(tx, &l->snapshot.rows, &e->keys.ring, w->merchant, &env, &w->detail,
		      w->command, w->actor);
	w->fault = w->handle(tx, &tx->env, w->cmd, w->ret);
	if (w->fault == OK) {
		buffer_clear(&l->entry);
		w->entry = tx_finish(tx, &l->entry);
		must(!l->entry.full);
	} else {
		must(!tx->has_put); /* decide first, put last */
	}
	if (CALLS_CHECKED)
		rounds_check_after(&l->check, w->fault,
				   w->entry ? buffer_get(&l->entry) : TEXT_NONE);
	if (w->entry) {
		buffer_slice(&l->batch, buffer_get(&l->entry));
		++*entries;
		l->wrote_credential |= tx->wrote_credential;
		l->wrote_origin |= tx->wrote_origin;
		w->tells = tx->wrote_outbox;
		if (tx->head.instant.ms > newest)
			atomic_store_explicit(&e->newest_ms, tx->head.instant.ms,
					      memory_order_relaxed);
	}
	tx_release(tx);
}

static void begin_batch(struct engine *e)
{
	struct lane *l = &e->lane;
	buffer_clear(&l->batch);
	must(buffer_room(&l->batch, LEDGER_ALIGN));
	l->batch.size = LEDGER_ALIGN;
	l->wrote_credential = l->wrote_origin = false;
	snapshot_begin(&l->snapshot);
	l->snapshot.batch = e->ledger.end.batch + 1;
	l->snapshot.stamp.batch = l->snapshot.batch;
}

/* Merchant 0 has no customers. */
static enum fault slots_room(struct engine *e, uint64_t merchant)
{
	struct head head;
	if (merchant == 0)
		return OK;
	if (keyring_asks(&e->keys, merchant)) {
		(void)head_read(&e->lane.snapshot.rows, merchant, &head);
		keyring_begin(&e->keys, merchant, head.slots);
	}
	return keyring_room(&e->keys, merchant);
}

/* Moves what ran from `taken` to *ran, in order; the rest waits for the next batch. */
static uint32_t run_commands(struct engine *e, struct write_queue *ran, struct instant now)
{
	struct lane *l = &e->lane;
	uint32_t entries = 0;
	size_t stop = batch_stop(e);
	warm_begin(&l->warm, l->taken.first, l->taken.count);
	for (unsigned i = 0; l->taken.count > 0 && l->batch.size < stop; i++) {
		if (i % LOOK_CALLS == 0)
			lane_look_ahead(e, now);
		struct write *w = queue_take(&l->taken);
		w->fault = slots_room(e, w->merchant);
		if (w->fault == OK)
			run_command(e, w, now, &entries);
		warm_passed(&l->warm);
		queue_add(ran, w);
	}
	return entries;
}

static void append(struct engine *e, uint32_t entries, struct instant now)
{
	struct lane *l = &e->lane;
	int64_t begin = monotonic_us();
	ledger_append(&e->ledger, &l->batch, entries, now);
	l->last_us = monotonic_us();
	l->last_was_data = entries > 0;
	uint64_t took = (uint64_t)(l->last_us - begin);
	count(&e->counters.syncs, 1);
	count(&e->counters.batches, 1);
	count(&e->counters.entries, entries);
	count(&e->counters.sync_us_sum, took);
	count_bucket(e->counters.sync_us, took);
	l->sync_us += ((int64_t)took - l->sync_us) / 8;
}

static void publish(struct engine *e, uint32_t entries)
{
	uint64_t number = e->ledger.end.batch;
	if (entries)
		atomic_store_explicit(&e->content, number, memory_order_relaxed);
	atomic_store_explicit(&e->overlay.published, number, memory_order_release);
	if (e->lane.wrote_credential)
		atomic_fetch_add(&e->credential_version, 1);
	if (e->lane.wrote_origin)
		engine_read_epoch(e, &e->lane.snapshot);
}

void engine_read_epoch(struct engine *e, struct snapshot *s)
{
	struct detail detail = {{0}, {0}};
	struct arena arena;
	struct env env = {.arena = &arena};
	struct tx tx = {0};
	uint64_t epoch;
	arena_init(&arena, 64 * 1024);
	tx_init_read(&tx, &s->rows, &e->keys.ring, 0, &env, &detail);
	if (epoch_read(&tx, &epoch) == OK && epoch)
		atomic_store(&e->epoch, epoch);
	tx_free(&tx);
	arena_release(&arena);
}

/* The view's disk is full: the feeder's last attempt said so, and its next one that succeeds takes
 * it back. What was accepted until then is in the ledger and in memory. */
static bool view_is_full(struct engine *e)
{
	return atomic_load(&e->feeder.fault) == FAULT_DISK_FULL;
}

/* A feeder that fails goes by its own clock: it would find the same disk at every write. */
static void hurry_feeder(struct engine *e)
{
	if (atomic_load(&e->feeder.fault) == OK)
		bell_ring(&e->feeder.bell);
}

static enum fault may_write(struct engine *e)
{
	TRY(wall_check(&e->wall));
	if (view_is_full(e))
		return FAULT_DISK_FULL;
	if (overlay_bytes(&e->overlay) >= overlay_full(e)) {
		hurry_feeder(e);
		return FAULT_BUSY;
	}
	return ledger_room(&e->ledger);
}

/* From three quarters on, batches come no faster than the feeder takes them. */
static void slow_down(struct engine *e)
{
	if (overlay_bytes(&e->overlay) < overlay_slow(e))
		return;
	hurry_feeder(e);
	uint64_t rate = atomic_load_explicit(&e->feeder.bytes_per_s, memory_order_relaxed);
	uint64_t us = e->lane.grown * 1000000 / (rate > FEED_RATE_MIN ? rate : FEED_RATE_MIN);
	usleep((useconds_t)(us < DELAY_US_MAX ? us : DELAY_US_MAX));
}

static void run_batch(struct engine *e)
{
	struct lane *l = &e->lane;
	struct write_queue ran = {0};
	enum fault fault = may_write(e);
	if (fault != OK) {
		queue_answer(&l->taken, fault);
		return;
	}
	slow_down(e);
	struct instant now = wall_now(&e->wall);
	begin_batch(e);
	size_t used = atomic_load_explicit(&l->snapshot.pair.active->used, memory_order_relaxed);
	uint32_t entries = run_commands(e, &ran, now);
	if (entries > 0) {
		append(e, entries, now);
		publish(e, entries);
	}
	l->grown =
	    atomic_load_explicit(&l->snapshot.pair.active->used, memory_order_relaxed) - used;
	if (generation_bytes(l->snapshot.pair.active) >= overlay_freeze_bytes(e))
		hurry_feeder(e);
	snapshot_end(&l->snapshot);
	warm_end(&l->warm, ran.count);
	count(&e->counters.commands, ran.count);
	count(&e->counters.batch_size_sum, ran.count);
	count_bucket(e->counters.batch_size, ran.count);
	l->ran_before = l->ran;
	l->ran = 0;
	while (ran.count > 0) {
		struct write *w = queue_take(&ran);
		l->ran += !w->job;
		w->more = ran.count > 0 && ran.first->done == w->done;
		engine_answer(&e->base, w);
	}
}

static void empty_batch(struct engine *e)
{
	struct lane *l = &e->lane;
	if (!l->last_was_data || ledger_room(&e->ledger) != OK)
		return;
	buffer_clear(&l->batch);
	must(buffer_room(&l->batch, LEDGER_ALIGN));
	l->batch.size = LEDGER_ALIGN;
	l->wrote_credential = l->wrote_origin = false;
	append(e, 0, wall_now(&e->wall));
	publish(e, 0);
}

/* ---- between batches ---- */

/* Under the lock. */
static void freeze(struct engine *e)
{
	struct lane *l = &e->lane;
	struct generations *pair = atomic_load_explicit(&e->overlay.pair, memory_order_relaxed);
	must(!pair->frozen);
	l->frozen_position = (struct position){
	    .place = e->ledger.end,
	    .newest = {atomic_load_explicit(&e->newest_ms, memory_order_relaxed)}};
	l->old_pair = overlay_change(&e->overlay, (struct generations){l->fresh, pair->active});
	l->fresh = NULL;
	pthread_cond_broadcast(&l->frozen);
}

void lane_freeze(struct engine *e, struct generation *fresh, struct generations **ret_old,
		 struct position *ret)
{
	struct lane *l = &e->lane;
	pthread_mutex_lock(&l->lock);
	l->fresh = fresh;
	l->old_pair = NULL;
	pthread_cond_signal(&l->wake);
	while (!l->old_pair)
		pthread_cond_wait(&l->frozen, &l->lock);
	*ret_old = l->old_pair;
	*ret = l->frozen_position;
	pthread_mutex_unlock(&l->lock);
}

/* Where they will be refused they need not wait. */
static bool jobs_may_run(struct engine *e)
{
	return overlay_bytes(&e->overlay) < overlay_half(e) || e->lane.stopping || view_is_full(e);
}

/* Under the lock. Callers who wait for their answers come again once they have them: a batch of the
 * first of them alone would make all others wait for its sync. So where batches were larger, the
 * lane waits for three quarters as many calls as there were, at most as long as a sync takes.
 * Nobody waits for a caller who is alone. */
static void gather(struct engine *e)
{
	struct lane *l = &e->lane;
	uint64_t usual = (l->ran > l->ran_before ? l->ran : l->ran_before) * 3 / 4;
	int64_t us = l->sync_us < GATHER_US_MAX ? l->sync_us : GATHER_US_MAX;
	if (l->calls.count >= usual || !l->calls.count || l->stopping || l->fresh)
		return;
	struct timespec until = timespec_after_us(us);
	l->gathering = usual;
	l->sleeping = true;
	while (l->calls.count < usual && !l->stopping && !l->fresh)
		if (pthread_cond_timedwait(&l->wake, &l->lock, &until) != 0)
			break;
	l->sleeping = false;
	l->gathering = 0;
}

/* Under the lock: sleeps until there is something to do; false when the lane is to end. */
static bool take(struct engine *e)
{
	struct lane *l = &e->lane;
	bool jobs = l->jobs.count > 0 && jobs_may_run(e);
	if (!l->fresh && !l->accept_clock && !l->taken.count && !l->calls.count && !jobs) {
		if (l->stopping && !l->last_was_data) {
			l->drained = true;
			pthread_cond_broadcast(&l->frozen);
		}
		if (l->ended)
			return false;
		int64_t wait = l->jobs.count ? IDLE_US_MAX / 5 : SLEEP_US_MAX;
		if (l->last_was_data)
			wait = l->stopping ? 0 : l->last_us + IDLE_US_MAX - monotonic_us();
		struct timespec until = timespec_after_us(wait > 0 ? wait : 0);
		l->sleeping = true;
		if (wait > 0)
			pthread_cond_timedwait(&l->wake, &l->lock, &until);
		l->sleeping = false;
	}
	if (l->fresh)
		freeze(e);
	if (l->taken.count == 0) {
		gather(e);
		queue_move(&l->calls, &l->taken, LANE_BATCH_MAX);
	}
	if (l->taken.count < LANE_BATCH_MAX && l->jobs.count > 0 && jobs_may_run(e))
		queue_move(&l->jobs, &l->taken, LANE_JOBS_MAX);
	return true;
}

static void accept_clock(struct engine *e)
{
	struct lane *l = &e->lane;
	wall_accept(&e->wall);
	/* Said in the ledger, so that the next start knows the clock too. */
	l->last_was_data = true;
	empty_batch(e);
	pthread_mutex_lock(&l->lock);
	l->accept_clock = false;
	pthread_cond_broadcast(&l->frozen);
	pthread_mutex_unlock(&l->lock);
}

static void *lane_main(void *context)
{
	struct engine *e = context;
	struct lane *l = &e->lane;
	snapshot_open(&l->snapshot, &e->overlay, &e->view);
	for (;;) {
		pthread_mutex_lock(&l->lock);
		bool more = take(e), accept = l->accept_clock, stopping = l->stopping;
		pthread_mutex_unlock(&l->lock);
		if (!more)
			break;
		if (accept)
			accept_clock(e);
		if (l->taken.count > 0) {
			run_batch(e);
		} else if (l->last_was_data &&
			   (stopping || monotonic_us() - l->last_us >= IDLE_US_MAX)) {
			empty_batch(e);
			l->last_was_data = false; /* also when there was no room for it */
		}
	}
	snapshot_close(&l->snapshot);
	return NULL;
}

enum fault embedded_clock_accept(struct engine *e)
{
	if (e->read_only)
		return OK;
	struct lane *l = &e->lane;
	pthread_mutex_lock(&l->lock);
	l->accept_clock = true;
	pthread_cond_signal(&l->wake);
	while (l->accept_clock)
		pthread_cond_wait(&l->frozen, &l->lock);
	pthread_mutex_unlock(&l->lock);
	return wall_check(&e->wall);
}

/* ---- beginning and end ---- */

void lane_init(struct engine *e)
{
	struct lane *l = &e->lane;
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->wake, &attributes);
	pthread_cond_init(&l->frozen, NULL);
	pthread_condattr_destroy(&attributes);
	buffer_init(&l->batch, ledger_body_max(&e->ledger) + 2 * LEDGER_ALIGN);
	buffer_init(&l->entry, ledger_body_max(&e->ledger));
	warm_init(&l->warm, e, e->warm);
	if (CALLS_CHECKED)
		rounds_check_init(&l->check);
}

void lane_start(struct engine *e)
{
	must(pthread_create(&e->lane.thread, NULL, lane_main, e) == 0);
}

void lane_stop(struct engine *e)
{
	pthread_mutex_lock(&e->lane.lock);
	e->lane.stopping = true;
	pthread_cond_signal(&e->lane.wake);
	while (!e->lane.drained)
		pthread_cond_wait(&e->lane.frozen, &e->lane.lock);
	pthread_mutex_unlock(&e->lane.lock);
}

void lane_join(struct engine *e)
{
	pthread_mutex_lock(&e->lane.lock);
	e->lane.ended = true;
	pthread_cond_signal(&e->lane.wake);
	pthread_mutex_unlock(&e->lane.lock);
	pthread_join(e->lane.thread, NULL);
}

void lane_release(struct engine *e)
{
	struct lane *l = &e->lane;
	warm_release(&l->warm);
	lane_ahead_release(e);
	tx_free(&l->tx);
	buffer_release(&l->batch);
	buffer_release(&l->entry);
	if (CALLS_CHECKED)
		rounds_check_release(&l->check);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->wake);
	pthread_cond_destroy(&l->frozen);
}
