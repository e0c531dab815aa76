/*
 * A call and what carries it between threads (call.c has the map). Lives in the exchange's arena.
 */
#pragma once

#include <time.h>

#include "domain/once.h"
#include "serve/worker.h"

struct journey {
	struct call call;
	struct server *server;
	struct worker *worker;
	uint64_t version;	   /* of the credentials, older than all that the call reads */
	struct actor_entry *actor; /* held; NULL until identify */
	struct reader *reader;	   /* of whoever runs the call now; NULL: no open transaction */
	unsigned step;
	bool waiting;
	bool asked;	  /* away.c: a step wanted to read where it cannot */
	bool stays;	  /* it is made here, wherever its merchant's home is */
	enum fault fault; /* of the part that ran elsewhere */
	struct write write;
	struct once_cmd once;
	struct http_task task;
	struct slow_task slow;
	struct http_pass pass;
	char home[NODE_ADDRESS_SIZE]; /* where it is to be passed on to; empty: nowhere */
};

static inline struct journey *journey_of_task(struct http_task *task)
{
	return (struct journey *)((char *)task - offsetof(struct journey, task));
}
static inline struct journey *journey_of_slow(struct slow_task *task)
{
	return (struct journey *)((char *)task - offsetof(struct journey, slow));
}

/* Takes the open transaction of `reader`, at merchant 0; journey_merchant: to the caller's. */
void journey_open(struct journey *j, struct reader *reader);
void journey_merchant(struct journey *j);
void journey_close(struct journey *j);
/* The steps that are left, up to the reply or until it waits for somebody. */
void journey_run(struct journey *j);
/* The end, or a fault: face, log, reply. */
void journey_finish(struct journey *j, enum fault fault);
/* One step; what comes next is j->step. */
enum { STEP_IDENTIFY, STEP_DECODE, STEP_APPLY, STEP_ENCODE };
CHECKED enum fault journey_step(struct journey *j);
/* A decoded write goes to the lane, from any thread, and then on to be encoded on its loop: it may
 * have ended before this returns. */
void journey_write(struct journey *j);
/* The steps that are left, on another thread than the loop's: a write goes to the lane, all else
 * back to the loop. */
void journey_go_on_there(struct journey *j);
/* For who has no transaction to ask. */
static inline struct instant wall_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (struct instant){(int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000};
}
/* The call's command, if it has one of that mode. */
const struct command_row *journey_command(const struct journey *j, enum command_mode mode);
/* What it will read, unless nothing bounds it: then *ret stays as it is. */
void journey_look(const struct journey *j, struct reader_look *ret);
/* One buffer goes from call to call, with its memory. */
void reply_take(struct worker *w, struct buffer *reply);
void reply_give_back(struct worker *w, struct buffer *reply);

/* turn.c: a bounded read, once decoded, goes on with the others of this turn of the loop. */
void turn_wait(struct journey *j);
/* A call that goes to the slow threads with the others of this turn, or is told BUSY. */
void turn_send(struct journey *j);

/* away.c: where the store is behind a network. */
void away_begin(struct journey *j);
/* The fault of a step that wanted to read on the loop: away_begin lets it run elsewhere. */
enum fault away_read(struct journey *j);
/* It could not be passed on: from identify on it goes on here. */
void away_stay(struct journey *j);
