/*
 * Jobs. An input comes in parts: `Content-Range: bytes FROM-TO/TOTAL`, TOTAL `*` while it is not
 * known; without the header it is the whole. Parts that are there already are accepted, one that
 * leaves a gap is refused with the byte that is expected. Each part is on the disk before it is
 * answered, so what a crash leaves is what the caller was told.
 */
#include "base/file.h"
#include "base/spool.h"
#include "bulk/bulk.h"
#include "dialect/native/job.h"

#include <unistd.h>

static const uint64_t INPUT_BYTES_MAX = UINT64_C(64) << 30; /* 100 M rows of 600 bytes */

struct job_in {
	uint64_t kind, format;
	struct job_order order;
	struct text request_no;
};
#define ROW struct job_in
static const struct field job_fields[] = {NATIVE_JOB(FIELD_OF)};
static const struct field number_fields[] = {NATIVE_NUMBER(FIELD_OF)};
#undef ROW

/* --- who may --- */

static uint64_t scope_of(enum job_kind kind)
{
	switch (kind) {
	case JOB_ISSUE:
	case JOB_GENERATE:
		return SCOPE_ISSUE;
	case JOB_RECALL:
	case JOB_EXTEND:
	case JOB_IMPORT:
		return SCOPE_MANAGE;
	case JOB_EXPORT:
		return SCOPE_READ;
	case JOB_KIND_COUNT:
		break;
	}
	must(false);
}

static enum fault check_scope(const struct call *call, enum job_kind kind)
{
	uint64_t has = call->actor.credential->scopes;
	return !has || has & scope_of(kind) ? OK : FAULT_SCOPE_MISSING;
}

static enum fault job_number(struct call *call, uint64_t *ret)
{
	const struct native_state *s = call->state;
	return text_to_uint64(s->id, ret)
		   ? OK
		   : call_refuse(call, FAULT_JOB_UNKNOWN, TEXT("job_id"), TEXT_NONE);
}

/* --- making, asking --- */

static enum fault check_resource(struct call *call, const struct job_in *in)
{
	const struct bulk_kind *kind = bulk_kind_find(in->order.resource);
	bool good = in->kind == JOB_IMPORT ? kind && kind->command : kind && kind->slice;
	good = good && !bulk_kind_is_for_administrators(kind);
	if ((in->kind != JOB_IMPORT && in->kind != JOB_EXPORT) || !in->order.resource.size || good)
		return OK;
	return native_invalid(call, "resource");
}

enum fault native_decode_job_make(struct call *call, void *into)
{
	struct job_make_cmd *cmd = into;
	struct job_in in = {0};
	TRY(native_body(call, FIELD_ROWS(job_fields, &in)));
	TRY(check_scope(call, (enum job_kind)in.kind));
	TRY(check_resource(call, &in));
	if (!call->spool)
		return call_refuse(call, FAULT_LIMIT_REACHED, TEXT("spool"), TEXT_NONE);
	*cmd = (struct job_make_cmd){.kind = (enum job_kind)in.kind,
				     .order = in.order,
				     .actor = credential_shown(call->actor.credential)};
	cmd->order.format = text_of(words_job_format.of[in.format]);
	return native_number(call, in.request_no, &call->request_number);
}

enum fault native_decode_job_get(struct call *call, void *into)
{
	struct job_get_cmd *cmd = into;
	TRY(native_decode_nothing(call, NULL));
	return job_number(call, &cmd->number);
}

enum fault native_decode_job_page(struct call *call, void *into)
{
	struct job_list_cmd *cmd = into;
	cmd->oldest_first = true;
	return native_read_page(call, &cmd->from, &cmd->n);
}

/* Whose scope it needs says the job. */
static enum fault open_job(struct call *call, uint64_t number, struct job *ret)
{
	struct job_get_cmd cmd = {number};
	struct job_get_ret job;
	TRY(call_read(call, COMMAND_job_get, &cmd, &job));
	*ret = job.job;
	return check_scope(call, (enum job_kind)job.job.kind);
}

enum fault native_job_check(struct call *call, const struct job *job)
{
	return check_scope(call, (enum job_kind)job->kind);
}

enum fault native_decode_job_cancel(struct call *call, void *into)
{
	struct job_cancel_cmd *cmd = into;
	struct job_in in = {0};
	struct job job;
	TRY(native_body(call, FIELD_ROWS(number_fields, &in)));
	TRY(job_number(call, &cmd->number));
	TRY(open_job(call, cmd->number, &job));
	return native_number(call, in.request_no, &call->request_number);
}

/* --- its input --- */

struct part {
	uint64_t from, total; /* total 0: not known yet */
	struct text bytes;
};

static bool read_range(struct text header, struct part *ret)
{
	uint64_t last = 0;
	struct text unit = text_cut(&header, ' ');
	struct text span = text_cut(&header, '/');
	if (!text_equal(unit, TEXT("bytes")))
		return false;
	if (!text_equal(header, TEXT("*")) && (!text_to_uint64(header, &ret->total) || !ret->total))
		return false;
	if (text_equal(span, TEXT("*"))) { /* no bytes, but how many there are */
		ret->from = ret->total;
		return ret->total && !ret->bytes.size;
	}
	struct text first = text_cut(&span, '-');
	if (!text_to_uint64(first, &ret->from) || !text_to_uint64(span, &last))
		return false;
	if (last >= INPUT_BYTES_MAX || last < ret->from || last - ret->from + 1 != ret->bytes.size)
		return false;
	return !ret->total || last < ret->total;
}

static enum fault read_part(struct call *call, struct part *ret)
{
	struct text header = http_header_get(call->request, TEXT("content-range"));
	*ret = (struct part){.bytes = call->request->body};
	if (header.size)
		return read_range(header, ret) ? OK : native_invalid(call, "Content-Range");
	ret->total = ret->bytes.size;
	return OK;
}

static enum fault expect(struct call *call, uint64_t byte)
{
	return call_refuse(call, FAULT_PARAMETER_INVALID, TEXT("Content-Range"),
			   arena_format(call->arena, "%llu", (unsigned long long)byte));
}

/* *ret_size: of the file afterwards. */
static enum fault write_part(struct call *call, int fd, const struct part *part, uint64_t *ret_size)
{
	int64_t size = spool_size(fd);
	uint64_t end = part->from + part->bytes.size;
	if (size < 0)
		return FAULT_DISK_FULL;
	if (part->from > (uint64_t)size || (part->total && (uint64_t)size > part->total))
		return expect(call, (uint64_t)size);
	*ret_size = end > (uint64_t)size ? end : (uint64_t)size;
	if (!part->bytes.size)
		return OK;
	return file_write(fd, part->bytes.data, part->bytes.size, part->from) && fdatasync(fd) == 0
		   ? OK
		   : FAULT_DISK_FULL;
}

/* One that has all of its input takes parts again, and no others. */
static enum fault take_again(struct call *call, const struct job *job, const struct part *part)
{
	bool there = job->input_bytes && part->from + part->bytes.size <= job->input_bytes &&
		     (!part->total || part->total == job->input_bytes);
	if (there)
		return OK;
	if (job->state >= JOB_DONE || !job->input_bytes)
		return call_refuse(call, FAULT_JOB_ENDED, TEXT("job_id"), TEXT_NONE);
	return expect(call, job->input_bytes);
}

static enum fault take_part(struct call *call, const struct job *job, const struct part *part,
			    uint64_t *ret_complete)
{
	struct spool_name name = native_spool_name(call, job);
	uint64_t size = 0;
	int fd = spool_open(call->spool, &name, SPOOL_INPUT, true);
	if (fd < 0)
		return FAULT_DISK_FULL;
	enum fault fault = write_part(call, fd, part, &size);
	close(fd);
	*ret_complete = fault == OK && part->total && size == part->total ? size : 0;
	return fault;
}

enum fault native_decode_job_input(struct call *call, void *into)
{
	struct job_start_cmd *cmd = into;
	struct part part;
	struct job job;
	TRY(native_decode_nothing(call, NULL));
	TRY(job_number(call, &cmd->number));
	TRY(open_job(call, cmd->number, &job));
	TRY(read_part(call, &part));
	if (!call->spool)
		return call_refuse(call, FAULT_LIMIT_REACHED, TEXT("spool"), TEXT_NONE);
	if (job.state != JOB_WANTS_INPUT)
		return take_again(call, &job, &part);
	return take_part(call, &job, &part, &cmd->input_bytes);
}
