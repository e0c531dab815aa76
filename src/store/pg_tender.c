/*
 * The tender: a thread that asks the database for the time once a second. So it knows whether the
 * database is there (engine_ready) and whether this machine's clock is to be trusted. Now and then
 * it does more:
 *
 *   the node's number   leased from the node table, renewed six times in the span of a lease, given
 *                       back at the end. A lease that ran out (the database was away for too long,
 *                       this process stood still) is lost: the node is not ready until it has
 *                       another number
 *   the other nodes     that said where they are reached, at each tick
 *   old snapshots       who keeps one open for minutes keeps PostgreSQL from cleaning up for
 *                       everybody; one line says so, once for each time that it comes to this
 */
#include "store/bell.h"
#include "store/pg_engine.h"
#include "store/pg_watch.h"

#include <unistd.h>

enum {
	TICK_MS = 1000,
	LEASE_MS = 60 * 1000, /* longer than a failover takes, or each would cost all numbers */
	RENEWALS = 6,	      /* of a lease, before it runs out */
	LOOKS = 30,	      /* at snapshots, before one is too old */
};

/* ---- the number ---- */

void pg_tender_init(struct pg_engine *e, const struct engine_config *config)
{
	struct pg_tender *t = &e->tender;
	char host[40] = "";
	uint32_t unlike_others;
	t->lease_ms = config->lease_ms ? config->lease_ms : LEASE_MS;
	t->snapshot_ms = config->snapshot_ms ? config->snapshot_ms : SNAPSHOT_MS_MAX;
	(void)!gethostname(host, sizeof(host) - 1);
	random_bytes(&unlike_others, sizeof(unlike_others));
	t->told_place = config->node_address != NULL;
	snprintf(t->name, sizeof(t->name), "%s:%ld:%08x%s%s", host, (long)getpid(), unlike_others,
		 t->told_place ? " " : "", t->told_place ? config->node_address : "");
}

/* A number is leased again and again, so counts begin with the database's clock: seconds, then 30
 * bits of which the first is left for counting on. They outrun no clock, and what is random in them
 * keeps two apart where a clock went back, or a lease was lost and not noticed yet. */
enum fault pg_start_batches(struct pg_engine *e, struct pg *p)
{
	struct instant now;
	uint32_t some;
	TRY(pg_clock(p, &now));
	random_bytes(&some, sizeof(some));
	atomic_store(&e->batch, (uint64_t)(now.ms / 1000) << 30 | some >> 3);
	return OK;
}

static struct node_lease lease_of(const struct pg_tender *t)
{
	return (struct node_lease){text_of(t->name), t->lease_ms};
}

/* Reckoned from before the database was asked. */
static void hold(struct pg_tender *t, int64_t asked_us)
{
	atomic_store(&t->leased_us, asked_us + (int64_t)t->lease_ms * 1000);
	t->renew_us = asked_us + (int64_t)t->lease_ms * 1000 / RENEWALS;
}

enum fault pg_take_number(struct pg_engine *e, struct pg *p)
{
	struct node_lease lease = lease_of(&e->tender);
	int64_t now = monotonic_us();
	uint64_t number;
	TRY(pg_node_take(p, &lease, &number));
	atomic_store(&e->node, number);
	hold(&e->tender, now);
	return OK;
}

static enum fault keep_number(struct pg_engine *e)
{
	struct pg_tender *t = &e->tender;
	struct node_lease lease = lease_of(t);
	uint64_t number = atomic_load(&e->node);
	int64_t now = monotonic_us();
	bool held;
	TRY(pg_node_renew(t->pg, &lease, number, &held));
	if (held) {
		hold(t, now);
		return OK;
	}
	atomic_store(&t->leased_us, 0);
	TRY(pg_take_number(e, t->pg));
	fprintf(stderr, "couponry: the lease of node number %llu ran out: this node is %llu now\n",
		(unsigned long long)number, (unsigned long long)atomic_load(&e->node));
	return OK;
}

/* ---- old snapshots ---- */

static void tell(struct pg_tender *t, uint64_t ms)
{
	bool too_old = ms >= t->snapshot_ms;
	if (too_old && !t->told)
		fprintf(stderr,
			"couponry: a transaction has held a snapshot of the database for %llu s: "
			"what it may still see is not cleaned up, and tables grow "
			"(pg_stat_activity says whose it is)\n",
			(unsigned long long)ms / 1000);
	t->told = too_old;
}

/* Where nobody may be asked for it (other servers that speak like PostgreSQL) it is not asked for
 * again. */
static enum fault look_at_snapshots(struct pg_tender *t, int64_t now)
{
	uint64_t ms = 0;
	enum fault fault = pg_oldest_snapshot(t->pg, &ms);
	if (fault == FAULT_DATA_DAMAGED) {
		t->look_us = INT64_MAX;
		return OK;
	}
	TRY(fault);
	atomic_store(&t->oldest_snapshot_ms, ms);
	t->look_us = now + (int64_t)t->snapshot_ms * 1000 / LOOKS;
	tell(t, ms);
	return OK;
}

/* ---- the others ---- */

static enum fault look_at_places(struct pg_engine *e)
{
	struct node_place places[NODE_PLACES_MAX];
	unsigned n;
	TRY(pg_node_places(e->tender.pg, places, &n));
	pg_homes_set(e, places, n);
	return OK;
}

/* ---- the clock ---- */

/* Between the two readings of our clock the database read its own. */
static enum fault compare_clocks(struct pg_engine *e)
{
	struct instant before = pg_engine_now(e), theirs, after;
	TRY(pg_clock(e->tender.pg, &theirs));
	after = pg_engine_now(e);
	bool apart =
	    theirs.ms < before.ms - PG_CLOCK_MS_MAX || theirs.ms > after.ms + PG_CLOCK_MS_MAX;
	atomic_store(&e->clock_fault, apart && !e->clock ? FAULT_CLOCK_UNSURE : OK);
	return OK;
}

/* ---- the thread ---- */

static enum fault tend_connected(struct pg_engine *e)
{
	struct pg_tender *t = &e->tender;
	int64_t now = monotonic_us();
	TRY(compare_clocks(e));
	if (now >= t->renew_us)
		TRY(keep_number(e));
	if (t->told_place)
		TRY(look_at_places(e));
	return now >= t->look_us ? look_at_snapshots(t, now) : OK;
}

static void tend(struct pg_engine *e)
{
	struct pg_tender *t = &e->tender;
	if (pg_engine_connect(e, &t->pg) != OK)
		return;
	if (pg_engine_note(e, tend_connected(e)) == OK)
		return;
	pg_close(t->pg);
	t->pg = NULL;
}

static int64_t tick_us(const struct pg_tender *t)
{
	unsigned ms = TICK_MS;
	if (t->lease_ms / RENEWALS < ms)
		ms = t->lease_ms / RENEWALS;
	if (t->snapshot_ms / LOOKS < ms)
		ms = t->snapshot_ms / LOOKS;
	return (int64_t)ms * 1000;
}

/* A database that is away is not waited for: the lease runs out by itself. */
static void finish(struct pg_engine *e)
{
	struct pg_tender *t = &e->tender;
	struct node_lease lease = lease_of(t);
	if (atomic_load(&e->away) == OK && pg_engine_connect(e, &t->pg) == OK)
		(void)!pg_node_end(t->pg, &lease, atomic_load(&e->node));
	pg_close(t->pg);
	t->pg = NULL;
}

static void *tender_main(void *context)
{
	struct pg_engine *e = context;
	struct pg_tender *t = &e->tender;
	pthread_mutex_lock(&t->lock);
	while (!t->closing) {
		pthread_mutex_unlock(&t->lock);
		tend(e);
		pthread_mutex_lock(&t->lock);
		struct timespec until = timespec_after_us(tick_us(t));
		if (!t->closing)
			pthread_cond_timedwait(&t->wake, &t->lock, &until);
	}
	pthread_mutex_unlock(&t->lock);
	finish(e);
	return NULL;
}

void pg_tender_start(struct pg_engine *e, struct pg *p)
{
	struct pg_tender *t = &e->tender;
	pthread_condattr_t attributes;
	t->pg = p;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	must(pthread_create(&t->thread, NULL, tender_main, e) == 0);
	t->there = true;
}

void pg_tender_stop(struct pg_engine *e)
{
	struct pg_tender *t = &e->tender;
	pthread_mutex_lock(&t->lock);
	t->closing = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->wake);
}
