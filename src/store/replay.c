/*
 * Replaying the ledger. All versions of one generation carry one stamp, so that a row written often
 * is kept once; nobody reads between the batches.
 *
 * Three threads share the work: one reads, checks and hashes (ahead.h), this one makes rows and
 * sorts them, and a third brings them into the view.
 *
 *   active   is filled, and sorted when it is      -> frozen, when the one before it is gone
 *            large
 *   frozen   a thread feeds it, while we go on     -> gone, or one with the active one again, when
 *            in the next                              the view cannot be written
 */
#include "store/replay.h"

#include "base/varint.h"
#include "base/file.h"
#include "store/ahead.h"

enum { PROGRESS_EVERY = 1024 };

static struct head *head_of(struct replay *r, uint64_t merchant)
{
	bool fresh;
	struct head *head = heads_at(&r->heads, merchant, &fresh);
	/* Not met yet: then the view's head is the one at the position. */
	if (fresh) {
		view_reader_renew(&r->snapshot.view);
		(void)head_read(&r->snapshot.rows, merchant, head);
		view_reader_reset(&r->snapshot.view);
	}
	return head;
}

static void begin(struct replay *r)
{
	snapshot_begin(&r->snapshot);
	r->snapshot.batch = UINT64_MAX;
	/* Readers that come later see all of it. */
	r->snapshot.stamp.batch = 1;
	/* Where rows stay in memory they are looked for, and nothing is kept twice. */
	r->snapshot.blind = r->feed_bytes && r->feed_fault == OK;
	/* Only heads are read: between them no page is held that the feeding could use again. */
	view_reader_reset(&r->snapshot.view);
}

static enum fault apply_entry(struct replay *r, const struct batch *b, struct text entry,
			      const uint8_t hash[32])
{
	uint64_t merchant, number;
	struct instant instant;
	struct text actor;
	unsigned command;
	r->snapshot.stamp.command = ++r->command;
	if (entry_envelope(entry, &merchant, &number, &instant, &actor, &command)) {
		struct head *head = head_of(r, merchant);
		if (entry_apply_hashed(&r->snapshot.rows, r->keys, entry, hash, head)) {
			if (instant.ms > r->position.newest.ms)
				r->position.newest = instant;
			r->entries++;
			return OK;
		}
	}
	r->why = text_print(
	    "batch %llu, in ledger segment %06u.seg before offset %u, has an entry that does "
	    "not follow the one before",
	    (unsigned long long)b->after.batch, b->after.segment, b->after.offset);
	return FAULT_DATA_DAMAGED;
}

/* ---- feeding ---- */

static void *feed_main(void *context)
{
	struct replay *r = context;
	r->thread_fault = view_feed_sorted(r->view, r->sorted, r->sorted_count, &r->full_position);
	generation_unsort(r->sorted, r->sorted_count);
	return NULL;
}

/* Of the active generation, whose rows those are. */
static void feed_begin(struct replay *r, struct sorted *rows, size_t count)
{
	struct generation *full = r->snapshot.pair.active;
	struct generation *fresh = r->spare ? r->spare : generation_open(r->overlay_bytes);
	if (!fresh) {
		generation_unsort(rows, count);
		return;
	}
	r->spare = NULL;
	r->sorted = rows;
	r->sorted_count = count;
	snapshot_end(&r->snapshot);
	r->old_pair = overlay_change(r->overlay, (struct generations){fresh, full});
	begin(r);
	r->full_position = r->position;
	r->feeding = true;
	must(pthread_create(&r->thread, NULL, feed_main, r) == 0);
}

/* What came since goes to what could not be fed: there is one generation again. */
static void take_back(struct generation *full, struct generation *since, struct stamp stamp)
{
	size_t count;
	struct sorted *rows = generation_sort(since, &count);
	must(rows);
	generation_index(full);
	for (size_t i = 0; i < count; i++) {
		const struct version *v = atomic_load(&rows[i].row->newest);
		struct text value = {v->data, v->size};
		bool there = v->size != VERSION_DELETED;
		must(generation_set(full, stamp, row_key(rows[i].row), there ? &value : NULL));
	}
	generation_unsort(rows, count);
}

static void feed_end(struct replay *r)
{
	struct generations pair = r->snapshot.pair, *old = r->old_pair;
	pthread_join(r->thread, NULL);
	r->feeding = false;
	r->feed_fault = r->thread_fault;
	if (r->feed_fault == OK)
		r->fed = r->full_position.place.batch;
	else
		take_back(pair.frozen, pair.active, r->snapshot.stamp);
	struct generation *stays = r->feed_fault == OK ? pair.active : pair.frozen;
	struct generation *gone = r->feed_fault == OK ? pair.frozen : pair.active;
	snapshot_end(&r->snapshot);
	overlay_drop(overlay_change(r->overlay, (struct generations){stays, NULL}), old, NULL);
	generation_clear(gone);
	r->spare = gone;
	begin(r);
}

/* Sorted while the one before it is on its way; without memory for that it grows. */
static void feed_active(struct replay *r)
{
	size_t count;
	struct sorted *rows = generation_sort(r->snapshot.pair.active, &count);
	if (r->feeding)
		feed_end(r);
	if (rows && r->feed_fault == OK)
		feed_begin(r, rows, count);
	else if (rows)
		generation_unsort(rows, count);
	/* Without LMDB's lock file nobody may read beside it. */
	if (r->feeding && r->view->temporary)
		feed_end(r);
}

static enum fault make_room(struct replay *r)
{
	if (r->feed_fault == OK && r->feed_bytes &&
	    generation_bytes(r->snapshot.pair.active) >= r->feed_bytes)
		feed_active(r);
	/* Fed or not: past the reserved space there is nothing left to do. */
	const struct generation *active = r->snapshot.pair.active;
	if (atomic_load(&active->used) <= active->reserved / 4 * 3)
		return OK;
	r->why = text_print(
	    "the ledger's tail does not fit into memory, and the view cannot be written");
	return FAULT_DISK_FULL;
}

static enum fault apply_batch(void *context, const struct batch *b, const uint8_t (*hashes)[32])
{
	struct replay *r = context;
	struct text body = b->body, entry;
	uint32_t count = 0;
	while (body.size > 0) {
		if (!slice_take(&body, &entry))
			break;
		TRY(apply_entry(r, b, entry, hashes[count]));
		count++;
	}
	if (body.size > 0 || count != b->count) {
		r->why = text_print("batch %llu does not hold what its header says",
				    (unsigned long long)b->after.batch);
		return FAULT_DATA_DAMAGED;
	}
	r->position.place = b->after;
	r->content = count ? b->after.batch : r->content;
	r->batches++;
	if (r->progress && r->batches % PROGRESS_EVERY == 0)
		r->progress(r->context, b->after.batch, r->all);
	return make_room(r);
}

enum fault replay_run(struct replay *r, uint64_t until)
{
	struct ledger_damage damage;
	struct place end;
	snapshot_open(&r->snapshot, r->overlay, r->view);
	begin(r);
	struct ahead ahead = {.ledger = r->ledger,
			      .view = r->position.place.batch ? r->view : NULL,
			      .from = r->position.place,
			      .until = until,
			      .see = apply_batch,
			      .context = r};
	enum fault fault = ahead_walk(&ahead, &end, &damage);
	if (fault == FAULT_DATA_DAMAGED && !r->why) {
		/* A torn tail that was left alone: read_only. */
		if (damage.torn)
			fault = OK;
		else
			r->why = ledger_damage_text(&damage);
	}
	r->merchants = r->heads.used;
	if (r->feeding)
		feed_end(r);
	generation_index(r->snapshot.pair.active);
	snapshot_end(&r->snapshot);
	return fault;
}

enum fault replay_feed(struct replay *r)
{
	if (r->fed < r->position.place.batch) {
		begin(r);
		feed_active(r);
		if (r->feeding)
			feed_end(r);
		snapshot_end(&r->snapshot);
	}
	return r->feed_fault;
}

void replay_release(struct replay *r)
{
	snapshot_close(&r->snapshot);
	if (r->spare)
		generation_close(r->spare);
	heads_release(&r->heads);
}
