/*
 * What is on its way to one webhook: of each lane at most one call, and behind it the next messages
 * of that lane, each sent when the one before was taken.
 *
 *   post_add (the messages of one lane) -> sent one after another -> results, settled by the desk
 *        -> the lane is free again when all results are settled
 *
 * A failure ends a lane's turn: what comes behind it is read anew when that is settled. How many
 * lanes a webhook gets at once grows with what it takes, so that one that never answers holds few
 * of the courier's calls.
 */
#pragma once

#include "courier/desk.h"
#include "courier/dial.h"

enum {
	POST_MESSAGES_MAX = 16, /* of one lane, between two settlements */
	POST_LANES_FIRST = 4,
	POST_LANES_TROUBLED = 2,
	POST_RESULTS_MAX = DELIVERY_SETTLE_MAX, /* past it lanes end their turns */
	POST_TIMEOUT_MS = 15000,
	POST_SETTLE_MS = 50,
};
struct post_result {
	struct delivery_result result;
	char answer[DELIVERY_ANSWER_MAX];
};
struct post {
	struct desk *desk;
	struct dial *dial;
	struct desk_merchant merchant;
	uint64_t webhook;
	uint64_t busy;	    /* bits of lanes with a call or with results to settle */
	uint64_t ended;	    /* of them, those without a call */
	unsigned in_flight; /* calls */
	unsigned lanes_max;
	bool stopped;	   /* nothing more is sent: suspended, deleted, or somebody else's */
	uint64_t settings; /* stands for the webhook's URL and secrets as they are now: what was
			    * made for others is not sent any more */
	struct post_result *results;
	unsigned result_count, result_room;
	int64_t first_result_ms;
};
/* NULL: no memory. */
struct post *post_open(struct desk *d, struct dial *dial, const struct desk_merchant *m,
		       const struct webhook *w);
/* Nothing is in flight. */
void post_close(struct post *p);
/* How many more lanes it may have. */
unsigned post_room(const struct post *p);
/* Takes n messages of one lane, which is not busy; sends the first. w: secrets in clear. false:
 * there is nothing in them that could be sent. */
bool post_add(struct post *p, const struct webhook *w, const struct message *messages, unsigned n);
/* All results so far, or what an engine takes of them. false: it could not be done now. */
CHECKED bool post_settle(struct post *p);
/* Whether it is time to settle; else in how many ms (DESK_WAITS: nothing is to settle). */
int64_t post_settles_in(const struct post *p);
