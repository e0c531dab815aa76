/*
 * Commands of what acts by itself: who may work at something (lease.c), webhooks, providers,
 * running campaigns, jobs. src/courier/ runs them; the native API shows them.
 */
#pragma once

#include "base/limits.h"
#include "store/store.h"

/* --- leases: one courier at a time works at one thing --- */
/* Kept in records: the numbers stay. */
enum lease_kind { LEASE_WEBHOOK = 1, LEASE_PROVIDER, LEASE_CAMPAIGN, LEASE_JOB };
enum { LEASE_MS_MAX = 60 * 1000 };
/* Takes what is nobody's, or prolongs what is the owner's. */
struct lease_take_cmd {
	enum lease_kind kind;
	uint64_t of, owner; /* owner: a random number, not 0 */
	uint64_t lease_ms;  /* 1..LEASE_MS_MAX, from now */
	bool alone;	    /* no other courier can be there: another's was left by a crash */
};
struct lease_take_ret {
	bool mine;
	struct instant until; /* whoever has it; by the merchant's clock */
};
/* Gives it up early. Not the owner's: nothing. */
struct lease_drop_cmd {
	enum lease_kind kind;
	uint64_t of, owner;
};
struct lease_drop_ret {
	char none;
};
/* For commands that only the owner may give: LEASE_LOST. */
CHECKED enum fault lease_check(struct tx *tx, const struct env *env, enum lease_kind kind,
			       uint64_t of, uint64_t owner);

/* --- jobs: work on many rows, by the desk of jobs (docs/bulk.md) --- */
/* Kept in records: the numbers stay. */
enum job_kind {
	JOB_ISSUE = 1, /* a coupon to each customer of the input */
	JOB_GENERATE,  /* coupons for nobody yet */
	JOB_RECALL,    /* the coupons of the input */
	JOB_EXTEND,
	JOB_IMPORT,
	JOB_EXPORT,
	JOB_KIND_COUNT
};
enum job_state {
	JOB_WANTS_INPUT = 1,
	JOB_WAITING, /* all is there; nobody works at it yet */
	JOB_RUNNING,
	JOB_CANCELLING, /* it ends with the slice that may be at work */
	JOB_DONE,
	JOB_CANCELLED,
	JOB_FAILED, /* trouble says why */
	JOB_STATE_COUNT
};
enum {
	JOB_SLICE = 256, /* rows of one step of a job */
	JOB_ROWS_MAX = 1000 * 1000 * 1000,
	JOB_INPUT_DAYS = 1,  /* how long one waits for its input */
	JOB_RESULT_DAYS = 7, /* how long files are kept after its end */
};
/* What is to be done; which of it a kind wants says job.c. */
struct job_order {
	uint64_t template_id;
	uint64_t count;
	struct text resource; /* import, export: a kind of rows */
	struct text format;   /* "csv", "ndjson" */
	struct instant until; /* extend: of rows that say no end of their own */
	struct circumstances said;
};
struct job_make_cmd {
	enum job_kind kind;
	struct job_order order;
	struct text actor;
};
struct job_make_ret {
	uint64_t number;
};
/* All of its input is there: so many bytes. Again: nothing. */
struct job_start_cmd {
	uint64_t number, input_bytes;
};
struct job_start_ret {
	struct job job;
	struct job_order order;
};
/* What a slice has done; `was`: how far the job was before it. JOB_ENDED, LEASE_LOST. */
struct job_progress {
	uint64_t read, refused, read_bytes, written_bytes, position;
};
struct job_step_cmd {
	uint64_t number, owner;
	struct job_progress was, now;
	uint64_t total; /* 0: not known */
};
struct job_step_ret {
	enum job_state state;
};
/* The end. DONE of a job that is being cancelled is CANCELLED. Notice job.done. */
struct job_end_cmd {
	uint64_t number, owner;
	enum job_state state;
	struct text trouble;
};
struct job_end_ret {
	char none;
};
struct job_cancel_cmd {
	uint64_t number; /* JOB_ENDED when it is over; of one that is cancelled already: nothing */
};
struct job_cancel_ret {
	struct job job;
	struct job_order order;
};
struct job_get_cmd {
	uint64_t number; /* JOB_UNKNOWN */
};
struct job_get_ret {
	struct job job;
	struct job_order order;
};
struct job_list_cmd {
	bool open; /* those that are not over alone */
	uint64_t from;
	unsigned n;
	bool oldest_first;
};
struct job_list_ret {
	struct job *rows;
	struct job_order *orders;
	unsigned n;
	uint64_t count;
};
struct job_progress job_progress_of(const struct job *job);
static inline bool job_is_over(const struct job *job)
{
	return job->state >= JOB_DONE;
}
static inline bool job_has_input(enum job_kind kind)
{
	return kind != JOB_GENERATE && kind != JOB_EXPORT;
}
