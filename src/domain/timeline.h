/*
 * A coupon's timeline: what happened to it, in its record, oldest first. Events are numbered from 1
 * and never change; the coupon's revision is the number of the last. What issued a coupon is an
 * event only where somebody said something with it.
 *
 * Bytes of an event, numbers as varints: kind, bits of what follows, instant (signed), state, uses
 * that stand; then what the bits name, in the order of timeline.c.
 */
#pragma once

#include "domain/code.h"
#include "domain/domain.h"

struct timeline {
	struct event *events;
	unsigned n;
};
/* Texts are slices of the record's. DATA_DAMAGED. */
CHECKED enum fault timeline_read(const struct env *env, const struct coupon *c,
				 struct timeline *ret);
/* Appends to the coupon's timeline and counts its revision up; sets event->number, revision. The
 * new bytes are in env's arena. */
CHECKED enum fault timeline_add(const struct env *env, struct coupon *c, struct event *event);
/* The event of that request; NULL: there is none. */
const struct event *timeline_of_request(const struct timeline *t, struct text tag);
/* The event with that number, or NULL. */
const struct event *timeline_at(const struct timeline *t, uint64_t number);
/* What of a redemption was given back already. */
struct given_back {
	struct money amount, discount;
	bool all; /* nothing is left */
};
struct given_back timeline_given_back(const struct timeline *t, uint64_t redemption);
/* An event's texts in env's arena, for an answer that outlives the record. */
void timeline_keep(const struct env *env, struct event *e);
/* event.split: TEXT_NONE when the arena is full. */
struct text split_write(const struct env *env, const struct money *split, unsigned n);
CHECKED enum fault split_read(const struct env *env, struct text split, struct money **ret,
			      unsigned *ret_n);
/* A coupon with one of its events, as answers show it; texts in env's arena. */
CHECKED enum fault redeemed_show(const struct env *env, struct code_key *key,
				 const struct coupon *coupon, const struct event *event,
				 struct redeemed *ret);
