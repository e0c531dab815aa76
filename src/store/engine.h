/*
 * An engine as serve, cli and tests see it: open a data directory or a PostgreSQL store, run reads
 * on your own thread, hand writes to the lane. (Two engines stand behind this: engines.h.)
 *
 *   DIR/ledger/000001.seg ..   the truth      DIR/view/{data,lock}.mdb   LMDB
 *   DIR/keys/1 ..              customer keys  DIR/lock                   who holds DIR
 *   DIR/admin.sock             the admin socket (serve)      DIR.key     the master key, beside it
 *   DIR.erased                 who was erased, beside the master key: erased.h
 */
#pragma once

#include "base/limits.h"
#include "store/chores.tbl.h"
#include "store/store.h"

struct engine;
struct reader;

/* Smaller ones do not take every entry, larger ones are replayed slowly. */
enum { ENGINE_SEGMENT_MIB_MIN = 32, ENGINE_SEGMENT_MIB_MAX = 1024 };

/* Of a node's connections to PostgreSQL, and how long it waits there. One server has some hundreds
 * of connections for all of its nodes. Shorter waits fail where nothing is wrong; longer ones keep
 * a caller waiting who has gone. */
enum {
	ENGINE_LANES_MAX = 64,
	ENGINE_STATEMENT_MS_MIN = 1000,
	ENGINE_STATEMENT_MS_MAX = 10 * 60 * 1000,
	ENGINE_LOCK_MS_MIN = 1000,
	ENGINE_LOCK_MS_MAX = 60 * 1000,
};

/* When handlers are run ahead of the lane: see warm.h. COLD: while the view comes from the disk. */
enum engine_warm { ENGINE_WARM_COLD, ENGINE_WARM_NEVER, ENGINE_WARM_ALWAYS };

struct engine_config {
	const char *dir;
	const char *store;	/* postgresql://..; NULL: the data directory `dir` */
	const char *master_key; /* file; NULL: DIR.key. With `store` it must be given and, but for a
				   store that is made, be there */
	bool create;		/* make DIR, or the schema, when it is not there */
	bool read_only;		/* verify, export while nobody serves: nothing is written */
	bool copying;		/* also a store that is being copied into: copy.h's own */
	size_t segment_bytes;	/* 0: the default, 32 MiB; less only in tests, with a seed */
	size_t overlay_bytes;	/* 0: the default, 256 MiB */
	/* Tests: virtual time and seeded keys. NULL: the machine's. */
	struct instant (*clock)(void *context);
	void *clock_context;
	uint64_t seed;	     /* not 0: everything random comes from it */
	unsigned feed_pages; /* 0: the default; dirty pages of one LMDB transaction */
	enum engine_warm warm;
	/* With `store`. 0: the defaults: 8 lanes (at most ENGINE_LANES_MAX), 60 s for a statement,
	 * 10 s for a lock. */
	unsigned write_lanes, statement_ms, lock_ms;
	/* With `store`: where the other nodes reach this one; NULL: they do not. Shorter than
	 * NODE_ADDRESS_SIZE, without blanks. */
	const char *node_address;
	/* Tests: how long a node's number is leased (0: 60 s), and how old a snapshot may be before
	 * somebody is told (0: 5 minutes). */
	unsigned lease_ms, snapshot_ms;
};

/* Faults: DATA_IN_USE, SCHEMA_NEWER, SCHEMA_REFUSED, BUSY, DATA_DAMAGED, DATA_MISSING,
 * KEY_FILE_WRONG, DISK_FULL, FILE_UNREADABLE. On a fault *ret_why has a sentence for a person
 * (malloced). */
CHECKED enum fault engine_open(const struct engine_config *config, struct engine **ret_engine,
			       char **ret_why);
/* Job rows that wait, and those that come from now on, are answered with SHUTTING_DOWN. Before a
 * thread that waits for one is joined: under pressure they may wait for ever. Any thread. */
void engine_stop_jobs(struct engine *e);
/* Waits for the lane, feeds what is left, closes. */
void engine_close(struct engine *e);

/* --- reads: on the caller's thread, lock-free --- */
struct reader *reader_open(struct engine *e); /* one per thread */
void reader_close(struct reader *r);
/* Reads may wait for a network: not to be run on a loop thread. */
bool engine_waits(const struct engine *e);
/* Between begin and end everything comes from one state of the store: whole batches only. The
 * transaction and all texts read live until reader_end. */
struct tx *reader_begin(struct reader *r, uint64_t merchant, struct arena *arena,
			struct detail *detail);
/* Changes the merchant inside the same state (identify: merchant 0, then the caller's), or gives it
 * its clock: reader_begin goes by UTC+8 and the machine's. */
void reader_merchant(struct tx *tx, uint64_t merchant, struct merchant_clock clock);
const struct env *reader_env(const struct tx *tx);
/* A handler that reads, in the open transaction. The only way to run one: where rows are fetched it
 * may end early, with BUSY. */
enum fault reader_apply(struct reader *r, handler *handle, const void *cmd, void *ret);
void reader_end(struct reader *r);
/* Runs handlers that read only to learn what they will ask for, and has it fetched for all of them
 * at once; their answers are thrown away. Between reader_keep and reader_rest, no transaction open.
 * Where rows are in the view, it has memory bring them. */
struct reader_look {
	uint64_t merchant;
	struct merchant_clock clock;
	handler *handle; /* NULL: none */
	const void *cmd;
	void *ret; /* left as it was: zeroes */
	size_t ret_size;
	struct arena *arena;
};
void reader_look(struct reader *r, const struct reader_look *looks, unsigned n);
/* From now on what reader_end leaves behind serves the next reader_begin, until reader_rest. For
 * who reads often and knows when he pauses: call reader_rest then, or LMDB cannot use pages again,
 * and PostgreSQL goes on showing the state of the first read. */
void reader_keep(struct reader *r);
void reader_rest(struct reader *r);
/* For long scans: ends and begins at the newest state, keeping merchant, clock and arena. */
struct tx *reader_renew(struct reader *r);

/* --- what is due --- */
enum chore {
#define CHORE(NAME, list) CHORE_##NAME,
	CHORES(CHORE)
#undef CHORE
	    CHORE_COUNT
};
/* A walk over the merchants for whom there is something of a chore to do by then. Zeroes but for
 * what is asked. */
struct due_walk {
	enum chore chore;
	struct instant until; /* everybody's time: sandboxes are asked by their own */
	bool seldom;	      /* also what may wait for a minute, and is dear to find */
	/* out */
	bool ended;
	uint64_t place, after; /* the engine's own */
};
enum { DUE_WALK_PAGE = 256 };
/* The next of them, perhaps none, with merchants that have something of it which is not due yet,
 * and some of them twice. In a transaction of merchant 0; until the walk has ended. */
CHECKED enum fault reader_due(struct reader *r, struct due_walk *w, uint64_t ret[DUE_WALK_PAGE],
			      unsigned *ret_n);

/* --- writes: through the lane --- */
struct write {
	struct write *next; /* the lane's own */
	uint64_t merchant;
	struct merchant_clock clock; /* the merchant's */
	unsigned command;	     /* enum command: goes into the ledger */
	handler *handle;
	struct text actor; /* "wjb:100000001", "cli": goes into the ledger */
	const void *cmd;
	void *ret;
	size_t ret_size; /* 0: unknown; then the handler is not run ahead (if it has a ret) */
	struct arena *arena;
	struct detail detail;
	bool job;	  /* second queue: imports and jobs wait behind calls */
	enum fault fault; /* out */
	uint64_t entry;	  /* out: the entry's number, 0 when nothing was written */
	uint64_t tells;	  /* out: tables that it wrote and couriers work at: bits */
	/* Out: the lane answers another write by the same `done` at once, and what `done` is to
	 * wake may wait for that one. */
	bool more;
	void (*done)(struct write *w); /* on the lane's thread, after the batch is durable */
	void *context;		       /* the caller's */
};
/* Always ends in one call of done; a full queue, a full disk (under the ledger, the keys or the
 * view), a shut-down or an unsure clock give BUSY, DISK_FULL, SHUTTING_DOWN, CLOCK_UNSURE (done may
 * then be called before submit returns, or on the thread that calls engine_stop_jobs). */
void engine_submit(struct engine *e, struct write *w);
/* The same, waiting. Not from a loop thread. */
enum fault engine_run(struct engine *e, struct write *w);

/* Runs a write's handler over the reader's newest state and throws its writes away: what the
 * outcome would be if it came now (import --dry-run). */
enum fault reader_try(struct reader *r, struct write *w);

/* After a customer_erase: waits until the view has all erasures of the merchant, writes them to the
 * list of erasures, overwrites the keys, syncs. Only then a person may be told that it is done.
 * What a crash left is taken up at the next start. */
CHECKED enum fault engine_wipe(struct engine *e, uint64_t merchant);

/* Waits until everything accepted so far is in LMDB. */
void engine_feed(struct engine *e);
/* Counts up with every accepted write to `credential` or `merchant`, before the write is answered:
 * caches compare it, and never read it later than what they keep. Where other nodes write too it
 * counts up every 5 s besides. */
uint64_t engine_credential_version(const struct engine *e);
/* From now on called for each durable write of this process that wrote rows which a courier works
 * at, on the lane's thread, before the write is answered: be short. NULL: nobody is, once this has
 * returned and what runs at that moment has ended. What other nodes write is not told. */
struct engine_waker {
	/* tables: those that it wrote, bits 1 << enum table. */
	void (*wake)(struct engine_waker *waker, uint64_t merchant, uint64_t tables);
};
/* false: somebody else is called already. */
bool engine_on_outbox(struct engine *e, struct engine_waker *waker);
/* Whether a merchant's writes had better be made by another node of the store, because all of his
 * then share batches there, and where it is reached. Any thread; every node may still make them. */
bool engine_home(const struct engine *e, uint64_t merchant, char ret[NODE_ADDRESS_SIZE]);
/* OK, or why writes are refused now (readyz). */
enum fault engine_ready(const struct engine *e);
enum fault engine_clock_accept(struct engine *e);

/* What /metrics shows. Histogram buckets are powers of two: [i] counts values below 2^i. */
enum { ENGINE_BUCKETS = 24 };
struct engine_stats {
	uint64_t batches, commands, entries, syncs;
	uint64_t rounds, round_trips;	     /* of batches, where rows are fetched */
	uint64_t node;			     /* the number that this node has leased; 0: none */
	uint64_t nodes;			     /* that share the merchants among themselves */
	uint64_t oldest_snapshot_ms;	     /* that anybody holds in the database */
	uint64_t batch_size[ENGINE_BUCKETS]; /* commands per batch */
	uint64_t batch_size_sum;
	uint64_t sync_us[ENGINE_BUCKETS];
	uint64_t sync_us_sum;
	uint64_t queue_depth, job_queue_depth;
	uint64_t overlay_bytes;
	uint64_t warmed; /* handlers that were run ahead of the lane */
	uint64_t fed_batches,
	    accepted_batches; /* newest batch with rows: in the view, and durable */
	uint64_t ledger_bytes;
};
void engine_stats_get(const struct engine *e, struct engine_stats *ret);

/* --- the ledger and copies --- */
struct ledger_report {
	uint64_t batches, entries, merchants, bytes;
	uint64_t rows_compared, rows_different;
};
/* Recomputes every chain from the first entry and compares the view with a replay into a temporary
 * store. progress may be NULL. VERIFY_FAILED with *ret_why naming the first difference. */
CHECKED enum fault engine_verify(struct engine *e,
				 void (*progress)(void *context, uint64_t done, uint64_t all),
				 void *context, struct ledger_report *ret, char **ret_why);

/* A record as an entry leaves it: put (`record` is its struct, PERSONAL and SECRET members sealed)
 * or deleted (only its key). */
struct ledger_image {
	enum table table;
	bool gone;
	const void *record;
};
/* {"field": value, ..}: amounts in fen, instants as yyyy-MM-dd HH:mm:ss of UTC+8, bytes in hex,
 * numbers above 2^53 as texts, what is sealed as "(sealed)". */
void ledger_image_json(const struct ledger_image *image, struct buffer *out);
const char *ledger_image_table(const struct ledger_image *image); /* "coupon" */

struct ledger_entry {
	uint64_t batch, merchant, number;
	struct instant instant; /* the real time; a sandbox's clock was ahead of it by .. */
	int64_t ahead_ms;
	struct text actor;
	unsigned command;
	uint8_t hash[32];
	/* rows as text, for `ledger show`: "put coupon id=.. state=..", PERSONAL and SECRET shown
	 * as "(sealed)" */
	const struct text *rows;
	unsigned row_count;
	/* the ids of the coupons that the entry writes */
	const uint64_t *coupons;
	unsigned coupon_count;
	const struct ledger_image *images;
	unsigned image_count;
};
/* Calls `see` for each entry, in the order of its merchant, until it returns false. Its hash is
 * made anew from the first entry on; DATA_DAMAGED when the chain does not fit. */
CHECKED enum fault engine_ledger_scan(struct engine *e,
				      bool (*see)(void *context, const struct ledger_entry *entry),
				      void *context);

/* Where a reader of one merchant's entries stands. Zeroes but for merchant and number to begin
 * with: behind that entry. */
struct ledger_cursor {
	uint64_t merchant, number;
	uint64_t place[4]; /* the engine's own */
};
/* The merchant's entries behind the cursor, as far as they are accepted by now, until `see` returns
 * false; the cursor goes along. It does not begin at the first entry, and checks no chain: that is
 * the scan's. */
CHECKED enum fault
engine_ledger_follow(struct engine *e, struct ledger_cursor *cursor,
		     bool (*see)(void *context, const struct ledger_entry *entry), void *context);
/* The number of the merchant's newest entry that is accepted; 0: none. */
CHECKED enum fault engine_ledger_newest(struct engine *e, uint64_t merchant, uint64_t *ret_number);

/* For signed checkpoints: the store's id, and the private key that signs for it,
 * HKDF-SHA256(first master key, salt = the 8 bytes of the id, info = "couponry ledger checkpoint").
 * The caller wipes it. */
uint64_t engine_signing_key(const struct engine *e, uint8_t ret_seed[32]);

/* A whole copy of DIR at `to` (which must not exist), while serving. */
CHECKED enum fault engine_backup(struct engine *e, const char *to, char **ret_why);
/* Another epoch, by chance, so that nothing is issued again that was issued after this state of the
 * store. DATA_MISSING: it has none, nothing was ever issued. */
CHECKED enum fault engine_new_epoch(struct engine *e);
/* From a backup into a data directory that is not there; gives the store a new epoch. */
CHECKED enum fault engine_restore(const char *from, const char *dir, const char *master_key,
				  char **ret_why);
/* Writes the view anew, without the free pages that LMDB keeps and in which rows of the past still
 * stand. Only while nobody else holds the folder: a server has the old file mapped. */
CHECKED enum fault engine_compact(const struct engine_config *config, char **ret_why);
