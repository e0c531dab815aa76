/*
 * Threads for what must not hold up a loop: reads that are not bounded by a page (Waiqin's lists;
 * one thread), or all calls where the store is behind a network. Their queue is bounded; a full one
 * means busy. A thread takes all calls that wait, up to a group: what they will read is
 * fetched in one go.
 */
#include <pthread.h>

#include "serve/worker.h"

enum {
	SLOW_QUEUE_MAX = 64, /* per thread */
	SLOW_THREADS_MAX = 64,
	GROUP_MAX = 16, /* waiting for one of them is waiting for all */
};

struct slow {
	pthread_mutex_t lock;
	pthread_cond_t some;
	pthread_t threads[SLOW_THREADS_MAX];
	unsigned thread_count;
	struct engine *engine;
	struct slow_task *first, **last;
	unsigned waiting;
	bool stop;
};

/* ---- under the lock ---- */

static struct slow_task *take_one(struct slow *s)
{
	struct slow_task *task = s->first;
	s->first = task->next;
	if (!s->first)
		s->last = &s->first;
	s->waiting--;
	return task;
}

/* One, or all of a group. */
static unsigned take(struct slow *s, struct slow_task **ret)
{
	unsigned n = 0;
	do
		ret[n++] = take_one(s);
	while (n < GROUP_MAX && s->first && s->first->look && ret[0]->look);
	return n;
}

/* ---- the threads ---- */

static void run_group(struct slow_task **tasks, unsigned n, struct reader *reader)
{
	struct reader_look looks[GROUP_MAX] = {0};
	if (tasks[0]->look) {
		reader_keep(reader);
		for (unsigned i = 0; i < n; i++)
			tasks[i]->look(tasks[i], reader, &looks[i]);
		reader_look(reader, looks, n);
	}
	bool kept = tasks[0]->look != NULL; /* a task that has run is gone */
	for (unsigned i = 0; i < n; i++)
		tasks[i]->run(tasks[i], reader);
	if (kept)
		reader_rest(reader);
}

static void *slow_run(void *context)
{
	struct slow *s = context;
	struct slow_task *tasks[GROUP_MAX];
	struct reader *reader = reader_open(s->engine);

	pthread_mutex_lock(&s->lock);
	while (!s->stop || s->first) {
		if (!s->first) {
			pthread_cond_wait(&s->some, &s->lock);
			continue;
		}
		unsigned n = take(s, tasks);
		pthread_mutex_unlock(&s->lock);
		run_group(tasks, n, reader);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	reader_close(reader);
	return NULL;
}

struct slow *slow_start(struct engine *engine, unsigned threads)
{
	struct slow *s = calloc(1, sizeof(*s));
	must(s);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->some, NULL);
	s->engine = engine;
	s->last = &s->first;
	must(threads <= SLOW_THREADS_MAX);
	s->thread_count = threads;
	for (unsigned i = 0; i < threads; i++)
		must(pthread_create(&s->threads[i], NULL, slow_run, s) == 0);
	return s;
}

void slow_stop(struct slow *s)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->some);
	pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i < s->thread_count; i++)
		pthread_join(s->threads[i], NULL);
	pthread_cond_destroy(&s->some);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct slow_task *slow_submit(struct slow *s, struct slow_task *first)
{
	unsigned room, groups = 0;
	pthread_mutex_lock(&s->lock);
	room = s->stop ? 0 : SLOW_QUEUE_MAX * s->thread_count - s->waiting;
	for (unsigned n = 0; first && n < room; n++) {
		*s->last = first;
		s->last = &first->next;
		first = first->next;
		s->waiting++;
		groups += n % GROUP_MAX == 0;
	}
	*s->last = NULL;
	pthread_mutex_unlock(&s->lock);
	for (; groups; groups--)
		pthread_cond_signal(&s->some);
	return first;
}
