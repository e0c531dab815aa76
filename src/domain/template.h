/*
 * Templates as other commands meet them.
 */
#pragma once

#include "domain/domain.h"

/* A live template by its id; TEMPLATE_UNKNOWN with `field` when there is none. */
CHECKED enum fault template_find(struct tx *tx, uint64_t template_id, struct text field,
				 struct template *ret);
/* TEMPLATE_UNKNOWN with the field and the id. */
enum fault template_refuse(struct tx *tx, struct text field, uint64_t template_id);
void template_want(struct tx *tx, uint64_t template_id);
/* The same for a counter that is most likely 0, or above all bounds (store_get_guess). */
CHECKED enum fault tally_guess(struct tx *tx, enum tally_kind kind, uint64_t of, struct tally *ret);
/* A counter; one that is not there yet is 0. */
CHECKED enum fault tally_get(struct tx *tx, enum tally_kind kind, uint64_t of, struct tally *ret);
/* Members of the WJB object that b says otherwise than a: bits of enum object_member. */
uint64_t template_members_changed(const struct template *a, const struct template *b);
