/*
 * Jobs: work on many rows, in slices. What it shall do stands in the job as a JSON object; its rows
 * and results are files that the store does not know.
 *
 *   WANTS_INPUT --job_start--> WAITING --job_step--> RUNNING --job_end--> DONE, FAILED
 *   WANTS_INPUT --job_cancel--> CANCELLED
 *   WAITING, RUNNING --job_cancel--> CANCELLING --job_end--> CANCELLED
 *
 * A slice's rows carry request numbers made of the job's number and the row's, so that one that a
 * crash has cut off from its step can be done again.
 */
#include "base/json.h"
#include "base/writer.h"
#include "domain/check.h"
#include "domain/life_check.h"
#include "domain/notice.h"
#include "domain/template.h"

enum { ORDER_BYTES_MAX = 4096 };

/* --- the order as text --- */

static void write_given(struct writer *w, const char *name, struct text value)
{
	if (value.size)
		write_text(w, name, value);
}

static void write_number(struct writer *w, const char *name, uint64_t value)
{
	if (value)
		write_int(w, name, (int64_t)value);
}

static struct text write_order(const struct env *env, const struct job_order *o)
{
	char *memory = arena_take(env->arena, ORDER_BYTES_MAX);
	struct writer w;
	struct buffer b;
	if (!memory)
		return TEXT_NONE;
	buffer_init_fixed(&b, memory, ORDER_BYTES_MAX);
	writer_init(&w, &b, WRITER_JSON);
	write_number(&w, "template_id", o->template_id);
	write_number(&w, "count", o->count);
	write_given(&w, "resource", o->resource);
	write_given(&w, "format", o->format);
	write_number(&w, "until_ms", (uint64_t)o->until.ms);
	write_given(&w, "reason", o->said.reason);
	write_given(&w, "operator", o->said.operator);
	write_given(&w, "order_no", o->said.order_no);
	write_given(&w, "shop", o->said.shop);
	writer_finish(&w);
	must(!b.full); /* every text was checked */
	return buffer_get(&b);
}

static uint64_t find_number(struct json object, struct text name)
{
	struct json value;
	int64_t number;
	return json_find(object, name, &value) && json_int64(value, &number) ? (uint64_t)number : 0;
}

static struct text find_text(const struct env *env, struct json object, struct text name)
{
	struct json value;
	return json_find(object, name, &value) ? json_text(env->arena, value) : TEXT_NONE;
}

static enum fault read_order(const struct env *env, struct text what, struct job_order *ret)
{
	struct json object;
	if (!json_parse(what, &object) || object.kind != JSON_OBJECT)
		return FAULT_DATA_DAMAGED;
	*ret = (struct job_order){.template_id = find_number(object, TEXT("template_id")),
				  .count = find_number(object, TEXT("count")),
				  .resource = find_text(env, object, TEXT("resource")),
				  .format = find_text(env, object, TEXT("format")),
				  .until = {(int64_t)find_number(object, TEXT("until_ms"))},
				  .said = {.reason = find_text(env, object, TEXT("reason")),
					   .order_no = find_text(env, object, TEXT("order_no")),
					   .operator= find_text(env, object, TEXT("operator")),
					   .shop = find_text(env, object, TEXT("shop"))}};
	return env->arena->full ? FAULT_ANSWER_TOO_LARGE : OK;
}

/* --- making one --- */

static enum fault miss(struct tx *tx, struct text field)
{
	return refuse(tx, FAULT_PARAMETER_MISSING, field, TEXT_NONE);
}

static enum fault check_order(struct tx *tx, const struct job_make_cmd *c)
{
	const struct job_order *o = &c->order;
	bool issues = c->kind == JOB_ISSUE || c->kind == JOB_GENERATE;
	bool moves = c->kind == JOB_IMPORT || c->kind == JOB_EXPORT;
	struct template template;
	TRY(check_said(tx, &o->said));
	TRY(check_name(tx, TEXT("resource"), o->resource));
	TRY(check_name(tx, TEXT("format"), o->format));
	if (moves && !o->resource.size)
		return miss(tx, TEXT("resource"));
	if (issues && !o->template_id)
		return miss(tx, TEXT("template_id"));
	if (c->kind == JOB_GENERATE && !o->count)
		return miss(tx, TEXT("count"));
	if (o->count > JOB_ROWS_MAX)
		return refuse(tx, FAULT_TOO_MANY, TEXT("count"), TEXT_NONE);
	return issues ? template_find(tx, o->template_id, TEXT("template_id"), &template) : OK;
}

static const struct page open_jobs = {.list = LIST_JOBS_OPEN, .n = 0};

enum fault job_make(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct job_make_cmd *c = cmd;
	struct job_make_ret *r = ret;
	uint64_t open;
	must(c->kind && c->kind < JOB_KIND_COUNT);
	template_want(tx, c->order.template_id);
	store_want_page(tx, &open_jobs);
	store_want_page(tx, &(struct page){.list = LIST_JOBS});
	TRY(check_order(tx, c));
	TRY(check_name(tx, TEXT("actor"), c->actor));
	TRY(store_count(tx, LIST_JOBS_OPEN, NULL, &open));
	if (open >= JOBS_OPEN_MAX)
		return refuse(tx, FAULT_LIMIT_REACHED, TEXT("jobs"),
			      arena_format(env->arena, "%d", JOBS_OPEN_MAX));
	struct job job = {.kind = c->kind,
			  .state = job_has_input(c->kind) ? JOB_WANTS_INPUT : JOB_WAITING,
			  .open = true,
			  .what = write_order(env, &c->order),
			  .actor = c->actor,
			  .total = c->kind == JOB_GENERATE ? c->order.count : 0,
			  .created = env->instant};
	ROOM(job.what.size);
	job.number = store_number(tx);
	r->number = job.number;
	store_put(tx, TABLE_JOB, &job);
	return OK;
}

/* --- its life --- */

static enum fault find_job(struct tx *tx, uint64_t number, struct job *ret)
{
	bool found = false;
	*ret = (struct job){.number = number};
	if (number)
		TRY(store_get(tx, TABLE_JOB, ret, &found));
	return found ? OK : refuse(tx, FAULT_JOB_UNKNOWN, TEXT("job_id"), TEXT_NONE);
}

/* Texts of a record that was read do not outlive a write. */
static void keep(const struct env *env, const struct job *job, struct job *ret)
{
	*ret = *job;
	ret->what = arena_text(env->arena, job->what);
	ret->actor = arena_text(env->arena, job->actor);
	ret->trouble = arena_text(env->arena, job->trouble);
}

/* The order too: its texts may be slices of the job's. */
static enum fault show(const struct env *env, const struct job *job, struct job *ret,
		       struct job_order *ret_order)
{
	keep(env, job, ret);
	return read_order(env, ret->what, ret_order);
}

enum fault job_start(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct job_start_cmd *c = cmd;
	struct job_start_ret *r = ret;
	struct job job;
	TRY(find_job(tx, c->number, &job));
	TRY(show(env, &job, &r->job, &r->order));
	if (job.state != JOB_WANTS_INPUT || !c->input_bytes)
		return OK;
	job.state = JOB_WAITING;
	job.input_bytes = c->input_bytes;
	keep(env, &job, &r->job);
	store_put(tx, TABLE_JOB, &job);
	return OK;
}

struct job_progress job_progress_of(const struct job *job)
{
	return (struct job_progress){job->read, job->refused, job->read_bytes, job->written_bytes,
				     job->position};
}

static bool is_at(const struct job *job, const struct job_progress *p)
{
	return job->read == p->read && job->refused == p->refused &&
	       job->read_bytes == p->read_bytes && job->written_bytes == p->written_bytes &&
	       job->position == p->position;
}

enum fault job_step(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct job_step_cmd *c = cmd;
	struct job_step_ret *r = ret;
	struct job job;
	store_want(tx, TABLE_LEASE, &(struct lease){.kind = LEASE_JOB, .of = c->number});
	TRY(find_job(tx, c->number, &job));
	TRY(lease_check(tx, env, LEASE_JOB, c->number, c->owner));
	if (job_is_over(&job))
		return refuse(tx, FAULT_JOB_ENDED, TEXT("job_id"), TEXT_NONE);
	if (job.state == JOB_WANTS_INPUT || !is_at(&job, &c->was))
		return refuse(tx, FAULT_LEASE_LOST, TEXT("job_id"), TEXT_NONE);
	job.state = job.state == JOB_WAITING ? JOB_RUNNING : job.state;
	job.read = c->now.read;
	job.refused = c->now.refused;
	job.read_bytes = c->now.read_bytes;
	job.written_bytes = c->now.written_bytes;
	job.position = c->now.position;
	job.total = c->total ? c->total : job.total;
	r->state = (enum job_state)job.state;
	store_put(tx, TABLE_JOB, &job);
	return OK;
}

/* --- its end --- */

static struct text word_of(enum job_state state)
{
	return state == JOB_DONE	? TEXT("done")
	       : state == JOB_CANCELLED ? TEXT("cancelled")
					: TEXT("failed");
}

static void want_end(struct tx *tx)
{
	notices_want(tx);
	store_want_page(tx, &open_jobs);
}

static enum fault end(struct tx *tx, const struct env *env, struct job *job, enum job_state state)
{
	struct notices notices;
	TRY(notices_open(tx, env, &notices));
	TRY(notices_of(&notices, env, NOTICE_JOB_DONE, job->number, job->read, word_of(state)));
	job->state = state;
	job->open = false;
	job->ended = env->instant;
	job->total = state == JOB_DONE ? job->read : job->total;
	store_put(tx, TABLE_JOB, job);
	notices_put(&notices);
	return OK;
}

enum fault job_end(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct job_end_cmd *c = cmd;
	struct job_end_ret *r = ret;
	struct job job;
	*r = (struct job_end_ret){0};
	must(c->state == JOB_DONE || c->state == JOB_CANCELLED || c->state == JOB_FAILED);
	want_end(tx);
	store_want(tx, TABLE_LEASE, &(struct lease){.kind = LEASE_JOB, .of = c->number});
	TRY(check_name(tx, TEXT("trouble"), c->trouble));
	TRY(find_job(tx, c->number, &job));
	TRY(lease_check(tx, env, LEASE_JOB, c->number, c->owner));
	if (job_is_over(&job))
		return OK;
	job.trouble = c->trouble;
	bool cancelled = job.state == JOB_CANCELLING && c->state == JOB_DONE;
	return end(tx, env, &job, cancelled ? JOB_CANCELLED : c->state);
}

enum fault job_cancel(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct job_cancel_cmd *c = cmd;
	struct job_cancel_ret *r = ret;
	struct job job;
	want_end(tx);
	TRY(find_job(tx, c->number, &job));
	TRY(show(env, &job, &r->job, &r->order));
	if (job.state == JOB_DONE || job.state == JOB_FAILED)
		return refuse(tx, FAULT_JOB_ENDED, TEXT("job_id"), TEXT_NONE);
	if (job.state == JOB_CANCELLING || job.state == JOB_CANCELLED)
		return OK;
	if (job.state == JOB_WANTS_INPUT) {
		TRY(end(tx, env, &job, JOB_CANCELLED));
	} else {
		job.state = JOB_CANCELLING;
		store_put(tx, TABLE_JOB, &job);
	}
	keep(env, &job, &r->job);
	return OK;
}

/* --- reads --- */

enum fault job_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct job_get_cmd *c = cmd;
	struct job_get_ret *r = ret;
	TRY(find_job(tx, c->number, &r->job));
	return read_order(env, r->job.what, &r->order);
}

enum fault job_list(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct job_list_cmd *c = cmd;
	struct job_list_ret *r = ret;
	struct page page = {.list = c->open ? LIST_JOBS_OPEN : LIST_JOBS,
			    .from = c->from,
			    .n = c->n,
			    .oldest_first = c->oldest_first};
	*r = (struct job_list_ret){0};
	TRY(store_page(tx, &page, &r->rows, &r->n, &r->count));
	r->orders = ARENA_ARRAY(env->arena, struct job_order, r->n + 1);
	ROOM(r->orders);
	for (unsigned i = 0; i < r->n; i++)
		TRY(read_order(env, r->rows[i].what, &r->orders[i]));
	return OK;
}
