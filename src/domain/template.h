/*
 * Templates as other commands meet them.
 */
#pragma once

#include "domain/domain.h"

CHECKED enum fault template_find_live(struct tx *tx, uint64_t template_id, struct template *ret,
				      bool *ret_found);
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
/* What a template of columns alone may say; the fields name the caller's words. */
CHECKED enum fault template_check_columns(struct tx *tx, const struct template *t,
					  struct text id_field, struct text end_field);
/* The same of one with all its terms; it may have no name. */
CHECKED enum fault template_check(struct tx *tx, const struct template *t);
/* LIMIT_BELOW_USED with the limit that is set below what is used of it. */
CHECKED enum fault template_check_used(struct tx *tx, const struct template *t,
				       const struct usage *usage);
CHECKED enum fault template_usage(struct tx *tx, const struct env *env, const struct template *t,
				  struct usage *ret);
/* A new record: what nobody says of it. */
void template_new(struct tx *tx, const struct env *env, struct template *t);
/* What a change asks for, with what only the server sets. */
struct template template_changed(const struct template *known, const struct template *given);
/* Members of the WJB object that b says otherwise than a: bits of enum object_member. */
uint64_t template_members_changed(const struct template *a, const struct template *b);
