/*
 * "coupon provide" as the caller speaks it: WangJuBao's SPI from the CRM's side. Common parameters
 * and the signature stand in the query, {"coupon_id", "buyer_nicks"} is the body.
 *
 * What an answer means, in doubt the worse:
 *
 *   per buyer      code 0 sent; another code refused; none, or two that differ: unknown
 *   whole call     later (7, 10) and envelope (9, 11, 21-34, 47): nothing was done
 *                  arguments (40, 41): all are refused, if no earlier try is in doubt
 *                  any other code, HTTP status, or text: unknown
 */
#pragma once

#include "courier/dial.h"
#include "domain/domain.h"

/* Fills what of `call` says what is sent; everything in the arena. false: it is full. */
CHECKED bool provide_build(struct arena *a, const struct errand_begin_ret *what, struct instant now,
			   struct dial_call *call);
/* What came of it, but for number, fresh and random; everything in the arena. */
void provide_read(struct arena *a, const struct errand_begin_ret *what,
		  const struct dial_call *call, struct errand_settle_cmd *ret);
