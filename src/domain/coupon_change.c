/*
 * The verbs on one coupon but redeem and reverse. Those that leave it where it is are here; those
 * that give it another holder or another code are in coupon_move.c.
 */
#include "domain/check.h"
#include "domain/coupon.h"
#include "domain/errand.h"
#include "domain/holders.h"
#include "domain/issuing.h"
#include "domain/life_check.h"
#include "domain/move.h"
#include "domain/notice.h"
#include "domain/template.h"
#include "domain/terms.h"

/* --- holds that end --- */

/* The merchant's zone may have changed since. */
static uint64_t hold_day(const struct env *env, const struct life *life)
{
	for (unsigned i = life->timeline.n; i > 0; i--) {
		const struct event *e = &life->timeline.events[i - 1];
		if (e->kind == EVENT_HELD && e->day)
			return e->day;
	}
	return (uint64_t)day_of(life->coupon.issued, env->from_utc8);
}

void hold_want(struct tx *tx, const struct env *env, const struct life *life)
{
	const struct coupon *c = &life->coupon;
	struct tally tally = {.kind = TALLY_ISSUED, .of = c->template};
	store_want(tx, TABLE_TALLY, &tally);
	tally = (struct tally){.kind = TALLY_ISSUED_ON,
			       .of = issuing_day_key(c->template, hold_day(env, life))};
	store_want(tx, TABLE_TALLY, &tally);
	if (!c->customer)
		return;
	store_want(tx, TABLE_HOLDING,
		   &(struct holding){.customer = c->customer, .template = c->template});
	store_want(tx, TABLE_CUSTOMER, &(struct customer){.number = c->customer});
}

enum fault releases_take(const struct env *env, unsigned room, struct releases *ret)
{
	*ret = (struct releases){
	    .rows = ARENA_ARRAY(env->arena, struct released, room + 1),
	    .holdings = {.rows = ARENA_ARRAY(env->arena, struct holding, room + 1)}};
	ROOM(ret->rows && ret->holdings.rows);
	return OK;
}

static enum fault load(struct tx *tx, const struct env *env, const struct life *life,
		       const struct releases *before, struct released *ret)
{
	const struct coupon *c = &life->coupon;
	*ret = (struct released){.day = hold_day(env, life)};
	hold_want(tx, env, life);
	TRY(tally_guess(tx, TALLY_ISSUED, c->template, &ret->total));
	TRY(tally_guess(tx, TALLY_ISSUED_ON, issuing_day_key(c->template, ret->day), &ret->on_day));
	for (unsigned i = 0; i < before->n; i++) {
		const struct released *other = &before->rows[i];
		if (other->total.of == ret->total.of)
			ret->total = other->total;
		if (other->on_day.of == ret->on_day.of)
			ret->on_day = other->on_day;
	}
	const struct counted issue = {c->customer, c->template, .day = ret->day};
	return c->customer ? holding_of_counted(tx, &issue, &before->holdings, &ret->holding) : OK;
}

enum fault hold_release(struct tx *tx, const struct env *env, const struct life *life,
			struct releases *all)
{
	struct released *mine = &all->rows[all->n];
	TRY(load(tx, env, life, all, mine));
	mine->counts_day = mine->on_day.count > 0;
	issuing_give_back(mine->day, &mine->total, &mine->on_day, &mine->holding);
	if (mine->holding.customer)
		holdings_keep(&all->holdings, &mine->holding);
	all->n++;
	return OK;
}

void releases_put(struct tx *tx, struct releases *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		struct released *r = &all->rows[i];
		store_put(tx, TABLE_TALLY, &r->total);
		if (r->counts_day)
			store_put(tx, TABLE_TALLY, &r->on_day);
	}
	for (unsigned i = 0; i < all->holdings.n; i++)
		store_put(tx, TABLE_HOLDING, &all->holdings.rows[i]);
}

void hold_leave(struct coupon *c, enum coupon_state state)
{
	c->state = state;
	c->held = false;
	c->until = INSTANT_NONE;
	c->due = 0;
}

enum fault hold_confirm(struct tx *tx, const struct env *env, struct coupon *c, struct event *event)
{
	struct template terms;
	TRY(terms_of(tx, c, &terms));
	event->until = c->end;
	if (terms.is_relative)
		issuing_dates(env, &terms, &c->begin, &c->end);
	event->end = c->end;
	hold_leave(c, COUPON_UNUSED);
	return OK;
}

/* --- verbs that leave it where it is --- */

struct change {
	const struct coupon_change_cmd *cmd;
	struct life life;
	struct event event;
	struct releases releases;
	struct notices notices;
	struct errand errand;	       /* number 0: no promise of a provider's is decided by this */
	struct campaign_counts counts; /* of the campaign whose reward it is */
};

static enum fault release(struct tx *tx, const struct env *env, struct change *ch)
{
	struct coupon *c = &ch->life.coupon;
	TRY(releases_take(env, 1, &ch->releases));
	if (c->held)
		TRY(hold_release(tx, env, &ch->life, &ch->releases));
	ch->event.was_frozen = !c->held && c->state == COUPON_FROZEN && c->revision == 0;
	hold_leave(c, COUPON_RECALLED);
	return OK;
}

static enum fault freeze(struct tx *tx, const struct env *env, struct change *ch)
{
	struct instant until = ch->cmd->until;
	if (!instant_is_none(until) && until.ms <= env->now.ms)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("until"), TEXT_NONE);
	ch->life.coupon.state = COUPON_FROZEN;
	ch->life.coupon.until = ch->event.until = until;
	return OK;
}

static enum fault unfreeze(struct tx *tx, const struct env *env, struct change *ch)
{
	(void)tx;
	(void)env;
	ch->life.coupon.state = COUPON_UNUSED;
	ch->life.coupon.until = INSTANT_NONE;
	return OK;
}

/* Later than it was, and not in the past: un-expiring is the same. */
static enum fault extend(struct tx *tx, const struct env *env, struct change *ch)
{
	struct coupon *c = &ch->life.coupon;
	struct instant end = ch->cmd->until;
	if (instant_is_none(end))
		return refuse(tx, FAULT_PARAMETER_MISSING, TEXT("until"), TEXT_NONE);
	if (is_past(env, end) || (!instant_is_none(c->end) && end.ms <= c->end.ms) ||
	    instant_is_none(c->end))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("until"), TEXT_NONE);
	ch->event.until = c->end;
	c->end = ch->event.end = end;
	return OK;
}

static enum fault apply(struct tx *tx, const struct env *env, struct change *ch)
{
	switch (ch->cmd->verb) {
	case EVENT_CONFIRMED:
		return hold_confirm(tx, env, &ch->life.coupon, &ch->event);
	case EVENT_RELEASED:
	case EVENT_RECALLED:
		return release(tx, env, ch);
	case EVENT_FROZEN:
		return freeze(tx, env, ch);
	case EVENT_UNFROZEN:
		return unfreeze(tx, env, ch);
	case EVENT_EXTENDED:
		return extend(tx, env, ch);
	case EVENT_ISSUED:
	case EVENT_HELD:
	case EVENT_ASSIGNED:
	case EVENT_REDEEMED:
	case EVENT_REVERSED:
	case EVENT_REISSUED:
	case EVENT_TRANSFERRED:
	case EVENT_COUNT:
		break;
	}
	must_failed("a verb that leaves it where it is", __FILE__, __LINE__);
	return FAULT_DATA_DAMAGED;
}

/* Somebody knows what became of a promise. */
static enum fault decide_promise(struct tx *tx, const struct env *env, struct change *ch)
{
	const struct coupon *c = &ch->life.coupon;
	if (!c->errand || !c->held)
		return OK;
	if (ch->cmd->verb != EVENT_CONFIRMED)
		hold_want(tx, env, &ch->life);
	enum outcome outcome = ch->cmd->verb == EVENT_CONFIRMED ? OUTCOME_SENT : OUTCOME_REFUSED;
	struct errand before = {.number = c->errand};
	TRY(get_named(tx, TABLE_ERRAND, &before));
	campaign_errand_want(tx, &before);
	TRY(errand_decide(tx, env, c, outcome, &ch->errand));
	return campaign_errand_count(tx, env, &before, &ch->errand, &ch->counts);
}

static enum fault change_here(struct tx *tx, const struct env *env, struct change *ch)
{
	TRY(decide_promise(tx, env, ch));
	TRY(apply(tx, env, ch));
	TRY(life_add(env, &ch->life, &ch->event));
	TRY(notices_event(&ch->notices, env, &ch->life.coupon, &ch->event));
	store_put(tx, TABLE_COUPON, &ch->life.coupon);
	if (ch->errand.number) {
		store_put(tx, TABLE_ERRAND, &ch->errand);
		campaign_counts_put(tx, &ch->counts);
	}
	releases_put(tx, &ch->releases);
	notices_put(&ch->notices);
	return OK;
}

/* --- the command --- */

static bool moves(enum event_kind verb)
{
	return verb == EVENT_ASSIGNED || verb == EVENT_TRANSFERRED || verb == EVENT_REISSUED;
}

/* Verbs that anybody may repeat without end leave room for those that must be possible. */
static enum fault allows(const struct env *env, const struct coupon_change_cmd *c,
			 const struct life *life)
{
	enum fault fault = life_allows(c->verb, life_situation(env, &life->coupon));
	if (fault == OK && c->verb != EVENT_RECALLED &&
	    (life->timeline.n >= EVENTS_OTHER_MAX ||
	     life->coupon.timeline.size > TIMELINE_BYTES_MAX))
		return FAULT_COUPON_WORN;
	return fault;
}

static enum fault run(struct tx *tx, const struct env *env, struct change *ch)
{
	const struct coupon_change_cmd *c = ch->cmd;
	enum fault fault = allows(env, c, &ch->life);
	TRY(life_match(tx, &ch->life, c->revision));
	if (fault != OK)
		return refuse(tx, fault, TEXT("code"), c->code);
	ch->event = (struct event){.kind = c->verb, .said = c->said};
	if (moves(c->verb))
		return coupon_move(tx, env, c, &ch->life, &ch->event);
	return change_here(tx, env, ch);
}

enum fault coupon_change(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct coupon_change_cmd *c = cmd;
	struct coupon_change_ret *r = ret;
	struct change ch = {.cmd = c};
	struct code_key key = code_key(tx);
	const struct event *first;
	*r = (struct coupon_change_ret){0};
	TRY(check_said(tx, &c->said));
	TRY(check_number(tx, &c->request));
	TRY(notices_open(tx, env, &ch.notices));
	coupon_move_want(tx, c);
	TRY(life_open(tx, env, &key, c->code, &c->request, &ch.life));
	r->id = ch.life.coupon.id;
	notices_expect(&ch.notices, r->id);
	r->code = arena_text(env->arena, code_of(&key, env->arena, &ch.life.coupon));
	TRY(life_repeat(tx, &ch.life, &first));
	if (first && first->kind != c->verb)
		return refuse(tx, FAULT_REQUEST_REUSED, TEXT("request_no"), TEXT_NONE);
	if (!first)
		TRY(run(tx, env, &ch));
	r->event = first ? *first : ch.event;
	timeline_keep(env, &r->event);
	if (r->event.kind == EVENT_REISSUED)
		r->new_code = r->event.other;
	return OK;
}
