/*
 * Assign, transfer, reissue. A coupon that is given away stays counted with who had it: he did
 * receive one, and gets no other for it. Who receives it must be allowed one more.
 */
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/holders.h"
#include "domain/issuing.h"
#include "domain/move.h"
#include "domain/notice.h"
#include "domain/terms.h"

struct move {
	const struct coupon_change_cmd *cmd;
	struct life *life;
	struct event *event;
	struct coupon before; /* as the store has it */
	struct template terms;
	struct issuing issuing;
	struct person holder;
	struct holding received, elsewhere, given;
	struct notices notices;
};

void coupon_move_want(struct tx *tx, const struct coupon_change_cmd *c)
{
	if (c->verb == EVENT_ASSIGNED || c->verb == EVENT_TRANSFERRED)
		customer_want_row(tx, &c->holder);
}

/* The template, so that what hangs on it is named together with the rest. */
static enum fault want_terms(struct tx *tx, struct move *m)
{
	const struct coupon *c = &m->before;
	m->terms = (struct template){.number = c->template};
	store_want(tx, TABLE_TEMPLATE, &m->terms);
	if (c->customer) {
		store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = c->customer});
		store_want(tx, TABLE_HOLDING,
			   &(struct holding){.customer = c->customer, .template = c->template});
	}
	TRY(get_named(tx, TABLE_TEMPLATE, &m->terms));
	terms_want_edition(tx, &m->terms, c->edition);
	return OK;
}

/* --- to another holder --- */

static enum fault find_holder(struct tx *tx, const struct env *env, struct move *m)
{
	bool any;
	TRY(customer_of_row(tx, env, &m->cmd->holder, &m->holder, &any));
	if (!any)
		return refuse(tx, FAULT_PARAMETER_MISSING, TEXT("customer"), TEXT_NONE);
	if (!instant_is_none(m->holder.customer.erased))
		return refuse(tx, FAULT_CUSTOMER_UNKNOWN, TEXT("customer"), TEXT_NONE);
	return OK;
}

static enum fault load_holdings(struct tx *tx, struct move *m)
{
	uint64_t number = m->holder.customer.number, template = m->before.template;
	m->received = (struct holding){.customer = number, .template = template};
	store_want(tx, TABLE_HOLDING, &m->received);
	if (m->before.customer)
		TRY(holding_get(tx, m->before.customer, template, &m->given));
	if (m->holder.is_new)
		return OK;
	TRY(holding_get(tx, number, template, &m->received));
	return holding_elsewhere(tx, &m->holder.customer, template, &m->elsewhere);
}

/* The template's own limits were kept when it was issued. */
static enum fault check_limits(struct tx *tx, const struct env *env, struct move *m)
{
	m->issuing = (struct issuing){.template = m->terms,
				      .day = (uint64_t)day_of(env->instant, env->from_utc8)};
	enum fault fault =
	    issuing_allows_holder(&m->terms, m->issuing.day, &m->received, &m->elsewhere);
	return fault == OK ? OK : refuse(tx, fault, TEXT("customer"), TEXT_NONE);
}

static enum fault decide(struct tx *tx, const struct env *env, struct move *m)
{
	struct coupon *c = &m->life->coupon;
	bool transfer = m->cmd->verb == EVENT_TRANSFERRED, theirs;
	if (transfer != (c->customer != 0))
		return refuse(tx, transfer ? FAULT_COUPON_NOBODYS : FAULT_COUPON_OWNED,
			      TEXT("code"), m->cmd->code);
	TRY(customer_want_followed(tx, &m->cmd->holder));
	TRY(want_terms(tx, m));
	TRY(find_holder(tx, env, m));
	TRY(customer_is(tx, c->customer, m->holder.customer.number, &theirs));
	if (theirs)
		return refuse(tx, FAULT_COUPON_OWNED, TEXT("customer"), TEXT_NONE);
	TRY(load_holdings(tx, m));
	TRY(terms_of(tx, c, &m->terms));
	TRY(check_limits(tx, env, m));
	issuing_take(&m->issuing, &m->received);
	if (!transfer && m->terms.is_relative) {
		m->event->until = c->end;
		issuing_dates(env, &m->terms, &c->begin, &c->end);
		m->event->end = c->end;
	}
	if (is_past(env, c->end))
		return refuse(tx, FAULT_COUPON_ENDED, TEXT("code"), m->cmd->code);
	return OK;
}

static enum fault hand_over(struct tx *tx, const struct env *env, struct move *m)
{
	struct coupon *c = &m->life->coupon;
	TRY(decide(tx, env, m));
	m->event->other = m->holder.customer.customer_id;
	TRY(life_add(env, m->life, m->event));
	c->customer = m->holder.customer.number;
	c->shelf = 0;
	TRY(notices_event(&m->notices, env, c, m->event));
	customer_make(tx, &m->holder);
	store_move(tx, TABLE_COUPON, &m->before, c);
	m->received.last = c->ordinal;
	store_put(tx, TABLE_HOLDING, &m->received);
	notices_put(&m->notices);
	if (m->given.last && m->given.last == m->before.ordinal) {
		m->given.last = 0;
		store_put(tx, TABLE_HOLDING, &m->given);
	}
	return OK;
}

/* --- another code --- */

/* In its place, of the same holder, dates and terms: no limit is touched. */
static struct coupon successor(struct tx *tx, const struct env *env, struct move *m)
{
	const struct coupon *old = &m->before;
	struct coupon c = issuing_coupon(tx, env, &m->issuing, old->customer);
	c.channel = old->channel;
	c.issued = old->issued;
	c.begin = old->begin;
	c.end = old->end;
	c.edition = old->edition;
	c.used = old->used;
	c.attribute = old->attribute;
	c.campaign = old->campaign;
	return c;
}

/* Its timeline begins with what it stands in for. */
static enum fault begin_anew(struct tx *tx, const struct env *env, const struct move *m,
			     struct coupon *made)
{
	struct code_key key = code_key(tx);
	struct event event = {.kind = EVENT_ISSUED,
			      .at = env->instant,
			      .said = m->cmd->said,
			      .state = (enum coupon_state)made->state,
			      .end = made->end,
			      .other =
				  arena_text(env->arena, code_of(&key, env->arena, &m->before))};
	return timeline_add(env, made, &event);
}

static enum fault reissue(struct tx *tx, const struct env *env, struct move *m)
{
	struct coupon *old = &m->life->coupon;
	struct code_key key = code_key(tx);
	if (old->used)
		return refuse(tx, FAULT_COUPON_REDEEMED, TEXT("code"), m->cmd->code);
	if (old->errand) /* its code is the provider's to change */
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("code"), TEXT_NONE);
	TRY(want_terms(tx, m));
	issuing_want(tx, env, &m->terms);
	TRY(terms_of(tx, old, &m->terms));
	m->terms.is_relative = true; /* its dates are kept, whatever the template's are */
	m->terms.lasts_days = 1;
	TRY(issuing_open(tx, env, &m->terms, TEXT("code"), 1, &m->issuing));
	if (old->customer)
		TRY(holding_get(tx, old->customer, old->template, &m->given));
	struct coupon made = successor(tx, env, m);
	m->event->other = arena_text(env->arena, code_of(&key, env->arena, &made));
	old->state = COUPON_RECALLED;
	TRY(life_add(env, m->life, m->event));
	TRY(begin_anew(tx, env, m, &made));
	TRY(notices_event(&m->notices, env, old, m->event));
	TRY(notices_coupon(&m->notices, env, NOTICE_COUPON_ISSUED, &made, made.revision));
	store_put(tx, TABLE_COUPON, old);
	store_put(tx, TABLE_COUPON, &made);
	notices_put(&m->notices);
	if (m->issuing.taken_codes)
		store_put(tx, TABLE_SERIES, &m->issuing.series);
	if (old->customer && m->given.last == old->ordinal) {
		m->given.last = made.ordinal;
		store_put(tx, TABLE_HOLDING, &m->given);
	}
	return OK;
}

enum fault coupon_move(struct tx *tx, const struct env *env, const struct coupon_change_cmd *c,
		       struct life *life, struct event *event)
{
	struct move m = {.cmd = c, .life = life, .event = event, .before = life->coupon};
	TRY(notices_open(tx, env, &m.notices));
	return c->verb == EVENT_REISSUED ? reissue(tx, env, &m) : hand_over(tx, env, &m);
}
