/*
 * What the calls of one turn of a loop do together, when it has taken all bytes that had come.
 *
 * Bounded reads: each stops when it is decoded; they are looked ahead together and go on one after
 * the other (docs/decisions/0058-reads-of-a-turn.md).
 *
 * Calls for the slow threads: they go there in one piece, so that a thread wakes for all of them.
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

static void refuse_sent(struct slow_task *task)
{
	struct journey *j = journey_of_slow(task);

	j->waiting = false;
	j->call.now = wall_clock();
	journey_finish(j, FAULT_BUSY);
}

static void send_turn(struct worker *w)
{
	struct slow_task *first = w->sent, *next;

	w->sent = NULL;
	w->sent_last = &w->sent;
	for (first = slow_submit(w->server->slow, first); first; first = next) {
		next = first->next;
		refuse_sent(first);
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
	while (w->sent)
		send_turn(w);
}

/* What timers have brought is no turn's. */
void worker_rest(void *context, struct http_loop *loop)
{
	worker_turn(context, loop);
	reader_rest(worker_here()->reader);
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

void turn_send(struct journey *j)
{
	struct worker *w = j->worker;

	j->waiting = true;
	j->slow.next = NULL;
	*w->sent_last = &j->slow;
	w->sent_last = &j->slow.next;
}
