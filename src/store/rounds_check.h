/*
 * Whether a command would do the same on an engine that fetches its rows, and in few rounds: it is
 * run as if nothing were loaded (rounds.h), the loads answered from the real rows, and what it
 * answers and writes is compared with what the real run then does. Debug builds of the embedded
 * engine do this with every command, so that every test is a test of it.
 *
 *   rounds_check_before -> the real run -> rounds_check_after
 */
#pragma once

#include "store/keyring_rows.h"
#include "store/rounds.h"

/* Debug builds do more with every call: this, and lane_ahead.c. */
#ifdef CHECK_CALLS
enum { CALLS_CHECKED = true };
#else
enum { CALLS_CHECKED = false };
#endif

struct rounds_check {
	struct rounds rounds;
	struct loaded rows;
	struct keyring_rows keys;
	struct rows *real;
	struct keyring *real_keys;
	unsigned rounds_max;  /* in; 0: ROUNDS_MAX, of a job ROUNDS_JOB_MAX */
	unsigned last_rounds; /* out */
	/* what came out */
	enum fault fault;
	bool has_entry;
};

void rounds_check_init(struct rounds_check *c);
void rounds_check_release(struct rounds_check *c);
/* The write's outputs are then to be thrown away; the rows and the keyring are as before. */
void rounds_check_before(struct rounds_check *c, struct rows *real, struct keyring *keys,
			 struct write *w, const struct env *env);
/* entry: its bytes, empty when nothing was written. */
void rounds_check_after(struct rounds_check *c, enum fault fault, struct text entry);
