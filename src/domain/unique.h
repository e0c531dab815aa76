/*
 * Records with several unique values, any of which may name them: departments and customers.
 */
#pragma once

#include "domain/domain.h"

struct unique_member {
	enum unique unique;
	size_t member; /* offset of a struct text in the record */
	const char *name;
};
/* In the order in which a save looks; the record's first member is its number. */
struct unique_kind {
	const struct unique_member *members;
	unsigned n;
	size_t record_size;
};

/* The member's value in a record. */
struct text *unique_value(void *record, const struct unique_member *m);
/* Empty values are nobody's. On not found *ret_record is zeroed but for the value. */
CHECKED enum fault unique_find(struct tx *tx, const struct unique_kind *kind, unsigned member,
			       struct text value, void *ret_record, bool *ret_found);
/* The same for a value that nobody has, most likely (store_find_guess). */
CHECKED enum fault unique_guess(struct tx *tx, const struct unique_kind *kind, unsigned member,
				struct text value, void *ret_record, bool *ret_found);
/* Names all that unique_known and unique_free will look up. */
void unique_want(struct tx *tx, const struct unique_kind *kind, void *given);
/* Whether `given` has any of its unique values. */
bool unique_named(const struct unique_kind *kind, void *given);
/* The record that `given` names: by its id (the first member) when it has one, else by the first of
 * its values that is known. So a row with an id of its own never takes another's record over. */
CHECKED enum fault unique_known(struct tx *tx, const struct unique_kind *kind, void *given,
				void *ret_record, bool *ret_found);
/* No value is too long for an index, and none belongs to a record but `number` (0: to any). */
CHECKED enum fault unique_free(struct tx *tx, const struct unique_kind *kind, void *given,
			       uint64_t number);
