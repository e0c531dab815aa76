/*
 * Issuing coupons of one template: its limits, the dates and codes of new coupons. Used by every
 * command that makes coupons, so that a limit is one limit whoever issues.
 *
 *   issuing_want, issuing_open         decisions: what is left
 *   issuing_allows, issuing_take       per coupon, in the order in which they are issued
 *   issuing_coupon                     the record, without an ordinal
 *   issuing_put                        after all decisions
 */
#pragma once

#include "domain/domain.h"
#include "domain/notice.h"
#include "domain/pattern.h"

struct issuing {
	struct template template;
	struct tally total, on_day;
	uint64_t total_before;
	uint64_t day;
	struct pattern pattern;
	struct series series;
	const struct text *codes; /* made ahead, where the template has a pattern */
	unsigned taken_codes, code_count;
	bool some;	 /* something was issued */
	bool counts_day; /* on_day is kept */
	bool holds; /* what is issued may be given back: its days are counted without a limit too,
		       which may be set before that */
};
/* What depends on the template alone; more when it is at hand. */
void issuing_want(struct tx *tx, const struct env *env, const struct template *t);
/* For at most `codes` coupons whose codes are made here. TEMPLATE_EXPIRED with `field`. */
CHECKED enum fault issuing_open(struct tx *tx, const struct env *env, const struct template *t,
				struct text field, unsigned codes, struct issuing *ret);
/* Counts the day though the template does not limit it. */
CHECKED enum fault issuing_count_day(struct tx *tx, struct issuing *i);
/* OK, or the first limit that one more for this holding would pass. `elsewhere`: what aliases have;
 * NULL holding: nobody's. */
enum fault issuing_allows(const struct issuing *i, const struct holding *holding,
			  const struct holding *elsewhere);
/* The limits of one customer alone: of somebody who has all, or who is given another's coupon. */
enum fault issuing_allows_holder(const struct template *t, uint64_t day,
				 const struct holding *holding, const struct holding *elsewhere);
/* Counts one more. */
void issuing_take(struct issuing *i, struct holding *holding);
struct coupon issuing_coupon(struct tx *tx, const struct env *env, struct issuing *i,
			     uint64_t customer);
/* After the last issuing_take: what of the template's total is reached. */
CHECKED enum fault issuing_tell(const struct issuing *i, const struct env *env, struct notices *n);
void issuing_put(struct tx *tx, struct issuing *i);
/* Begin and end of a coupon that is received now. */
void issuing_dates(const struct env *env, const struct template *t, struct instant *ret_begin,
		   struct instant *ret_end);
/* The counter of a template's day. */
uint64_t issuing_day_key(uint64_t template, uint64_t day);
/* One that was counted on that day is given back (a hold that was released). */
void issuing_give_back(uint64_t day, struct tally *total, struct tally *on_day,
		       struct holding *holding);
