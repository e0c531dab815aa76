/*
 * One thread for reads that are not bounded by a page (Waiqin's lists): they must not hold up a
 * loop. Its queue is bounded; a full one means busy.
 */
#include <pthread.h>

#include "serve/worker.h"

enum { SLOW_QUEUE_MAX = 64 };

struct slow {
	pthread_mutex_t lock;
	pthread_cond_t some;
	pthread_t thread;
	struct engine *engine;
	struct slow_task *first, **last;
	unsigned waiting;
	bool stop;
};

static void *slow_run(void *context)
{
	struct slow *s = context;
	struct reader *reader = reader_open(s->engine);

	pthread_mutex_lock(&s->lock);
	while (!s->stop || s->first) {
		struct slow_task *task = s->first;
		if (!task) {
			pthread_cond_wait(&s->some, &s->lock);
			continue;
		}
		s->first = task->next;
		if (!s->first)
			s->last = &s->first;
		s->waiting--;
		pthread_mutex_unlock(&s->lock);
		task->run(task, reader);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	reader_close(reader);
	return NULL;
}

struct slow *slow_start(struct engine *engine)
{
	struct slow *s = calloc(1, sizeof(*s));
	must(s);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->some, NULL);
	s->engine = engine;
	s->last = &s->first;
	must(pthread_create(&s->thread, NULL, slow_run, s) == 0);
	return s;
}

void slow_stop(struct slow *s)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->some);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->some);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

bool slow_submit(struct slow *s, struct slow_task *task)
{
	pthread_mutex_lock(&s->lock);
	bool room = s->waiting < SLOW_QUEUE_MAX && !s->stop;
	if (room) {
		task->next = NULL;
		*s->last = task;
		s->last = &task->next;
		s->waiting++;
		pthread_cond_signal(&s->some);
	}
	pthread_mutex_unlock(&s->lock);
	return room;
}
