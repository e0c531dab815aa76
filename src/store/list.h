/*
 * Lists: how many there are, who is the n-th, coming in and leaving.
 *
 * A list's state is a row of three numbers; in a write it is kept in tx->touched, as are the keys
 * of the hole rows that were written, and both go into the rows and into the entry once, at
 * tx_finish.
 */
#pragma once

#include "store/holes.h"
#include "store/tx.h"

/* A list state (with its values) or a hole row (values in its row). The key is in
 * tx->touched_keys. */
struct touched {
	uint64_t hash;
	uint32_t key_at;
	uint16_t key_size;
	bool is_state;
	struct ordinals ordinals;
};

/* A list, opened for a while. */
struct list_view {
	struct rows *rows;
	enum list list;
	struct key key; /* of the state row */
	struct ordinals ordinals;
	bool put_into; /* by this command */
};

/* DATA_DAMAGED when the state row is. */
CHECKED enum fault list_open(struct tx *tx, enum list list, const void *owner,
			     struct list_view *ret);
/* n ordinals beginning with rank `from`; from + n <= count. */
CHECKED enum fault list_ordinals(const struct list_view *v, uint64_t from, unsigned n,
				 bool oldest_first, uint64_t *ret);
/* As many of them as can be told from rows at hand; returns how many. Where there are holes, names
 * the next row that leads to the first one: so lists side by side take no more rounds than one. */
unsigned list_want_ordinals(const struct list_view *v, uint64_t from, unsigned n, bool oldest_first,
			    uint64_t *ret);
/* The key of the entry row. */
void list_entry_key(const struct list_view *v, uint64_t ordinal, struct key *ret);
/* The key fields of the record at that place, and when it came in (not of a clustered list). */
CHECKED enum fault list_entry(const struct list_view *v, uint64_t ordinal, struct instant *ret_in,
			      struct text *ret_pk);

/* The ordinal of a new member. The entry row is written with the record: image_apply. */
uint64_t list_append(struct tx *tx, enum list list, const void *record);
/* Writes the entry row's end and the holes. */
void list_remove(struct tx *tx, enum list list, const void *record, uint64_t ordinal);
/* Writes the states touched; hole rows and states go into the entry. */
void list_finish(struct tx *tx);

void ordinals_encode(const struct ordinals *o, struct buffer *out);
CHECKED bool ordinals_decode(struct text value, struct ordinals *ret);
void entry_row_encode(struct instant in, struct text pk, struct buffer *out);
CHECKED bool entry_row_decode(struct text value, struct instant *ret_in, struct text *ret_pk);
