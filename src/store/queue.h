/* Writes that wait, in order. */
#pragma once

#include "store/engine.h"

struct write_queue {
	struct write *first, *last;
	uint64_t count;
};

static inline void queue_add(struct write_queue *q, struct write *w)
{
	w->next = NULL;
	if (q->last)
		q->last->next = w;
	else
		q->first = w;
	q->last = w;
	q->count++;
}

static inline struct write *queue_take(struct write_queue *q)
{
	struct write *w = q->first;
	q->first = w->next;
	if (!q->first)
		q->last = NULL;
	q->count--;
	return w;
}

/* Back to where it was taken from. */
static inline void queue_return(struct write_queue *q, struct write *w)
{
	w->next = q->first;
	q->first = w;
	if (!q->last)
		q->last = w;
	q->count++;
}

static inline void write_answer(struct write *w, enum fault fault)
{
	w->fault = fault;
	w->done(w);
}

static inline void queue_answer(struct write_queue *q, enum fault fault)
{
	while (q->count > 0)
		write_answer(queue_take(q), fault);
}
