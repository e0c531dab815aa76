/*
 * `couponry export`: the files of import and some that are export only, oldest first, in slices,
 * each from the newest state, so that a long export holds up nobody. Rows go into a buffer of our
 * own and from there to the file: no more of them is in memory, however many there are.
 */
#include "bulk/bulk.h"
#include "dialect/dialect.h"

#include <errno.h>

#include "cli/export.h"

enum {
	FLUSH_BYTES = 256 * 1024,
	SLICE_BYTES_MAX = 256 * 1024 * 1024, /* a slice of the longest rows */
};

bool export_flush(struct export *e)
{
	bool good =
	    !e->buffer.size || fwrite(e->buffer.data, 1, e->buffer.size, e->out) == e->buffer.size;
	buffer_clear(&e->buffer);
	return good;
}

static enum fault read_command(void *context, enum command command, const void *cmd, void *ret)
{
	struct export *e = context;
	return reader_apply(e->cli->reader, command_get(command)->handle, cmd, ret);
}

static enum fault slice(struct export *e, const struct merchant *merchant)
{
	struct cli *c = e->cli;
	struct detail detail = {0};
	struct tx *tx = reader_begin(c->reader, merchant->number, &c->arena, &detail);

	reader_merchant(tx, merchant->number, merchant_clock_of(merchant));
	enum fault fault = bulk_slice(&e->walk, &e->buffer);
	reader_end(c->reader);
	arena_reset(&c->arena);
	if (fault == OK && e->buffer.full)
		fault = FAULT_ANSWER_TOO_LARGE;
	return fault;
}

static enum fault slices(struct export *e, const struct merchant *merchant)
{
	struct cli *c = e->cli;
	const struct bulk_walk *w = &e->walk;

	bulk_write_header(&e->buffer, w->kind, w->format);
	while (!w->end) {
		TRY(slice(e, merchant));
		if (e->buffer.size >= FLUSH_BYTES && !export_flush(e))
			return FAULT_FILE_UNWRITABLE;
		if (c->gone && c->gone(c->gone_context))
			return FAULT_SHUTTING_DOWN;
		if (e->out != c->out)
			cli_progress_rows(c, w->kind->name, w->end ? 1 : w->done,
					  w->end ? 1 : w->count, w->rows);
	}
	return export_flush(e) ? OK : FAULT_FILE_UNWRITABLE;
}

static int options_read(struct cli *c, struct export *e)
{
	const char *from = cli_option(c, "from");

	if (c->word_count < 1 || c->word_count > 2)
		return cli_usage(c, "export wants a kind and perhaps a file");
	int bad = cli_bulk_words(c, false, &e->walk.kind, &e->walk.format);
	if (bad)
		return bad;
	e->follows = cli_flag(c, "follow");
	if (from && (!e->follows || !text_to_uint64(text_of(from), &e->cursor.number)))
		return cli_usage(c, "--from is the number of a ledger entry, with --follow");
	e->goes_on = from != NULL;
	if (!e->follows)
		return cli_flag(c, "once") ? cli_usage(c, "--once goes with --follow") : 0;
	if (!bulk_kind_can_be_followed(e->walk.kind))
		return cli_usage(c, "%s cannot be followed", e->walk.kind->name);
	if (e->walk.format == BULK_CSV && cli_option(c, "format"))
		return cli_usage(c, "what follows is NDJSON");
	e->walk.format = BULK_FOLLOWED;
	return 0;
}

static enum fault export_all(struct export *e, const struct merchant *merchant)
{
	if (!e->follows)
		return slices(e, merchant);
	TRY(follow_begin(e, merchant));
	if (!e->goes_on)
		TRY(slices(e, merchant));
	return follow_run(e, merchant);
}

int cli_export(struct cli *c)
{
	struct export e = {.cli = c, .out = c->out};
	struct merchant merchant;
	int bad = options_read(c, &e);

	if (bad)
		return bad;
	enum fault fault = cli_merchant(c, &merchant);
	if (fault != OK)
		return cli_failed(c, fault, NULL);
	if (c->word_count == 2 && !(e.out = fopen(c->words[1], "we")))
		return cli_failed(c, FAULT_FILE_UNWRITABLE, c->words[1]);
	e.walk.words = &native_rows;
	e.walk.arena = &c->arena;
	e.walk.read = read_command;
	e.walk.context = &e;
	buffer_init(&e.buffer, SLICE_BYTES_MAX);
	fault = export_all(&e, &merchant);
	buffer_release(&e.buffer);
	bool written = fflush(e.out) == 0 && !ferror(e.out);
	if (e.out != c->out)
		written = fclose(e.out) == 0 && written;
	if (fault == OK && !written)
		fault = FAULT_FILE_UNWRITABLE;
	return fault == OK ? 0 : cli_failed(c, fault, c->word_count == 2 ? c->words[1] : NULL);
}
