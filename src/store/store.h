/*
 * The store as the domain sees it: records and a few verbs, inside a transaction that works for
 * ONE merchant. Handlers are pure: they get time, ids and digests from here and nowhere else.
 *
 *     enum fault handler(struct tx *tx, const struct env *env, const void *cmd, void *ret);
 *
 * A handler decides first and puts last: after its first put it must return OK (a bug otherwise).
 * Reads see the commands before it in the batch and its own puts; store_page on a list into which
 * the same command has put is a bug.
 *
 * Records are structs of records.tbl.h; `table`, `unique` and `list` say which. Texts in a record
 * that was read live until the transaction ends; handlers of WRITES copy what they return into
 * env->arena. Every verb may return a fault that the handler passes on untouched (TRY).
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/fault.h"
#include "base/moment.h"
#include "base/money.h"
#include "domain/records.tbl.h"

/* clang-format off */
enum table {
#define R(name, NAME, id) TABLE_##NAME = id,
	RECORDS(R)
#undef R
	TABLE_COUNT
};
enum unique {
#define U(name, id, table, when, value) UNIQUE_##name = id,
	UNIQUES(U)
#undef U
	UNIQUE_COUNT
};
enum list {
#define L(name, id, table, when, owners) LIST_##name = id,
	LISTS(L)
#undef L
	LIST_COUNT
};
/* clang-format on */

/* The lists of one record, at most; at[i] belongs to the i-th LISTS row of its table. */
enum { RECORD_LISTS_MAX = 5 };

#define MEMBER_NUMBER(m)      uint64_t m;
#define MEMBER_SIGNED(m)      int64_t m;
#define MEMBER_FLAG(m)	      bool m;
#define MEMBER_INSTANT(m)     struct instant m;
#define MEMBER_MONEY(m)	      struct money m;
#define MEMBER_TEXT(m)	      struct text m;
#define MEMBER_BYTES(m)	      struct text m;
#define F(kind, member, role) MEMBER_##kind(member)
/* `at`: the record's ordinals in its lists, 0 = not in it. The store's own: a handler hands back
 * what it read (and zeroes for a new record), or calls store_relist. */
#define R(name, NAME, id)                                       \
	struct name {                                           \
		NAME##_FIELDS(F) uint64_t at[RECORD_LISTS_MAX]; \
	};
RECORDS(R)
#undef R
#undef F

struct tx;

struct env {
	struct instant now;	/* wall clock: validity, windows, limits */
	struct instant instant; /* max(now, newest entry's): created, order */
	uint64_t epoch;		/* of the store: part of public ids */
	int64_t from_utc8;	/* minutes that the merchant's clocks are ahead of UTC+8 */
	int64_t ahead_ms;	/* a sandbox: how far now and instant are ahead of everybody's */
	struct arena *arena;	/* lives as long as the call */
};

/* A merchant's own time, from its record. Whoever runs a command for a merchant brings it.
 *
 * `ahead_ms` moves what the handler sees, `now` and `instant` alike, and nothing else: entries and
 * heads, the newest entry's instant and the guard of the machine's clock stay at the real time. An
 * entry that was written under it says so, and its records come into their lists at the moved
 * instant, which is also what `created` shows. A write never goes by less than its merchant's
 * newest entry did: so the instants of a list never run backwards, also where a caller's copy of
 * the record is old (docs/decisions/0030). */
struct merchant_clock {
	int64_t from_utc8, ahead_ms;
};
static const int64_t AHEAD_MS_MAX = INT64_C(3650) * 24 * 3600 * 1000; /* ten years */
static inline struct merchant_clock merchant_clock_of(const struct merchant *m)
{
	return (struct merchant_clock){m->from_utc8, m->clock_ms};
}

typedef enum fault handler(struct tx *tx, const struct env *env, const void *cmd, void *ret);

/* The key members of *record are set; fills the rest. */
CHECKED enum fault store_get(struct tx *tx, enum table table, void *record, bool *ret_found);
/* The value member of *record is set; fills all of it. */
CHECKED enum fault store_find(struct tx *tx, enum unique unique, void *record, bool *ret_found);

/* A page of a list: `owner` is a record with the owner members set (NULL for OWNER0 lists). Ranks
 * count live records from 0; newest first unless oldest_first. */
struct page {
	enum list list;
	const void *owner;
	uint64_t from;
	unsigned n;
	bool oldest_first;
};
/* ret_rows: array of the list's record structs in env->arena, ret_n of them; ret_count: all there
 * are in the list. */
CHECKED enum fault store_page(struct tx *tx, const struct page *page, void *ret_rows,
			      unsigned *ret_n, uint64_t *ret_count);
CHECKED enum fault store_count(struct tx *tx, enum list list, const void *owner,
			       uint64_t *ret_count);
/* The records that came into the list at from <= instant <= to, as ranks for a NEWEST-FIRST page:
 * the first and how many. Either bound may be INSTANT_NONE. O(log^2 n). Not for WALLET. */
CHECKED enum fault store_window(struct tx *tx, enum list list, const void *owner,
				struct instant from, struct instant to, uint64_t *ret_first,
				uint64_t *ret_count);

/* New (its key is not there) or changed. Unique values must have been checked by the handler with
 * store_find (a clash is a bug). A new coupon's key member `ordinal` is set here. */
void store_put(struct tx *tx, enum table table, void *record);
/* New for certain, by a number in its key that this command got from store_number: nothing is read
 * to find that out. Not for clustered records. */
void store_add(struct tx *tx, enum table table, void *record);
/* A record that is not there: nothing. */
void store_del(struct tx *tx, enum table table, const void *record);
/* The same record under another key: lists and unique values follow. */
void store_move(struct tx *tx, enum table table, const void *old_record, void *new_record);
/* Empties the record's PERSONAL members; the caller puts it. */
void store_forget(enum table table, void *record);
/* Before a put: the record leaves `list` and comes in again as its newest. Not for WALLET. */
void store_relist(enum list list, void *record);
/* Names what the code will get soon, without waiting. Code that loops wants all its keys first.
 * store_fetches: whether that is of any use; false where all rows are at hand. */
bool store_fetches(const struct tx *tx);
void store_want(struct tx *tx, enum table table, const void *record);
void store_want_unique(struct tx *tx, enum unique unique, const void *record);
/* What a page shows, as far as it can be named by now; of a list that will be put into or counted,
 * n = 0: its state. */
void store_want_page(struct tx *tx, const struct page *page);
/* For what most often is not there: as store_get and store_find, but where the row is not at hand
 * the run goes on as if there were none, to name what it needs next. The handler must be able to
 * go on to its end with that answer. */
CHECKED enum fault store_get_guess(struct tx *tx, enum table table, void *record, bool *ret_found);
CHECKED enum fault store_find_guess(struct tx *tx, enum unique unique, void *record,
				    bool *ret_found);
/* store_page in the same way: as if the list were empty. */
CHECKED enum fault store_page_guess(struct tx *tx, const struct page *page, void *ret_rows,
				    unsigned *ret_n, uint64_t *ret_count);

/* The next number of this merchant: never given twice, 1 .. 2^32-1. */
uint64_t store_number(struct tx *tx);
/* A key slot for a new customer. A put: after all decisions. */
uint64_t store_key_slot(struct tx *tx);
/* 16 bytes in the arena: an HMAC of the parts under a key derived from the master key and bound to
 * the merchant. What stands in for personal text in keys. */
struct text store_tag(struct tx *tx, const struct text *parts, size_t n);
/* SECRET members hold sealed bytes in every record. seal before put; open after get. `about`
 * names the record and the member, so that sealed bytes are good in no other place. */
struct text store_seal(struct tx *tx, enum table table, struct text about, struct text clear);
CHECKED bool store_open_sealed(struct tx *tx, enum table table, struct text about,
			       struct text sealed, struct text *ret_clear);

/* The merchant this transaction works for. */
uint64_t store_merchant(const struct tx *tx);
/* Refuses: notes the field (and the value or limit) for the client and returns `fault`. */
enum fault refuse(struct tx *tx, enum fault fault, struct text field, struct text value);

/* The newest entry of the merchant's chain, as the transaction sees it: only where it reads. Number
 * 0: there is none. */
CHECKED enum fault store_head(struct tx *tx, uint64_t *ret_number, struct instant *ret_instant,
			      uint8_t ret_hash[32]);

/* Requests whose bucket is below `bucket`, at most n keys into the arena (for `forget`). */
CHECKED enum fault store_stale_requests(struct tx *tx, uint64_t class, uint64_t bucket, unsigned n,
					struct request *ret_rows, unsigned *ret_n);
