/*
 * What a lane has: its connection, and batches of one merchant each on their way into a
 * transaction. For pg_batch.c, which runs one merchant's batches one after the other, and
 * pg_group.c, which runs those of several merchants in one transaction.
 */
#pragma once

#include "store/pg_engine.h"

/* A batch of one merchant. */
struct pg_work {
	struct pg_lane *lane;
	struct loaded rows;
	struct keyring_rows keys;
	struct rounds rounds;
	struct pg_writes *writes; /* that run now */
	/* pg_batch.c's own */
	bool begun;   /* its lock was sent, and if it has only looked, its first load */
	bool decided; /* it has run ahead: good if the head is still `base` */
	struct head base;
};
void pg_work_init(struct pg_work *w, struct pg_lane *l);
void pg_work_release(struct pg_work *w);
/* For its first round; the caller says how it loads (rounds.load, more). `blind`: the head is not
 * known. */
void pg_work_prepare(struct pg_work *w, struct pg_writes *writes, bool blind);
/* It is committed: counts it, and learns what it has seen of the store. */
void pg_work_after(struct pg_work *w);

/* The rows and entries of one or several works, as a batch of the database's. */
struct pg_gather {
	struct pg_change *changes;
	struct text *values;
	struct pg_entry *entries;
	size_t change_count, change_capacity;
	size_t entry_count, entry_capacity;
};
void pg_gather_release(struct pg_gather *g);
void pg_gather_works(struct pg_gather *g, struct pg_work *const *works, unsigned n);

struct pg_group;
struct pg_lane {
	struct pg_engine *engine;
	struct pg *pg; /* NULL: not connected */
	unsigned distrust;
	struct pg_work works[2];
	struct pg_work *work; /* of the batch that runs; the other one is the next's */
	struct pg_writes *next;
	struct pg_gather gather;
	bool locked;	      /* the merchant's head row, by this attempt */
	bool has_head;	      /* the merchant has one */
	uint64_t round_trips; /* of the connection, when last counted */
	struct batch_id id;
	int64_t sent_us;	/* when its rows were sent */
	struct pg_group *group; /* pg_group.c's; NULL: not needed yet */
};
/* What was gathered and its COMMIT, under a new id. */
void pg_lane_commit_send(struct pg_lane *l);
enum pg_outcome pg_lane_commit_receive(struct pg_lane *l);
/* The fate of the batch l->id, of which the merchant has an entry: COMMITTED, AGAIN, or UNKNOWN
 * when nobody can be asked for too long. */
enum pg_outcome pg_lane_find_out(struct pg_lane *l, uint64_t merchant);
void pg_lane_pause(unsigned again);
void pg_lane_count_trips(struct pg_lane *l);
unsigned pg_writes_fail(struct pg_writes *writes, enum fault fault);

void pg_group_free(struct pg_group *g);
