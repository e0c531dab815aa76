/*
 * A loop that sleeps a moment, so that the next turn brings more calls: sixteen that are answered
 * together cost less than sixteen turns. Only where that costs little: a crowd calls, so fast that
 * some are sure to come meanwhile, and nobody waits for an answer that another thread makes.
 * docs/decisions/0071-replies-of-a-turn.md
 */
#include <time.h>

#include "base/monotonic.h"
#include "http/conn.h"

enum {
	SLEEP_NS = 100 * 1000, /* and what the kernel's timers add */
	SURE_CALLS = 4,	       /* that come while it sleeps */
	ENOUGH_CALLS = 16,     /* a turn that brought these needs no more */
	CROWD_MIN = 32,	       /* fewer callers would soon all be waiting for us */
	WINDOW_CALLS = 512,    /* in which callers are counted */
	GAP_NS_MAX = 1000 * 1000,
};

void gather_init(struct gather *g)
{
	g->gap_ns = GAP_NS_MAX;
}

void gather_call(struct connection *c)
{
	struct gather *g = &c->loop->gather;
	g->turn_calls++;
	if (c->window != g->window) {
		c->window = g->window;
		g->window_callers++;
	}
	if (++g->window_calls < WINDOW_CALLS)
		return;
	g->crowd = g->window_callers >= CROWD_MIN;
	g->window_callers = g->window_calls = 0;
	g->window++;
}

/* An idle hour weighs no more than a slow millisecond. */
void gather_turn(struct gather *g)
{
	if (g->turn_calls == 0)
		return;
	uint64_t now = monotonic_ns(), span = now - g->turn_ns;
	span = (span < GAP_NS_MAX ? span : GAP_NS_MAX) / g->turn_calls;
	g->gap_ns = (g->gap_ns * 7 + span) / 8;
	g->turn_ns = now;
	g->last_calls = g->turn_calls;
	g->turn_calls = 0;
}

void gather_sleep(struct http_loop *l)
{
	const struct gather *g = &l->gather;
	bool all_answered = link_is_empty(&l->exchanges);
	if (all_answered && g->crowd && g->last_calls < ENOUGH_CALLS &&
	    g->gap_ns * SURE_CALLS < SLEEP_NS)
		nanosleep(&(struct timespec){.tv_nsec = SLEEP_NS}, NULL);
}
