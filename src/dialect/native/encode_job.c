/*
 * Jobs as they are shown, and their results: a file, or a part of one. A range that begins behind
 * what is written is refused with how much there is; while the job is at work the whole is not
 * known, and Content-Range says `*`.
 */
#include "dialect/native/encode.h"
#include "base/file.h"
#include "dialect/native/job.h"

#include <unistd.h>

enum { RESULT_PART_MAX = 4 * 1024 * 1024 };

static uint64_t bytes_there(const struct call *call, const struct job *job)
{
	struct spool_name name = native_spool_name(call, job);
	int fd = call->spool && !job->input_bytes && job->state == JOB_WANTS_INPUT
		     ? spool_open(call->spool, &name, SPOOL_INPUT, false)
		     : -1;
	int64_t size = fd < 0 ? 0 : spool_size(fd);
	if (fd >= 0)
		close(fd);
	return job->input_bytes ? job->input_bytes : size > 0 ? (uint64_t)size : 0;
}

static void show_job(struct out *o, const struct job *j, const struct job_order *order)
{
	bool has_input = job_has_input((enum job_kind)j->kind);
	uint64_t input_bytes = has_input ? bytes_there(o->call, j) : 0;
	NATIVE_JOB_SHOWN(SHOW)
}

static void write_job(struct call *call, const struct job *job, const struct job_order *order)
{
	struct out out;
	out_begin(&out, call);
	show_job(&out, job, order);
	out_end(&out);
}

enum fault native_encode_job(struct call *call, const void *from)
{
	const struct job_get_ret *ret = from;
	write_job(call, &ret->job, &ret->order);
	return OK;
}

enum fault native_encode_job_page(struct call *call, const void *from)
{
	const struct job_list_ret *ret = from;
	struct out o;
	PAGE_BEGIN(o, call);
	for (unsigned i = 0; i < ret->n; i++) {
		write_begin(&o.w, "row");
		show_job(&o, &ret->rows[i], &ret->orders[i]);
		write_end(&o.w);
	}
	return page_end(&o, page_next(call, ret->n, ret->count));
}

enum fault native_encode_job_made(struct call *call, const void *from)
{
	const struct job_make_ret *ret = from;
	const struct job_make_cmd *cmd = call->cmd;
	enum job_state state = job_has_input(cmd->kind) ? JOB_WANTS_INPUT : JOB_WAITING;
	struct out out, *o = &out;
	out_begin(o, call);
	NATIVE_JOB_MADE(SHOW)
	out_end(o);
	return OK;
}

enum fault native_encode_job_started(struct call *call, const void *from)
{
	const struct job_start_ret *ret = from;
	write_job(call, &ret->job, &ret->order);
	return OK;
}

enum fault native_encode_job_cancelled(struct call *call, const void *from)
{
	const struct job_cancel_ret *ret = from;
	write_job(call, &ret->job, &ret->order);
	return OK;
}

/* --- the result --- */

struct range {
	bool given;
	uint64_t from, size;
};

static enum fault refuse_range(struct call *call, uint64_t size)
{
	return call_refuse(call, FAULT_PARAMETER_INVALID, TEXT("Range"),
			   arena_format(call->arena, "%llu", (unsigned long long)size));
}

/* "bytes=A-B", "bytes=A-", "bytes=-N": one of them. */
static bool read_range(struct text header, uint64_t size, struct range *ret)
{
	uint64_t last = UINT64_MAX, n;
	struct text unit = text_cut(&header, '=');
	struct text first = text_cut(&header, '-');
	if (!text_equal(unit, TEXT("bytes")))
		return false;
	if (!first.size) {
		if (!text_to_uint64(header, &n) || !n)
			return false;
		ret->from = n < size ? size - n : 0;
	} else if (!text_to_uint64(first, &ret->from) ||
		   (header.size && !text_to_uint64(header, &last)) || last < ret->from) {
		return false;
	}
	if (ret->from >= size)
		return false;
	ret->size = last < size ? last - ret->from + 1 : size - ret->from;
	return true;
}

static enum fault choose_range(struct call *call, uint64_t size, struct range *ret)
{
	struct text header = http_header_get(call->request, TEXT("range"));
	*ret = (struct range){.given = header.size > 0, .size = size};
	if (header.size && !read_range(header, size, ret))
		return refuse_range(call, size);
	if (!ret->given && size > RESULT_PART_MAX)
		return call_refuse(call, FAULT_ANSWER_TOO_LARGE, TEXT("Range"),
				   arena_format(call->arena, "%d", RESULT_PART_MAX));
	if (ret->size > RESULT_PART_MAX)
		ret->size = RESULT_PART_MAX;
	return OK;
}

static enum fault read_part(struct call *call, int fd, const struct range *range)
{
	char *into = range->size ? buffer_room(&call->reply, range->size) : NULL;
	if (!range->size)
		return OK;
	if (!into)
		return FAULT_ANSWER_TOO_LARGE;
	if (file_read(fd, into, range->size, range->from) != (int64_t)range->size)
		return call_refuse(call, FAULT_JOB_UNKNOWN, TEXT("result"), TEXT_NONE);
	call->reply.size += range->size;
	return OK;
}

static void say_range(struct call *call, const struct range *range, const struct job *job)
{
	unsigned long long from = range->from, last = range->from + range->size - 1,
			   size = job->written_bytes;
	call->status = 206;
	call_header(call, TEXT("Content-Range"),
		    job_is_over(job)
			? arena_format(call->arena, "bytes %llu-%llu/%llu", from, last, size)
			: arena_format(call->arena, "bytes %llu-%llu/*", from, last));
}

/* A file that is not there yet has nothing; one that was there is gone: its time is over. */
enum fault native_encode_job_result(struct call *call, const void *from)
{
	const struct job_get_ret *ret = from;
	const struct job *job = &ret->job;
	struct spool_name name = native_spool_name(call, job);
	struct range range;
	TRY(native_job_check(call, job));
	TRY(choose_range(call, job->written_bytes, &range));
	int fd = call->spool ? spool_open(call->spool, &name, SPOOL_RESULT, false) : -1;
	enum fault fault = OK;
	if (fd >= 0)
		fault = read_part(call, fd, &range);
	else if (range.size)
		fault = call_refuse(call, FAULT_JOB_UNKNOWN, TEXT("result"), TEXT_NONE);
	if (fd >= 0)
		close(fd);
	if (fault != OK)
		return fault;
	if (range.given)
		say_range(call, &range, job);
	native_limits(call, &call->limit);
	call->plain = true;
	call_header(call, TEXT("Accept-Ranges"), TEXT("bytes"));
	call->content_type = text_equal(ret->order.format, TEXT("ndjson"))
				 ? TEXT("application/x-ndjson")
				 : TEXT("text/csv;charset=UTF-8");
	return OK;
}
