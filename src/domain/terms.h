/*
 * The terms that a coupon goes by: those of its template, or of the edition it was issued under.
 */
#pragma once

#include "domain/domain.h"

/* The template of a coupon as it counts for this coupon: terms of its edition; limits and budget of
 * the template, with what limits a customer's uses of all its coupons together. */
CHECKED enum fault terms_of(struct tx *tx, const struct coupon *c, struct template *ret);
/* The same with the template at hand. */
CHECKED enum fault terms_of_edition(struct tx *tx, const struct template *t, uint64_t edition,
				    struct template *ret);
/* Names what that needs of a template that is at hand. */
void terms_want_edition(struct tx *tx, const struct template *t, uint64_t edition);
/* The row that keeps the template's terms when others take their place. */
struct edition edition_of(const struct template *t);
/* Whether two differ in what an edition keeps. */
bool terms_same(const struct template *a, const struct template *b);
/* How often one coupon may be used. */
static inline uint64_t terms_uses(const struct template *t)
{
	return t->uses ? t->uses : 1;
}
