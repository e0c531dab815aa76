/*
 * What records.tbl.h says, as data: for each table its fields, unique values and lists, and the
 * two functions that turn a struct into bytes and back.
 *
 *   value = varint n, n list ordinals · varint n, n fields without the key (both trimmed of
 *           trailing zeroes and empties, so that a field appended later changes no old byte)
 *
 * Numbers are varints; signed ones, instants and money zigzag; a flag is 0 or 1; texts and bytes
 * are slices. Missing trailing fields read as zero or empty; fields that this program does not
 * know are refused.
 */
#pragma once

#include "store/store.h"

enum field_kind {
	KIND_NUMBER,
	KIND_SIGNED,
	KIND_FLAG,
	KIND_INSTANT,
	KIND_MONEY,
	KIND_TEXT,
	KIND_BYTES,
};
enum field_role { ROLE_KEY, ROLE_PLAIN, ROLE_PERSONAL, ROLE_SECRET, ROLE_SLOT };

struct field {
	const char *name;
	uint8_t kind; /* enum field_kind */
	uint8_t role; /* enum field_role */
	uint16_t offset;
};

/* Any record. */
/* clang-format off */
union record {
#define R(name, NAME, id) struct name name;
	RECORDS(R)
#undef R
};
/* clang-format on */

struct record_shape {
	const char *name;
	const struct field *fields; /* key fields first */
	uint64_t uniques, lists;    /* bit = enum unique, enum list */
	uint16_t size;
	uint16_t at;	     /* offset of the ordinals */
	uint8_t field_count; /* key fields included */
	uint8_t key_count;
	uint8_t list_count;
	uint8_t slot;	/* index of the SLOT field; 0: none (field 0 is a key) */
	bool personal;	/* some field is PERSONAL */
	bool clustered; /* at[0] is the last key field: the records stand in their list's order */
};
struct unique_shape {
	const char *name;
	uint8_t table, when, value; /* when, value: field indexes */
};
struct list_shape {
	const char *name;
	uint8_t table, when, owner_count, owners[2]; /* when, owners: field indexes */
};

extern const struct record_shape record_shapes[TABLE_COUNT];
extern const struct unique_shape unique_shapes[UNIQUE_COUNT];
extern const struct list_shape list_shapes[LIST_COUNT];

/* The list whose records are kept in its own order under (owner, ordinal): no entry rows. */
#define LIST_CLUSTERED LIST_WALLET

static inline uint64_t *record_at(const struct record_shape *shape, void *record)
{
	return (uint64_t *)(void *)((char *)record + shape->at);
}
static inline const uint64_t *record_at_const(const struct record_shape *shape, const void *record)
{
	return (const uint64_t *)(const void *)((const char *)record + shape->at);
}
/* Which at[] is the list's. */
static inline unsigned list_place(enum list list)
{
	uint64_t lists = record_shapes[list_shapes[list].table].lists;
	return (unsigned)__builtin_popcountll(lists & ((UINT64_C(1) << list) - 1));
}
static inline uint64_t field_number(const struct field *f, const void *record)
{
	return *(const uint64_t *)(const void *)((const char *)record + f->offset);
}
static inline uint64_t *field_place(const struct field *f, void *record)
{
	return (uint64_t *)(void *)((char *)record + f->offset);
}
static inline struct text *field_text(const struct field *f, void *record)
{
	return (struct text *)(void *)((char *)record + f->offset);
}
static inline struct text field_text_of(const struct field *f, const void *record)
{
	return *(const struct text *)(const void *)((const char *)record + f->offset);
}
static inline bool field_is_text(const struct field *f)
{
	return f->kind == KIND_TEXT || f->kind == KIND_BYTES;
}

bool field_is_set(const struct field *f, const void *record); /* not zero, not empty */
bool field_equal(const struct field *f, const void *a, const void *b);
/* Whether the record has this unique value, is in this list. */
bool unique_counts(enum unique unique, const void *record);
bool list_counts(enum list list, const void *record);

/* The key fields of *record are left alone; its texts become slices of `value`. */
CHECKED bool record_decode(const struct record_shape *shape, struct text value, void *record);
/* Replaces the buffer's contents. */
void record_encode(const struct record_shape *shape, const void *record, struct buffer *out);
