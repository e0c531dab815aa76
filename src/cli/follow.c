/*
 * `couponry export KIND --follow`: after the snapshot the changes, as they are accepted: a line for
 * each row that an entry of the ledger has changed, with the row as it is now. Each line says in
 * "entry" from where a reader who has read it may go on with --from: behind that entry there is
 * nothing that he has not been told, and what he is told twice is the same row again. A line with
 * an entry alone says that so far nothing else has changed.
 *
 * With --once, and where nobody else can write to the store, it ends when all was told.
 */
#include <time.h>

#include "cli/export.h"

enum { CHANGED_MAX = 256, POLL_MS = 200 };

struct changed {
	struct export *export;
	const struct merchant *merchant;
	uint64_t told; /* up to here all was told */
	struct bulk_key keys[CHANGED_MAX];
	unsigned n;
	enum fault fault;
};

static enum fault run(struct export *e, const struct merchant *merchant, handler *handle,
		      const void *cmd, void *ret)
{
	struct cli *c = e->cli;
	struct detail detail = {0};
	struct tx *tx = reader_begin(c->reader, merchant->number, &c->arena, &detail);

	reader_merchant(tx, merchant->number, merchant_clock_of(merchant));
	enum fault fault = reader_apply(c->reader, handle, cmd, ret);
	reader_end(c->reader);
	arena_reset(&c->arena);
	return fault;
}

/* --- rows --- */

static enum fault tell(struct changed *ch, uint64_t number)
{
	struct export *e = ch->export;
	char memory[64];
	struct buffer before;
	char none;

	buffer_init_fixed(&before, memory, sizeof(memory));
	buffer_format(&before, "{\"entry\":%llu,\"row\":", (unsigned long long)ch->told);
	struct bulk_changed_cmd cmd = {.kind = e->walk.kind,
				       .words = e->walk.words,
				       .keys = ch->keys,
				       .n = ch->n,
				       .before = buffer_get(&before),
				       .behind = TEXT("}\n"),
				       .out = &e->buffer};
	if (ch->n)
		TRY(run(e, ch->merchant, bulk_changed, &cmd, &none));
	ch->n = 0;
	ch->told = number;
	buffer_format(&e->buffer, "{\"entry\":%llu}\n", (unsigned long long)number);
	if (e->buffer.full)
		return FAULT_ANSWER_TOO_LARGE;
	return export_flush(e) ? OK : FAULT_FILE_UNWRITABLE;
}

static bool is_there(const struct changed *ch, const struct bulk_key *key)
{
	for (unsigned i = ch->n; i > 0; i--)
		if (ch->keys[i - 1].number == key->number && ch->keys[i - 1].of == key->of)
			return true;
	return false;
}

/* One that names more than fit is told in pieces, all before its number is. */
static bool take_entry(void *context, const struct ledger_entry *entry)
{
	struct changed *ch = context;
	struct bulk_key key;

	for (unsigned i = 0; ch->fault == OK && i < entry->image_count; i++) {
		if (!bulk_touches(ch->export->walk.kind, entry, &entry->images[i], &key) ||
		    is_there(ch, &key))
			continue;
		if (ch->n == CHANGED_MAX)
			ch->fault = tell(ch, entry->number - 1);
		ch->keys[ch->n++] = key;
	}
	return ch->fault == OK;
}

/* --- the stream --- */

enum fault follow_begin(struct export *e, const struct merchant *merchant)
{
	e->cursor.merchant = merchant->number;
	if (e->goes_on)
		return OK;
	return engine_ledger_newest(e->cli->engine, merchant->number, &e->cursor.number);
}

static bool is_gone(const struct cli *c)
{
	return c->gone && c->gone(c->gone_context);
}

/* Nobody else can write: no server around it, and no database behind it. */
static bool is_alone(const struct cli *c)
{
	return !c->inside_server && !engine_waits(c->engine);
}

enum fault follow_run(struct export *e, const struct merchant *merchant)
{
	struct changed ch = {.export = e, .merchant = merchant, .told = e->cursor.number};

	buffer_format(&e->buffer, "{\"entry\":%llu}\n", (unsigned long long)ch.told);
	if (!export_flush(e) || fflush(e->out) != 0)
		return FAULT_FILE_UNWRITABLE;
	do {
		TRY(engine_ledger_follow(e->cli->engine, &e->cursor, take_entry, &ch));
		TRY(ch.fault);
		if (ch.told != e->cursor.number)
			TRY(tell(&ch, e->cursor.number));
		if (fflush(e->out) != 0)
			return FAULT_FILE_UNWRITABLE;
		if (is_alone(e->cli) || cli_flag(e->cli, "once"))
			return OK;
		nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
	} while (!is_gone(e->cli));
	return FAULT_SHUTTING_DOWN;
}
