/*
 * The coupons of one customer, newest or oldest received first: the customer's own list, then those
 * of aliases whose coupons have not been moved yet.
 */
#pragma once

#include "domain/domain.h"

struct wallet {
	uint64_t owners[1 + ALIASES_MAX]; /* the customer first */
	uint64_t counts[1 + ALIASES_MAX];
	unsigned n;
	uint64_t count; /* of all */
};
CHECKED enum fault wallet_open(struct tx *tx, const struct customer *c, struct wallet *ret);
CHECKED enum fault wallet_page(struct tx *tx, const struct env *env, const struct wallet *w,
			       const struct page *span, struct coupon **ret_rows, unsigned *ret_n);
