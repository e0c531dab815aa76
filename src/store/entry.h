/*
 * A ledger entry's bytes.
 *
 *   varint merchant, varint number, zigzag instant, slice actor, varint command, varint
 * next_number, varint count, so many operations
 *
 * Where the merchant's clock was ahead, 2^32 is added to the command and a varint follows it: by
 * how many milliseconds. Its records came into their lists at the instant moved by so much.
 *
 *   PUT          varint table, slice key fields, slice value with PERSONAL fields sealed,
 *                varint uniques (bit i: the i-th unique value of the table is new),
 *                varint fresh (bit i: the record came into its i-th list now),
 *                varint kept (it is there as before, under another key), zigzag instant for each
 *   DEL          varint table, slice key fields
 *   UNIQUE_DROP  varint unique, slice value as in its key
 *                PERSONAL: varint unique, slice key fields, slice value sealed
 *   LIST_DROP    varint list, slice owner and ordinal
 *   STATE        varint list, slice owner, slice (next, count, first)
 *   HOLES        varint list, slice owner, level and index, slice value
 *   HOLES_DROP   varint list, slice owner, level and index
 *
 * Key fields, owners and values stand as in the keys of their rows (keys.h). Every operation names
 * absolute values, so that a replay reads nothing.
 *
 * A sealed field is: version byte, varint slot, AES-SIV; associated data: varint merchant, varint
 * table, slice key fields, varint field, varint number of the entry. Empty fields stay empty.
 */
#pragma once

#include "base/varint.h"
#include "store/keys.h"
#include "store/tx.h"

enum op {
	OP_PUT = 1,
	OP_DEL,
	OP_UNIQUE_DROP,
	OP_LIST_DROP,
	OP_STATE,
	OP_HOLES,
	OP_HOLES_DROP,
};

/* One record as it is to be, with what of it is new. */
struct image {
	enum table table;
	const void *record; /* whole, clear */
	struct text pk;	    /* its key fields, as in its key */
	struct text value;  /* its row */
	uint64_t uniques, fresh, kept;
	struct instant in[RECORD_LISTS_MAX]; /* of the kept */
};

/* Writes the record's row, its new unique values and its new list entries: the same function in a
 * command and in a replay. `now`: the entry's instant, moved by its clock. */
void image_apply(struct rows *rows, uint64_t merchant, struct instant now,
		 const struct image *image);

/* Operations, added to tx->ops. That of a table with PERSONAL fields overwrites tx->value. */
void entry_add_put(struct tx *tx, const struct image *image);
void entry_add_del(struct tx *tx, enum table table, struct text pk);
void entry_add_unique_drop(struct tx *tx, enum unique unique, const void *old, struct text pk,
			   struct text parts);
void entry_add_list_drop(struct tx *tx, enum list list, struct text parts);
void entry_add_state(struct tx *tx, enum list list, struct text owner, struct text value);
void entry_add_holes(struct tx *tx, enum list list, struct text parts, const struct text *value);

/* One operation, read back: structure, ids and keys are right; what lies in `value` is not looked
 * at yet. */
struct entry_op {
	enum op op;
	unsigned id;	   /* table, unique or list */
	struct text parts; /* of the row's key; PUT and DEL: key fields */
	struct text value;
	bool sealed; /* UNIQUE_DROP of a PERSONAL value: parts are key fields, value is sealed */
	uint64_t uniques, fresh, kept;
	struct instant in[RECORD_LISTS_MAX];
};
CHECKED bool entry_op_take(struct text *in, struct entry_op *ret);

struct entry_envelope {
	uint64_t merchant, number, next_number, op_count;
	struct instant instant;
	struct text actor;
	unsigned command;
	int64_t ahead_ms;
};
#define ENVELOPE_AHEAD (UINT64_C(1) << 32) /* in the command: ahead_ms follows */
void entry_envelope_add(struct buffer *out, const struct entry_envelope *e);
/* *in is left at the first operation. */
CHECKED bool entry_envelope_take(struct text *in, struct entry_envelope *ret);

/* What a field is sealed under. */
struct seal_place {
	uint64_t merchant, number;
	enum table table;
	struct text pk;
	unsigned field;
};
enum { SEALED_MORE_MAX = 1 + 9 + SEAL_OVERHEAD }; /* sealed bytes that are not the text */
size_t field_seal(const uint8_t key[SEAL_KEY_SIZE], uint64_t slot, const struct seal_place *place,
		  struct text clear, uint8_t *out);
/* Moves over version and slot. */
CHECKED bool field_sealed_slot(struct text *sealed, uint64_t *ret_slot);
/* `sealed` after field_sealed_slot; out has its size. */
CHECKED bool field_open(const uint8_t key[SEAL_KEY_SIZE], const struct seal_place *place,
			struct text sealed, uint8_t *out);

enum { HEAD_SIZE_MAX = 5 * VARINT_SIZE_MAX + 32 };
void head_encode(const struct head *head, struct buffer *out);
/* 1 .. AHEAD_MS_MAX */
CHECKED bool head_take_ahead(struct text *in, int64_t *ret_ahead_ms);
CHECKED bool head_decode(struct text value, struct head *ret);
void head_write(struct rows *rows, uint64_t merchant, const struct head *head);
