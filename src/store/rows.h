/*
 * The waist inside the store: above it records, lists and entries (record.c, list.c, run.c,
 * entry.c), below it an engine that keeps rows of bytes (lane.c, overlay.c, view.c). Keys are at
 * most KEY_BYTES_MAX bytes and sort by memcmp; keys.c makes them all.
 */
#pragma once

#include "base/base.h"

struct rows;
struct rows_verbs {
	/* *ret_value stays as it is until the transaction ends, also when this command then puts
	 * another value under the key (records are slices of it). Sees the batch's earlier writes
	 * and its own. */
	bool (*get)(struct rows *r, struct text key, struct text *ret_value);
	/* Copies key and value. Only in a write or a replay. */
	void (*put)(struct rows *r, struct text key, struct text value);
	void (*del)(struct rows *r, struct text key);
	/* The first row with key > after (>= when inclusive) and that prefix, among rows already
	 * FED; only for stretches that stopped changing long ago. */
	bool (*next_fed)(struct rows *r, struct text prefix, struct text after,
			 struct text *ret_key, struct text *ret_value);
};
struct rows {
	const struct rows_verbs *verbs;
};

static inline bool row_get(struct rows *r, struct text key, struct text *ret_value)
{
	return r->verbs->get(r, key, ret_value);
}
static inline void row_put(struct rows *r, struct text key, struct text value)
{
	r->verbs->put(r, key, value);
}
static inline void row_del(struct rows *r, struct text key)
{
	r->verbs->del(r, key);
}
