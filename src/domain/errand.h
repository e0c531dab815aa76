/*
 * Errands: what providers are asked for. A promise is a coupon that is held, without an end, for
 * one customer until the template's provider has said what became of it; an errand is one call for
 * at most SPI_NICKS_MAX promises, each of another customer.
 *
 *            +--begin--> asked --settle: all known-----------------> done
 *   waiting -+             | settle: not all known, tries left --> waiting
 *      ^                   | tries used up, or the nicks are others by now
 *      +------- ask ---- unknown --the last is decided by hand, or by a late answer--> done
 *
 * What is sent is fixed by the first try and kept as a digest: under one request_id a provider
 * never hears two things. Each promise has an outcome of its own; once it is known it stays.
 *
 *   PENDING   surely nothing was issued for it
 *   UNKNOWN   it was asked for, and no answer is known
 *   SENT      the provider issued it: the coupon is confirmed
 *   REFUSED   the provider, or somebody by hand, said no: the coupon is released
 *   .. with UNASKED: decided by hand before the call was made, so that it stands in none
 */
#pragma once

#include "domain/campaign.h"
#include "domain/life_step.h"
#include "domain/move.h"
#include "domain/provider.h"

/* Kept in records: the numbers stay. */
enum outcome { OUTCOME_PENDING, OUTCOME_SENT, OUTCOME_REFUSED, OUTCOME_UNKNOWN };
enum { OUTCOME_UNASKED = 8 };

static inline enum outcome outcome_of(uint64_t kept)
{
	return (enum outcome)(kept & ~(uint64_t)OUTCOME_UNASKED);
}
static inline bool outcome_is_known(uint64_t kept)
{
	return outcome_of(kept) == OUTCOME_SENT || outcome_of(kept) == OUTCOME_REFUSED;
}

/* --- errand.c: making them --- */
struct errands {
	struct errand *rows;
	unsigned n;
};
/* Makes a coupon that is about to be issued a promise. */
void errand_promise(struct coupon *c);
void errands_want(struct tx *tx, uint64_t provider);
/* Decides which of these promises (those with an id) are asked for together; says so in each.
 * campaign: whose rewards they are; 0: none. */
CHECKED enum fault errands_plan(struct tx *tx, const struct env *env, uint64_t campaign,
				const struct template *t, struct coupon *coupons, unsigned n,
				struct errands *ret);
void errands_put(struct tx *tx, const struct errands *errands);
/* The coupon's promise is decided by hand; the caller puts *ret. */
CHECKED enum fault errand_decide(struct tx *tx, const struct env *env, const struct coupon *c,
				 enum outcome outcome, struct errand *ret);
/* Nothing is left to find out. */
void errand_close(struct errand *e);
/* Its number as people see it, of the epoch in which it was made; what the provider hears, also
 * after a restore into another epoch. */
uint64_t errand_public_number(const struct errand *e);
struct text errand_request_id(struct tx *tx, const struct env *env, const struct errand *e);

/* --- errand_promises.c: the promises of one errand --- */
struct promises {
	struct errand errand;
	uint64_t *ids, *outcomes;
	struct life *lives; /* of each; its timeline is read only where it is decided */
	struct promise_decision {
		enum event_kind verb; /* CONFIRMED or RELEASED; 0: nothing */
		struct circumstances said;
		struct text code; /* that the provider gave it */
	} * decisions;
	unsigned n;
	struct releases releases;
	struct errand before;
	struct campaign_counts counts; /* of the campaign whose rewards they are */
};
CHECKED enum fault promises_load(struct tx *tx, const struct env *env, const struct errand *e,
				 struct promises *ret);
/* How many are not known. */
unsigned promises_open(const struct promises *p);
/* Makes the decisions true in `lives` and tells of them. */
CHECKED enum fault promises_apply(struct tx *tx, const struct env *env, struct promises *p,
				  struct notices *notices);
/* It is not asked for any more: somebody has to find out what became of those that are open. */
CHECKED enum fault promises_give_up(const struct env *env, struct promises *p,
				    struct notices *notices);
/* The last decision: what has become of them counts for their campaign. */
CHECKED enum fault promises_count(struct tx *tx, const struct env *env, struct promises *p);
/* The errand with its outcomes, and what apply has changed. */
void promises_put(struct tx *tx, struct promises *p);

/* --- errand_show.c --- */
void errand_promise_want(struct tx *tx, const struct coupon *c);
/* What a coupon's view says of its promise; ours: nothing. */
CHECKED enum fault errand_promise_show(struct tx *tx, const struct env *env, const struct coupon *c,
				       struct coupon_view *view);
