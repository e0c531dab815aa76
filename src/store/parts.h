/*
 * The engine's parts and who may touch what. Threads: any number of readers, one lane (runs writes,
 * appends to the ledger, writes the active generation), one feeder (brings generations into LMDB),
 * one tender (makes segments and key slots ahead, watches the clock).
 */
#pragma once

#include "store/clock.h"
#include "store/counters.h"
#include "store/engines.h"
#include "base/file.h"
#include "store/keyring.h"
#include "store/ledger.h"
#include "store/queue.h"
#include "store/rounds_check.h"
#include "store/snapshot.h"
#include "store/tx.h"
#include "store/warm.h"

struct lane_ahead;
struct lane {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake, frozen; /* frozen: also drained, and the clock accepted */
	/* under the lock */
	struct write_queue calls, jobs;
	bool stopping, drained, ended, sleeping;
	uint64_t gathering;	  /* calls that a gathering lane waits for; 0: it does not gather */
	bool jobs_ended;	  /* engine_stop_jobs */
	struct generation *fresh; /* the feeder's request: make this the active one */
	struct generations *old_pair; /* the answer, with frozen_position */
	struct position frozen_position;
	bool accept_clock;
	/* the lane's own */
	struct write_queue taken; /* left over from a batch that grew large */
	struct snapshot snapshot;
	struct warm warm;
	struct lane_ahead *ahead; /* NULL: never looked */
	struct tx tx;
	struct buffer batch, entry;
	uint64_t command; /* counts commands: stamps versions */
	size_t grown;	  /* overlay bytes of the last batch */
	bool last_was_data;
	int64_t last_us;	  /* when the last batch was written */
	int64_t sync_us;	  /* how long its sync took, more or less */
	uint64_t ran, ran_before; /* calls of the last two batches */
	bool wrote_credential, wrote_origin;
	struct rounds_check check; /* where CALLS_CHECKED */
};

struct feeder {
	pthread_t thread;
	struct bell bell;
	struct position position; /* of the frozen generation */
	int64_t took_us;	  /* the last feeding that succeeded */
	struct generations *old;  /* the pair before it was frozen: goes with it */
	pthread_mutex_t feeding; /* held from freezing to the drop; who holds it stops the feeder */
	_Atomic unsigned holders; /* who waits for `feeding` */
	pthread_mutex_t lock;
	pthread_cond_t progress;
	uint64_t attempts; /* under the lock */
	_Atomic bool stopping;
	_Atomic uint64_t wanted, fed; /* batches */
	_Atomic uint64_t bytes_per_s;
	_Atomic(enum fault) fault;
};

struct counters {
	_Atomic uint64_t batches, commands, entries, syncs;
	_Atomic uint64_t batch_size[ENGINE_BUCKETS], batch_size_sum;
	_Atomic uint64_t sync_us[ENGINE_BUCKETS], sync_us_sum;
};

struct engine {
	struct engine_base base; /* first */
	char *dir, *key_path;
	pthread_mutex_t erasing; /* held while keys are wiped, and by who must not see that */
	bool read_only;
	uint64_t seed;
	size_t overlay_cap;
	enum engine_warm warm;
	int lock_file;
	struct master_keys masters;
	struct keyring_file keys;
	struct ledger ledger;
	struct view view;
	struct overlay overlay;
	struct wall wall;
	_Atomic uint64_t content;  /* newest batch that wrote rows */
	_Atomic int64_t newest_ms; /* of all entries; the lane writes */
	_Atomic uint64_t epoch, credential_version;
	_Atomic bool closing;
	bool running; /* the threads are there */
	struct lane lane;
	struct feeder feeder;
	pthread_t tender;
	struct bell tender_bell;
	struct counters counters;
};

struct looking;
struct reader {
	struct reader_base base; /* first */
	struct snapshot snapshot;
	struct looking *looking; /* NULL: never looked */
};
/* What engine.c hangs into its table of verbs (engines.h). */
void embedded_submit(struct engine *e, struct write *w);
void embedded_stop_jobs(struct engine *e);
enum fault embedded_clock_accept(struct engine *e);
void embedded_feed(struct engine *e);
enum fault embedded_try(struct reader *r, struct write *w);
/* A keyring that gives nothing away and keeps nothing: for runs that are thrown away. */
struct keyring trial_keys(const struct engine *e);
enum fault embedded_wipe(struct engine *e, uint64_t merchant); /* erase.c */
enum fault embedded_verify(struct engine *e,
			   void (*progress)(void *context, uint64_t done, uint64_t all),
			   void *context, struct ledger_report *ret, char **ret_why);
enum fault embedded_newest(struct engine *e, uint64_t merchant, uint64_t *ret_number);
enum fault embedded_follow(struct engine *e, struct ledger_cursor *cursor,
			   bool (*see)(void *context, const struct ledger_entry *entry),
			   void *context);
enum fault embedded_scan(struct engine *e,
			 bool (*see)(void *context, const struct ledger_entry *entry),
			 void *context);
enum fault embedded_backup(struct engine *e, const char *to, char **ret_why);

enum {
	OVERLAY_BYTES = 256 * 1024 * 1024,
	OVERLAY_BYTES_MIN = 256 * 1024, /* tests */
};
/* Which share of the cap a generation takes before it is frozen; and where pressure begins. Of a
 * large generation more rows share a page of the view. */
static inline size_t overlay_freeze_bytes(const struct engine *e)
{
	return e->overlay_cap / 4;
}
static inline size_t overlay_half(const struct engine *e)
{
	return e->overlay_cap / 2;
}
static inline size_t overlay_slow(const struct engine *e)
{
	return e->overlay_cap / 4 * 3;
}
static inline size_t overlay_full(const struct engine *e)
{
	return e->overlay_cap / 16 * 15;
}

void lane_init(struct engine *e);
void lane_start(struct engine *e);
void lane_stop(struct engine *e); /* runs what waits, appends the last empty batch */
void lane_join(struct engine *e); /* after the feeder has stopped: it freezes through the lane */
void lane_release(struct engine *e);
/* lane_ahead.c: what the next LOOK_CALLS of `taken` will ask for is brought from memory, where that
 * pays. Within a batch, its snapshot begun. */
void lane_look_ahead(struct engine *e, struct instant now);
void lane_ahead_release(struct engine *e);
/* Feeder: makes `fresh` the active generation between two batches; waits for it. */
void lane_freeze(struct engine *e, struct generation *fresh, struct generations **ret_old,
		 struct position *ret);
/* Reads the origin's epoch. Lane, or before it runs. */
void engine_read_epoch(struct engine *e, struct snapshot *s);

/* erase.c: at the start, of all merchants: wipes keys whose erasure stands in the ledger. */
void erase_recover(struct engine *e);

void feeder_init(struct engine *e);
void feeder_start(struct engine *e);
void feeder_stop(struct engine *e); /* feeds what is left */
void feeder_release(struct engine *e);
/* Feeds everything accepted so far: OK, or why it could not. */
CHECKED enum fault feeder_drain(struct engine *e);
/* Stops the feeder at the end of a generation: LMDB is then at its position. */
CHECKED enum fault feeder_hold(struct engine *e);
void feeder_go_on(struct engine *e);
