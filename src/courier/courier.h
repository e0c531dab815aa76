/*
 * What acts by itself: tells webhooks, asks providers, runs campaigns and jobs. Inside `serve`, or
 * as `couponry courier` beside it; on PostgreSQL any number of them share the work, by leases.
 *
 * A courier has desks, one thread for each kind of work (desk.h). It learns what to do from rows
 * that were written in the same batch as what they report, and changes them by commands like any
 * other: what it did not come to say, it does again.
 */
#pragma once

#include "bulk/bulk.h"
#include "store/engine.h"

struct courier_config {
	bool allow_private; /* calls loopback and private addresses, and http:// */
	unsigned lease_ms;  /* 0: 15 s. How long what it works at waits for another when it dies */
	const struct bulk_words *words; /* of rows of jobs */
	const char *spool; /* folder of the files of jobs; NULL: none, jobs with files wait */
};
struct courier;
/* NULL: one runs in this process already. */
struct courier *courier_start(struct engine *e, const struct courier_config *config);
/* Ends what is in flight, or gives it up after some seconds; gives back its leases. */
void courier_stop(struct courier *c);

/* What every server does beside its calls, whether it has a courier or not: forgets, sweeps,
 * settles (upkeep.c). every_ms 0: once a minute. engine_stop_jobs comes before its stop. */
struct upkeep;
struct upkeep *upkeep_start(struct engine *e, unsigned every_ms);
void upkeep_stop(struct upkeep *u);

/* What couriers count for /metrics: tries by their outcome, and what waits, as the desks last saw
 * it of each merchant. A process has one courier, so there is one of these. On several nodes each
 * courier sees all that waits; it counts the tries that it made itself. */
enum courier_work { WORK_DELIVERIES, WORK_ERRANDS, COURIER_WORKS };
enum { COURIER_OUTCOMES = 3 }; /* enum delivery_outcome, enum errand_result */
struct courier_stats {
	uint64_t tries[COURIER_WORKS][COURIER_OUTCOMES];
	uint64_t waiting[COURIER_WORKS];
	uint64_t oldest_ms[COURIER_WORKS]; /* since it was made; 0: nothing waits */
};
/* Any thread. */
void courier_stats_get(struct courier_stats *ret);
const char *courier_outcome_name(enum courier_work work, unsigned outcome);
