/* See courier.h. Merchants of which nothing waits have no row. */
#include "courier/stats.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct row {
	uint64_t merchant;
	struct backlog backlog;
};
static struct {
	pthread_mutex_t lock;
	struct rows {
		struct row *rows;
		size_t n, room;
	} works[COURIER_WORKS];
} waiting = {.lock = PTHREAD_MUTEX_INITIALIZER};
static _Atomic uint64_t tries[COURIER_WORKS][COURIER_OUTCOMES];

const char *courier_outcome_name(enum courier_work work, unsigned outcome)
{
	static const char *const names[COURIER_WORKS][COURIER_OUTCOMES] = {
	    [WORK_DELIVERIES] = {[OUTCOME_DELIVERED] = "delivered",
				 [OUTCOME_FAILED] = "failed",
				 [OUTCOME_GONE] = "gone"},
	    [WORK_ERRANDS] = {[ERRAND_NOT_DONE] = "not_done",
			      [ERRAND_ANSWERED] = "answered",
			      [ERRAND_DOUBTFUL] = "doubtful"},
	};
	return names[work][outcome];
}

void stats_try(enum courier_work work, unsigned outcome)
{
	must(outcome < COURIER_OUTCOMES);
	atomic_fetch_add_explicit(&tries[work][outcome], 1, memory_order_relaxed);
}

/* --- what waits --- */

static void set_row(struct rows *r, uint64_t merchant, const struct backlog *backlog)
{
	size_t i = 0;
	while (i < r->n && r->rows[i].merchant != merchant)
		i++;
	if (i < r->n && !backlog->waiting) {
		r->rows[i] = r->rows[--r->n];
		return;
	}
	if (!backlog->waiting)
		return;
	if (i == r->room) {
		r->room = r->room ? 2 * r->room : 16;
		r->rows = realloc(r->rows, r->room * sizeof(*r->rows));
		must(r->rows);
	}
	r->rows[i] = (struct row){merchant, *backlog};
	r->n += i == r->n;
}

void stats_backlog(enum courier_work work, uint64_t merchant, const struct backlog *backlog)
{
	pthread_mutex_lock(&waiting.lock);
	set_row(&waiting.works[work], merchant, backlog);
	pthread_mutex_unlock(&waiting.lock);
}

void stats_clear(void)
{
	pthread_mutex_lock(&waiting.lock);
	for (unsigned i = 0; i < COURIER_WORKS; i++) {
		free(waiting.works[i].rows);
		waiting.works[i] = (struct rows){0};
	}
	pthread_mutex_unlock(&waiting.lock);
}

static int64_t wall_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void add_up(const struct rows *r, uint64_t *ret_waiting, uint64_t *ret_oldest_ms)
{
	int64_t now = wall_ms(), oldest = now;
	for (size_t i = 0; i < r->n; i++) {
		const struct backlog *b = &r->rows[i].backlog;
		*ret_waiting += b->waiting;
		if (!instant_is_none(b->oldest) && b->oldest.ms < oldest)
			oldest = b->oldest.ms;
	}
	*ret_oldest_ms = (uint64_t)(now - oldest);
}

void courier_stats_get(struct courier_stats *ret)
{
	*ret = (struct courier_stats){0};
	for (unsigned i = 0; i < COURIER_WORKS; i++)
		for (unsigned k = 0; k < COURIER_OUTCOMES; k++)
			ret->tries[i][k] = atomic_load_explicit(&tries[i][k], memory_order_relaxed);
	pthread_mutex_lock(&waiting.lock);
	for (unsigned i = 0; i < COURIER_WORKS; i++)
		add_up(&waiting.works[i], &ret->waiting[i], &ret->oldest_ms[i]);
	pthread_mutex_unlock(&waiting.lock);
}
