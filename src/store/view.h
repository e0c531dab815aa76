/*
 * The view: one LMDB file, DIR/view/data.mdb, that holds all rows up to a position in the ledger.
 * Only the feeder writes it, in synced transactions; the position moves in the last transaction of
 * a generation, together with the merchants' heads. A crash between two transactions leaves rows
 * that are newer than the position: replaying the ledger's tail from there, blind as it is, writes
 * the same rows again.
 */
#pragma once

#include "base/fault.h"
#include "store/ledger.h"
#include "store/overlay.h"
#include "store/tree.h"

#include <lmdb.h>

/* How far the view is, and what replay cannot know from the rows. */
struct position {
	struct place place;
	struct instant newest; /* of all entries */
};

enum { FEED_PAGES_MAX = 4096 }; /* dirty pages of a transaction: LMDB never gives them back */

struct view {
	MDB_env *env;
	MDB_dbi rows;
	_Atomic uint64_t commits; /* of this process: says whether a reader's transaction is old */
	bool temporary;		  /* verify's: not synced */
	unsigned feed_pages;
};

struct view_config {
	bool read_only, temporary;
	unsigned feed_pages; /* 0: FEED_PAGES_MAX */
};
/* `path` is a folder that exists. On a fault *ret_why is set. */
CHECKED enum fault view_open(struct view *v, const char *path, struct view_config config,
			     char **ret_why);
void view_close(struct view *v);
/* An empty one in a folder of that name, which is made, and emptied where it is there. */
CHECKED enum fault view_create(const char *path, char **ret_why);

/* Puts a frozen generation into the file and moves the position: DISK_FULL or FILE_UNWRITABLE when
 * it could not; then call again later, with the same generation. It fills the pages that the last
 * one freed, a quarter of the file at most, and its own where there is no room for more. */
CHECKED enum fault view_feed(struct view *v, const struct generation *g,
			     const struct position *position);
/* The same where its rows are sorted already (generation_sort). */
CHECKED enum fault view_feed_sorted(struct view *v, const struct sorted *rows, size_t count,
				    const struct position *position);
/* No row is left: the ledger has them all. */
CHECKED enum fault view_clear(struct view *v);
/* Only the position. */
CHECKED enum fault view_mark(struct view *v, const struct position *position);

/* Writes the file anew without its free pages, in which old rows may still stand, and closes the
 * view. `path`: its folder; the copy is made in PATH.new. Nobody reads it and nobody feeds. */
CHECKED enum fault view_compact(struct view *v, const char *path, char **ret_why);
/* Removes what a compaction that was cut off left. */
void view_compact_end(const char *path);

/* One reader's transaction, kept and renewed. Rows are looked up in the tree; where that cannot be
 * read, and for going from row to row, there is LMDB's cursor. */
struct view_reader {
	const struct view *view;
	MDB_txn *txn;
	bool begun;
	uint64_t commits;   /* view->commits before the transaction began */
	bool ready;	    /* the cursor belongs to this transaction */
	MDB_cursor *cursor; /* NULL: not used yet */
	struct tree tree;
};
void view_reader_open(struct view_reader *r, const struct view *v); /* begun */
void view_reader_close(struct view_reader *r);
void view_reader_reset(struct view_reader *r);
/* To the newest commit: does nothing when the transaction is begun and sees it already. */
void view_reader_renew(struct view_reader *r);
bool view_get(struct view_reader *r, struct text key, struct text *ret_value);
/* The first row with key >= `key`, or > when `after`. The position's own row is never shown. */
bool view_next(struct view_reader *r, struct text key, bool after, struct text *ret_key,
	       struct text *ret_value);
/* False: the view is empty. */
bool view_position(struct view_reader *r, struct position *ret);
