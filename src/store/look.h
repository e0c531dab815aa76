/*
 * Several calls, looked ahead: a cold row costs some ten waits for memory, one after the other, and
 * the waits of different calls can go side by side. Each handler is run until it asks for a row
 * that nobody has walked to; then all those rows are walked to at once (tree_walk), and the
 * handlers run again, and so on; but behind a unique value comes the record that has it, which its
 * row names without a run. What a run answers is thrown away; it is the next, whole run that finds
 * everything at hand. A handler that writes is run until it would.
 */
#pragma once

#include "store/engine.h"
#include "store/keys.h"
#include "store/snapshot.h"
#include "store/tx.h"

#include <setjmp.h>

enum {
	LOOK_ROUNDS = 2, /* a name, and the record that has it: what comes then is often near */
	LOOK_CALLS = 16,
};
_Static_assert((int)TREE_WALKS_MAX >= 2 * LOOK_ROUNDS * LOOK_CALLS + 2, "all of one look");

/* A call, and the places that have been walked to for it: one a round, until nothing is missing. */
struct look_call {
	struct key places[LOOK_ROUNDS], holders[LOOK_ROUNDS];
	unsigned n;
};
struct looking {
	struct rows rows; /* first: the verbs find it through it */
	struct snapshot *snapshot;
	struct keyring *keys; /* of writes: trial_keys */
	const struct env *env;
	bool writes;
	struct tx tx;
	struct look_call calls[LOOK_CALLS];
	struct key shared; /* see look_shared */
	unsigned at;	   /* the one that runs */
	jmp_buf end;
};
/* Snapshot (begun), keys, env and whether these are writes are set. At most LOOK_CALLS. */
void looking_run(struct looking *a, const struct reader_look *looks, unsigned n);
