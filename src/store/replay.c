/*
 * Replaying the ledger. All versions of one generation carry one stamp, so that a row written often
 * is kept once; nobody reads between the batches.
 */
#include "store/replay.h"

#include "base/varint.h"
#include "store/file.h"

enum { PROGRESS_EVERY = 1024 };

static struct head *head_of(struct replay *r, uint64_t merchant)
{
	bool fresh;
	struct head *head = heads_at(&r->heads, merchant, &fresh);
	/* Not met yet: then the view's head is the one at the position. */
	if (fresh)
		(void)head_read(&r->snapshot.rows, merchant, head);
	return head;
}

static void begin(struct replay *r)
{
	snapshot_begin(&r->snapshot);
	r->snapshot.batch = UINT64_MAX;
	/* Readers that come later see all of it. */
	r->snapshot.stamp.batch = 1;
}

static enum fault apply_entry(struct replay *r, const struct batch *b, struct text entry)
{
	uint64_t merchant, number;
	struct instant instant;
	struct text actor;
	unsigned command;
	r->snapshot.stamp.command = ++r->command;
	if (entry_envelope(entry, &merchant, &number, &instant, &actor, &command)) {
		struct head *head = head_of(r, merchant);
		if (entry_apply(&r->snapshot.rows, r->keys, entry, head, head)) {
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

static void feed(struct replay *r)
{
	struct generation *full = r->snapshot.pair.active;
	struct generation *fresh = generation_open(r->overlay_bytes);
	if (!fresh)
		return;
	snapshot_end(&r->snapshot);
	if (r->slots)
		r->position.slots = atomic_load(r->slots);
	r->feed_fault = view_feed(r->view, full, &r->position);
	if (r->feed_fault == OK) {
		r->fed = r->position.place.batch;
		overlay_drop(overlay_change(r->overlay, (struct generations){fresh, NULL}), NULL,
			     full);
	} else {
		generation_close(fresh);
	}
	begin(r);
}

static enum fault make_room(struct replay *r)
{
	const struct generation *active = r->snapshot.pair.active;
	if (r->feed_bytes && r->feed_fault == OK && generation_bytes(active) >= r->feed_bytes)
		feed(r);
	/* Fed or not: past the reserved space there is nothing left to do. */
	active = r->snapshot.pair.active;
	if (atomic_load(&active->used) <= active->reserved / 4 * 3)
		return OK;
	r->why = text_print(
	    "the ledger's tail does not fit into memory, and the view cannot be written");
	return FAULT_DISK_FULL;
}

static enum fault apply_batch(void *context, const struct batch *b)
{
	struct replay *r = context;
	struct text body = b->body, entry;
	uint32_t count = 0;
	while (body.size > 0) {
		if (!slice_take(&body, &entry))
			break;
		TRY(apply_entry(r, b, entry));
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
	enum fault fault =
	    ledger_walk(r->ledger, r->position.place, until, apply_batch, r, &end, &damage);
	if (fault == FAULT_DATA_DAMAGED && !r->why) {
		/* A torn tail that was left alone: read_only. */
		if (damage.torn)
			fault = OK;
		else
			r->why = ledger_damage_text(&damage);
	}
	r->merchants = r->heads.used;
	snapshot_end(&r->snapshot);
	return fault;
}

enum fault replay_feed(struct replay *r)
{
	if (r->fed < r->position.place.batch) {
		begin(r);
		feed(r);
		snapshot_end(&r->snapshot);
	}
	return r->feed_fault;
}

void replay_release(struct replay *r)
{
	snapshot_close(&r->snapshot);
	heads_release(&r->heads);
}
