/*
 * One connection to PostgreSQL, as rows of bytes (keys.h): what pg_lane.c and pg_read.c stand on.
 * Behind it pg_schema, pg_sql, pg_load and pg_save turn logical keys and values into typed columns
 * and back. A struct pg belongs to one thread at a time; none of its functions logs.
 *
 *   write:  pg_begin_write -> pg_load .. -> pg_commit | pg_rollback
 *   read:   pg_begin_read  -> pg_load, pg_next .. -> pg_rollback
 *
 * Faults: BUSY for trouble that passes (connection lost, a lock or statement time-out; the
 * transaction is then gone, the next begin connects again), DATA_DAMAGED for what must not be.
 * After any fault pg_rollback is still to be called (or pg_close).
 *
 * Rows beyond keys.h, kinds from 128 up: an engine's own.
 *
 *   KEY       slot    32 bytes, the customer's key (of that merchant); all zeroes: wiped
 *   KEY_LAST  -       varint, the merchant's highest slot so far; absent: none. Follows from the
 *                     KEY rows and is never written
 *   META      name    merchant 0: what the store knows of itself, outside of every ledger
 */
#pragma once

#include "store/keyring_rows.h"
#include "store/tx.h"

enum { ROW_META = 130 }; /* the other two: keyring_rows.h */

struct pg;

struct pg_config {
	const char *url; /* postgresql://..., with libpq's own parameters (sslmode, ..) */
	bool create;	 /* migrate: make the schema, or bring it up to date */
	unsigned connect_ms, statement_ms, lock_ms; /* 0: the defaults */
};

/* Whether it is meant to be one: postgresql://.. or postgres://.. */
bool pg_is_address(const char *place);
/* BUSY: not to be reached now. DATA_MISSING: no schema and not to be created. SCHEMA_NEWER: a
 * schema of a newer program. SCHEMA_REFUSED: the database does not take it, or has something else.
 * *ret_why: a sentence for a person (malloced) without the password. */
CHECKED enum fault pg_open(const struct pg_config *c, struct pg **ret, char **ret_why);
void pg_close(struct pg *p);

/* READ ONLY REPEATABLE READ; takes no lock. The statement goes out with the first load. */
CHECKED enum fault pg_begin_read(struct pg *p);
/* What a load asks for, and who gets it. */
struct pg_sink;
struct pg_wants {
	const struct text *keys;
	size_t n;
	struct pg_sink *sink;
};
/* Locks the merchant's head row, in a statement of its own, making it first when it is not there;
 * then number, instant, hash and next_number from the newest ledger row. A merchant without
 * entries: zeroes and next_number 1. */
CHECKED enum fault pg_begin_write(struct pg *p, uint64_t merchant, struct head *ret_head);

/* The same in one exchange with a load: the keys are read under the lock. *ret_locked false: the
 * merchant has no head row yet, what was loaded means nothing; pg_rollback, and pg_begin_write. */
CHECKED enum fault pg_begin_write_loading(struct pg *p, uint64_t merchant,
					  const struct pg_wants *wants, struct head *ret_head,
					  bool *ret_locked);

/* The two halves of that. The first may also follow pg_commit_send, so that the next write begins
 * as soon as the last one ends; the keys live until the second. */
void pg_begin_write_send(struct pg *p, uint64_t merchant, const struct pg_wants *wants);
CHECKED enum fault pg_begin_write_receive(struct pg *p, struct pg_sink *sink, struct head *ret_head,
					  bool *ret_locked);

/* Several merchants in one transaction: those who have a head row are locked, unless somebody holds
 * it and it is not to be waited for; a wait is for a quarter of a second at most (BUSY), and in
 * order of merchants, before anything else is locked, so that no two transactions wait for each
 * other. What was loaded means nothing for those who are not locked. */
struct pg_locked {
	uint64_t merchant;
	bool wait;
	/* out */
	struct head head;
	bool locked;
};
CHECKED enum fault pg_begin_many(struct pg *p, struct pg_locked *at, unsigned n,
				 const struct pg_wants *wants);
/* Not where merchants' rows are on different machines (Citus): a transaction over several would be
 * prepared on each of them before it commits. */
bool pg_may_join(const struct pg *p);

/* Gets the rows asked for, and may get more: a UNIQUE or ENTRY row that is there comes with the
 * RECORD row that it names. NULL: there is no such row. Key and value live for the call only.
 * Every key asked for comes at least once. */
struct pg_sink {
	void (*row)(struct pg_sink *sink, struct text key, const struct text *value);
};
/* All keys in one pipelined round trip, whatever their tables. HEAD rows are not asked for. */
CHECKED enum fault pg_load(struct pg *p, const struct text *keys, size_t n, struct pg_sink *sink);
/* The same with one statement for the keys of all merchants. */
CHECKED enum fault pg_load_many(struct pg *p, const struct pg_wants *wants);
/* At most n rows, in key order, with that prefix (kind and table and merchant at least) and
 * key > after; an empty `after` begins at the first. As with pg_load, the records that they name
 * may come with them. */
struct pg_scan {
	struct text prefix, after;
	unsigned n;
};
CHECKED enum fault pg_next(struct pg *p, const struct pg_scan *scan, struct pg_sink *sink);

/* A batch: who wrote it, for finding it again. It may be several merchants', who are all locked. */
struct batch_id {
	uint64_t node, number;
};
/* The last image of every row that the batch wrote; NULL: deleted. Each key once. HEAD rows are
 * among them (they follow from the entries). */
struct pg_change {
	struct text key;
	const struct text *value;
	bool is_new; /* there was none before, which the write's lock makes sure of */
	/* What it was before; of a UNIQUE row, the key fields of who had the value. NULL: nothing,
	 * or nobody has looked; of a UNIQUE row: nobody had it. */
	const struct text *was;
};
struct pg_entry {
	uint64_t merchant, number;
	struct instant instant;
	struct text bytes;   /* with the envelope, as hashed */
	const uint8_t *hash; /* 32 bytes */
	struct text actor;
	unsigned command;
	uint64_t
	    batch_place; /* among its merchant's in its batch, from 0; of those that are read */
};
struct pg_batch {
	struct batch_id id;
	const struct pg_change *changes;
	size_t change_count;
	const struct pg_entry *entries; /* those of a merchant together, and in order */
	size_t entry_count;
};
enum pg_outcome {
	PG_COMMITTED,
	PG_AGAIN,   /* nothing was written, and trying again may help */
	PG_REFUSED, /* nothing was written, and the same batch will fail again */
	PG_UNKNOWN, /* the connection went while it committed: ask pg_was_committed */
};
/* Writes and COMMITs in one pipelined round trip. */
CHECKED enum pg_outcome pg_commit(struct pg *p, const struct pg_batch *batch);
/* The same in steps: sends all; waits for the rows, not for the COMMIT behind them (false: it will
 * not be committed); waits for the COMMIT. Only pg_begin_write_send may come between them. */
void pg_commit_send(struct pg *p, const struct pg_batch *batch);
CHECKED bool pg_commit_written(struct pg *p);
CHECKED enum pg_outcome pg_commit_receive(struct pg *p);
/* Ends whatever transaction is open; never fails. */
void pg_rollback(struct pg *p);
/* On a new connection, locking the head first (which waits for the old session to end). Of several
 * merchants, any who had an entry in it. */
CHECKED enum fault pg_was_committed(struct pg *p, uint64_t merchant, struct batch_id id,
				    bool *ret_there);

/* Overwrites the keys of the merchant's erased customers; outside of a transaction. */
CHECKED enum fault pg_wipe_keys(struct pg *p, uint64_t merchant);
/* The database's clock. */
CHECKED enum fault pg_clock(struct pg *p, struct instant *ret_now);
/* Why the last function said BUSY, AGAIN or REFUSED, for the log of an operator: SQLSTATE and
 * message, never a row's values. Lives until the next call. */
const char *pg_why(const struct pg *p);
/* Exchanges with the server so far: what a batch costs. */
uint64_t pg_round_trips(const struct pg *p);

/* Ledger entries in order of merchant and number, after (merchant, number), at most n: verify,
 * show. Texts live for the call of `see`; false ends. */
struct pg_entries {
	uint64_t merchant, number;
	unsigned n;
	bool (*see)(void *context, const struct pg_entry *entry);
	void *context;
};
CHECKED enum fault pg_read_entries(struct pg *p, const struct pg_entries *what);
/* All of them, slice by slice; any fault of `see` ends it. */
struct pg_walk {
	enum fault (*see)(void *context, const struct pg_entry *entry);
	void *context;
	uint64_t merchant, number; /* out: of the last that was seen */
};
CHECKED enum fault pg_walk_entries(struct pg *p, struct pg_walk *w);
