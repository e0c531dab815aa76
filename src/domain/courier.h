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
