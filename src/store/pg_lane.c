/*
 * The queues: writes wait per merchant; a free lane takes the merchant that has waited longest, and
 * all (or many) of its writes as one batch. So one merchant's batches run one after the other, and
 * others do not wait for it while lanes are free. Merchants with few calls go together, one batch
 * of each in one transaction (pg_group.c); jobs, the store's own and whoever has many go alone.
 *
 *   idle      nothing waits                         -> ready (pg_submit)
 *   ready     in the list of those that wait        -> busy (a lane takes it)
 *   busy      a lane runs its batch                 -> ready or idle
 */
#include "store/pg_engine.h"

#include "base/limits.h"
#include "store/bell.h"

#include <time.h>

struct merchant_queue {
	uint64_t merchant;
	struct write_queue calls, jobs;
	bool busy;
	unsigned most;		      /* writes of its next batch: less after a refusal */
	unsigned half;		      /* of those that come again and again: writes of a batch */
	unsigned left_out;	      /* of so many transactions; then it is run alone */
	struct merchant_queue *next;  /* in the bucket */
	struct merchant_queue *after; /* in the list of those that are ready */
	int64_t ready_us;	      /* since when it is there */
};

/* A merchant's batch in a lane. */
struct lane_batch {
	struct pg_writes writes; /* first */
	struct pg_lanes *lanes;
	struct merchant_queue *queue;
	struct lane_batch *before; /* of the same queue */
	const struct pg_lane *lane;
};

struct lane_thread {
	struct lane_batch group[PG_GROUP_MAX];
	struct pg_engine *engine;
	struct pg_lane *lane;
	pthread_t thread;
};
static const unsigned MOST = PG_BATCH_MAX;
enum {
	HALF_MIN = 8, /* a smaller batch costs more than the pause */

	JOIN_CALLS_MAX = 16, /* who has so many makes a batch by himself */
	GROUP_CALLS = 32,    /* of a transaction: past it little is gained */
	LEFT_OUT_MAX = 2,    /* once left out, his lock is waited for; twice, he runs alone */

	/* So many transactions of several at once keep the database busy. Who comes then waits for
	 * others to join, until they are enough for one more, but not for longer than one takes.
	 * Where nodes meet, two transactions of each would stand in each other's way; and where
	 * they share the merchants, those of all are enough. */
	JOINED_MAX = 3,
	JOINED_MET_MAX = 1,
	JOINED_US_MAX = 10 * 1000,
	MET = 64, /* transactions, after one that met another node */
};

/* ---- under the lock ---- */

static struct merchant_queue **find_queue(struct pg_lanes *l, uint64_t merchant)
{
	struct merchant_queue **at = &l->buckets[merchant % QUEUE_BUCKETS];
	while (*at && (*at)->merchant != merchant)
		at = &(*at)->next;
	return at;
}

static struct merchant_queue *get_queue(struct pg_lanes *l, uint64_t merchant)
{
	struct merchant_queue **at = find_queue(l, merchant);
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		must(*at);
		**at = (struct merchant_queue){.merchant = merchant, .most = MOST};
	}
	return *at;
}

static bool has_work(const struct merchant_queue *q)
{
	return q->calls.count || q->jobs.count;
}

static void add_ready(struct pg_lanes *l, struct merchant_queue *q)
{
	q->after = NULL;
	q->ready_us = monotonic_us();
	*l->ready_end = q;
	l->ready_end = &q->after;
	l->ready_count++;
	pthread_cond_signal(&l->wake);
}

static struct merchant_queue *take_ready(struct pg_lanes *l)
{
	struct merchant_queue *q = l->ready;
	l->ready = q->after;
	if (!l->ready)
		l->ready_end = &l->ready;
	l->ready_count--;
	q->busy = true;
	return q;
}

/* A few calls, and nothing of it was refused lately or left out too often. */
static bool may_join(const struct merchant_queue *q)
{
	return q->merchant != 0 && q->calls.count && q->calls.count < JOIN_CALLS_MAX &&
	       !q->jobs.count && q->most == MOST && q->left_out < LEFT_OUT_MAX;
}

/* Those who wait, as many as share a transaction; or the one who waits longest, if he cannot join.
 */
static unsigned take_group(struct pg_lanes *l, struct merchant_queue **ret)
{
	struct merchant_queue **at = &l->ready;
	uint64_t writes = 0;
	unsigned n = 0;
	if (!l->may_join || !may_join(l->ready)) {
		*ret = take_ready(l);
		return 1;
	}
	while (*at && n < PG_GROUP_MAX && writes < GROUP_CALLS) {
		struct merchant_queue *q = *at;
		if (!may_join(q)) {
			at = &q->after;
			continue;
		}
		*at = q->after;
		l->ready_count--;
		q->busy = true;
		writes += q->calls.count;
		ret[n++] = q;
	}
	if (!*at)
		l->ready_end = at;
	return n;
}

/* Who was answered comes again, while others wait: two batches of half of them each, one in the
 * database and the other on its way, are better than one of all and a pause. Where another node
 * comes between, that is so anyway. */
static void set_half(struct merchant_queue *q, unsigned last, bool trusts)
{
	uint64_t all = last + q->calls.count + q->jobs.count;
	q->half =
	    !trusts || all < 2 * HALF_MIN ? MOST : (unsigned)(all < MOST ? (all + 1) / 2 : MOST);
}

/* Waiting calls first, then jobs. */
static void take_batch(struct lane_batch *b)
{
	struct pg_lanes *l = b->lanes;
	struct merchant_queue *q = b->queue;
	struct pg_writes *w = &b->writes;
	unsigned most = q->most < q->half ? q->most : q->half;
	for (; w->n < most && q->calls.count; l->calls--)
		w->at[w->n++] = queue_take(&q->calls);
	for (; w->n < most && q->jobs.count; l->jobs--)
		w->at[w->n++] = queue_take(&q->jobs);
}

/* Only the queue's lane takes from it. */
static void take_more(struct pg_writes *w)
{
	struct lane_batch *b = (struct lane_batch *)(void *)w;
	pthread_mutex_lock(&b->lanes->lock);
	take_batch(b);
	pthread_mutex_unlock(&b->lanes->lock);
}

/* What begins behind a batch: nothing when others wait for a lane. */
static void take_next(struct pg_writes *w)
{
	struct lane_batch *b = (struct lane_batch *)(void *)w;
	pthread_mutex_lock(&b->lanes->lock);
	if (!b->lanes->ready) {
		set_half(b->queue, b->before->writes.n, pg_lane_trusts(b->lane));
		take_batch(b);
	}
	pthread_mutex_unlock(&b->lanes->lock);
}

/* What was not run goes back, in its order. */
static void return_rest(struct lane_batch *b, unsigned ran)
{
	struct pg_lanes *l = b->lanes;
	struct merchant_queue *q = b->queue;
	for (unsigned n = b->writes.n; n > ran; n--) {
		struct write *w = b->writes.at[n - 1];
		queue_return(w->job ? &q->jobs : &q->calls, w);
		*(w->job ? &l->jobs : &l->calls) += 1;
	}
}

static void release_queue(struct pg_lanes *l, struct merchant_queue *q)
{
	q->busy = false;
	if (has_work(q)) {
		add_ready(l, q);
		return;
	}
	if (q->most < MOST)
		return; /* remembers its refusal */
	*find_queue(l, q->merchant) = q->next;
	free(q);
}

/* ---- submitting ---- */

static enum fault enqueue(struct pg_lanes *l, struct write *w)
{
	enum fault fault = OK;
	pthread_mutex_lock(&l->lock);
	if (l->stopping || (w->job && l->jobs_ended))
		fault = FAULT_SHUTTING_DOWN;
	else if ((w->job ? l->jobs : l->calls) >= LANE_QUEUE_MAX)
		fault = FAULT_BUSY;
	if (fault == OK) {
		struct merchant_queue *q = get_queue(l, w->merchant);
		bool was_idle = !q->busy && !has_work(q);
		queue_add(w->job ? &q->jobs : &q->calls, w);
		*(w->job ? &l->jobs : &l->calls) += 1;
		if (was_idle)
			add_ready(l, q);
	}
	pthread_mutex_unlock(&l->lock);
	return fault;
}

void pg_submit(struct engine *engine, struct write *w)
{
	must(w->arena && w->handle && w->done);
	w->entry = 0;
	w->tells = 0;
	enum fault fault = enqueue(&pg_engine_of(engine)->lanes, w);
	if (fault != OK)
		write_answer(w, fault);
}

/* A queue that loses all it has stays in the list: its lane finds nothing to do. */
void pg_stop_jobs(struct engine *engine)
{
	struct pg_lanes *l = &pg_engine_of(engine)->lanes;
	struct write_queue parked = {0};
	pthread_mutex_lock(&l->lock);
	l->jobs_ended = true;
	for (unsigned i = 0; i < QUEUE_BUCKETS; i++)
		for (struct merchant_queue *q = l->buckets[i]; q; q = q->next)
			for (; q->jobs.count; l->jobs--)
				queue_add(&parked, queue_take(&q->jobs));
	pthread_mutex_unlock(&l->lock);
	queue_answer(&parked, FAULT_SHUTTING_DOWN);
}

/* ---- the lanes ---- */

static void answer(struct lane_thread *t, const struct pg_writes *w, unsigned ran)
{
	for (unsigned i = 0; i < ran; i++)
		engine_answer(&t->engine->base, w->at[i]);
}

/* Returns how many of them are answered. */
static unsigned run_batch(struct lane_thread *t, struct lane_batch *b, struct lane_batch *next)
{
	struct pg_writes *writes = &b->writes;
	struct merchant_queue *q = b->queue;
	unsigned ran = pg_lane_run(t->lane, writes, &next->writes);
	if (writes->refused)
		q->most = writes->n / 2;
	else if (q->most < MOST)
		q->most *= 2;
	if (q->most > MOST)
		q->most = MOST;
	answer(t, writes, ran);
	return ran;
}

/* One batch after the other, as long as each begins behind the one before. */
static void run_queue(struct lane_thread *t, struct merchant_queue *q)
{
	struct pg_lanes *l = &t->engine->lanes;
	struct lane_batch both[2] = {{.lanes = l, .queue = q, .before = both + 1, .lane = t->lane},
				     {.lanes = l, .queue = q, .before = both, .lane = t->lane}};
	struct lane_batch *b = both;
	set_half(q, 0, pg_lane_trusts(t->lane));
	for (take_batch(b); b->writes.n; b = b->before) {
		struct lane_batch *next = b->before;
		b->writes.more = take_more;
		next->writes.more = take_next;
		next->writes.n = 0;
		pthread_mutex_unlock(&l->lock);
		unsigned ran = run_batch(t, b, next);
		pthread_mutex_lock(&l->lock);
		return_rest(b, ran);
	}
}

static void note_left_out(struct pg_lanes *l, struct merchant_queue *q, const struct pg_member *m,
			  bool whole)
{
	if (m->left_out)
		l->met = MET;
	if (whole)
		q->left_out = m->left_out ? q->left_out + 1 : 0;
	else
		q->left_out = LEFT_OUT_MAX;
}

/* Several merchants, one batch of each. */
static void run_group(struct lane_thread *t, struct merchant_queue *const *queues, unsigned n)
{
	struct pg_lanes *l = &t->engine->lanes;
	struct pg_member members[PG_GROUP_MAX];
	for (unsigned i = 0; i < n; i++) {
		struct lane_batch *b = &t->group[i];
		*b = (struct lane_batch){.lanes = l, .queue = queues[i]};
		queues[i]->half = MOST;
		take_batch(b);
		members[i] = (struct pg_member){&b->writes, queues[i]->left_out > 0, 0, false};
	}
	pthread_mutex_unlock(&l->lock);
	bool whole = pg_lane_run_group(t->lane, members, n);
	for (unsigned i = 0; i < n; i++)
		answer(t, members[i].writes, members[i].ran);
	pthread_mutex_lock(&l->lock);
	l->met -= l->met > 0;
	for (unsigned i = 0; i < n; i++) {
		return_rest(&t->group[i], members[i].ran);
		note_left_out(l, queues[i], &members[i], whole);
		release_queue(l, queues[i]);
	}
}

/* A lane's turn, under the lock. Who waits alone for a lock that another has keeps nobody. */
static void run_some(struct lane_thread *t)
{
	struct pg_lanes *l = &t->engine->lanes;
	struct merchant_queue *some[PG_GROUP_MAX];
	bool joins = may_join(l->ready);
	unsigned n = take_group(l, some);
	joins = joins && (n > 1 || !some[0]->left_out);
	l->joined += joins;
	if (n > 1)
		run_group(t, some, n);
	else {
		some[0]->left_out = 0;
		run_queue(t, some[0]);
		release_queue(l, some[0]);
	}
	l->joined -= joins;
}

/* How long who waits longest still waits for others: 0 or less, not at all. */
static int64_t ready_in_us(const struct pg_lanes *l)
{
	bool shared = l->met || atomic_load(&l->nodes) > 1;
	unsigned most = shared ? JOINED_MET_MAX : JOINED_MAX;
	if (l->stopping || !l->may_join || l->joined < most || !may_join(l->ready) ||
	    l->ready_count >= GROUP_CALLS)
		return 0;
	return l->ready->ready_us + JOINED_US_MAX - monotonic_us();
}

/* Until there is something to do, or nothing any more. */
static void wait_for_work(struct pg_lanes *l)
{
	int64_t us = 0;
	while (l->ready ? (us = ready_in_us(l)) > 0 : !l->stopping) {
		int64_t end = monotonic_us() + us;
		struct timespec until = {.tv_sec = end / 1000000, .tv_nsec = end % 1000000 * 1000};
		if (l->ready)
			pthread_cond_timedwait(&l->wake, &l->lock, &until);
		else
			pthread_cond_wait(&l->wake, &l->lock);
	}
}

static void *lane_main(void *context)
{
	struct lane_thread *t = context;
	struct pg_lanes *l = &t->engine->lanes;
	pthread_mutex_lock(&l->lock);
	for (;;) {
		wait_for_work(l);
		if (!l->ready)
			break;
		run_some(t);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

void pg_lanes_start(struct pg_engine *e)
{
	struct pg_lanes *l = &e->lanes;
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_init(&l->ahead_lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	l->ready_end = &l->ready;
	for (unsigned i = 0; i < l->thread_count; i++) {
		struct lane_thread *t = calloc(1, sizeof(*t));
		must(t);
		*t = (struct lane_thread){.engine = e, .lane = pg_lane_new(e)};
		l->threads[i] = t;
		must(pthread_create(&t->thread, NULL, lane_main, t) == 0);
	}
}

static void free_queues(struct pg_lanes *l)
{
	for (unsigned i = 0; i < QUEUE_BUCKETS; i++)
		while (l->buckets[i]) {
			struct merchant_queue *q = l->buckets[i];
			must(!has_work(q));
			l->buckets[i] = q->next;
			free(q);
		}
}

/* A busy queue's lane looks at the list again, so nothing is left when the last one ends. */
void pg_lanes_stop(struct pg_engine *e)
{
	struct pg_lanes *l = &e->lanes;
	pthread_mutex_lock(&l->lock);
	l->stopping = true;
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
	for (unsigned i = 0; i < l->thread_count; i++) {
		pthread_join(l->threads[i]->thread, NULL);
		pg_lane_free(l->threads[i]->lane);
		free(l->threads[i]);
	}
	free_queues(l);
	pg_close(l->ahead);
	pthread_mutex_destroy(&l->ahead_lock);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->wake);
}
