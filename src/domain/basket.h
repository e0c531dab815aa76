/*
 * A cart while coupons take off it, line by line, and what one coupon takes: the arithmetic under
 * cart.h. Amounts are at most FEN_MAX, so that sums of all coupons of a wallet fit into an int64.
 */
#pragma once

#include "domain/domain.h"

static const int64_t FEN_MAX = INT64_C(1000000000000000); /* 10^15: money_parse_yuan's most */

/* One line for each item. Without items one line without pieces for the whole amount; when that is
 * not known either, so much is left that nobody takes all of it. */
struct line {
	int64_t left;
	int64_t price;	 /* of one piece, before any coupon */
	uint64_t pieces; /* that no coupon has made free */
};
struct basket {
	struct line *lines;
	unsigned n;
	bool known; /* the amount */
};
/* false: the arena is full. cart_total must hold. */
CHECKED bool basket_init(struct basket *b, struct arena *a, const struct cart *cart);

/* The lines that a coupon looks at. */
struct claim {
	const struct template *terms;
	unsigned *lines; /* in the order of the cart */
	unsigned n;
	int64_t eligible; /* of the cart before any coupon; 0 when its amount is not known */
	/* Those that count pieces: places in `lines` of those with a price, cheapest first, with
	 * BENEFIT_BUY_GET dearest first; equal ones in the order of the cart. */
	unsigned *by_price;
	unsigned by_price_count;
};
CHECKED bool claim_init(struct claim *c, struct arena *a, const struct cart *cart,
			const struct basket *b, const struct template *terms);

/* What is taken off one line of a claim. */
struct share {
	int64_t fen;
	uint64_t pieces;    /* that become free */
	uint64_t remainder; /* of the division; within the split only */
};
/* What the coupon takes off the basket as it stands; ret_shares: claim->n of them. */
int64_t claim_price(const struct claim *c, const struct basket *b, struct share *ret_shares);
/* Takes it off. */
void claim_take(const struct claim *c, struct basket *b, const struct share *shares);
/* Per item of the cart. NULL without items, and when the arena is full. */
struct money *claim_split(struct arena *a, const struct cart *cart, const struct claim *c,
			  const struct share *shares);

bool benefit_counts_pieces(uint64_t benefit);
/* Pieces that a coupon makes free of so many eligible ones. */
uint64_t claim_pieces(const struct template *terms, uint64_t eligible);
/* Pieces in a row, the dearest first: how many from `begin` to before `end` BENEFIT_BUY_GET makes
 * free when there are `row` of them. For terms of which claim_pieces is not 0. */
struct places {
	uint64_t row, begin, end;
};
uint64_t claim_free_places(const struct template *terms, struct places places);
/* That count, of a claim. */
uint64_t claim_eligible_pieces(const struct claim *c, const struct basket *b);
/* Of an amount, rounded, not held to the cap. */
int64_t percent_of(const struct template *terms, int64_t fen);
bool claim_takes_amount(const struct template *terms);
/* The amount, or the cap, where the benefit has one; else INT64_MAX. */
int64_t claim_most(const struct template *terms);
