/*
 * What acts by itself: tells webhooks, asks providers, runs campaigns and jobs. Inside `serve`, or
 * as `couponry courier` beside it; on PostgreSQL any number of them share the work, by leases.
 *
 * A courier has desks, one thread for each kind of work (desk.h). It learns what to do from rows
 * that were written in the same batch as what they report, and changes them by commands like any
 * other: what it did not come to say, it does again.
 */
#pragma once

#include "store/engine.h"

struct courier_config {
	bool allow_private; /* calls loopback and private addresses, and http:// */
	unsigned lease_ms;  /* 0: 15 s. How long what it works at waits for another when it dies */
	const char *spool;  /* folder of the files of jobs; NULL: none, jobs with files wait */
};
struct courier;
/* NULL: one runs in this process already. */
struct courier *courier_start(struct engine *e, const struct courier_config *config);
/* Ends what is in flight, or gives it up after some seconds; gives back its leases. */
void courier_stop(struct courier *c);
