/*
 * Replaying the ledger. All versions of one generation carry one stamp, so that a row written often
 * is kept once; nobody reads between the batches.
 */
#include "store/replay.h"

#include "base/varint.h"
#include "store/file.h"

enum { PROGRESS_EVERY = 1024, HEADS_MIN = 64 };

struct heads_slot {
	uint64_t merchant;
	bool used;
	struct head head;
};

/* ---- heads: merchant -> head, open addressing ---- */

static struct heads_slot *find_slot(struct heads_slot *slots, size_t size, uint64_t merchant)
{
	size_t at = (size_t)(merchant * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (size - 1);
	while (slots[at].used && slots[at].merchant != merchant)
		at = (at + 1) & (size - 1);
	return &slots[at];
}

static void grow_heads(struct replay *r)
{
	size_t size = r->heads_size ? r->heads_size * 2 : HEADS_MIN;
	struct heads_slot *slots = calloc(size, sizeof(*slots));
	must(slots);
	for (size_t i = 0; i < r->heads_size; i++)
		if (r->heads[i].used)
			*find_slot(slots, size, r->heads[i].merchant) = r->heads[i];
	free(r->heads);
	r->heads = slots;
	r->heads_size = size;
}

static struct head *head_of(struct replay *r, uint64_t merchant)
{
	if (r->heads_used * 2 >= r->heads_size)
		grow_heads(r);
	struct heads_slot *slot = find_slot(r->heads, r->heads_size, merchant);
	if (!slot->used) {
		*slot = (struct heads_slot){.merchant = merchant, .used = true};
		r->heads_used++;
		/* Not met yet: then the view's head is the one at the position. */
		(void)head_read(&r->snapshot.rows, merchant, &slot->head);
	}
	return &slot->head;
}

void replay_heads(const struct replay *r, void (*see)(void *context, uint64_t merchant, const struct head *head),
		  void *context)
{
	for (size_t i = 0; i < r->heads_size; i++)
		if (r->heads[i].used)
			see(context, r->heads[i].merchant, &r->heads[i].head);
}

/* ---- applying ---- */

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
	r->why = text_print("batch %llu, in ledger segment %06u.seg before offset %u, has an entry that does "
			    "not follow the one before", (unsigned long long)b->after.batch,
			    b->after.segment, b->after.offset);
	return FAULT_DATA_DAMAGED;
}

static void feed(struct replay *r)
{
	struct generation *full = r->snapshot.pair.active;
	struct generation *fresh = generation_open(r->overlay_bytes);
	if (!fresh)
		return;
	snapshot_end(&r->snapshot);
	r->feed_fault = view_feed(r->view, full, &r->position);
	if (r->feed_fault == OK) {
		r->fed = r->position.place.batch;
		overlay_drop(overlay_change(r->overlay, (struct generations){fresh, NULL}), full);
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
	r->why = text_print("the ledger's tail does not fit into memory, and the view cannot be written");
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
		r->why = text_print("batch %llu does not hold what its header says", (unsigned long long)b->after.batch);
		return FAULT_DATA_DAMAGED;
	}
	r->position.place = b->after;
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
	enum fault fault = ledger_walk(r->ledger, r->position.place, until, apply_batch, r, &end, &damage);
	if (fault == FAULT_DATA_DAMAGED && !r->why) {
		/* A torn tail that was left alone: read_only. */
		if (damage.torn)
			fault = OK;
		else
			r->why = ledger_damage_text(&damage);
	}
	r->merchants = r->heads_used;
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
	free(r->heads);
	r->heads = NULL;
}
