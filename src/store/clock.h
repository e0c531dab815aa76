/*
 * The wall clock, watched: it is compared with CLOCK_BOOTTIME, and after a step of more than two
 * seconds writes are refused (CLOCK_UNSURE) until the two agree again or a person accepts.
 */
#pragma once

#include "base/fault.h"
#include "base/moment.h"

#include <stdatomic.h>

/* The machine's, as it is. */
struct instant wall_read(void);

struct wall {
	struct instant (*given)(void *context); /* tests: no watch */
	void *context;
	_Atomic int64_t ahead_ms;    /* wall clock - boot clock, when last agreed */
	_Atomic int64_t recorded_ms; /* the ledger's newest wall clock at the start; 0: agreed */
};

/* `recorded`: the wall clock of the newest batch, or none. */
void wall_init(struct wall *w, struct instant (*given)(void *), void *context,
	       struct instant recorded);
struct instant wall_now(struct wall *w);
/* OK or CLOCK_UNSURE. Cheap: once per batch and once a second. */
CHECKED enum fault wall_check(struct wall *w);
void wall_accept(struct wall *w);
