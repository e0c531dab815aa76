/*
 * A desk: one kind of work that acts by itself, on a thread of its own.
 *
 *   rung (a write of this process gave a merchant work), due (the time that `look` named has
 *   come), scanned (now and then the merchants who have such work: what other nodes wrote, and what
 *   is far off until its time comes)
 *        -> look(desk, merchant) -> does what is due, starts what takes long, says when to look
 *           again
 *
 * `look` does one bounded step for one merchant: merchants take turns. Everything of a desk runs on
 * its thread; only desk_ring is for others.
 */
#pragma once

#include "base/monotonic.h"
#include "courier/agenda.h"
#include "courier/courier.h"
#include "domain/domain.h"
#include "store/engine.h"

#include <pthread.h>
#include <stdatomic.h>

struct desk;
struct desk_merchant {
	uint64_t number;
	struct merchant_clock clock;
};
/* Answers of `look`: milliseconds until the next look, or .. */
enum {
	DESK_AGAIN = 0,	   /* there is more to do at once */
	DESK_WAITS = -1,   /* when it is rung, or at the next scan */
	DESK_TROUBLE = -2, /* a command or a read failed: after a while */
};
/* Of two such answers the one that comes first. */
static inline int64_t desk_sooner(int64_t a, int64_t b)
{
	return a == DESK_WAITS || (b != DESK_WAITS && b < a) ? b : a;
}
/* A merchant's record rings all: its clock was moved. */
#define DESK_TABLES(a, b) \
	(UINT64_C(1) << TABLE_MERCHANT | UINT64_C(1) << TABLE_##a | UINT64_C(1) << TABLE_##b)
/* A row of the table in courier.c. */
struct desk_kind {
	const char *name;
	const char *actor;	      /* in the ledger; NULL: "courier" */
	enum chore chore;	      /* whom a scan finds */
	unsigned every_ms;	      /* between two scans, and before the first; 0: desk.c knows */
	uint64_t tables;	      /* that ring it: bits 1 << enum table */
	bool (*open)(struct desk *d); /* NULL: nothing to open. false: no memory */
	int64_t (*look)(struct desk *d, const struct desk_merchant *m);
	void (*tend)(struct desk *d); /* at each scan; NULL: nothing */
	/* Sleeps at most so long; NULL: on the desk's bell. `wake` ends it, on any thread. */
	void (*wait)(struct desk *d, unsigned ms);
	void (*wake)(struct desk *d);
	bool (*busy)(const struct desk *d); /* something is in flight; NULL: never */
	void (*close)(struct desk *d);	    /* gives up what is in flight */
};
enum { DESK_LEASES_MAX = 1024, DESK_RUNG_MAX = 1024 };
struct desk_lease {
	uint64_t merchant, of;
	enum lease_kind kind;
	int64_t until_ms; /* monotonic */
};
struct desk {
	const struct desk_kind *kind;
	const struct courier_config *config;
	struct engine *engine;
	struct reader *reader;
	void *state; /* the kind's own */
	uint64_t owner;
	/* desk.c's own */
	bool alone;    /* nobody else can be at this store */
	struct tx *tx; /* between desk_begin and desk_end */
	struct detail detail;
	struct agenda agenda;
	struct desk_lease leases[DESK_LEASES_MAX];
	unsigned lease_count;
	/* monotonic: when to scan, not before, and when for what is dear to find, too */
	int64_t scan_ms, rested_ms, seldom_ms;
	int64_t apart_ms; /* two scans, the last time */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t bell;
	uint64_t rung[DESK_RUNG_MAX];
	unsigned rung_count;
	bool rung_all; /* more than fit, or the merchants themselves have changed */
	_Atomic bool stopping;
};

/* --- desk.c: for courier.c --- */
CHECKED bool desk_start(struct desk *d);
void desk_stop(struct desk *d);
/* Any thread. merchant 0: all. */
void desk_ring(struct desk *d, uint64_t merchant);

/* --- for kinds, on the desk's thread --- */
/* Looks at the merchant again in so many ms, at the latest. */
void desk_look_in(struct desk *d, uint64_t merchant, int64_t ms);
/* A read: what commands answer lives until desk_end. One at a time. */
void desk_begin(struct desk *d, const struct desk_merchant *m, struct arena *arena);
CHECKED enum fault desk_read(struct desk *d, enum command command, const void *cmd, void *ret);
/* Any handler that reads, for what no command shows. */
CHECKED enum fault desk_apply(struct desk *d, handler *handle, const void *cmd, void *ret);
struct instant desk_clock(struct desk *d); /* the merchant's now */
void desk_end(struct desk *d);
/* A write, waited for. job: behind all calls that wait. No read may be open. */
struct desk_write {
	enum command command;
	const void *cmd;
	void *ret;
	bool job;
};
/* The same for engine_submit: `done` and `context` are the caller's to set. */
struct write desk_write_of(const struct desk *d, const struct desk_merchant *m,
			   const struct desk_write *write, struct arena *arena);
/* The store cannot take a write now; later it may. */
bool desk_fault_passes(enum fault fault);
CHECKED enum fault desk_run(struct desk *d, const struct desk_merchant *m,
			    const struct desk_write *write, struct arena *arena);
/* Whether this desk has the lease for at least a third of its time; takes or prolongs it when it
 * must. No read may be open. */
bool desk_lease(struct desk *d, const struct desk_merchant *m, enum lease_kind kind, uint64_t of);
/* It is not ours any more (LEASE_LOST). */
void desk_lease_lost(struct desk *d, uint64_t merchant, enum lease_kind kind, uint64_t of);
