/* Jobs: rows of fields.tbl.h. */
#pragma once

/* clang-format off */
#define NATIVE_JOB(F) \
	F(kind,               kind,        NULL, WORD,  0, REQUIRED, 0, job_kind, "") \
	F(order.template_id,  template_id, NULL, COUNT, 0, OPTIONAL, 0, none, "issue, generate") \
	F(order.count,        count,       NULL, COUNT, JOB_ROWS_MAX, OPTIONAL, 0, none, "generate: coupons") \
	F(order.resource,     resource,    NULL, TEXT,  NAME_LENGTH_MAX, OPTIONAL, 0, none, "import: departments, customers, templates, coupons, campaigns, audience; export: these, events") \
	F(format,             format,      NULL, WORD,  0, OPTIONAL, 0, job_format, "of its input and its result; absent: csv") \
	F(order.until,        until,       "valid_until", MOMENT_END, 0, OPTIONAL, 0, none, "extend: the end for rows that say none") \
	F(order.said.reason,   reason,     NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "kept in the coupons' timelines") \
	F(order.said.operator, operator,   NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "who did it") \
	NATIVE_NUMBER(F)
#define NATIVE_JOB_MADE(D) \
	D(DIGITS, job_id,  true, ret->number, REQUIRED, none, "") \
	D(WORD,   kind,    true, WORD_OF(job_kind, cmd->kind), REQUIRED, job_kind, "") \
	D(WORD,   state,   true, WORD_OF(job_state, state), REQUIRED, job_state, "") \
	D(NUMBER, total,   cmd->order.count, cmd->order.count, OPTIONAL, none, "rows; absent: not known yet") \
	D(NUMBER, done,    true, 0, REQUIRED, none, "rows") \
	D(NUMBER, refused, true, 0, REQUIRED, none, "of them")
#define NATIVE_JOB_SHOWN(D) \
	D(DIGITS, job_id,       true, j->number, REQUIRED, none, "") \
	D(WORD,   kind,         true, WORD_OF(job_kind, j->kind), REQUIRED, job_kind, "") \
	D(WORD,   state,        true, WORD_OF(job_state, j->state), REQUIRED, job_state, "") \
	D(NUMBER, total,        j->total, j->total, OPTIONAL, none, "rows; absent: not known yet") \
	D(NUMBER, done,         true, j->read, REQUIRED, none, "rows") \
	D(NUMBER, refused,      true, j->refused, REQUIRED, none, "of them") \
	D(DIGITS, template_id,  order->template_id, order->template_id, OPTIONAL, none, "") \
	D(TEXT,   resource,     true, order->resource, OPTIONAL, none, "") \
	D(TEXT,   format,       true, order->format, REQUIRED, none, "") \
	D(MOMENT, until,        true, order->until, OPTIONAL, none, "") \
	D(NUMBER, input_bytes,  has_input, input_bytes, OPTIONAL, none, "that are there: the next part begins with that byte") \
	D(NUMBER, read_bytes,   has_input, j->read_bytes, OPTIONAL, none, "of the input, that are done") \
	D(NUMBER, result_bytes, true, j->written_bytes, REQUIRED, none, "that can be fetched") \
	D(TEXT,   trouble,      true, j->trouble, OPTIONAL, none, "why it failed") \
	D(MOMENT, created_at,   true, j->created, REQUIRED, none, "") \
	D(MOMENT, ended_at,     true, j->ended, OPTIONAL, none, "then its files are kept for 7 days")
/* A row of a result, as NDJSON. */
#define NATIVE_JOB_RESULT(D) \
	D(NUMBER, row,         true, row, REQUIRED, none, "of the input, from 1") \
	D(TEXT,   result,      true, result, REQUIRED, none, "ok, or the code of what refused it") \
	D(TEXT,   field,       true, field, OPTIONAL, none, "that is wrong") \
	D(TEXT,   code,        true, code, OPTIONAL, none, "of the coupon") \
	D(TEXT,   customer_id, true, customer_id, OPTIONAL, none, "")
/* clang-format on */
