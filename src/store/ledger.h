/*
 * The ledger file: DIR/ledger/NNNNNN.seg, segments of one size, zero-filled and synced before they
 * are used. Segment = header of 64 bytes, then batches at multiples of 64 bytes, then zeros.
 * Batch = header of 64 bytes, then for each entry a varint length and its bytes, then zeros up to
 * the next multiple of 64. All numbers are little-endian.
 */
#pragma once

#include "base/buffer.h"
#include "base/fault.h"
#include "base/moment.h"
#include "store/bell.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	LEDGER_ALIGN = 64,
	SEGMENT_BYTES = 32 * 1024 * 1024, /* zeroed in about 50 ms, replayed in under a second */
	SEGMENT_BYTES_MIN = 16 * 1024,	  /* tests */
	SEGMENT_BYTES_MAX = 1024 * 1024 * 1024,
	BATCH_STOP_BYTES = 4 * 1024 * 1024, /* a batch takes no further command past this */
	KEY_CHECK_SIZE = 16,
};

/* Behind a batch: where the next one goes, and what it must link to. Zeroes: before the first. */
struct place {
	uint64_t batch;
	uint32_t segment, offset;
	uint64_t checksum;
	struct instant wall; /* the wall clock when it was written */
};

struct batch_header {
	char magic[8];
	uint64_t store_id, number;
	uint32_t segment, offset, length, count;
	int64_t wall_ms;
	uint64_t previous,
	    checksum; /* SHA-256, cut, over the header (this member zero) and the body */
};
_Static_assert(sizeof(struct batch_header) == LEDGER_ALIGN, "the format says so");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file is little-endian");

struct segment_header {
	char magic[8];
	uint64_t store_id;
	uint32_t segment, segment_bytes, master_id, unused;
	uint8_t key_check[KEY_CHECK_SIZE]; /* which master key fits: see keyring.c */
	uint8_t checksum[16];
};
_Static_assert(sizeof(struct segment_header) == LEDGER_ALIGN, "the format says so");

struct batch {
	struct place before, after;
	uint32_t count;
	struct text body;
};

struct ledger {
	int folder;		    /* descriptor of DIR/ledger */
	struct segment_header head; /* of every segment but for its number */
	int file;		    /* the current segment */
	struct place end;	    /* lane only, once it runs */
	_Atomic uint64_t bytes;	    /* for stats: up to the end */
	/* The segment after the current one: made by ledger_tend, taken by ledger_append. */
	struct bell *bell; /* of the thread that calls ledger_tend */
	pthread_mutex_t lock;
	pthread_cond_t tended;
	int next_file;		   /* -1: not ready; under the lock */
	uint32_t next_wanted;	   /* its number, 0: none wanted; under the lock */
	uint64_t attempts;	   /* under the lock */
	_Atomic(enum fault) fault; /* of the last attempt */
};

struct ledger_damage {
	uint32_t segment, offset;
	bool torn; /* what a lost power supply leaves of the last write, and nothing else */
};

/* True when DIR/ledger has a first segment. */
bool ledger_exists(const char *dir);
/* Makes DIR/ledger with a first segment, synced. */
CHECKED enum fault ledger_create(const char *dir, const struct segment_header *head);
/* Reads the segments' headers; `head` is then known, `end` is not. */
CHECKED enum fault ledger_open(struct ledger *l, const char *dir, struct bell *bell,
			       char **ret_why);
void ledger_close(struct ledger *l);

/* Calls see (may be NULL) for each batch after `from`, up to batch `until`, until it gives a fault,
 * which is passed on. Checks numbers, links and checksums. FILE_UNREADABLE, or DATA_DAMAGED with
 * *ret_damage set. */
typedef enum fault ledger_see(void *context, const struct batch *b);
CHECKED enum fault ledger_walk(struct ledger *l, struct place from, uint64_t until, ledger_see *see,
			       void *context, struct place *ret_end,
			       struct ledger_damage *ret_damage);
/* Where a segment begins, as its first batch says: for walking from there. DATA_DAMAGED when it has
 * none. */
CHECKED enum fault ledger_segment_start(struct ledger *l, uint32_t segment, struct place *ret);
/* Recovery, before anything is read from it for good: zeroes what stands behind `end` in its
 * segment (when torn), writes the segment's batches back in place and syncs. */
CHECKED enum fault ledger_settle(struct ledger *l, struct place end, bool torn);
/* For read-only use: only the end is set. */
void ledger_end_at(struct ledger *l, struct place end);

/* The largest body that append takes. */
size_t ledger_body_max(const struct ledger *l);
/* OK: the largest batch would fit. Waits for a segment that is being made; DISK_FULL when the last
 * try to make one failed. Lane only. */
CHECKED enum fault ledger_room(struct ledger *l);
/* `batch`: LEDGER_ALIGN bytes of room for the header, then the body; grows by the padding. Durable
 * when it returns; a failed write or sync ends the process. After ledger_room. */
void ledger_append(struct ledger *l, struct buffer *batch, uint32_t count, struct instant wall);
/* For who appends alone, without that thread, before each append: makes the next segment when there
 * is none. */
CHECKED enum fault ledger_ahead(struct ledger *l);
/* Makes the next segment when it is wanted. Background thread. */
void ledger_tend(struct ledger *l);
/* A sentence for a person: "ledger segment 000003.seg is damaged at offset 4711". */
char *ledger_damage_text(const struct ledger_damage *d);
