/*
 * Coupons: what the files coupon*.c share.
 */
#pragma once

#include "domain/code.h"
#include "domain/domain.h"

/* By its own code, or by one that the server made. */
CHECKED enum fault coupon_find_by_code(struct tx *tx, struct code_key *key, struct text code,
				       struct coupon *ret, bool *ret_found);
/* Names what that will look up. */
void coupon_want_code(struct tx *tx, struct code_key *key, struct text code);
/* What one customer has of one template; nothing yet: zeroes. */
CHECKED enum fault holding_get(struct tx *tx, uint64_t customer, uint64_t template,
			       struct holding *ret);
/* Adds another customer's counts to this one's: of days and periods the later one's stay. */
void holding_join(struct holding *into, const struct holding *from);
/* Coupons with what is shown of them. */
CHECKED enum fault coupon_view_all(struct tx *tx, const struct env *env,
				   const struct coupon *coupons, unsigned n,
				   struct coupon_view **ret);
