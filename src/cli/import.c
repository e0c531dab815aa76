/*
 * `couponry import`: rows of a CSV or NDJSON file become commands, in the file's order, up to
 * IMPORT_WINDOW under way at once (the lane makes many durable with one flush). A row that is
 * refused goes to FILE.refused.csv (.ndjson) with its line and reason; the others stand. Nothing is
 * kept but the window, so a file may be of any length.
 *
 *   slot: DONE --row read--> SENT --lane's done--> DONE --collected in the file's order--> free
 *                            SENT --we wait for it--> AWAITED --lane's done, wakes us--> DONE
 */
#include "base/json.h"
#include "bulk/bulk.h"
#include "dialect/dialect.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"

enum {
	IMPORT_WINDOW = 1024,
	IMPORT_STRETCH = 128, /* rows that are waited for at once */
	SLOT_BYTES = 4096,
	PROGRESS_EVERY = 4096,
	UTF8_SIZE_MAX = 4,
};

enum row_state { SENT, AWAITED, DONE };
struct import;
struct slot {
	struct import *import;
	_Atomic int state;   /* enum row_state */
	struct bulk_row row; /* as read, for the refused file */
	enum fault fault;
	struct detail detail;
	struct arena arena;
	struct write write;
	void *cmd, *ret;
	char memory[SLOT_BYTES];
};

struct import {
	struct cli *cli;
	const struct bulk_kind *kind;
	enum bulk_format format;
	struct bulk_reader reader;
	uint64_t merchant;
	struct text
	    campaign; /* audience: its source code, of rows that name none; empty: not said */
	bool dry_run;
	const char *file;
	FILE *refused;
	struct buffer line; /* of the refused file */
	uint64_t size, rows, refused_rows;
	pthread_mutex_t lock;
	pthread_cond_t some_done;
	struct slot *slots;
	uint64_t head, tail; /* rows sent, rows collected */
};

/* --- one row -> one command --- */

static enum fault row_decode(struct import *im, struct slot *s)
{
	s->cmd = arena_take_zeroed(&s->arena, im->kind->row_size);
	s->ret = arena_take_zeroed(&s->arena, im->kind->ret_size);
	must(s->cmd && s->ret);
	return bulk_decode(&im->reader, &s->row, &s->arena, s->cmd, &s->detail);
}

/* --- the window --- */

/* The lane. A row that nobody waits for is not touched behind its last step: it may be gone. */
static void row_done(struct write *w)
{
	struct slot *s = w->context;
	struct import *im = s->import;
	int sent = SENT;

	s->fault = w->fault;
	s->detail = w->detail;
	if (atomic_compare_exchange_strong(&s->state, &sent, DONE))
		return;
	pthread_mutex_lock(&im->lock);
	atomic_store(&s->state, DONE);
	pthread_cond_signal(&im->some_done);
	pthread_mutex_unlock(&im->lock);
}

static void row_await(struct import *im, struct slot *s)
{
	int sent = SENT;

	if (!atomic_compare_exchange_strong(&s->state, &sent, AWAITED))
		return;
	pthread_mutex_lock(&im->lock);
	while (atomic_load(&s->state) != DONE)
		pthread_cond_wait(&im->some_done, &im->lock);
	pthread_mutex_unlock(&im->lock);
}

static void row_send(struct import *im, struct slot *s)
{
	const struct command_row *row = command_get(im->kind->command);

	s->write = (struct write){.merchant = im->merchant,
				  .clock = cli_clock_of(im->cli, im->merchant),
				  .command = im->kind->command,
				  .handle = row->handle,
				  .actor = TEXT("import"),
				  .cmd = s->cmd,
				  .ret = s->ret,
				  .ret_size = row->ret_size,
				  .arena = &s->arena,
				  .job = true,
				  .done = row_done,
				  .context = s};
	if (im->dry_run) {
		s->fault = reader_try(im->cli->reader, &s->write);
		s->detail = s->write.detail;
	} else {
		atomic_store(&s->state, SENT);
		engine_submit(im->cli->engine, &s->write);
	}
}

static const char *refused_end(const struct import *im)
{
	return im->format == BULK_CSV ? "refused.csv" : "refused.ndjson";
}

static void refused_open(struct import *im)
{
	char *name;

	must(asprintf(&name, "%s.%s", im->file, refused_end(im)) > 0);
	im->refused = fopen(name, "we");
	free(name);
	if (!im->refused || im->format != BULK_CSV)
		return;
	buffer_clear(&im->line);
	buffer_text(&im->line, TEXT("line,reason"));
	for (unsigned i = 0; i < im->reader.cell_count; i++)
		csv_write_cell(&im->line, im->reader.header[i], false);
	buffer_byte(&im->line, '\n');
	fwrite(im->line.data, 1, im->line.size, im->refused);
}

static void refused_csv(struct buffer *b, const struct slot *s, struct text reason)
{
	buffer_uint64(b, s->row.line);
	csv_write_cell(b, reason, false);
	for (unsigned i = 0; i < s->row.n; i++)
		csv_write_cell(b, s->row.cells[i], false);
}

/* A line that is no JSON comes as a text; one that is too long, or no text at all, not. */
static void refused_json(struct buffer *b, const struct slot *s, struct text reason)
{
	struct json value;

	buffer_format(b, "{\"line\":%llu,\"reason\":", (unsigned long long)s->row.line);
	buffer_json_text(b, reason);
	if (s->row.raw.size && json_parse(s->row.raw, &value)) {
		buffer_text(b, TEXT(",\"row\":"));
		buffer_text(b, value.raw);
	} else if (text_is_utf8(s->row.raw)) {
		buffer_text(b, TEXT(",\"row\":"));
		buffer_json_text(b, s->row.raw);
	}
	buffer_byte(b, '}');
}

/* Of a text that was cut a character that was cut goes, too. */
static struct text whole_characters(struct text t)
{
	struct text whole = t;
	for (unsigned i = 0; i < UTF8_SIZE_MAX && !text_is_utf8(whole) && whole.size; i++)
		whole.size--;
	return text_is_utf8(whole) ? whole : t;
}

static void row_refused(struct import *im, struct slot *s)
{
	char memory[256];
	bool decoded = s->write.command != 0; /* else the field is as the file has it */
	struct text field =
	    decoded ? bulk_field(&im->reader, s->detail.field, &s->arena) : s->detail.field;
	int n = snprintf(memory, sizeof(memory), "%s%s%.*s%s%.*s", fault_name(s->fault),
			 field.size ? ": " : "", TEXT_ARG(field), s->detail.value.size ? " " : "",
			 TEXT_ARG(s->detail.value));
	struct text reason = {memory, n < (int)sizeof(memory) ? (size_t)n : sizeof(memory) - 1};

	reason = whole_characters(reason);
	im->refused_rows++;
	if (!im->refused)
		refused_open(im);
	if (!im->refused)
		return;
	buffer_clear(&im->line);
	if (im->format == BULK_CSV)
		refused_csv(&im->line, s, reason);
	else
		refused_json(&im->line, s, reason);
	buffer_byte(&im->line, '\n');
	fwrite(im->line.data, 1, im->line.size, im->refused);
}

/* A full queue is no fault of the row: it waits and is sent again. Rows behind it may
 * overtake it; what depends on it (the same code twice) then meets it in the other order, as it
 * would from two files. */
static bool row_again(struct import *im, struct slot *s)
{
	if (s->fault == FAULT_BUSY) {
		s->fault = cli_write_again(im->cli, &s->write);
		s->detail = s->write.detail;
	}
	return s->fault == OK;
}

/* Takes the oldest row of the window out, waiting for it. */
static void row_collect(struct import *im)
{
	struct slot *s = &im->slots[im->tail++ % IMPORT_WINDOW];

	/* Not woken for each row: a stretch of them is waited for at once. */
	if (atomic_load(&s->state) == SENT && im->head - im->tail >= IMPORT_STRETCH)
		row_await(im, &im->slots[(im->tail + IMPORT_STRETCH - 1) % IMPORT_WINDOW]);
	row_await(im, s);
	if (s->fault != OK && !row_again(im, s))
		row_refused(im, s);
	arena_reset(&s->arena);
	im->rows++;
}

static struct slot *slot_take(struct import *im)
{
	if (im->head - im->tail == IMPORT_WINDOW)
		row_collect(im);
	return &im->slots[im->head++ % IMPORT_WINDOW];
}

static void row_take(struct import *im, const struct bulk_row *row)
{
	struct slot *s = slot_take(im);

	s->row.line = row->line;
	s->row.n = row->n;
	s->row.fault = row->fault;
	s->row.raw = arena_text(&s->arena, row->raw);
	s->row.detail.field = arena_text(&s->arena, row->detail.field);
	s->row.detail.value = TEXT_NONE;
	s->detail = (struct detail){0};
	s->write = (struct write){0};
	for (unsigned i = 0; i < row->n; i++)
		s->row.cells[i] = arena_text(&s->arena, row->cells[i]);
	s->fault = row_decode(im, s);
	atomic_store(&s->state, DONE);
	if (s->fault == OK)
		row_send(im, s);
}

/* --- the file --- */

static int rows_read(struct import *im)
{
	struct bulk_row row;
	enum bulk_result result;
	bool stopped = false;

	while (!stopped && (result = bulk_next(&im->reader, &row)) == BULK_ROW) {
		row_take(im, &row);
		if (im->head % PROGRESS_EVERY)
			continue;
		cli_progress_rows(im->cli, im->kind->name, bulk_at(&im->reader), im->size,
				  im->rows);
		stopped = im->cli->gone && im->cli->gone(im->cli->gone_context);
	}
	while (im->tail < im->head)
		row_collect(im);
	if (stopped)
		return cli_failed(im->cli, FAULT_SHUTTING_DOWN,
				  "the rest of the file was not read");
	cli_progress_rows(im->cli, im->kind->name, 1, 1, im->rows);
	return result == BULK_UNREADABLE ? cli_failed(im->cli, FAULT_FILE_UNREADABLE, im->file) : 0;
}

static int import_report(struct import *im)
{
	struct cli *c = im->cli;
	const char *form = c->json ? "{\"rows\":%llu,\"refused\":%llu,\"dry_run\":%s}\n"
				   : "%llu rows, %llu refused%s\n";

	fprintf(c->out, form, (unsigned long long)im->rows, (unsigned long long)im->refused_rows,
		c->json ? (im->dry_run ? "true" : "false")
			: (im->dry_run ? " (dry run: nothing was written)" : ""));
	if (im->refused && fclose(im->refused) != 0)
		return cli_failed(c, FAULT_FILE_UNWRITABLE, "the file of refused rows");
	if (!im->refused_rows)
		return 0;
	fprintf(c->err, "couponry: %s: see %s.%s\n", fault_name(FAULT_ROWS_REFUSED), im->file,
		refused_end(im));
	return 1;
}

static int import_file(struct import *im, int fd)
{
	struct text why;
	enum fault fault = bulk_open(&im->reader, im->kind, im->format, fd, &why);
	im->reader.words = &native_rows;
	im->reader.private_targets = true; /* the courier looks at them again, by its own setting */
	im->reader.campaign = im->campaign;
	int exit = 0;

	if (fault == FAULT_USAGE)
		exit = cli_usage(im->cli, "%.*s", TEXT_ARG(why));
	else if (fault != OK)
		exit = cli_failed(im->cli, fault,
				  arena_format(&im->reader.arena, "%.*s%c", TEXT_ARG(why), 0).data);
	if (!exit)
		exit = rows_read(im);
	bulk_close(&im->reader);
	if (!exit)
		return import_report(im);
	if (im->refused)
		fclose(im->refused);
	return exit;
}

static void slots_make(struct import *im)
{
	pthread_mutex_init(&im->lock, NULL);
	pthread_cond_init(&im->some_done, NULL);
	buffer_init(&im->line, 8 * CSV_ROW_BYTES_MAX);
	im->slots = calloc(IMPORT_WINDOW, sizeof(*im->slots));
	must(im->slots);
	for (unsigned i = 0; i < IMPORT_WINDOW; i++) {
		struct slot *s = &im->slots[i];
		s->import = im;
		arena_init_lent(&s->arena, s->memory, SLOT_BYTES, CALL_BYTES_MAX);
	}
}

static void slots_free(struct import *im)
{
	for (unsigned i = 0; i < IMPORT_WINDOW; i++)
		arena_release(&im->slots[i].arena);
	free(im->slots);
	buffer_release(&im->line);
	pthread_cond_destroy(&im->some_done);
	pthread_mutex_destroy(&im->lock);
}

int cli_bulk_words(struct cli *c, bool import, const struct bulk_kind **ret_kind,
		   enum bulk_format *ret_format)
{
	const char *format = cli_option(c, "format");
	char memory[128];
	struct buffer names;

	*ret_kind = bulk_kind_find(text_of(c->words[0]));
	if (!*ret_kind || (import && !(*ret_kind)->command)) {
		buffer_init_fixed(&names, memory, sizeof(memory));
		bulk_kind_names(&names, import);
		return cli_usage(c, "there is no kind \"%s\": %.*s", c->words[0],
				 TEXT_ARG(buffer_get(&names)));
	}
	*ret_format = c->word_count > 1 ? bulk_format_of(c->words[1]) : BULK_CSV;
	if (format && !bulk_format_read(text_of(format), ret_format))
		return cli_usage(c, "--format is csv or ndjson");
	return 0;
}

int cli_import(struct cli *c)
{
	struct import im = {.cli = c, .dry_run = cli_flag(c, "dry-run")};
	struct merchant merchant;
	struct stat stat;

	if (c->word_count != 2)
		return cli_usage(c, "import wants a kind and a file");
	im.file = c->words[1];
	int bad = cli_bulk_words(c, true, &im.kind, &im.format);
	if (bad)
		return bad;
	const char *campaign = cli_option(c, "campaign");
	if (campaign && im.kind->command != COMMAND_audience_add)
		return cli_usage(c, "--campaign is for an audience");
	im.campaign = campaign ? text_of(campaign) : TEXT_NONE;
	enum fault fault = cli_merchant(c, &merchant);
	if (fault != OK)
		return cli_failed(c, fault, NULL);
	im.merchant = merchant.number;
	int fd = open(im.file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat) != 0)
		return cli_failed(c, FAULT_FILE_UNREADABLE, im.file);
	im.size = (uint64_t)stat.st_size;
	slots_make(&im);
	int exit = import_file(&im, fd);
	slots_free(&im);
	close(fd);
	return exit;
}
