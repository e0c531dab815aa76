/*
 * One thread sleeps, others ring. A ring before the sleep is not lost.
 */
#pragma once

#include "base/base.h"
#include "base/monotonic.h"

#include <pthread.h>
#include <time.h>

struct bell {
	pthread_mutex_t lock;
	pthread_cond_t condition;
	bool rung;
};

static inline void bell_init(struct bell *b)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->condition, &attributes);
	pthread_condattr_destroy(&attributes);
	b->rung = false;
}

static inline void bell_release(struct bell *b)
{
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->condition);
}

static inline void bell_ring(struct bell *b)
{
	pthread_mutex_lock(&b->lock);
	b->rung = true;
	pthread_cond_signal(&b->condition);
	pthread_mutex_unlock(&b->lock);
}

static inline struct timespec timespec_after_us(int64_t us)
{
	int64_t at = monotonic_us() + us;
	return (struct timespec){.tv_sec = at / 1000000, .tv_nsec = at % 1000000 * 1000};
}

/* Until rung or that long. */
static inline void bell_wait(struct bell *b, int64_t us_max)
{
	struct timespec until = timespec_after_us(us_max);
	pthread_mutex_lock(&b->lock);
	while (!b->rung)
		if (pthread_cond_timedwait(&b->condition, &b->lock, &until) != 0)
			break;
	b->rung = false;
	pthread_mutex_unlock(&b->lock);
}
