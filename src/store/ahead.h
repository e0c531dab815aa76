/*
 * Reads of several calls, looked ahead: a cold row costs some ten waits for memory, one after the
 * other, and the waits of different calls can go side by side. Each handler is run until it asks
 * for a row that nobody has walked to; then all those rows are walked to at once (tree_walk), and
 * the handlers run again, and so on. What a run answers is thrown away; it is the next, whole run
 * that finds everything at hand.
 */
#pragma once

#include "store/engine.h"
#include "store/keys.h"
#include "store/snapshot.h"
#include "store/tx.h"

#include <setjmp.h>

enum {
	AHEAD_ROUNDS = 2, /* a name, and the record that has it: what comes then is often near */
	AHEAD_CALLS = 16,
};
_Static_assert((int)TREE_WALKS_MAX >= 2 * AHEAD_ROUNDS * AHEAD_CALLS, "all of one look");

/* A call, and the places that have been walked to for it. */
struct ahead_call {
	struct key places[AHEAD_ROUNDS], holders[AHEAD_ROUNDS];
	unsigned n;
	bool ended; /* it came to its end: nothing is missing */
};
struct ahead {
	struct rows rows; /* first: the verbs find it through it */
	struct snapshot *snapshot;
	struct tx tx;
	struct ahead_call calls[AHEAD_CALLS];
	unsigned at; /* the one that runs */
	jmp_buf end;
};
/* The snapshot is begun. At most AHEAD_CALLS. */
void ahead_look(struct ahead *a, struct snapshot *s, struct keyring *keys, const struct env *env,
		const struct reader_look *looks, unsigned n);
