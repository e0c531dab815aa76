/*
 * What is remembered of an issue, so that its repeat gets the same coupons, whichever dialect asks
 * again: a tag of what was asked, then a row for each coupon.
 */
#pragma once

#include "domain/domain.h"
#include "domain/request.h"

/* Kept in records: the numbers stay. */
enum verdict {
	VERDICT_NEW = 1,
	VERDICT_AGAIN, /* the last one that the customer got */
	VERDICT_BAD_NICK,
	VERDICT_EXHAUSTED,
	VERDICT_DAY,
	VERDICT_PERSON,
	VERDICT_PERSON_DAY,
	VERDICT_NOBODY, /* no such customer */
};
struct issued_row {
	enum verdict verdict;
	uint64_t id;	   /* 0: no coupon */
	bool full;	   /* the rest is kept */
	uint64_t customer; /* its number; 0: nobody's */
	struct instant begin, end;
};
enum fault verdict_fault(enum verdict verdict);
enum verdict verdict_of(enum fault fault);

/* Of one coupon to each of these nicks: the same in every dialect. TEXT_NONE: the arena is full. */
struct text issued_tag(struct tx *tx, const struct env *env, uint64_t template_id,
		       const struct text *nicks, unsigned n);
struct text issued_write(const struct env *env, struct text tag, const struct issued_row *rows,
			 unsigned n);
/* The rows behind the tag. DATA_DAMAGED. */
CHECKED enum fault issued_read(const struct env *env, struct text answer, struct text tag,
			       struct issued_row **ret_rows, unsigned *ret_n);
/* The coupons of the rows, by their ids; rows without one stay zeroes. */
CHECKED enum fault issued_coupons(struct tx *tx, const struct env *env,
				  const struct issued_row *rows, unsigned n,
				  struct coupon **ret_coupons);
/* A number that a caller gave to an issue is the merchant's: the same in every dialect. */
static inline struct request_key issued_key(struct text number)
{
	return (struct request_key){{TEXT("issue"), number}, number.size ? 2 : 0};
}
