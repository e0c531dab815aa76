/*
 * The keys of all rows. A key is
 *
 *   kind of row · table, unique or list · merchant, 4 bytes big-endian · parts
 *
 * Parts are self-delimiting: a number is an order-preserving varint; a text is its size as a varint
 * and its bytes. A text of more than KEY_TEXT_MAX bytes is folded: its size and its SHA-256. (The
 * size tells the two forms apart, so a folded text never equals a literal one.) Folding happens
 * here only and for values that are looked up; the key of a record is never folded, because
 * records are read back from their keys.
 *
 *   HEAD    -                             the merchant's newest entry: tx.h
 *   RECORD  table   key fields            the record's fields: record.h
 *   UNIQUE  unique  value                 the record's key fields, as in its own key
 *   LIST    list    owner                 next ordinal, live records, first live ordinal
 *   ENTRY   list    owner, ordinal        zigzag instant of coming in, the record's key fields
 *   HOLES   list    owner, level, index   holes.h
 *
 * Kinds from 128 up belong to the engine.
 */
#pragma once

#include "base/limits.h"
#include "store/record.h"

enum row_kind {
	ROW_HEAD = 1,
	ROW_RECORD,
	ROW_UNIQUE,
	ROW_LIST,
	ROW_ENTRY,
	ROW_HOLES,
	ROW_KIND_COUNT,
};

enum {
	KEY_PREFIX_SIZE = 6,
	KEY_TEXT_MAX = 400, /* a name of NAME_LENGTH_MAX characters fits unfolded */
};

struct key {
	size_t size;
	uint8_t bytes[KEY_BYTES_MAX + 1];
};

static inline struct text key_get(const struct key *k)
{
	return (struct text){(const char *)k->bytes, k->size};
}
/* Whose row it is: of a key's first bytes. */
static inline uint64_t key_merchant(struct text key)
{
	const uint8_t *at = (const uint8_t *)key.data + 2;
	return (uint64_t)at[0] << 24 | (uint64_t)at[1] << 16 | (uint64_t)at[2] << 8 | at[3];
}
/* Whose row it is by the first part of its key: holdings, coupons, wallets, lists of aliases. 0:
 * nobody's, or no such row. */
uint64_t key_customer(struct text key);
/* What stands after the merchant. */
static inline struct text key_rest(const struct key *k)
{
	return (struct text){(const char *)k->bytes + KEY_PREFIX_SIZE, k->size - KEY_PREFIX_SIZE};
}

void key_init(struct key *k, enum row_kind kind, unsigned id, uint64_t merchant);
void key_add_number(struct key *k, uint64_t number);
void key_add_text(struct key *k, struct text t);
/* Parts that were made before. must() fit. */
void key_add_parts(struct key *k, struct text parts);

void key_head(struct key *k, uint64_t merchant);
void key_record(struct key *k, uint64_t merchant, enum table table, const void *record);
void key_unique(struct key *k, uint64_t merchant, enum unique unique, const void *record);
/* The state row of the list that the record (any with the owner members set; NULL for lists
 * without owner) belongs to. */
void key_list(struct key *k, uint64_t merchant, enum list list, const void *owner);
/* Another row of the same list: parts follow. */
void key_of_list(struct key *k, enum row_kind kind, const struct key *list);

/* Reads a record's key fields back; texts become slices of `rest`. */
CHECKED bool key_read_record(const struct record_shape *shape, struct text rest, void *record);
/* The same, and the key that has these parts, which a unique value's or a list's row names. False:
 * they are damaged. */
CHECKED bool key_named(struct key *k, uint64_t merchant, enum table table, struct text parts,
		       void *record);
/* Whether bytes from outside are the parts of a unique value; of one of a list's rows. */
CHECKED bool key_check_unique(enum unique unique, struct text rest);
CHECKED bool key_skip_owner(enum list list, struct text *parts);
CHECKED bool key_check_list(enum row_kind kind, enum list list, struct text rest);
