/*
 * Campaigns: what the files campaign*.c and audience.c share.
 */
#pragma once

#include "domain/domain.h"
#include "domain/notice.h"

/* A live campaign; CAMPAIGN_UNKNOWN with the field "activity_id" when there is none. */
CHECKED enum fault campaign_find(struct tx *tx, uint64_t activity_id, struct campaign *ret);
/* The same by its source code, with the field that names it. */
CHECKED enum fault campaign_find_source(struct tx *tx, struct text field, struct text source_code,
					struct campaign *ret);
/* Departments and rewards; texts live as long as the transaction. */
CHECKED enum fault campaign_show(struct tx *tx, const struct env *env, const struct campaign *c,
				 struct campaign_shown *ret);
/* A record with the numbers and instants of a new campaign. */
struct campaign campaign_new(struct tx *tx, const struct env *env, enum maker maker);
/* Puts it as the newest change. */
void campaign_put_changed(struct tx *tx, const struct env *env, struct campaign *c);

/* Numbers in BYTES members: varints in a row. */
CHECKED enum fault numbers_read(const struct env *env, struct text bytes, uint64_t **ret,
				unsigned *ret_n);
struct text numbers_write(const struct env *env, const uint64_t *numbers, unsigned n);
/* Adds a number unless it is there. */
unsigned numbers_add(uint64_t *numbers, unsigned n, uint64_t number);

/* --- prizes.c --- */
/* The templates' numbers, each once; TEMPLATE_UNKNOWN with "prizes.coupon_id". */
CHECKED enum fault prizes_read(struct tx *tx, const struct env *env, const uint64_t *template_ids,
			       unsigned n, struct text *ret_prizes);
/* The tallies of use that change when a campaign's prizes do: to be put. */
struct uses {
	struct tally *rows;
	unsigned n;
};
CHECKED enum fault uses_change(struct tx *tx, const struct env *env, struct text before,
			       struct text after, struct uses *ret);
void uses_put(struct tx *tx, struct uses *uses);

/* --- rewards.c --- */
struct rewarded {
	uint64_t template, count; /* the template's number */
};
CHECKED enum fault rewards_read(const struct env *env, struct text bytes, struct rewarded **ret,
				unsigned *ret_n);
/* As a campaign keeps them; TEMPLATE_UNKNOWN, TOO_MANY, PARAMETER_INVALID with `field`. */
CHECKED enum fault rewards_find(struct tx *tx, const struct env *env, struct text field,
				const struct reward *rewards, unsigned n, struct text *ret);
void rewards_want(struct tx *tx, const struct plan *plan);
/* By template ids, for who reads them; texts outlive the transaction. */
CHECKED enum fault rewards_show(struct tx *tx, const struct env *env, const struct campaign *c,
				struct campaign_rewards *ret);
/* All templates that it names, each once: prizes and rewards. They cannot be deleted. */
CHECKED enum fault campaign_templates(const struct env *env, const struct campaign *c,
				      struct text *ret);

/* --- campaign_turn.c: what follows from a campaign's status and plan --- */
/* After the members of a campaign were set (before: as it was; NULL: it is new): its phase, whether
 * it runs, what is told. notices_want first, notices_put after the put. */
CHECKED enum fault campaign_turn(struct tx *tx, const struct env *env,
				 const struct campaign *before, struct campaign *c,
				 struct notices *ret);
/* Members of the WJB object that the record says otherwise than before. */
uint64_t campaign_members_changed(const struct campaign *a, const struct campaign *b);
/* None: at once. */
struct instant campaign_starts(const struct campaign *c);
/* Sets `running`; every put of a campaign whose status, phase or fill changed goes through it. */
void campaign_set_running(struct campaign *c);
/* Adds the plan; walks through an audience that was there before its rewards. */
CHECKED enum fault plan_set(struct tx *tx, const struct env *env, const struct plan *plan,
			    struct campaign *c);
/* What a member is still to get: goes into member.todo wherever its marks change. */
uint64_t campaign_todo(const struct campaign *c, const struct member *m);

/* --- campaign_counts.c --- */
struct campaign_counts {
	uint64_t campaign;
	unsigned some; /* bits 1 << enum campaign_count that are loaded */
	struct tally of[CAMPAIGN_COUNTS];
	struct tally refused_for[REFUSALS_END];
	bool reasons; /* refused_for is loaded */
	unsigned changed, refusals_changed;
};
enum {
	COUNTS_REDEEMED = 1 << COUNT_REDEEMED,
	COUNTS_SETTLED =
	    1 << COUNT_SENT | 1 << COUNT_REFUSED | 1 << COUNT_UNKNOWN | 1 << COUNT_PROMISED,
};
/* A command that counts: wants, opens (a decision), adds, puts. `some`: what it may count. */
void campaign_counts_want(struct tx *tx, uint64_t campaign, unsigned some, bool reasons);
CHECKED enum fault campaign_counts_open(struct tx *tx, uint64_t campaign, unsigned some,
					bool reasons, struct campaign_counts *ret);
/* n may be below 0; a count never is. */
void campaign_count(struct campaign_counts *c, enum campaign_count what, int64_t n);
void campaign_count_refusal(struct campaign_counts *c, enum refusal why);
void campaign_counts_put(struct tx *tx, struct campaign_counts *c);

/* --- reward_uses.c: coupons of campaigns that are redeemed, or given back --- */
struct reward_uses {
	struct campaign_counts *campaigns;
	unsigned n;
	struct member *members;
	bool *found;
	unsigned member_count;
};
void reward_uses_want(struct tx *tx, const struct coupon *coupon);
CHECKED enum fault reward_uses_open(struct tx *tx, const struct env *env,
				    const struct coupon *const *coupons, unsigned n,
				    struct reward_uses *ret);
void reward_use(struct reward_uses *u, const struct coupon *coupon, int64_t n);
void reward_uses_put(struct tx *tx, struct reward_uses *u);

/* --- fills.c: campaign.fill --- */
/* Kept: the numbers stay. */
enum fill_kind {
	FILL_NEW_REWARDS = 1, /* its own covered members, who came before the rewards */
	FILL_NEW_REGISTER_REWARDS,
	FILL_CAMPAIGN,
	FILL_CUSTOMERS,
};
/* Bits of fill.filter */
enum {
	FILTER_PHONE = 1 << 0,
	FILTER_NO_PHONE = 1 << 1,
	FILTER_CARD = 1 << 2,
	FILTER_NO_CARD = 1 << 3,
	FILTER_NICK = 1 << 4,
	FILTER_NO_NICK = 1 << 5,
	FILTER_NO_COUPON = 1 << 6, /* has not; else has */
};
struct fill {
	uint64_t kind;
	uint64_t campaign, cover, mark; /* whose members; mark: enum mark */
	uint64_t used;			/* only who has redeemed */
	uint64_t rank;			/* rows that were passed .. */
	uint64_t passed;		/* .. and the place in the list of the last of them */
	uint64_t end;			/* customers: the rank behind the last */
	uint64_t filter, template;
};
CHECKED enum fault fills_read(const struct env *env, const struct campaign *c, struct fill **ret,
			      unsigned *ret_n);
void fills_write(const struct env *env, struct campaign *c, const struct fill *fills, unsigned n);
/* LIMIT_REACHED with "fill". */
CHECKED enum fault fills_add(struct tx *tx, const struct env *env, struct campaign *c,
			     const struct fill *fill);
/* Targets are cleared: nothing covers anybody any more. */
CHECKED enum fault fills_clear(const struct env *env, struct campaign *c);

/* --- campaign_run.c --- */
/* What a campaign has to do by now; todo: how many wait. */
struct campaign_due campaign_look(const struct env *env, const struct campaign *c, uint64_t todo);

/* --- campaign_promise.c: rewards that a provider sends --- */
/* What a change of an errand counts: a decision; campaign_counts_put with the puts. */
void campaign_errand_want(struct tx *tx, const struct errand *e);
CHECKED enum fault campaign_errand_count(struct tx *tx, const struct env *env,
					 const struct errand *before, const struct errand *after,
					 struct campaign_counts *ret);
