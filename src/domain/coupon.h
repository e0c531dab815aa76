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
