/* Money: int64 fen inside a struct; texts in yuan. No float comes near it. */
#pragma once

#include "base/base.h"
#include "base/buffer.h"

struct money {
	int64_t fen;
};

/* "99", "99.5", "99.50", at most 2 decimals, not negative, at most 10^13 yuan. JSON numbers
 * with an exponent are refused. */
CHECKED bool money_parse_yuan(struct text t, struct money *ret);
/* "99" when whole, else two decimals: "99.50". */
void buffer_money_yuan(struct buffer *b, struct money m);
