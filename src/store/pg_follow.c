/* One merchant's entries from some number on: see engine.h. */
#include "store/entry.h"
#include "store/pg_engine.h"
#include "store/pg_link.h"

enum { SHOWN_BYTES_MAX = 64 * 1024 * 1024 };

struct following {
	struct arena arena;
	struct ledger_cursor *cursor;
	bool (*see)(void *context, const struct ledger_entry *entry);
	void *context;
	unsigned seen; /* of this slice */
	bool stopped;
	enum fault fault;
};

/* Behind the merchant's entries come others'. */
static bool follow_entry(void *context, const struct pg_entry *entry)
{
	struct following *f = context;
	struct ledger_entry shown = {0};
	if (entry->merchant != f->cursor->merchant)
		return false;
	arena_reset(&f->arena);
	if (!entry_describe(&f->arena, entry->bytes, &shown) ||
	    shown.number != f->cursor->number + 1) {
		f->fault = FAULT_DATA_DAMAGED;
		return false;
	}
	memcpy(shown.hash, entry->hash, sizeof(shown.hash));
	f->seen++;
	f->stopped = !f->see(f->context, &shown);
	f->cursor->number = shown.number;
	return !f->stopped;
}

static enum fault follow_slices(struct pg *p, struct following *f)
{
	enum { FOLLOW_SLICE = 1000 };
	do {
		struct pg_entries slice = {f->cursor->merchant, f->cursor->number, FOLLOW_SLICE,
					   follow_entry, f};
		f->seen = 0;
		TRY(pg_read_entries(p, &slice));
	} while (f->fault == OK && !f->stopped && f->seen == FOLLOW_SLICE);
	return f->fault;
}

enum fault pg_ledger_follow(struct engine *e, struct ledger_cursor *cursor,
			    bool (*see)(void *context, const struct ledger_entry *entry),
			    void *context)
{
	struct following f = {.cursor = cursor, .see = see, .context = context};
	struct pg *p = NULL;
	arena_init(&f.arena, SHOWN_BYTES_MAX);
	enum fault fault = pg_engine_connect(pg_engine_of(e), &p);
	if (fault == OK)
		fault = pg_begin_read(p);
	if (fault == OK)
		fault = follow_slices(p, &f);
	if (p) {
		pg_rollback(p);
		pg_close(p);
	}
	arena_release(&f.arena);
	return fault;
}

enum fault pg_ledger_newest(struct engine *e, uint64_t merchant, uint64_t *ret_number)
{
	struct link_values v;
	struct pg *p = NULL;
	bool there = false;
	int64_t number = 0;
	enum fault fault = pg_engine_connect(pg_engine_of(e), &p);
	if (fault == OK) {
		values_begin(&v, merchant);
		fault = link_ask(p, STATEMENT_NEWEST_ENTRY, &v, &there, &number);
	}
	if (p)
		pg_close(p);
	*ret_number = there ? (uint64_t)number : 0;
	return fault;
}
