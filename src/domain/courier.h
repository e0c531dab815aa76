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
	bool alone; /* no other courier can be there: what another owns was left by a crash */
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

/* --- providers, and the errands to them: errand.h, docs/providers.md --- */
enum {
	PROVIDER_FAILURES_MAX = 5, /* in a row; then it is left alone for a while */
	ERRAND_TRIES_MAX = 12,	   /* that may have reached the provider; some 27 minutes */
	ERRAND_ASKED_TRIES = 3,	   /* when somebody asks again */
	ERRAND_WORD_MAX = 100,	   /* characters of what a provider says */
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
