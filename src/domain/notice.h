/*
 * Telling the outside: notices, written in the same batch as what they tell, one delivery for each
 * webhook that wants to hear of it. A command that may have something to tell:
 *
 *   notices_open     who listens: with the first things that it reads. When nobody does, the rest
 *                    does nothing. (notices_want: before, for who opens later)
 *   notices_expect   as soon as it is known of what something may be told: names rows, no more
 *   notices_coupon   after the event was added to the coupon's timeline (event: its number; 0 for
 *   notices_of       what stands in no timeline); any number of times, still decisions
 *   notices_put      after all decisions
 *
 * A notice names what it is of and has no personal data: the message is made when it is sent.
 */
#pragma once

#include "domain/domain.h"

/* Bits 1 << kind of all there are. */
uint64_t notice_kinds_all(void);

enum {
	NOTICE_LANES = 64, /* of a webhook: what may be on the way to it at once */
};

struct notices {
	struct tx *tx;
	const struct webhook *webhooks; /* neither deleted nor suspended */
	unsigned webhook_count;
	struct notice *rows;
	unsigned n, room;
	uint64_t epoch;
	struct text heard_by[NOTICE_KINDS_MAX]; /* per kind: as in the record, made when needed */
	uint64_t lanes;				/* bits 1 << lane - 1: those that were wanted */
};
void notices_want(struct tx *tx);
CHECKED enum fault notices_open(struct tx *tx, const struct env *env, struct notices *ret);
void notices_expect(struct notices *n, uint64_t subject);
/* ANSWER_TOO_LARGE: the arena is full. */
CHECKED enum fault notices_coupon(struct notices *n, const struct env *env, enum notice_kind kind,
				  const struct coupon *coupon, uint64_t event);
CHECKED enum fault notices_of(struct notices *n, const struct env *env, enum notice_kind kind,
			      uint64_t subject, uint64_t figure, struct text word);
/* The kind that tells an event of a coupon's timeline. */
enum notice_kind notice_of_event(enum event_kind kind);
/* After an event was added to the coupon's timeline, which it is told by. */
CHECKED enum fault notices_event(struct notices *n, const struct env *env,
				 const struct coupon *coupon, const struct event *event);
/* A count that went up from `before` to `after`, of at most `most`: one notice for each of 80 and
 * 100 percent that it has reached with that. */
CHECKED enum fault notices_reached(struct notices *n, const struct env *env, enum notice_kind kind,
				   uint64_t subject, const uint64_t count[2], uint64_t most);
void notices_put(struct notices *n);
