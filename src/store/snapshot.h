/*
 * One state of the store as rows: the active generation, the frozen one, LMDB, in this order, all
 * up to one batch. Readers, the lane and verify look through it.
 *
 * How a snapshot is taken: announce (rcu_read_lock), load the pair of generations, load the
 * published batch number, renew the LMDB transaction, load the pair again; if it moved, start
 * over. So no row is seen that is newer than the number, and none is missed.
 */
#pragma once

#include "store/rows.h"
#include "store/view.h"

/* Replaced as one; what it points to stays mapped while any snapshot that loaded it lives. */
struct generations {
	struct generation *active, *frozen; /* frozen may be NULL */
};

/* Where snapshots come from. */
struct overlay {
	_Atomic(struct generations *) pair;
	_Atomic uint64_t published; /* number of the newest batch that readers may see */
};

struct snapshot {
	struct rows rows; /* first: the verbs find the snapshot through it */
	struct overlay *overlay;
	struct view_reader view;
	struct generations pair;
	uint64_t batch;	    /* what it sees: the lane sets its own, unpublished one */
	struct stamp stamp; /* writers only: batch 0 refuses to write */
	bool blind;	    /* writers only: what is put is not looked for: generation_add */
	bool begun;
	bool keeps; /* see snapshot_rest */
};

/* The reader's transaction exists from open to close; begin and end may be on different threads
 * but a begin and its end must be on one. */
void snapshot_open(struct snapshot *s, struct overlay *o, const struct view *v);
void snapshot_close(struct snapshot *s);
void snapshot_begin(struct snapshot *s);
void snapshot_end(struct snapshot *s);
/* Whether memory, not the view, has the row of that place (together.h), deleted ones too. */
bool snapshot_has(const struct snapshot *s, struct text place);
/* With `keeps` set an end leaves the LMDB transaction open for the next begin, which takes it if
 * nothing was committed since; it pins pages of the file until this lets it go. */
void snapshot_rest(struct snapshot *s);

/* Replaces the pair without waiting; the old one goes to overlay_drop. Only one thread at a time.
 */
struct generations *overlay_change(struct overlay *o, struct generations pair);
/* Waits until no snapshot sees them, then frees; any of them may be NULL. Not inside a snapshot. */
void overlay_drop(struct generations *old, struct generations *older, struct generation *gone);
/* Memory taken by all generations. */
size_t overlay_bytes(struct overlay *o);
