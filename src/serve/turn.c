/*
 * The bounded reads of one turn of a loop: each stops when it is decoded; when the loop has taken
 * all bytes that had come, they are looked ahead together and go on one after the other
 * (docs/decisions/0058-reads-of-a-turn.md).
 */
#include "serve/journey.h"

static void run_turn(struct worker *w)
{
	struct journey *calls[TURN_CALLS_MAX];
	struct reader_look looks[TURN_CALLS_MAX] = {0};
	unsigned n = w->turn_count;

	memcpy(calls, w->turn, n * sizeof(*calls));
	w->turn_count = 0;
	if (n > 1) {
		for (unsigned i = 0; i < n; i++)
			journey_look(calls[i], &looks[i]);
		reader_look(w->reader, looks, n);
	}
	for (unsigned i = 0; i < n; i++) {
		calls[i]->waiting = false;
		reply_take(w, &calls[i]->call.reply);
		journey_open(calls[i], w->reader);
		journey_merchant(calls[i]);
		journey_run(calls[i]);
	}
}

/* An answer may bring a request that was pipelined behind it, which then waits here too. */
void worker_turn(void *context, struct http_loop *loop)
{
	struct worker *w = worker_here();

	(void)context;
	(void)loop;
	while (w->turn_count)
		run_turn(w);
}

void turn_wait(struct journey *j)
{
	struct worker *w = j->worker;

	if (j->reader != w->reader || j->call.method->slow || !journey_command(j, COMMAND_READ))
		return;
	journey_close(j);
	reply_give_back(w, &j->call.reply);
	j->call.reply = (struct buffer){0};
	while (w->turn_count == TURN_CALLS_MAX)
		run_turn(w);
	j->waiting = true;
	w->turn[w->turn_count++] = j;
}
