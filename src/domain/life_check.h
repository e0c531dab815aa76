/*
 * Checks that the commands of a coupon's life share.
 */
#pragma once

#include "domain/check.h"

/* Each at most NAME_LENGTH_MAX characters. */
CHECKED enum fault check_said(struct tx *tx, const struct circumstances *said);
/* What arithmetic may rely on; *ret_amount: of the order. TOO_MANY, PARAMETER_INVALID. */
CHECKED enum fault check_cart(struct tx *tx, const struct cart *cart, struct money *ret_amount);
/* A key of at most 255 bytes, and its digest. */
CHECKED enum fault check_number(struct tx *tx, const struct request_number *request);
/* What is kept of a request's contents: from their digest alone a phone in the body could be
 * guessed, also after its customer was erased. 16 bytes. */
struct text contents_tag(struct tx *tx, const struct request_number *request);
/* A caller's number of a command that leaves no trace of it elsewhere: what number_keep was given;
 * REQUEST_REUSED where the contents differ. */
CHECKED enum fault number_find(struct tx *tx, const struct env *env, enum command command,
			       const struct request_number *request, struct text *ret_result,
			       bool *ret_found);
/* A put. */
void number_keep(struct tx *tx, const struct env *env, enum command command,
		 const struct request_number *request, struct text result);
static inline bool said_something(const struct circumstances *said)
{
	return said->reason.size || said->order_no.size || said->operator.size || said->shop.size;
}
