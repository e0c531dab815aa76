/*
 * Records that many rows of one answer share, kept by number: a small direct-mapped cache, so
 * that a list of a thousand coupons of three templates gets three templates.
 */
#pragma once

#include "domain/domain.h"

enum { MEMO_SLOTS = 256 };
struct memo {
	const void **slots;
	unsigned mask;
};
/* For an answer of that many rows; false: no memory. */
CHECKED bool memo_init(struct memo *memo, struct arena *a, unsigned rows);
/* The record must be there: something in the store names it. */
CHECKED enum fault memo_template(struct tx *tx, const struct env *env, struct memo *memo,
				 uint64_t number, const struct template **ret);
/* Of an alias: whom it was merged into. */
CHECKED enum fault memo_customer(struct tx *tx, const struct env *env, struct memo *memo,
				 uint64_t number, const struct customer **ret);
/* Of one that was read already, as it stands; it must live as long as the memo. */
void memo_keep_customer(struct memo *memo, const struct customer *customer);
CHECKED enum fault memo_department(struct tx *tx, const struct env *env, struct memo *memo,
				   uint64_t number, const struct department **ret);
