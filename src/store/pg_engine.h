/*
 * The PostgreSQL engine's parts and who may touch what. Threads: write lanes (each with a
 * connection; run batches of one merchant, or of several in one transaction), readers (each with a
 * connection, on whatever thread they are used), one tender (pg_tender.c).
 *
 * Nothing of a merchant is kept between batches: any number of nodes serve the same store.
 */
#pragma once

#include "store/counters.h"
#include "store/engines.h"
#include "store/keyring_rows.h"
#include "store/pg.h"
#include "store/pg_watch.h"
#include "store/queue.h"
#include "store/rounds.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	PG_LANES = 8,	     /* write connections of a node, unless somebody says otherwise */
	PG_BATCH_MAX = 128,  /* calls of a batch: past it little is gained (store.md's numbers) */
	PG_GROUP_MAX = 32,   /* merchants of a transaction */
	PG_CREDENTIAL_S = 5, /* what another node changed is seen after so long */
	PG_CLOCK_MS_MAX = 2000, /* further from the database's: not ready */
};

struct merchant_queue;
struct lane_thread;
enum { QUEUE_BUCKETS = 256 };

struct pg_lanes {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* under the lock */
	struct merchant_queue *buckets[QUEUE_BUCKETS];
	struct merchant_queue *ready, **ready_end; /* with something to do, longest waiting first */
	unsigned ready_count;
	uint64_t calls, jobs; /* that wait, of all merchants */
	bool stopping, jobs_ended;
	unsigned joined;	/* lanes that run merchants who can join others */
	unsigned met;		/* so many more transactions, after one met another node */
	_Atomic unsigned nodes; /* that share the writes among themselves, this one with them */
	bool may_join;		/* several merchants in a transaction; set before the lanes start */
	/* A node's one connection for deciding ahead; who has the lock uses it. */
	pthread_mutex_t ahead_lock;
	struct pg *ahead;      /* NULL: not connected */
	unsigned thread_count; /* set before they start */
	struct lane_thread *threads[ENGINE_LANES_MAX];
};

struct pg_counters {
	_Atomic uint64_t batches, commits, commands, entries, rounds, round_trips;
	_Atomic uint64_t batch_size[ENGINE_BUCKETS];
	_Atomic uint64_t commit_us[ENGINE_BUCKETS], commit_us_sum;
};

/* The nodes that others reach; the tender's to change. */
struct pg_homes {
	pthread_mutex_t lock;
	struct node_place places[NODE_PLACES_MAX];
	unsigned n;
};

struct pg_tender {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool closing;			   /* under the lock */
	bool there;			   /* the thread is */
	char name[80 + NODE_ADDRESS_SIZE]; /* of this process in the node table */
	bool told_place;		   /* where others reach it stands behind a blank */
	unsigned lease_ms, snapshot_ms;
	_Atomic int64_t leased_us; /* until then the number is ours, by monotonic_us */
	_Atomic uint64_t oldest_snapshot_ms;
	/* the thread's own */
	struct pg *pg;		   /* NULL: not connected */
	int64_t renew_us, look_us; /* when to do it again */
	bool told;		   /* of the snapshot that is too old now */
};

/* META "store": varint store id, varint master key, its check. What a ledger's segments say. */
struct store_card {
	uint64_t id, master_id;
	uint8_t check[16];
};

struct pg_engine {
	struct engine_base base; /* first */
	char *url;
	unsigned statement_ms, lock_ms; /* 0: the defaults of pg_config */
	struct master_keys masters;
	struct keyring ring; /* what they make; each transaction has a copy */
	struct store_card card;
	uint64_t seed;
	/* The id of a batch: the leased number, and a count that no other process goes through
	 * (pg_start_batches). */
	_Atomic uint64_t node, batch;
	struct instant (*clock)(void *context);
	void *clock_context;
	_Atomic uint64_t epoch, credential_writes;
	_Atomic(enum fault) away, clock_fault;
	struct pg_lanes lanes;
	struct pg_counters counters;
	struct pg_tender tender;
	struct pg_homes homes;
};

static inline struct pg_engine *pg_engine_of(struct engine *e)
{
	return (struct pg_engine *)(void *)e;
}

/* pg_engine.c */
struct instant pg_engine_now(const struct pg_engine *e);
void store_card_key(struct key *k);
void store_card_write(const struct store_card *c, struct buffer *out);
/* META "copy": what is here is not all that is to be here (copy.h). */
void copy_mark_key(struct key *k);
#define COPY_CUT_OFF                                                                           \
	"a copy into this database did not come to its end: make the database anew, and copy " \
	"again"
struct env pg_engine_env(const struct pg_engine *e, struct arena *arena);
void pg_engine_keyring(struct pg_engine *e, struct keyring_rows *k, struct rows *rows);
/* Connects when *p is NULL; notes whether the database is away. */
CHECKED enum fault pg_engine_connect(struct pg_engine *e, struct pg **p);
/* What a call on a connection said. */
enum fault pg_engine_note(struct pg_engine *e, enum fault fault);

/* pg_tender.c */
void pg_tender_init(struct pg_engine *e, const struct engine_config *config);
/* Before anything is written: where this process begins to count its batches. */
CHECKED enum fault pg_start_batches(struct pg_engine *e, struct pg *p);
/* Leases a number: e->node. */
CHECKED enum fault pg_take_number(struct pg_engine *e, struct pg *p);
void pg_tender_start(struct pg_engine *e, struct pg *p); /* p is the tender's from then on */
void pg_tender_stop(struct pg_engine *e);		 /* gives the number back */

/* pg_homes.c */
void pg_homes_set(struct pg_engine *e, const struct node_place *places, unsigned n);
bool pg_home(const struct engine *e, uint64_t merchant, char ret[NODE_ADDRESS_SIZE]);

/* pg_lane.c */
void pg_lanes_start(struct pg_engine *e);
void pg_lanes_stop(struct pg_engine *e); /* runs what waits */
void pg_submit(struct engine *e, struct write *w);
void pg_stop_jobs(struct engine *e);

/* pg_batch.c: one lane's work */
struct pg_lane *pg_lane_new(struct pg_engine *e);
void pg_lane_free(struct pg_lane *l);
/* Writes of one merchant; `more` adds some behind them, as long as there is room. */
struct pg_writes {
	struct write *at[PG_BATCH_MAX];
	unsigned n;
	void (*more)(struct pg_writes *w);
	bool refused; /* out: the database refuses so many together; fewer next time */
};
/* Runs and commits the first writes; returns how many: they have their fault and are to be
 * answered. `next`, empty: gets those of the merchant that wait when these are all but committed,
 * and may begin with them: if there are some, the lane is to run them next. */
unsigned pg_lane_run(struct pg_lane *l, struct pg_writes *writes, struct pg_writes *next);
/* No other node came between its last batches. */
bool pg_lane_trusts(const struct pg_lane *l);

/* pg_group.c */
struct pg_member {
	struct pg_writes *writes; /* of one merchant each, not of the store itself */
	bool wait;		  /* for its lock, a little */
	/* out */
	unsigned ran;  /* the first so many have their fault and are to be answered */
	bool left_out; /* another node has it, or it has no head row yet */
};
/* Runs and commits their batches in one transaction. False: nothing was written, and each is to be
 * run alone. */
bool pg_lane_run_group(struct pg_lane *l, struct pg_member *members, unsigned n);

/* pg_read.c */
struct reader *pg_reader_open(struct engine *e);
void pg_reader_close(struct reader *r);
struct tx *pg_reader_begin(struct reader *r, uint64_t merchant, struct arena *arena,
			   struct detail *detail);
void pg_reader_end(struct reader *r);
enum fault pg_reader_apply(struct tx *tx, handler *handle, const void *cmd, void *ret);
void pg_reader_keep(struct reader *r);
void pg_reader_rest(struct reader *r);
CHECKED enum fault pg_reader_due(struct reader *r, struct due_walk *w, uint64_t ret[DUE_WALK_PAGE],
				 unsigned *ret_n);
void pg_reader_look(struct reader *r, const struct reader_look *looks, unsigned n);
enum fault pg_reader_try(struct reader *r, struct write *w);
/* Loads what is wanted through a connection in a transaction. */
CHECKED enum fault pg_fill(struct pg *p, struct loaded *rows);
/* Only the scan, if one is wanted. */
CHECKED enum fault pg_fill_scan(struct pg *p, struct loaded *rows);
/* The same as the beginning of a write: pg_begin_write_loading. */
CHECKED enum fault pg_fill_locking(struct pg *p, uint64_t merchant, struct loaded *rows,
				   struct head *ret_head, bool *ret_locked);
/* The two halves of that: pg_begin_write_send. */
void pg_fill_begin(struct pg *p, uint64_t merchant, const struct loaded *rows);
CHECKED enum fault pg_fill_begun(struct pg *p, struct loaded *rows, struct head *ret_head,
				 bool *ret_locked);

/* pg_verify.c */
enum fault pg_verify(struct engine *e, void (*progress)(void *context, uint64_t done, uint64_t all),
		     void *context, struct ledger_report *ret, char **ret_why);
enum fault pg_ledger_newest(struct engine *e, uint64_t merchant, uint64_t *ret_number);
enum fault pg_ledger_follow(struct engine *e, struct ledger_cursor *cursor,
			    bool (*see)(void *context, const struct ledger_entry *entry),
			    void *context);
enum fault pg_ledger_scan(struct engine *e,
			  bool (*see)(void *context, const struct ledger_entry *entry),
			  void *context);
