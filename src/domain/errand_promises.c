/* The promises of one errand, and what becomes of them: see errand.h. */
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/errand.h"
#include "domain/terms.h"

enum fault promises_load(struct tx *tx, const struct env *env, const struct errand *e,
			 struct promises *ret)
{
	static const struct request_number none = {0};
	unsigned m;
	*ret = (struct promises){.errand = *e, .before = *e};
	campaign_errand_want(tx, e);
	store_want(tx, TABLE_TEMPLATE, &(struct template){.number = e->template});
	store_want_page(tx, &(struct page){.list = LIST_ERRANDS_UNKNOWN});
	errands_want(tx, e->provider);
	TRY(numbers_read(env, e->coupons, &ret->ids, &ret->n));
	TRY(numbers_read(env, e->outcomes, &ret->outcomes, &m));
	if (m != ret->n)
		return FAULT_DATA_DAMAGED;
	ret->lives = ARENA_ARRAY(env->arena, struct life, ret->n + 1);
	ret->decisions = ARENA_ARRAY(env->arena, struct promise_decision, ret->n + 1);
	ROOM(ret->lives && ret->decisions);
	TRY(releases_take(env, ret->n, &ret->releases));
	for (unsigned i = 0; i < ret->n; i++)
		store_want_unique(tx, UNIQUE_COUPON_BY_ID, &(struct coupon){.id = ret->ids[i]});
	for (unsigned i = 0; i < ret->n; i++) {
		struct coupon coupon = {.id = ret->ids[i]};
		TRY(find_named(tx, UNIQUE_COUPON_BY_ID, &coupon));
		TRY(life_begin(tx, env, &coupon, &none, &ret->lives[i]));
	}
	return OK;
}

unsigned promises_open(const struct promises *p)
{
	unsigned open = 0;
	for (unsigned i = 0; i < p->n; i++)
		open += !outcome_is_known(p->outcomes[i]);
	return open;
}

/* --- decisions --- */

static enum fault want_all(struct tx *tx, const struct env *env, struct promises *p)
{
	struct code_key key = code_key(tx);
	struct template t = {.number = p->errand.template};
	for (unsigned i = 0; i < p->n; i++) {
		const struct promise_decision *d = &p->decisions[i];
		if (d->verb == EVENT_RELEASED)
			hold_want(tx, env, &p->lives[i]);
		if (d->verb == EVENT_CONFIRMED && d->code.size)
			coupon_want_code(tx, &key, d->code);
	}
	TRY(get_named(tx, TABLE_TEMPLATE, &t));
	for (unsigned i = 0; i < p->n; i++)
		if (p->decisions[i].verb == EVENT_CONFIRMED)
			terms_want_edition(tx, &t, p->lives[i].coupon.edition);
	return OK;
}

/* Which coupon has the number that the provider gave, if any; id 0: nobody may have it. */
static enum fault find_owner(struct tx *tx, const struct env *env, const struct promises *p,
			     unsigned i, struct coupon *ret, bool *ret_found)
{
	struct text code = p->decisions[i].code;
	struct code_key key = code_key(tx);
	for (unsigned k = 0; k < i; k++)
		if (text_equal(p->lives[k].coupon.code, code)) {
			*ret = p->lives[k].coupon;
			*ret_found = true;
			return OK;
		}
	TRY(coupon_find_by_code(tx, &key, code, ret, ret_found));
	if (*ret_found || !code_is_reserved(env, &key, code))
		return OK;
	*ret = (struct coupon){0};
	*ret_found = true;
	return OK;
}

/* The number becomes the coupon's code if it is nobody's. A provider that gives a customer the same
 * coupon for a second promise has not kept that one. */
static enum fault take_code(struct tx *tx, const struct env *env, struct promises *p, unsigned i)
{
	struct promise_decision *d = &p->decisions[i];
	struct coupon *c = &p->lives[i].coupon, owner;
	bool found;
	if (d->verb != EVENT_CONFIRMED || !d->code.size)
		return OK;
	TRY(find_owner(tx, env, p, i, &owner, &found));
	if (!found) {
		c->code = d->code;
	} else if (owner.errand && owner.customer == c->customer && owner.id != c->id) {
		d->verb = EVENT_RELEASED;
		d->said.reason = TEXT("the provider gave a coupon that the customer has already");
		p->outcomes[i] = OUTCOME_REFUSED;
		hold_want(tx, env, &p->lives[i]);
	}
	return OK;
}

static enum fault release(struct tx *tx, const struct env *env, struct promises *p, unsigned i)
{
	TRY(hold_release(tx, env, &p->lives[i], &p->releases));
	hold_leave(&p->lives[i].coupon, COUPON_RECALLED);
	return OK;
}

static enum fault apply(struct tx *tx, const struct env *env, struct promises *p, unsigned i,
			struct notices *notices)
{
	const struct promise_decision *d = &p->decisions[i];
	struct life *life = &p->lives[i];
	struct event event = {.kind = d->verb, .said = d->said};
	if (d->verb == EVENT_CONFIRMED)
		TRY(hold_confirm(tx, env, &life->coupon, &event));
	else
		TRY(release(tx, env, p, i));
	TRY(life_add(env, life, &event));
	return notices_coupon(notices, env, notice_of_event(d->verb), &life->coupon, event.number);
}

enum fault promises_apply(struct tx *tx, const struct env *env, struct promises *p,
			  struct notices *notices)
{
	TRY(want_all(tx, env, p));
	for (unsigned i = 0; i < p->n; i++)
		TRY(take_code(tx, env, p, i));
	for (unsigned i = 0; i < p->n; i++)
		if (p->decisions[i].verb)
			TRY(apply(tx, env, p, i, notices));
	return OK;
}

enum fault promises_give_up(const struct env *env, struct promises *p, struct notices *notices)
{
	errand_close(&p->errand);
	p->errand.unknown = true;
	for (unsigned i = 0; i < p->n; i++)
		if (!outcome_is_known(p->outcomes[i]))
			TRY(notices_coupon(notices, env, NOTICE_COUPON_UNKNOWN, &p->lives[i].coupon,
					   p->lives[i].coupon.revision));
	return OK;
}

enum fault promises_count(struct tx *tx, const struct env *env, struct promises *p)
{
	p->errand.outcomes = numbers_write(env, p->outcomes, p->n);
	return campaign_errand_count(tx, env, &p->before, &p->errand, &p->counts);
}

/* --- puts --- */

void promises_put(struct tx *tx, struct promises *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->decisions[i].verb)
			store_put(tx, TABLE_COUPON, &p->lives[i].coupon);
	releases_put(tx, &p->releases);
	campaign_counts_put(tx, &p->counts);
	store_put(tx, TABLE_ERRAND, &p->errand);
}
