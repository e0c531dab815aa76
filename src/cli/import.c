/*
 * `couponry import`: rows of a CSV file become commands, in the file's order, up to IMPORT_WINDOW
 * under way at once (the lane makes many durable with one flush). A row that is refused goes to
 * FILE.refused.csv with its line and reason; the others stand. Nothing is kept but the window, so a
 * file may be of any length.
 *
 *   slot: DONE --row read--> SENT --lane's done--> DONE --collected in the file's order--> free
 *                            SENT --we wait for it--> AWAITED --lane's done, wakes us--> DONE
 */
#include "cli/import.h"

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
};

enum row_state { SENT, AWAITED, DONE };
struct import;
struct slot {
	struct import *import;
	_Atomic int state; /* enum row_state */
	uint64_t line;
	struct text cells[CSV_COLUMNS_MAX]; /* as read, for the refused file */
	unsigned cell_count;
	enum fault fault;
	struct detail detail;
	struct arena arena;
	struct write write;
	void *cmd, *ret;
	char memory[SLOT_BYTES];
};

struct import {
	struct cli *cli;
	const struct csv_kind *kind;
	uint64_t merchant;
	struct text
	    campaign; /* audience: its source code, of rows that name none; empty: not said */
	bool dry_run;
	int column_of[CSV_COLUMNS_MAX]; /* cell -> column of the kind */
	unsigned cell_count;
	struct text header[CSV_COLUMNS_MAX];
	struct arena header_arena;
	const char *file;
	FILE *refused;
	uint64_t size, rows, refused_rows;
	pthread_mutex_t lock;
	pthread_cond_t some_done;
	struct slot *slots;
	uint64_t head, tail; /* rows sent, rows collected */
};

/* --- one row -> one command --- */

static enum fault cell_refuse(struct slot *s, const struct column *c, enum fault fault,
			      struct text value)
{
	s->detail = (struct detail){text_of(c->name), value};
	return fault;
}

static enum fault cell_decode(struct slot *s, const struct column *c, struct text cell)
{
	void *member = (char *)s->cmd + c->member;
	uint64_t number;

	cell = text_trim(cell);
	if (!cell.size)
		return c->required ? cell_refuse(s, c, FAULT_PARAMETER_MISSING, cell) : OK;
	if (!text_is_clean(cell))
		return cell_refuse(s, c, FAULT_PARAMETER_INVALID, TEXT_NONE);
	bool good = true;
	switch (c->form) {
	case FORM_TEXT:
	case FORM_LONG:
		if ((c->form == FORM_TEXT ? text_length(cell) : cell.size) > c->bound)
			return cell_refuse(s, c, FAULT_PARAMETER_TOO_LONG, TEXT_NONE);
		*(struct text *)member = cell;
		break;
	case FORM_NUMBER:
		good = text_to_uint64(cell, &number) && number > 0 && number <= INT64_MAX;
		*(uint64_t *)member = good ? number : 0;
		break;
	case FORM_SECOND:
		good = moment_parse_second(cell, member);
		break;
	case FORM_YUAN:
		good = money_parse_yuan(cell, member);
		*((bool *)s->cmd + c->bound) = good;
		break;
	case FORM_STATUS:
		good = coupon_state_read(cell, member);
		break;
	}
	return good ? OK : cell_refuse(s, c, FAULT_PARAMETER_INVALID, cell);
}

static enum fault row_campaign(const struct import *im, struct slot *s)
{
	struct audience_add_cmd *cmd = s->cmd;
	if (!cmd->source_code.size)
		cmd->source_code = im->campaign;
	if (cmd->source_code.size)
		return OK;
	s->detail = (struct detail){TEXT("source_code"), TEXT_NONE};
	return FAULT_PARAMETER_MISSING;
}

static enum fault row_decode(struct import *im, struct slot *s)
{
	s->cmd = arena_take_zeroed(&s->arena, im->kind->cmd_size);
	s->ret = arena_take_zeroed(&s->arena, im->kind->ret_size);
	must(s->cmd && s->ret);
	if (s->cell_count != im->cell_count) {
		s->detail.field = arena_format(&s->arena, "%u cells instead of %u", s->cell_count,
					       im->cell_count);
		return FAULT_PARAMETER_INVALID;
	}
	for (unsigned i = 0; i < s->cell_count; i++)
		TRY(cell_decode(s, &im->kind->columns[im->column_of[i]], s->cells[i]));
	return im->kind->command == COMMAND_audience_add ? row_campaign(im, s) : OK;
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

static void refused_open(struct import *im)
{
	char *name;

	must(asprintf(&name, "%s.refused.csv", im->file) > 0);
	im->refused = fopen(name, "we");
	free(name);
	if (!im->refused)
		return;
	fputs("line,reason", im->refused);
	for (unsigned i = 0; i < im->cell_count; i++)
		csv_write_cell(im->refused, im->header[i], false);
	fputc('\n', im->refused);
}

static void row_refused(struct import *im, const struct slot *s)
{
	char reason[256];
	int n = snprintf(reason, sizeof(reason), "%s%s%.*s%s%.*s", fault_name(s->fault),
			 s->detail.field.size ? ": " : "", TEXT_ARG(s->detail.field),
			 s->detail.value.size ? " " : "", TEXT_ARG(s->detail.value));

	if (n > (int)sizeof(reason) - 1)
		n = (int)sizeof(reason) - 1;
	im->refused_rows++;
	if (!im->refused)
		refused_open(im);
	if (!im->refused)
		return;
	fprintf(im->refused, "%llu", (unsigned long long)s->line);
	csv_write_cell(im->refused, (struct text){reason, (size_t)n}, false);
	for (unsigned i = 0; i < s->cell_count; i++)
		csv_write_cell(im->refused, s->cells[i], false);
	fputc('\n', im->refused);
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

static void row_take(struct import *im, const struct text *cells, unsigned n, uint64_t line,
		     bool bad)
{
	struct slot *s = slot_take(im);

	s->line = line;
	s->cell_count = n;
	s->detail = (struct detail){0};
	for (unsigned i = 0; i < n; i++)
		s->cells[i] = arena_text(&s->arena, cells[i]);
	if (bad)
		s->detail.field = TEXT("quotes do not close, or too many or too long cells");
	s->fault = bad ? FAULT_PARAMETER_INVALID : row_decode(im, s);
	atomic_store(&s->state, DONE);
	if (s->fault == OK)
		row_send(im, s);
}

/* --- the file --- */

static int header_read(struct import *im, struct csv *csv)
{
	struct cli *c = im->cli;
	uint64_t line;

	if (csv_next(csv, im->header, &im->cell_count, &line) != CSV_ROW)
		return cli_failed(c, FAULT_FILE_UNREADABLE, "there is no header row");
	for (unsigned i = 0; i < im->cell_count; i++) {
		im->header[i] = arena_text(&im->header_arena, text_trim(im->header[i]));
		im->column_of[i] = -1;
		for (unsigned j = 0; j < im->kind->column_count; j++)
			if (text_equal(im->header[i], text_of(im->kind->columns[j].name)))
				im->column_of[i] = (int)j;
		if (im->column_of[i] < 0)
			return cli_usage(c, "%s have no column \"%.*s\"", im->kind->name,
					 TEXT_ARG(im->header[i]));
		for (unsigned j = 0; j < i; j++)
			if (im->column_of[j] == im->column_of[i])
				return cli_usage(c, "the column \"%.*s\" stands twice",
						 TEXT_ARG(im->header[i]));
	}
	for (unsigned j = 0; j < im->kind->column_count; j++) {
		bool there = !im->kind->columns[j].required;
		for (unsigned i = 0; i < im->cell_count; i++)
			there |= im->column_of[i] == (int)j;
		if (!there)
			return cli_usage(c, "the column \"%s\" is missing",
					 im->kind->columns[j].name);
	}
	return 0;
}

static int rows_read(struct import *im, struct csv *csv)
{
	struct text cells[CSV_COLUMNS_MAX];
	unsigned n;
	uint64_t line;
	enum csv_result result;
	bool stopped = false;

	while (!stopped &&
	       ((result = csv_next(csv, cells, &n, &line)) == CSV_ROW || result == CSV_BAD)) {
		row_take(im, cells, n, line, result == CSV_BAD);
		if (im->head % PROGRESS_EVERY)
			continue;
		cli_progress(im->cli, im->kind->name, csv_bytes_read(csv), im->size);
		stopped = im->cli->gone && im->cli->gone(im->cli->gone_context);
	}
	while (im->tail < im->head)
		row_collect(im);
	if (stopped)
		return cli_failed(im->cli, FAULT_SHUTTING_DOWN,
				  "the rest of the file was not read");
	cli_progress(im->cli, im->kind->name, 1, 1);
	return result == CSV_UNREADABLE ? cli_failed(im->cli, FAULT_FILE_UNREADABLE, im->file) : 0;
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
	fprintf(c->err, "couponry: %s: see %s.refused.csv\n", fault_name(FAULT_ROWS_REFUSED),
		im->file);
	return 1;
}

static int import_file(struct import *im, int fd)
{
	struct csv *csv = csv_open(fd);
	int exit = header_read(im, csv);

	if (!exit)
		exit = rows_read(im, csv);
	csv_close(csv);
	if (!exit)
		return import_report(im);
	if (im->refused)
		fclose(im->refused);
	return exit;
}

int cli_import(struct cli *c)
{
	struct import im = {.cli = c, .dry_run = cli_flag(c, "dry-run")};
	struct merchant merchant;
	struct stat stat;

	if (c->word_count != 2)
		return cli_usage(c, "import wants a kind and a file");
	im.kind = csv_kind_find(c->words[0]);
	im.file = c->words[1];
	if (!im.kind)
		return cli_usage(
		    c,
		    "there is no kind \"%s\": departments, customers, templates, coupons, audience",
		    c->words[0]);
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
	arena_init(&im.header_arena, 64 * 1024);
	pthread_mutex_init(&im.lock, NULL);
	pthread_cond_init(&im.some_done, NULL);
	im.slots = calloc(IMPORT_WINDOW, sizeof(*im.slots));
	must(im.slots);
	for (unsigned i = 0; i < IMPORT_WINDOW; i++) {
		im.slots[i].import = &im;
		arena_init_lent(&im.slots[i].arena, im.slots[i].memory, SLOT_BYTES, CALL_BYTES_MAX);
	}
	int exit = import_file(&im, fd);
	for (unsigned i = 0; i < IMPORT_WINDOW; i++)
		arena_release(&im.slots[i].arena);
	free(im.slots);
	pthread_cond_destroy(&im.some_done);
	pthread_mutex_destroy(&im.lock);
	arena_release(&im.header_arena);
	close(fd);
	return exit;
}
