/*
 * Rows that are fetched from elsewhere: a cache of what was loaded, and on top of it what a batch
 * writes. The engine-neutral half of an engine whose rows are not at hand.
 *
 * A row is ABSENT or THERE once it was loaded; before that a get of it is a miss. What a miss does:
 *
 *   `load` is set     everything wanted is loaded at once, and the get goes on: reads
 *   `hints` knows it  the row reads as it is there, rows.guessed is set, the run goes on;
 *                     hints_hold: it is as it is there, and no miss
 *   rows.guess        the row reads as absent, rows.guessed is set, the run goes on
 *   else              the run ends: loaded_try returns false (rows.h, rounds.h)
 *
 *   loaded_init -> { loaded_try .. -> loaded_set for what is wanted } -> loaded_clear .. -> release
 *
 * Writes are kept apart from what was loaded, with a journal, so that one command's or a whole
 * round's can be taken back. A value that was got stays where it is until loaded_clear.
 */
#pragma once

#include "base/arena.h"
#include "base/fault.h"
#include "store/rows.h"

#include <setjmp.h>

/* What one batch or one read may hold: a command that writes is bounded by ENTRY_BYTES_MAX, a read
 * by its answer; this is for what goes wrong. */
enum { LOADED_BYTES_MAX = 512 * 1024 * 1024 };

struct loaded_row;
struct loaded_step;
/* What is known of a row as it was before anything was written. */
enum loaded_state { LOADED_UNKNOWN, LOADED_ABSENT, LOADED_THERE };
/* Rows of one prefix in key order, from `from` on (exclusive) to `to`, or to the end. */
struct loaded_scan {
	struct text prefix, from, to;
	bool known, wanted, ended;
	uint32_t *rows; /* their places, in key order */
	uint32_t count, capacity;
};

struct loaded {
	struct rows rows; /* first: the verbs find the cache through it */
	/* Loads what is wanted: loaded_wanted, loaded_set. NULL: a miss ends the run. */
	enum fault (*load)(struct loaded *l, void *context);
	void *context;
	enum fault fault; /* why a load failed: the run was ended */
	/* Another cache whose rows are most likely these ones too, or NULL: so a first round comes
	 * further, and names more. It must stay as it is for as long. */
	const struct loaded *hints;
	/* They are for certain, whatever is loaded: what is written there, and what the ledger of
	 * the merchant says. */
	bool hints_hold;
	uint64_t merchant;
	/* The merchant's first number that is not given yet, or 0: not known. Rows of a customer
	 * who is to have it, or a later one, are absent. */
	uint64_t next_number;
	/* its own */
	struct arena kept, written; /* what was loaded; what this round wrote */
	struct loaded_row *table;
	uint32_t count, capacity;
	uint32_t *slots;
	uint32_t slot_count;
	struct text *wanted; /* keys to be loaded */
	uint32_t wanted_count, wanted_capacity;
	uint32_t *changed; /* rows written in this round */
	uint32_t changed_count, changed_capacity;
	struct loaded_step *steps; /* the journal */
	uint32_t step_count, step_capacity;
	struct loaded_scan scan;
	jmp_buf *end; /* where a run ends; NULL: none is running */
};

void loaded_init(struct loaded *l);
void loaded_release(struct loaded *l);
/* Forgets everything; keeps the tables' memory. */
void loaded_clear(struct loaded *l);

/* Runs something over the rows. false: a miss (or a load that failed: l->fault) ended it, somewhere
 * inside a verb: it must not own anything but memory of arenas. Not nested. */
CHECKED bool loaded_try(struct loaded *l, void (*run)(void *context), void *context);

/* --- loading --- */

/* What was wanted or missed since the last load; they live until the next loaded_set. */
const struct text *loaded_wanted(const struct loaded *l, size_t *ret_n);
/* A scan is wanted: rows with prefix and key > from are to be set in order (loaded_scanned), at
 * most LOADED_SCAN_ROWS. NULL: none. */
enum { LOADED_SCAN_ROWS = 1000 };
const struct loaded_scan *loaded_wants_scan(const struct loaded *l);
/* A row as it is; NULL: absent. Rows that nobody asked for are welcome. */
void loaded_set(struct loaded *l, struct text key, const struct text *value);
/* Instead of what was set before: nobody may hold a slice of that. */
void loaded_replace(struct loaded *l, struct text key, const struct text *value);
/* The same, as the next row of the wanted scan. */
void loaded_scanned(struct loaded *l, struct text key, struct text value);
/* All that was wanted has been set. `rows`: of the scan; fewer than asked for means its end. */
void loaded_filled(struct loaded *l);

/* --- writing --- */

/* A new round: all writes are taken back, nothing is guessed. */
void loaded_round(struct loaded *l);
/* Takes back what was written after the mark. */
uint32_t loaded_mark(const struct loaded *l);
void loaded_undo(struct loaded *l, uint32_t mark);
/* The i-th row that this round wrote, each once; *ret_gone: it was deleted. */
size_t loaded_changes(const struct loaded *l);
void loaded_change(const struct loaded *l, size_t i, struct text *ret_key, struct text *ret_value,
		   bool *ret_gone);
/* What that row was before; lives as long as what was loaded. */
enum loaded_state loaded_change_was(const struct loaded *l, size_t i, const struct text **ret);
