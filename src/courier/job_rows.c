/*
 * Slices of jobs that have an input, and of generating: rows -> commands -> results.
 *
 * Issuing and generating are one command for a slice, under one number; the others are one for each
 * row under its own, all under way at once. What was written under its number is not written again,
 * whatever became of it since.
 */
#include "base/crypto.h"
#include "courier/work.h"

enum {
	SLICE_BYTES_MAX = 8 * 1024 * 1024, /* cells of one slice: then it has fewer rows */
	DIGEST_SIZE = 32,
};

static bool is_trouble(enum fault fault)
{
	return desk_fault_passes(fault) || fault == FAULT_DATA_DAMAGED;
}

/* Of the row, or of the slice that begins with it. No caller's number begins with such a byte. */
static struct request_number number_of(const struct work *w, struct arena *arena, uint64_t row)
{
	uint8_t *digest = arena_take(arena, DIGEST_SIZE_MAX);
	must(digest);
	struct text key = arena_format(arena, "\x01job %llu %llu",
				       (unsigned long long)w->job.number, (unsigned long long)row);
	digest_parts(DIGEST_SHA256, &key, 1, digest);
	return (struct request_number){
	    .key = key, .digest = {(const char *)digest, DIGEST_SIZE}, .class = REQUEST_JOB};
}

static void write_outcome(struct work *w, const struct bulk_outcome *outcome, enum fault fault,
			  const struct detail *detail)
{
	struct bulk_outcome row = *outcome;
	row.row = ++w->now.read;
	row.result = fault == OK ? TEXT("ok") : text_of(fault_name(fault));
	row.field = fault == OK ? TEXT_NONE : detail->field;
	w->now.refused += fault != OK;
	bulk_write_row(&w->out, &bulk_outcomes, w->format, &row);
}

static void begin_result(struct work *w)
{
	if (!w->job.written_bytes)
		bulk_write_header(&w->out, &bulk_outcomes, w->format);
}

/* --- reading --- */

static const struct bulk_kind *kind_of(const struct work *w)
{
	switch ((enum job_kind)w->job.kind) {
	case JOB_ISSUE:
		return &bulk_holders;
	case JOB_RECALL:
		return &bulk_recalls;
	case JOB_EXTEND:
		return &bulk_extends;
	case JOB_IMPORT:
		return bulk_kind_find(w->order.resource);
	case JOB_GENERATE:
	case JOB_EXPORT:
	case JOB_KIND_COUNT:
		break;
	}
	return NULL;
}

static void take_row(struct work *w, const struct bulk_reader *reader, struct bulk_row *row)
{
	struct work_row *r = &w->rows[w->n++];
	arena_reset(&r->arena);
	r->detail = (struct detail){0};
	r->sent = false;
	for (unsigned i = 0; i < row->n; i++)
		row->cells[i] = arena_text(&r->arena, row->cells[i]);
	r->cmd = arena_take_zeroed(&r->arena, reader->kind->row_size);
	r->ret = arena_take_zeroed(&r->arena, reader->kind->ret_size + 1);
	must(r->cmd && r->ret);
	row->detail.field = arena_text(&r->arena, row->detail.field);
	r->fault = bulk_decode(reader, row, &r->arena, r->cmd, &r->detail);
}

/* The slice's rows. false: the input cannot be read. */
static bool take_rows(struct work *w, struct bulk_reader *reader)
{
	struct bulk_row row;
	enum bulk_result result = BULK_ROW;
	uint64_t from = bulk_at(reader);
	w->n = 0;
	while (w->n < JOB_SLICE && bulk_at(reader) - from < SLICE_BYTES_MAX &&
	       (result = bulk_next(reader, &row)) == BULK_ROW)
		take_row(w, reader, &row);
	w->now.read_bytes = bulk_at(reader);
	w->ended = result == BULK_END;
	return result != BULK_UNREADABLE;
}

/* --- one command for each row --- */

static struct circumstances said_of(const struct work *w, struct text reason)
{
	struct circumstances said = w->order.said;
	if (reason.size)
		said.reason = reason;
	return said;
}

static void fill_change(struct work *w, struct work_row *r)
{
	struct coupon_change_cmd *c = r->cmd;
	c->verb = w->job.kind == JOB_RECALL ? EVENT_RECALLED : EVENT_EXTENDED;
	c->said = said_of(w, c->said.reason);
	c->request = r->once.request;
	if (c->verb != EVENT_EXTENDED)
		return;
	if (instant_is_none(c->until))
		c->until = w->order.until;
	if (instant_is_none(c->until)) {
		r->fault = FAULT_PARAMETER_MISSING;
		r->detail.field = TEXT("end_at");
	}
}

static void row_done(struct write *write)
{
	struct work_row *r = write->context;
	struct work *w = r->work;
	r->fault = write->fault;
	r->detail = write->detail;
	pthread_mutex_lock(&w->lock);
	if (--w->waiting == 0)
		pthread_cond_signal(&w->all_done);
	pthread_mutex_unlock(&w->lock);
}

/* Recalls and extensions carry their numbers themselves: the coupon keeps those. */
static void send_row(struct work *w, struct work_row *r, enum command command)
{
	struct desk_write write = {command, r->cmd, r->ret, true};
	r->sent = true;
	r->write = desk_write_of(w->desk, w->merchant, &write, &r->arena);
	if (w->job.kind == JOB_IMPORT) {
		r->once.command = command;
		r->once.cmd = r->cmd;
		r->write.handle = once;
		r->write.cmd = &r->once;
	}
	r->write.done = row_done;
	r->write.context = r;
	engine_submit(w->desk->engine, &r->write);
}

/* Counted before any is sent: the last may be done before the next is. */
static void run_rows(struct work *w, enum command command)
{
	bool good[JOB_SLICE];
	w->waiting = 1;
	for (unsigned i = 0; i < w->n; i++) {
		good[i] = w->rows[i].fault == OK;
		w->waiting += good[i];
	}
	for (unsigned i = 0; i < w->n; i++)
		if (good[i])
			send_row(w, &w->rows[i], command);
	pthread_mutex_lock(&w->lock);
	w->waiting--;
	while (w->waiting)
		pthread_cond_wait(&w->all_done, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static struct bulk_outcome outcome_of(const struct work *w, const struct work_row *r)
{
	struct bulk_outcome outcome = {0};
	if (w->job.kind == JOB_RECALL || w->job.kind == JOB_EXTEND)
		outcome.code = ((const struct coupon_change_cmd *)r->cmd)->code;
	else if (text_equal(w->order.resource, TEXT("coupons")))
		outcome.code = ((const struct coupon_import_cmd *)r->cmd)->code;
	else if (r->fault == OK && text_equal(w->order.resource, TEXT("customers")))
		outcome.customer_id = ((const struct customer_save_ret *)r->ret)->customer_id;
	return outcome;
}

static enum fault row_commands(struct work *w, const struct bulk_reader *reader)
{
	for (unsigned i = 0; i < w->n; i++) {
		struct work_row *r = &w->rows[i];
		r->once.request = number_of(w, &r->arena, w->job.read + i + 1);
		if (w->job.kind != JOB_IMPORT && r->fault == OK)
			fill_change(w, r);
	}
	run_rows(w, reader->kind->command);
	for (unsigned i = 0; i < w->n; i++)
		if (is_trouble(w->rows[i].fault))
			return w->rows[i].fault;
	for (unsigned i = 0; i < w->n; i++) {
		struct work_row *r = &w->rows[i];
		struct bulk_outcome outcome = outcome_of(w, r);
		if (r->sent && r->fault != OK)
			r->detail.field = bulk_field(reader, r->detail.field, &r->arena);
		write_outcome(w, &outcome, r->fault, &r->detail);
	}
	return OK;
}

/* --- one command for the slice --- */

static enum fault grant(struct work *w, struct coupon_grant_cmd *cmd, struct coupon_grant_ret *ret)
{
	cmd->template_id = w->order.template_id;
	cmd->said = w->order.said;
	cmd->request = number_of(w, &w->arena, w->job.read + 1);
	return desk_run(w->desk, w->merchant,
			&(struct desk_write){COMMAND_coupon_grant, cmd, ret, true}, &w->arena);
}

static void write_granted(struct work *w, const struct granted *granted, enum fault fault)
{
	struct bulk_outcome outcome = {0};
	if (granted && granted->fault == OK) {
		outcome.code = granted->code;
		outcome.customer_id = granted->customer_id;
	}
	write_outcome(w, &outcome, granted ? granted->fault : fault, &(struct detail){0});
}

static enum fault issue_rows(struct work *w)
{
	struct customer *holders = ARENA_ARRAY(&w->arena, struct customer, JOB_SLICE);
	struct coupon_grant_cmd cmd = {.holders = holders};
	struct coupon_grant_ret ret = {0};
	enum fault fault = OK;
	unsigned next = 0;
	must(holders);
	for (unsigned i = 0; i < w->n; i++)
		if (w->rows[i].fault == OK)
			holders[cmd.n++] = *(const struct customer *)w->rows[i].cmd;
	if (cmd.n)
		fault = grant(w, &cmd, &ret);
	if (is_trouble(fault))
		return fault;
	for (unsigned i = 0; i < w->n; i++) {
		const struct work_row *r = &w->rows[i];
		if (r->fault != OK)
			write_outcome(w, &(struct bulk_outcome){0}, r->fault, &r->detail);
		else
			write_granted(w, fault == OK ? &ret.results[next++] : NULL, fault);
	}
	return OK;
}

/* --- both --- */

static enum fault read_and_run(struct work *w, struct bulk_reader *reader)
{
	if (!take_rows(w, reader)) {
		w->trouble = TEXT("its input cannot be read");
		return OK;
	}
	begin_result(w);
	if (w->job.kind == JOB_ISSUE)
		return issue_rows(w);
	return row_commands(w, reader);
}

enum fault job_rows(struct work *w)
{
	const struct bulk_kind *kind = kind_of(w);
	struct bulk_reader reader;
	struct text why;
	must(kind);
	enum fault fault = bulk_open(&reader, kind, w->format, w->input, &why);
	reader.words = w->desk->config->words;
	reader.private_targets = w->desk->config->allow_private;
	if (fault != OK) {
		bool fits = text_is_clean(why) && text_length(why) <= NAME_LENGTH_MAX;
		w->trouble = fits ? arena_text(&w->arena, why)
				  : TEXT("its header names columns that there are not");
		fault = OK;
	} else if (!bulk_seek(&reader, w->job.read_bytes, w->job.read)) {
		w->trouble = TEXT("its input cannot be read");
	} else {
		fault = read_and_run(w, &reader);
	}
	bulk_close(&reader);
	return fault;
}

/* Once nothing can be issued any more nothing will be. */
enum fault job_generate(struct work *w)
{
	struct coupon_grant_cmd cmd = {0};
	struct coupon_grant_ret ret = {0};
	uint64_t left = w->order.count - w->job.read;
	cmd.count = (unsigned)(left < JOB_SLICE ? left : JOB_SLICE);
	enum fault fault = grant(w, &cmd, &ret);
	if (is_trouble(fault))
		return fault;
	begin_result(w);
	for (unsigned i = 0; i < cmd.count; i++)
		write_granted(w, fault == OK ? &ret.results[i] : NULL, fault);
	w->ended = w->now.read == w->order.count;
	if (!ret.issued)
		w->trouble = text_of(fault_name(fault != OK ? fault : ret.results[0].fault));
	return OK;
}
