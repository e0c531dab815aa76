/*
 * Counters of calls by method and fault and their latencies. Each worker counts in a share of its
 * own; /metrics adds the shares up.
 */
#pragma once

#include "serve/call.h"

struct engine;
struct metrics;
struct metrics_share;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
/* A share for a new thread; lives as long as the metrics. */
struct metrics_share *metrics_share_new(struct metrics *m);
void metrics_call(struct metrics_share *s, const struct dialect_row *dialect,
		  const struct method *method, enum fault fault, uint64_t us);
void metrics_refused(struct metrics_share *s);
void metrics_passed(struct metrics_share *s, enum http_passed how);
/* The whole page in Prometheus' text form. */
void metrics_write(struct metrics *m, struct engine *engine, unsigned connections,
		   struct buffer *out);
