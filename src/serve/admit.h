/*
 * How many calls a credential may make: a token bucket for each, in memory, one for all threads of
 * the process. (Where several nodes serve one store each counts for itself.)
 *
 * A bucket is one instant: when it will be full again. A call moves it by 1/rate; it may be no
 * further ahead than the bucket is deep. Nothing has to run meanwhile, and threads that meet at a
 * bucket agree by one compare-and-swap.
 */
#pragma once

#include "serve/call.h"

struct admit;
struct admit_bucket;

/* What a credential has that does not say: calls_per_s 0: no limit; burst 0: two seconds' worth. */
struct admit *admit_new(uint64_t calls_per_s, uint64_t burst);
void admit_free(struct admit *a);
/* The credential's bucket; lives as long as `a`. Buckets are many, and bounded: past that the one
 * that has been idle for longest is given away. */
struct admit_bucket *admit_find(struct admit *a, enum dialect dialect, struct text name);
/* Takes a call's token at now_ns (any clock that does not go back). *ret_limit is filled, per_s 0:
 * there is no limit. CALL_LIMITED: *ret_wait_s, at least 1, is when there will be one again. */
CHECKED enum fault admit_take(const struct admit *a, struct admit_bucket *bucket,
			      const struct credential *credential, int64_t now_ns,
			      struct call_limit *ret_limit, unsigned *ret_wait_s);
