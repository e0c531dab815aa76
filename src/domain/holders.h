/*
 * Who gets coupons: customers named one by one, each by whatever member is known of them; and what
 * each has of a template already.
 */
#pragma once

#include "domain/customer.h"

struct holders {
	struct person *persons;
	struct holding *holdings;  /* per person */
	struct holding *elsewhere; /* per person: under aliases' names, not moved yet */
	bool *took;		   /* per person: for the command to note */
	unsigned n;
	unsigned
	    *person_of; /* per name: its person, NOBODY for one that is erased or names nobody */
};
/* Names what holders_find will look up first. */
void holders_want(struct tx *tx, const struct customer *given, unsigned n);
/* .. and next: whom the known were merged into, with all that are one with them. */
CHECKED enum fault holders_want_followed(struct tx *tx, const struct customer *given, unsigned n);
/* The unknown are planned. Two names of one customer are one person. */
CHECKED enum fault holders_find(struct tx *tx, const struct env *env, const struct customer *given,
				unsigned n, struct holders *ret);
CHECKED enum fault holders_load(struct tx *tx, const struct env *env, uint64_t template,
				struct holders *h);
/* What is taken back from the counts of a customer. */
struct counted {
	uint64_t customer, template;
	bool use;	 /* else an issue .. */
	uint64_t day;	 /* .. of that day; */
	uint64_t period; /* of a use: number of its period, 0: none is counted */
};
/* Rows as this command leaves them so far, each once. */
struct holdings {
	struct holding *rows;
	unsigned n;
};
void holdings_keep(struct holdings *h, const struct holding *changed);
/* Where it is counted by now. A customer's counts go ahead of his coupons, or stay behind them
 * where he was merged on since: any name of the person that has it will do, because limits are the
 * person's; first one where day or period are right, too. */
CHECKED enum fault holding_of_counted(struct tx *tx, const struct counted *c,
				      const struct holdings *changed, struct holding *ret);
/* What one customer's aliases have of a template that was not moved: not yet, or, of coupons that
 * they gave away, never. */
CHECKED enum fault holding_elsewhere(struct tx *tx, const struct customer *c, uint64_t template,
				     struct holding *ret);
