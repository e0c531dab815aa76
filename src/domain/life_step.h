/*
 * One step in a coupon's life: what every verb does with the coupon that its code names.
 *
 *   life_open     finds it, reads its timeline, settles a freeze or hold that has run out
 *   life_repeat   whether this request was done before
 *   life_allows   whether its situation allows the verb: the one table of all transitions
 *   life_add      the event; the caller puts the coupon
 */
#pragma once

#include "domain/code.h"
#include "domain/timeline.h"

/* What a coupon is in, as a verb sees it. */
enum situation {
	IN_UNUSED,
	IN_FROZEN,
	IN_HELD,
	IN_REDEEMED,
	IN_RECALLED,
	IN_EXPIRED,
	SITUATION_COUNT
};
struct life {
	struct coupon coupon;
	struct timeline timeline;
	struct text request; /* tag of the request number; empty: none */
	struct text digest;
};
/* A coupon by its code; `folded`: also in lower case and with blanks or hyphens in it. */
CHECKED enum fault life_find(struct tx *tx, const struct env *env, struct code_key *key,
			     struct text code, bool folded, struct coupon *ret, bool *ret_found);
void life_want(struct tx *tx, const struct env *env, struct code_key *key, struct text code,
	       bool folded);
/* COUPON_UNKNOWN with field "code". */
CHECKED enum fault life_open(struct tx *tx, const struct env *env, struct code_key *key,
			     struct text code, const struct request_number *request,
			     struct life *ret);
/* The coupon at hand. */
CHECKED enum fault life_begin(struct tx *tx, const struct env *env, const struct coupon *coupon,
			      const struct request_number *request, struct life *ret);
/* The event of the first time, or NULL. REQUEST_REUSED. */
CHECKED enum fault life_repeat(struct tx *tx, const struct life *life, const struct event **ret);
/* revision 0: any. PRECONDITION_FAILED. */
CHECKED enum fault life_match(struct tx *tx, const struct life *life, uint64_t revision);
enum situation life_situation(const struct env *env, const struct coupon *c);
/* OK, or why the verb is refused there. */
enum fault life_allows(enum event_kind verb, enum situation in);
/* Fills at, state, used, request and digest, then appends to the coupon's timeline. */
CHECKED enum fault life_add(const struct env *env, struct life *life, struct event *event);
/* A freeze or a hold that has run out, made true in the record. */
void life_settle(const struct env *env, struct coupon *c);
