/*
 * The desk of jobs: does a slice of one job of a merchant at a look. Which of several that wait is
 * left to chance, so that a long one holds up nobody.
 *
 *   slice -> its rows through the lane -> its results into the file, synced -> job_step
 *
 * What a crash leaves behind the last step, in the file, is cut off; the rows are done again and
 * are the same.
 */
#include "base/crypto.h"
#include "base/file.h"
#include "base/spool.h"
#include "courier/work.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	OTHERS_MS = 500, /* another courier works at it */
	SWEEP_MS = 10 * 60 * 1000,
	ARENA_BYTES_MAX = 256 * 1024 * 1024,
	RESULT_BYTES_MAX = 256 * 1024 * 1024, /* of a slice of the longest rows */
	DAY_S = 24 * 3600,
};

struct jobs {
	struct work work;
	uint64_t chance;
	int64_t swept_ms; /* 0: never */
};

void work_init(struct work *w)
{
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->all_done, NULL);
	buffer_init(&w->out, RESULT_BYTES_MAX);
	arena_init(&w->arena, ARENA_BYTES_MAX);
	for (unsigned i = 0; i < JOB_SLICE; i++) {
		struct work_row *row = &w->rows[i];
		row->work = w;
		arena_init_lent(&row->arena, row->memory, WORK_ROW_BYTES, CALL_BYTES_MAX);
	}
}

void work_release(struct work *w)
{
	for (unsigned i = 0; i < JOB_SLICE; i++)
		arena_release(&w->rows[i].arena);
	arena_release(&w->arena);
	buffer_release(&w->out);
	pthread_cond_destroy(&w->all_done);
	pthread_mutex_destroy(&w->lock);
}

static bool open_desk(struct desk *d)
{
	struct jobs *s = calloc(1, sizeof(*s));
	d->state = s;
	if (!s)
		return false;
	s->work.desk = d;
	work_init(&s->work);
	random_bytes(&s->chance, sizeof(s->chance));
	return true;
}

static void close_desk(struct desk *d)
{
	struct jobs *s = d->state;
	work_release(&s->work);
	free(s);
}

/* --- which one --- */

static bool is_late(const struct job *job, struct instant now)
{
	return job->state == JOB_WANTS_INPUT &&
	       now.ms - job->created.ms > (int64_t)JOB_INPUT_DAYS * DAY_S * 1000;
}

static void keep(struct work *w, const struct job *job, const struct job_order *order)
{
	struct arena *a = &w->arena;
	w->job = *job;
	w->job.what = w->job.actor = w->job.trouble = TEXT_NONE;
	w->order = *order;
	w->order.resource = arena_text(a, order->resource);
	w->order.format = arena_text(a, order->format);
	w->order.said = (struct circumstances){
	    arena_text(a, order->said.reason), arena_text(a, order->said.order_no),
	    arena_text(a, order->said.operator), arena_text(a, order->said.shop)};
	w->now = job_progress_of(job);
	w->total = 0;
	w->ended = false;
	w->trouble = TEXT_NONE;
}

/* *ret_any false: none is to be worked at. */
static enum fault pick(struct jobs *s, bool *ret_any)
{
	struct work *w = &s->work;
	struct job_list_cmd cmd = {.open = true, .n = JOBS_OPEN_MAX, .oldest_first = true};
	struct job_list_ret list;
	unsigned ready[JOBS_OPEN_MAX], n = 0;
	desk_begin(w->desk, w->merchant, &w->arena);
	enum fault fault = desk_read(w->desk, COMMAND_job_list, &cmd, &list);
	for (unsigned i = 0; fault == OK && i < list.n; i++)
		if (list.rows[i].state != JOB_WANTS_INPUT ||
		    is_late(&list.rows[i], desk_clock(w->desk)))
			ready[n++] = i;
	*ret_any = n > 0;
	if (n) {
		s->chance = s->chance * UINT64_C(6364136223846793005) + 1442695040888963407;
		unsigned i = ready[(s->chance >> 33) % n];
		keep(w, &list.rows[i], &list.orders[i]);
	}
	desk_end(w->desk);
	return fault;
}

/* --- files --- */

static struct spool_name name_of(const struct work *w)
{
	return (struct spool_name){w->merchant->number, w->job.number, w->job.created};
}

/* What stands in the result behind the last step is not known to anybody. */
static bool open_files(struct work *w)
{
	const char *dir = w->desk->config->spool;
	struct spool_name name = name_of(w);
	bool input = job_has_input((enum job_kind)w->job.kind);
	w->result = spool_open(dir, &name, SPOOL_RESULT, w->job.written_bytes == 0);
	w->input = input ? spool_open(dir, &name, SPOOL_INPUT, false) : -1;
	if (w->result < 0 || (input && w->input < 0))
		return false;
	if (input && spool_size(w->input) != (int64_t)w->job.input_bytes)
		return false;
	return spool_size(w->result) >= (int64_t)w->job.written_bytes &&
	       ftruncate(w->result, (off_t)w->job.written_bytes) == 0;
}

static void close_files(struct work *w)
{
	if (w->input >= 0)
		close(w->input);
	if (w->result >= 0)
		close(w->result);
}

static enum fault write_result(struct work *w)
{
	struct text out = buffer_get(&w->out);
	if (w->out.full)
		return FAULT_ANSWER_TOO_LARGE;
	if (!file_write(w->result, out.data, out.size, w->job.written_bytes) ||
	    fdatasync(w->result) != 0)
		return FAULT_DISK_FULL;
	w->now.written_bytes = w->job.written_bytes + out.size;
	return OK;
}

/* --- a slice --- */

static enum fault end_job(struct work *w, enum job_state state, struct text trouble)
{
	struct job_end_cmd cmd = {w->job.number, w->desk->owner, state, trouble};
	struct job_end_ret ret;
	return desk_run(w->desk, w->merchant,
			&(struct desk_write){COMMAND_job_end, &cmd, &ret, true}, &w->arena);
}

static enum fault step(struct work *w)
{
	struct job_step_cmd cmd = {.number = w->job.number,
				   .owner = w->desk->owner,
				   .was = job_progress_of(&w->job),
				   .now = w->now,
				   .total = w->total};
	struct job_step_ret ret;
	return desk_run(w->desk, w->merchant,
			&(struct desk_write){COMMAND_job_step, &cmd, &ret, true}, &w->arena);
}

static enum fault slice_of(struct work *w)
{
	switch ((enum job_kind)w->job.kind) {
	case JOB_ISSUE:
	case JOB_RECALL:
	case JOB_EXTEND:
	case JOB_IMPORT:
		return job_rows(w);
	case JOB_GENERATE:
		return job_generate(w);
	case JOB_EXPORT:
		return job_export(w);
	case JOB_KIND_COUNT:
		break;
	}
	must(false);
}

static enum fault do_slice(struct work *w)
{
	buffer_clear(&w->out);
	TRY(slice_of(w));
	TRY(write_result(w));
	if (!w->trouble.size || w->now.read != w->job.read)
		TRY(step(w));
	if (w->trouble.size)
		return end_job(w, JOB_FAILED, w->trouble);
	return w->ended ? end_job(w, JOB_DONE, TEXT_NONE) : OK;
}

static enum fault work_at(struct work *w)
{
	if (w->job.state == JOB_WANTS_INPUT)
		return end_job(w, JOB_FAILED, TEXT("its input did not come"));
	if (w->job.state == JOB_CANCELLING)
		return end_job(w, JOB_CANCELLED, TEXT_NONE);
	if (!bulk_format_read(w->order.format, &w->format))
		w->format = BULK_CSV;
	enum fault fault =
	    open_files(w) ? do_slice(w) : end_job(w, JOB_FAILED, TEXT("a file of it is gone"));
	close_files(w);
	return fault;
}

/* --- old files --- */

struct sweep {
	struct desk *desk;
	struct arena arena;
};

/* Those of a job that nobody knows (a store that was restored) go by their age. */
static bool is_kept(void *context, const struct spool_name *name, int64_t age_s)
{
	struct sweep *s = context;
	struct desk_merchant merchant = {.number = name->merchant};
	struct job_get_cmd cmd = {name->job};
	struct job_get_ret ret;
	const int64_t days_s = (int64_t)JOB_RESULT_DAYS * DAY_S;
	if (age_s < days_s)
		return true;
	arena_reset(&s->arena);
	desk_begin(s->desk, &merchant, &s->arena);
	enum fault fault = desk_read(s->desk, COMMAND_job_get, &cmd, &ret);
	desk_end(s->desk);
	return fault == OK ? !job_is_over(&ret.job) : fault != FAULT_JOB_UNKNOWN;
}

static void tend(struct desk *d)
{
	struct jobs *s = d->state;
	struct sweep sweep = {.desk = d};
	int64_t now = monotonic_ms();
	if (!d->config->spool || (s->swept_ms && now - s->swept_ms < SWEEP_MS))
		return;
	s->swept_ms = now;
	arena_init(&sweep.arena, CALL_BYTES_MAX);
	spool_sweep(d->config->spool, is_kept, &sweep);
	arena_release(&sweep.arena);
}

/* --- the desk --- */

static int64_t look(struct desk *d, const struct desk_merchant *m)
{
	struct jobs *s = d->state;
	struct work *w = &s->work;
	bool any;
	if (!d->config->spool)
		return DESK_WAITS;
	w->merchant = m;
	w->input = w->result = -1;
	arena_reset(&w->arena);
	if (pick(s, &any) != OK)
		return DESK_TROUBLE;
	if (!any)
		return DESK_WAITS;
	if (!desk_lease(d, m, LEASE_JOB, w->job.number))
		return OTHERS_MS;
	enum fault fault = work_at(w);
	if (fault == FAULT_LEASE_LOST)
		desk_lease_lost(d, m->number, LEASE_JOB, w->job.number);
	return fault == OK || fault == FAULT_JOB_ENDED || fault == FAULT_LEASE_LOST ? DESK_AGAIN
										    : DESK_TROUBLE;
}

const struct desk_kind desk_jobs = {
    .name = "jobs",
    .chore = CHORE_JOBS,
    .tables = DESK_TABLES(JOB, JOB),
    .open = open_desk,
    .look = look,
    .tend = tend,
    .close = close_desk,
};
