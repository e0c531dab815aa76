/*
 * One merchant's entries from some number on, out of the ledger's files. Where a reader begins in
 * the middle, the segment is found by bisection: numbers of a merchant only grow from segment to
 * segment. From then on the cursor knows its place.
 */
#include "store/entry.h"
#include "store/parts.h"

enum { FOLLOW_ARENA_BYTES = 64 * 1024 * 1024 };

static struct place place_get(const struct ledger_cursor *c)
{
	return (struct place){.batch = c->place[0],
			      .segment = (uint32_t)(c->place[1] >> 32),
			      .offset = (uint32_t)c->place[1],
			      .checksum = c->place[2],
			      .wall = {(int64_t)c->place[3]}};
}

static void place_set(struct ledger_cursor *c, const struct place *p)
{
	c->place[0] = p->batch;
	c->place[1] = (uint64_t)p->segment << 32 | p->offset;
	c->place[2] = p->checksum;
	c->place[3] = (uint64_t)p->wall.ms;
}

/* --- the segment to begin in --- */

struct probe {
	uint64_t merchant, number; /* number: of its first entry in the segment; 0: it has none */
	uint32_t segment;
};

static enum fault probe_batch(void *context, const struct batch *b)
{
	struct probe *p = context;
	struct text body = b->body, entry;
	if (b->after.segment != p->segment)
		return FAULT_BUSY; /* any fault ends the walk */
	while (body.size) {
		struct entry_envelope e;
		if (!slice_take(&body, &entry) || !entry_envelope_take(&entry, &e))
			return FAULT_DATA_DAMAGED;
		if (e.merchant != p->merchant)
			continue;
		p->number = e.number;
		return FAULT_BUSY;
	}
	return OK;
}

static bool has_batches(struct engine *e, uint32_t segment, struct place *ret)
{
	return ledger_segment_start(&e->ledger, segment, ret) == OK;
}

static enum fault probe_segment(struct engine *e, uint32_t segment, uint64_t until,
				struct probe *ret)
{
	struct ledger_damage damage;
	struct place start, end;
	ret->segment = segment;
	ret->number = 0;
	if (!has_batches(e, segment, &start) || start.batch >= until)
		return OK;
	enum fault fault = ledger_walk(&e->ledger, start, until, probe_batch, ret, &end, &damage);
	return fault == FAULT_BUSY ? OK : fault;
}

static uint32_t last_segment(struct engine *e)
{
	uint32_t low = 1, high = 2;
	struct place unused;
	for (; has_batches(e, high, &unused); high *= 2)
		low = high;
	while (low + 1 < high) {
		uint32_t middle = low + (high - low) / 2;
		if (has_batches(e, middle, &unused))
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The last segment whose first entry of the merchant is not behind the cursor's. Where some have
 * none, they are passed over; where all to the end have none, it lies before. */
static enum fault find_place(struct engine *e, uint64_t until, const struct ledger_cursor *c,
			     struct place *ret)
{
	struct probe probe = {.merchant = c->merchant};
	uint32_t low = 1, high = last_segment(e);
	*ret = (struct place){0};
	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2, at = middle;
		for (probe.number = 0; !probe.number && at <= high; at++)
			TRY(probe_segment(e, at, until, &probe));
		if (probe.number && probe.number <= c->number + 1)
			low = at - 1;
		else
			high = middle - 1;
	}
	return low > 1 && !has_batches(e, low, ret) ? FAULT_DATA_DAMAGED : OK;
}

/* --- from there --- */

struct follow {
	struct arena arena;
	struct ledger_cursor *cursor;
	bool (*see)(void *context, const struct ledger_entry *entry);
	void *context;
	bool stopped;
};

static enum fault follow_entry(struct follow *f, struct text entry, uint64_t batch)
{
	struct ledger_entry shown = {0};
	struct entry_envelope e;
	struct text rest = entry;
	if (!entry_envelope_take(&rest, &e))
		return FAULT_DATA_DAMAGED;
	if (e.merchant != f->cursor->merchant || e.number <= f->cursor->number)
		return OK;
	arena_reset(&f->arena);
	if (e.number != f->cursor->number + 1 || !entry_describe(&f->arena, entry, &shown))
		return FAULT_DATA_DAMAGED;
	shown.batch = batch;
	f->stopped = !f->see(f->context, &shown);
	f->cursor->number = e.number;
	return OK;
}

static enum fault follow_batch(void *context, const struct batch *b)
{
	struct follow *f = context;
	struct text body = b->body, entry;
	while (!f->stopped && body.size > 0) {
		if (!slice_take(&body, &entry))
			return FAULT_DATA_DAMAGED;
		TRY(follow_entry(f, entry, b->after.batch));
	}
	if (body.size == 0)
		place_set(f->cursor, &b->after);
	return f->stopped ? FAULT_BUSY : OK; /* any fault ends the walk */
}

enum fault embedded_follow(struct engine *e, struct ledger_cursor *cursor,
			   bool (*see)(void *context, const struct ledger_entry *entry),
			   void *context)
{
	struct follow f = {.cursor = cursor, .see = see, .context = context};
	uint64_t until = atomic_load(&e->overlay.published);
	struct place from = place_get(cursor), end;
	struct ledger_damage damage;
	if (!from.batch && cursor->number)
		TRY(find_place(e, until, cursor, &from));
	if (from.batch >= until)
		return OK;
	arena_init(&f.arena, FOLLOW_ARENA_BYTES);
	enum fault fault = ledger_walk(&e->ledger, from, until, follow_batch, &f, &end, &damage);
	arena_release(&f.arena);
	return f.stopped ? OK : fault;
}

enum fault embedded_newest(struct engine *e, uint64_t merchant, uint64_t *ret_number)
{
	struct reader *reader = reader_open(e);
	struct detail detail = {0};
	struct arena arena;
	struct head head;
	arena_init(&arena, FOLLOW_ARENA_BYTES);
	struct tx *tx = reader_begin(reader, merchant, &arena, &detail);
	(void)head_read(tx->rows, merchant, &head);
	*ret_number = head.number;
	reader_end(reader);
	reader_close(reader);
	arena_release(&arena);
	return OK;
}
