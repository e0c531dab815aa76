/*
 * The most that the coupons not yet decided can still take off: what the search for the best
 * combination (cart_best.c) cuts branches with. An upper bound, never too low:
 *
 *  - A coupon takes at most what it would take of its eligible lines as they are left NOW. For
 *    amounts and percentages that is so because less is left later and they take no more of less.
 *    A free piece may become dearer when others take the cheap ones first: its most is that of the
 *    pieces behind all that coupons before it can still make free; of twins that limits bound,
 *    behind all that any coupon can, because the last of them may be the one that comes.
 *  - Of a stack group one may come: the one that takes most. Of one template and customer as many
 *    as limits let in. Budgets and the limit of coupons in an order are not looked at.
 *  - Percentages that split proportionally leave (1 - p) of each line, give or take a fen. That
 *    leaves less if they go before all amounts, and amounts leave less if they go last; so first
 *    each line is shrunk by all percentages, then the other coupons' most is taken from the sum.
 *    For each percentage a fen per line and one more pay for the roundings.
 *  - Or, whichever is less: the coupons that look at the same lines, one after another in their
 *    order, each at what those before it in this row have left. A coupon that is left out, and all
 *    that others take off these lines, never make the row take more: what a
 *    coupon takes rises with what is left, and never faster. Twins that limits bound are a
 *    row of their own, because it is not known which of them come; groups count as above.
 */
#pragma once

#include "domain/basket.h"
#include "domain/stacking.h"

/* A coupon that may be in the combination. */
struct candidate {
	unsigned row;
	struct claim claim;
	unsigned class; /* first candidate with the same lines */
	unsigned twin;	/* first candidate of the same terms and customer */
	bool any_twin;	/* limits may let another twin in instead, which takes other pieces */
};
struct candidates {
	struct candidate *rows; /* in the order in which they take off */
	unsigned n;
};
/* A value for each candidate, or row, that is unset again as soon as the stamp changes. */
struct stamped {
	uint64_t stamp;
	int64_t value;
};
struct bound {
	const struct candidate *candidates;
	unsigned n;
	bool any_twins; /* of some candidate */
	uint64_t stamp;
	int64_t *keep; /* per line */
	struct stamped *classes, *groups, *twins, *chains, *twin_chains;
	int64_t *discounts; /* of those that were counted; for bound_fewest */
	unsigned count;
	uint64_t looks; /* at candidates and lines, so far */
};
/* Sets class, twin and any_twin of the candidates. */
CHECKED bool bound_init(struct bound *b, struct arena *a, const struct basket *basket,
			const struct stacking *s, struct candidates candidates);
/* What the candidates from `from` on can take off a basket, at most. */
int64_t bound_most(struct bound *b, const struct basket *basket, const struct stacking *s,
		   unsigned from);
/* How many of the candidates of the last bound_most it takes at least to take off `fen`; looks no
 * further than `most`. */
unsigned bound_fewest(struct bound *b, int64_t fen, unsigned most);
