/*
 * Commands of what acts by itself: who may work at something (lease.c), webhooks, providers,
 * running campaigns, jobs. src/courier/ runs them; the native API shows them.
 */
#pragma once

#include "domain/life.h"

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

/* --- campaigns that run ---
 *
 * A campaign with a plan (rewards, registration rewards, approval, a start) is looked after by the
 * courier while it is online. At `starts`, else at its begin, else at once it starts: from then on
 * each covered member is issued the rewards and marked invited, whoever is registered gets the
 * registration's. After its end it ends: status 3. Suspended (status 2): nothing happens to it, its
 * end included. What comes into the audience meanwhile waits in LIST_TODO, in the order in which it
 * came.
 *
 * Each of the two rewards is given to one member once in the life of the campaign, also when
 * targets are cleared and added again, and when rewards are changed: `given` says so, whether the
 * coupons could be issued or were refused. A customer and those merged into him are one member.
 */
enum campaign_phase {
	PHASE_NONE, /* no plan: it does not run */
	PHASE_WAITING,
	PHASE_STARTED,
	PHASE_ENDED,
};
/* Kept in member.todo and member.given: the numbers stay. */
enum todo {
	TODO_COVERED = 1 << 0,
	TODO_REGISTERED = 1 << 1,
	GIVEN_USED = 1 << 2, /* given only: a reward was redeemed, if perhaps given back later */
};
/* Of coupons: SENT + REFUSED + UNKNOWN + PROMISED is all that was asked for. REDEEMED: uses that
 * stand. */
enum campaign_count {
	COUNT_SENT,
	COUNT_REFUSED,
	COUNT_UNKNOWN,	/* could not be found out whether its provider has sent it */
	COUNT_PROMISED, /* its provider has not answered yet */
	COUNT_REDEEMED,
	CAMPAIGN_COUNTS
};
/* Why a reward was refused here; what a provider refuses has no row. Kept: the numbers stay. */
enum refusal {
	REFUSAL_EXHAUSTED = 1,
	REFUSAL_DAY,
	REFUSAL_PERSON,
	REFUSAL_PERSON_DAY,
	REFUSAL_ENDED,	/* the template */
	REFUSAL_NOBODY, /* the customer was erased */
	REFUSAL_NICK,	/* a provider's template, and the customer has no nick */
	REFUSALS_END
};
enum fault refusal_fault(enum refusal refusal);

/* Changes a campaign that is there: all of it as it shall be. CAMPAIGN_UNKNOWN;
 * PRECONDITION_FAILED when it was changed after it was read. */
struct campaign_plan_cmd {
	struct campaign_save_cmd save;
	struct instant modified; /* as it was read */
};
struct campaign_plan_ret {
	uint64_t activity_id;
};
enum campaign_verb { CAMPAIGN_SUSPEND = 1, CAMPAIGN_RESUME, CAMPAIGN_END };
/* Again: nothing. CAMPAIGN_ENDED: one that has ended is neither suspended nor resumed. */
struct campaign_status_cmd {
	struct text source_code;
	enum campaign_verb verb;
};
struct campaign_status_ret {
	uint64_t status;
};
/* One step of whoever has the lease: it starts, or ends, or serves the oldest that wait. Of a
 * campaign that has nothing to do: nothing. LEASE_LOST. */
struct campaign_run_cmd {
	uint64_t number;
	unsigned n; /* members at most, 1..RUN_MEMBERS_MAX */
	uint64_t owner;
};
struct campaign_run_ret {
	unsigned members; /* that were taken off the list */
	unsigned sent, refused, promised;
	bool more;
};
/* Where more of an audience comes from. */
enum fill_mark { FILL_COVERED, FILL_INVITED, FILL_REGISTERED, FILL_REDEEMED };
enum wanted { WANTED_ANY, WANTED_YES, WANTED_NO };
struct customer_filter {
	struct instant created_from, created_to; /* none: open */
	enum wanted phone, card_no, nick;
	uint64_t template_id; /* 0: any; else who has, or has not, an unused coupon of it among */
	bool has_not;	      /* the newest FILTER_COUPONS_MAX */
};
/* Covers another campaign's members as they are now, or the customers that a filter lets through,
 * by and by. CAMPAIGN_UNKNOWN; CAMPAIGN_ENDED; LIMIT_REACHED past FILLS_MAX at once. */
struct campaign_fill_cmd {
	struct text source_code;
	struct text from_campaign; /* its source code; empty: customers */
	enum fill_mark mark;
	struct customer_filter filter;
};
struct campaign_fill_ret {
	char none;
};
/* One step of the oldest fill, or of a look through an audience that was there before its rewards.
 * LEASE_LOST. */
struct campaign_walk_cmd {
	uint64_t number;
	unsigned n; /* rows at most, 1..RUN_MEMBERS_MAX */
	uint64_t owner;
};
struct campaign_walk_ret {
	unsigned added;
	bool more;
};
/* Registrations that wait are registered, or dropped; whoever does not wait is left alone. */
struct audience_approve_cmd {
	struct text source_code;
	struct references customers;
	bool approve;
};
struct audience_approve_ret {
	uint64_t changed;
};
struct campaign_progress_cmd {
	struct text source_code;
};
struct campaign_progress_ret {
	struct campaign campaign;
	uint64_t covered, invited, registered, pending; /* members; pending: approval */
	uint64_t waiting;				/* members that are still to be served */
	uint64_t counts[CAMPAIGN_COUNTS];
	uint64_t refused_for[REFUSALS_END];
};
/* Of the running campaigns, oldest first: what there is to do. */
enum due_work { DUE_LATER, DUE_RUN, DUE_WALK };
struct campaign_due {
	uint64_t number;
	enum due_work work;
	struct instant at; /* DUE_LATER: none: when somebody writes */
};
struct campaign_due_cmd {
	uint64_t from;
	unsigned n;
};
struct campaign_due_ret {
	struct campaign_due *rows;
	unsigned n;
	uint64_t count;
};
/* --- what may be told: see notice.h --- */
/* What a notice's subject numbers. */
enum notice_of { OF_COUPON, OF_TEMPLATE, OF_CAMPAIGN, OF_JOB, OF_PROVIDER, OF_WEBHOOK };
enum notice_kind {
#define NOTICE(name, id, wire, of, text) NOTICE_##name = id,
#include "domain/notices.tbl.h"
#undef NOTICE
};
struct notice_row {
	const char *wire; /* "coupon.issued" */
	enum notice_of of;
	const char *text;
};
/* NULL: there is no such kind. */
const struct notice_row *notice_row_get(unsigned kind);
/* What an event is called where it is told: "evt_" and a public id. */
enum { EVENT_ID_SIZE = 4 + PUBLIC_ID_SIZE };
void event_id(uint64_t notice, char out[EVENT_ID_SIZE]);
CHECKED bool event_id_read(struct text id, uint64_t *ret_notice);
enum { NOTICE_KINDS_MAX = 64 /* webhook.kinds has a bit for each */ };

/* --- webhooks: webhook.c, delivery.c, delivery_log.c --- */
enum {
	WEBHOOK_SECRET_SIZE = 32, /* bytes, of 24 to 64 that are allowed */
	WEBHOOK_URL_MAX = URL_BYTES_MAX,
	DELIVERY_TRIES = 13,	   /* the last one some two days after the first */
	DELIVERY_ANSWER_MAX = 200, /* bytes of an answer that are kept */
	DELIVERY_NEXT_MAX = 256,   /* rows of one delivery_next */
	DELIVERY_SETTLE_MAX = 256,
	DELIVERY_WALK_MAX = 1000, /* rows that a page of the log may pass over */
	NOTICE_FORGET_MAX = 256,
	OLD_SECRET_S_MAX = 7 * 24 * 3600,
};
/* Also those that come with later versions. */
static const uint64_t WEBHOOK_KINDS_ALL = INT64_MAX;

/* A secret is made by whoever asks, because handlers know no random numbers; a repeat of the
 * request gets the first one, as long as requests are remembered. */
struct webhook_add_cmd {
	struct text url; /* judged by the caller: base/url.h */
	uint64_t kinds;	 /* bits 1 << enum notice_kind; 0: WEBHOOK_KINDS_ALL */
	struct text label;
	struct text secret; /* WEBHOOK_SECRET_SIZE bytes */
	struct request_number request;
};
struct webhook_add_ret {
	uint64_t number;
	struct instant created;
	struct text secret;
};
/* LIMIT_REACHED past WEBHOOKS_MAX. */
struct webhook_change_cmd {
	uint64_t number;
	bool has_url, has_kinds, has_label;
	struct text url, label;
	uint64_t kinds;
	struct text secret;    /* a new one; the one before signs too for .. */
	uint64_t old_secret_s; /* .. so long */
	bool resume;	       /* what waits is tried at once */
	struct request_number request;
};
struct webhook_change_ret {
	struct text secret; /* with a new one */
	struct instant old_until;
};
/* What it was told stands in the log no longer; what waited for it is not sent. */
struct webhook_delete_cmd {
	uint64_t number;
};
struct webhook_delete_ret {
	char none;
};
struct webhook_list_cmd {
	uint64_t from; /* oldest first */
	unsigned n;
};
struct webhook_list_ret {
	struct webhook *rows; /* secrets sealed */
	unsigned n;
	uint64_t count;
};
struct webhook_get_cmd {
	uint64_t number;
};
struct webhook_get_ret {
	struct webhook webhook; /* secrets sealed */
};

/* A notice with what a message says of it. */
struct message {
	struct delivery delivery;
	struct notice notice;
	/* of a coupon; what is absent is empty, NULL or 0 */
	struct text code, customer_id;
	const struct event *event;
	uint64_t template_id;
	uint64_t activity_id; /* of the campaign it belongs to */
	struct text source_code;
};
/* What may be sent now: of each lane that is asked for the oldest that wait, in their order, none
 * from the first on that is not due. WEBHOOK_UNKNOWN. */
struct delivery_next_cmd {
	uint64_t webhook;
	uint64_t lanes; /* bit lane - 1 */
	unsigned n;	/* of each lane; all together at most DELIVERY_NEXT_MAX */
};
struct delivery_next_ret {
	struct webhook webhook; /* secrets in CLEAR; the old one only while it signs */
	struct message *rows;	/* lane by lane */
	unsigned n;
	bool more;		 /* there was no room for another lane's */
	struct instant next_due; /* the first of what is not due yet; none: nothing */
};
/* What became of tries. What is settled already stays as it is. LEASE_LOST. */
enum delivery_outcome {
	OUTCOME_DELIVERED,
	OUTCOME_FAILED,
	OUTCOME_GONE /* and so is the webhook */
};
struct delivery_result {
	uint64_t notice;
	enum delivery_outcome outcome;
	uint64_t status;
	struct text answer;
	uint64_t retry_after_s; /* 0: not said */
	uint16_t jitter;	/* random */
};
struct delivery_settle_cmd {
	uint64_t webhook, owner; /* of its lease */
	const struct delivery_result *results;
	unsigned n; /* at most DELIVERY_SETTLE_MAX */
};
struct delivery_settle_ret {
	unsigned settled;
	bool suspended;
};
enum delivery_state { DELIVERY_WAITING, DELIVERY_DELIVERED, DELIVERY_FAILED };
enum delivery_state delivery_state_of(const struct delivery *d);
struct delivery_shown {
	struct delivery delivery;
	struct notice notice;
};
struct delivery_list_cmd {
	uint64_t webhook;
	bool has_state;
	enum delivery_state state;
	uint64_t before; /* place in the log, counted from its oldest; 0: the end */
	unsigned n;
};
struct delivery_list_ret {
	struct delivery_shown *rows; /* newest first */
	unsigned n;
	uint64_t next; /* `before` of the next page; 0: it was the last */
};
/* Once more, and as often as a new one. One that waits is tried at once. DELIVERY_UNKNOWN. */
struct delivery_resend_cmd {
	uint64_t webhook, notice;
};
struct delivery_resend_ret {
	char none;
};
static const int64_t NOTICES_KEPT_MS = INT64_C(30) * 24 * 3600 * 1000;
/* Removes up to n notices that are older than that, with their deliveries. */
struct notice_forget_cmd {
	unsigned n;
};
struct notice_forget_ret {
	unsigned forgotten;
};
/* --- providers, and the errands to them: errand.h, docs/providers.md --- */
enum {
	PROVIDER_FAILURES_MAX = 5,  /* in a row; then it is left alone for a while */
	ERRAND_TRIES_MAX = 12,	    /* that may have reached the provider; some 27 minutes */
	ERRAND_ASKED_TRIES = 3,	    /* when somebody asks again */
	ERRAND_WORD_MAX = 100,	    /* characters of what a provider says */
	ERRAND_CALL_MS = 10 * 1000, /* that a call may take, and until nobody else makes it: */
	ERRAND_AWAY_MS = ERRAND_CALL_MS + 5 * 1000,
};
struct provider_list_cmd { /* oldest first */
	uint64_t from;
	unsigned n;
};
struct provider_list_ret {
	struct provider *rows; /* secrets sealed */
	uint64_t *waiting;     /* errands of each that are to be sent, or sent again */
	unsigned n;
	uint64_t count;
};
/* Of such a list; NULL: it is not there, or 0. */
static inline const struct provider *provider_of(const struct provider_list_ret *all,
						 uint64_t number)
{
	for (unsigned i = 0; number && i < all->n; i++)
		if (all->rows[i].number == number)
			return &all->rows[i];
	return NULL;
}
/* Whether a page of templates needs it. */
static inline bool have_provider(const struct template_list_ret *templates)
{
	unsigned i = 0;
	while (i < templates->n && !templates->rows[i].provider)
		i++;
	return i < templates->n;
}
/* A stretch of a provider's errands that wait; those that failed stand behind the others. */
struct errand_due_cmd {
	uint64_t provider, from;
	unsigned n;
};
struct errand_due_ret {
	struct errand *rows;
	unsigned n;
	uint64_t count;
};
/* Before each try: what to send, kept by its digest so that a later try never sends anything else
 * under the same request_id. LEASE_LOST. */
struct errand_begin_cmd {
	uint64_t number, provider;
	uint64_t owner; /* of the provider's lease */
};
struct errand_begin_ret {
	bool goes;  /* false: there is nothing to send, or nothing may be sent */
	bool fresh; /* no earlier try can have been carried out */
	struct text request_id, url, app_key, secret, access_token;
	uint64_t template_id;
	const uint64_t *coupons; /* their ids */
	const struct text *nicks;
	unsigned n;
};
/* What a try has come to. */
enum errand_result {
	ERRAND_NOT_DONE, /* surely nothing was issued by it */
	ERRAND_ANSWERED,
	ERRAND_DOUBTFUL, /* it may have been carried out */
};
struct errand_answer {
	uint64_t coupon;      /* its id */
	enum promise outcome; /* SENT, REFUSED, UNKNOWN: the answer does not say */
	struct text reason;   /* REFUSED */
	struct text code;     /* SENT: the provider's number of it; empty: none */
};
struct errand_settle_cmd {
	uint64_t number;
	enum errand_result result;
	bool fresh;  /* as errand_begin said */
	bool failed; /* it says something of the provider, not of this errand alone */
	const struct errand_answer *answers;
	unsigned n;
	struct text trouble; /* not ANSWERED: a few words without anything personal */
	uint64_t random;     /* spreads the next try */
};
struct errand_settle_ret {
	bool waiting; /* it is to be sent again */
};
struct errand_list_cmd { /* oldest first */
	bool unknown;	 /* those that somebody has to find out about */
	uint64_t from;
	unsigned n;
};
struct errand_view {
	struct errand errand;
	uint64_t id; /* public number */
	struct text request_id;
	uint64_t template_id;
	uint64_t counts[PROMISE_COUNT];
};
struct errand_list_ret {
	struct errand_view *rows;
	unsigned n;
	uint64_t count;
};
struct errand_get_cmd {
	uint64_t id; /* public number; ERRAND_UNKNOWN */
};
struct errand_promise {
	struct text code, customer_id;
	uint64_t id;
	enum promise outcome;
	struct text reason;
};
struct errand_get_ret {
	struct errand_view view;
	struct provider provider;
	struct errand_promise *promises;
	unsigned n;
};
/* Sent again, under the same request_id, as soon as may be. One whose outcomes are known is left as
 * it is. */
struct errand_ask_cmd {
	uint64_t id;
};
struct errand_ask_ret {
	char none;
};

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
