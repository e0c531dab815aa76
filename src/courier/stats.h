/*
 * What couriers count for /metrics: tries by their outcome, and what waits of each kind of work, as
 * the desk last saw it of each merchant. A process has one courier, so there is one of these.
 *
 * On several nodes each courier sees all that waits; it counts the tries that it made itself.
 */
#pragma once

#include "domain/domain.h"

enum courier_work { WORK_DELIVERIES, WORK_ERRANDS, COURIER_WORKS };
/* enum delivery_outcome, enum errand_result */
enum { COURIER_OUTCOMES = 3 };

struct courier_stats {
	uint64_t tries[COURIER_WORKS][COURIER_OUTCOMES];
	uint64_t waiting[COURIER_WORKS];
	uint64_t oldest_ms[COURIER_WORKS]; /* since it was made; 0: nothing waits */
};
/* Any thread. */
void courier_stats_get(struct courier_stats *ret);
const char *courier_outcome_name(enum courier_work work, unsigned outcome);

/* --- for desks --- */
void stats_try(enum courier_work work, unsigned outcome);
/* All that waits of one merchant; `oldest` by everybody's clock. */
struct backlog {
	uint64_t waiting;
	struct instant oldest; /* none: nothing waits */
};
void stats_backlog(enum courier_work work, uint64_t merchant, const struct backlog *backlog);
/* A courier begins: nothing is known. */
void stats_clear(void);
