/*
 * Campaigns: what the files campaign*.c and audience.c share.
 */
#pragma once

#include "domain/domain.h"

/* A live campaign; CAMPAIGN_UNKNOWN with the field "activity_id" when there is none. */
CHECKED enum fault campaign_find(struct tx *tx, uint64_t activity_id, struct campaign *ret);
/* A record with the numbers and instants of a new campaign. */
struct campaign campaign_new(struct tx *tx, const struct env *env, enum maker maker);
/* Puts it as the newest change. */
void campaign_put_changed(struct tx *tx, const struct env *env, struct campaign *c);

/* Numbers in BYTES members: varints in a row. */
CHECKED enum fault numbers_read(const struct env *env, struct text bytes, uint64_t **ret,
				unsigned *ret_n);
struct text numbers_write(const struct env *env, const uint64_t *numbers, unsigned n);
/* Adds a number unless it is there. */
unsigned numbers_add(uint64_t *numbers, unsigned n, uint64_t number);

/* --- prizes.c --- */
/* The templates' numbers, each once; TEMPLATE_UNKNOWN with "prizes.coupon_id". */
CHECKED enum fault prizes_read(struct tx *tx, const struct env *env, const uint64_t *template_ids,
			       unsigned n, struct text *ret_prizes);
/* The tallies of use that change when a campaign's prizes do: to be put. */
struct uses {
	struct tally *rows;
	unsigned n;
};
CHECKED enum fault uses_change(struct tx *tx, const struct env *env, struct text before,
			       struct text after, struct uses *ret);
void uses_put(struct tx *tx, struct uses *uses);
