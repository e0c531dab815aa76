/*
 * The waist inside the store: above it records, lists and entries (record.c, list.c, run.c,
 * entry.c), below it an engine that keeps rows of bytes: lane.c, overlay.c, view.c; or loaded.c,
 * which fetches them from elsewhere. Keys are at most KEY_BYTES_MAX bytes and sort by memcmp;
 * keys.c makes them all.
 *
 * Where rows are fetched, one that is not at hand ends the run, which then begins again (rounds.h).
 * While `guess` is set it reads as absent instead and the run goes on, so that it names the rest of
 * what it needs; `guessed` says that this happened. What a guessed run finds and writes is thrown
 * away, and until then it may contradict itself: a must() about rows holds only where nothing was
 * guessed.
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
	/* NULL where all rows are at hand. Names a row that will be got soon; whether it is at
	 * hand now. */
	bool (*want)(struct rows *r, struct text key);
};
struct rows {
	const struct rows_verbs *verbs;
	bool guess, guessed;
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
static inline bool row_want(struct rows *r, struct text key)
{
	return !r->verbs->want || r->verbs->want(r, key);
}
