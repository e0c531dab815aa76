/*
 * A batch of one merchant's commands over rows that are fetched: all run, in order; what they
 * missed is loaded in one go; all run again from the start, until nothing is missed.
 *
 *   round 1   each command runs until its first miss (or guesses on); nothing of it is kept
 *   load      all rows that were missed or wanted, of all commands
 *   round n   no miss, no guess: what the commands answered and wrote is the batch
 *
 * Handlers are pure, ids come from the head row, and each command's arena, detail, rows and key
 * slots are taken back before it runs again: so the last round is as if it had been the only one.
 *
 * A command before the first miss of a round has run on known rows only: it is CLEAN. When the
 * rounds go on too long (ROUNDS_MAX), or the batch's bytes are enough, the clean ones are the batch
 * and the others wait for the next: a long batch never fails for its length.
 */
#pragma once

#include "store/engine.h"
#include "store/loaded.h"
#include "store/tx.h"

enum {
	ROUNDS_MAX =
	    7, /* of one command: more is a bug of the handler's, found by rounds_check.h */
	ROUNDS_JOB_MAX =
	    10, /* of a job: a sweep walks lists of lists, each with its holes, and nobody waits */
	ROUNDS_LAST = 64, /* then it is refused: it does not end */
	ROUNDS_BATCH_MAX = 256,
};

/* What a command wrote into the ledger. */
struct rounds_entry {
	struct write *write;
	size_t at, size; /* in rounds.bytes */
	uint64_t number;
	struct instant instant;
	uint8_t hash[32];
};

struct rounds {
	/* in */
	struct loaded *rows; /* holds the merchant's HEAD row (or knows it is absent; or `blind`) */
	struct keyring *keys;
	enum fault (*load)(void *context, struct loaded *rows);
	void *context;
	uint64_t merchant;
	struct env env; /* now, instant, epoch */
	struct write **writes;
	unsigned n; /* at most ROUNDS_BATCH_MAX */
	/* Once, after the first load: adds writes that came meanwhile behind the others, returns
	 * how many. A batch that waited for its lock takes those along that waited with it. NULL:
	 * none. */
	unsigned (*more)(void *context, struct write **room);
	size_t bytes_stop; /* no further command once the entries have so many bytes */
	/* The HEAD row is not known yet: the first round only names what to load, and the load
	 * replaces it (rounds_set_head). */
	bool blind;
	/* out */
	unsigned ran; /* the first so many are the batch: fault, entry, detail are theirs */
	unsigned rounds;
	struct buffer bytes; /* entries, one after the other */
	struct rounds_entry *entries;
	unsigned entry_count;
	bool wrote_credential, wrote_origin;
	struct head last; /* after them, when there are entries */
	/* its own */
	struct tx tx;
	struct arena_mark *marks;
	unsigned at; /* the command that runs */
};

/* Once; then rounds_run again and again. */
void rounds_init(struct rounds *r);
void rounds_release(struct rounds *r);
/* rounds_run in two parts: the first round alone, while its load may not begin yet; then the rest,
 * which begins with that load. `blind` only. */
void rounds_look(struct rounds *r);
CHECKED enum fault rounds_go_on(struct rounds *r);
/* And that in steps, for who loads for several at once: whether it wants rows; a load and the round
 * after it. */
bool rounds_want(const struct rounds *r);
CHECKED enum fault rounds_step(struct rounds *r);
/* The fault of a load, or DATA_DAMAGED when it does not end; the writes are then untouched but for
 * what their handlers wrote. */
CHECKED enum fault rounds_run(struct rounds *r);
/* The head row, for loaded_set: number 0 means that there is none. */
void rounds_set_head(struct loaded *rows, uint64_t merchant, const struct head *head);
/* The same of a head that stands until the batch is written. */
void rounds_lock_head(struct loaded *rows, uint64_t merchant, const struct head *head);
