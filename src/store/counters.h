/*
 * Counting for /metrics: by the threads that do the work, read by anybody.
 */
#pragma once

#include "store/engine.h"

#include <stdatomic.h>

static inline void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* ENGINE_BUCKETS of them. */
static inline void count_bucket(_Atomic uint64_t *buckets, uint64_t value)
{
	unsigned i = value ? 64 - (unsigned)__builtin_clzll(value) : 0;
	count(&buckets[i < ENGINE_BUCKETS ? i : ENGINE_BUCKETS - 1], 1);
}

static inline void copy_buckets(uint64_t *to, const _Atomic uint64_t *from)
{
	for (unsigned i = 0; i < ENGINE_BUCKETS; i++)
		to[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
}
