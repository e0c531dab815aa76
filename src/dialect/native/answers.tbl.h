/*
 * The members of answers.
 *
 *   D(how, wire, when, from, need, of, text)   a member of an answer, written if `when`
 *
 * `how` is a function out_<how> of encode.h. Of a PART `from` is a call that writes the member. of:
 * the words of a WORD, the schema of a PART, else none.
 */
#pragma once

/* clang-format off */
/* t: a template */
/* D: a term. C: as in fields.tbl.h. */
#define NATIVE_BENEFIT_ROWS(D, C) \
	C(TEXT,    name,          true, t->name, OPTIONAL, none, "") \
	D(WORD,    type,          t->benefit, WORD_OF(benefit, t->benefit), OPTIONAL, benefit, "absent: a template that another interface made") \
	C(FEN,     amount_fen,    t->has_amount, t->amount, OPTIONAL, none, "") \
	D(PERCENT, percent_off,   t->basis_points, t->basis_points, OPTIONAL, none, "at most 2 decimals") \
	D(FEN,     cap_fen,       t->has_cap, t->cap, OPTIONAL, none, "") \
	C(FEN,     threshold_fen, t->has_threshold, t->threshold, OPTIONAL, none, "")
#define NATIVE_BENEFIT_SHOWN(D) NATIVE_BENEFIT_ROWS(D, D)
#define NATIVE_TEMPLATE_ROWS_SHOWN(D, C) \
	C(DIGITS, template_id,   true, t->template_id, REQUIRED, none, "") \
	NATIVE_BENEFIT_ROWS(D, C) \
	D(NUMBER, buy,           t->buy, t->buy, OPTIONAL, none, "") \
	D(NUMBER, get,           t->get, t->get, OPTIONAL, none, "") \
	D(PART,   shops,         true, show_set(o, "shops", t->shops_in, t->shops_out), OPTIONAL, Set, "") \
	D(PART,   categories,    true, show_set(o, "categories", t->categories_in, t->categories_out), OPTIONAL, Set, "") \
	D(PART,   products,      true, show_set(o, "products", t->products_in, t->products_out), OPTIONAL, Set, "") \
	D(PART,   channels,      true, show_set(o, "channels", t->channels_in, t->channels_out), OPTIONAL, Set, "") \
	D(PART,   valid,         true, show_validity(o, t), OPTIONAL, ValidityShown, "") \
	D(PART,   hours,         true, show_hours(o, t->hours), OPTIONAL, WindowListShown, "") \
	D(PART,   limits,        true, show_limits(o, t), OPTIONAL, LimitsShown, "") \
	D(PART,   stacking,      true, show_stacking(o, t), OPTIONAL, StackingShown, "") \
	D(WORD,   give_back,     true, WORD_OF(give_back, t->give_back), REQUIRED, give_back, "") \
	D(WORD,   rounding,      true, WORD_OF(rounding, t->rounding), REQUIRED, rounding, "") \
	D(WORD,   splitting,     true, WORD_OF(splitting, t->splitting), REQUIRED, splitting, "") \
	D(PART,   code,          true, show_pattern(o, t), OPTIONAL, CodePatternShown, "") \
	C(TEXT,   description,   true, t->description, OPTIONAL, none, "") \
	C(TEXT,   channel,       true, t->channel, OPTIONAL, none, "") \
	D(PART,   provider,      url.size, show_provider(o, url, app_key), OPTIONAL, ProviderNamed, "absent: its coupons are ours") \
	C(NUMBER, revision,      true, t->revision, REQUIRED, none, "the ETag") \
	C(MOMENT, created_at,    true, t->created, OPTIONAL, none, "") \
	C(MOMENT, updated_at,    true, t->updated, OPTIONAL, none, "")
#define NATIVE_TEMPLATE_SHOWN(D) NATIVE_TEMPLATE_ROWS_SHOWN(D, D)
#define NATIVE_TEMPLATE_USAGE(D) \
	NATIVE_TEMPLATE_SHOWN(D) \
	D(PART, usage, u, show_usage(o, u), REQUIRED, Usage, "what is used of the limits")
#define NATIVE_VALIDITY_SHOWN(D) \
	D(MOMENT, from,              !t->is_relative, t->begin, OPTIONAL, none, "") \
	D(MOMENT, until,             !t->is_relative, t->end, OPTIONAL, none, "inclusive") \
	D(NUMBER, starts_after_days, t->is_relative, t->starts_after_days, OPTIONAL, none, "") \
	D(NUMBER, lasts_days,        t->is_relative, t->lasts_days, OPTIONAL, none, "")
#define NATIVE_WINDOW_SHOWN(D) \
	D(PART, weekdays, true, show_weekdays(o, days), REQUIRED, WeekdayListShown, "") \
	D(TEXT, from,     true, from, REQUIRED, none, "") \
	D(TEXT, to,       true, to, REQUIRED, none, "")
#define NATIVE_LIMITS_SHOWN(D) \
	D(NUMBER, total,                 t->has_total, t->total, OPTIONAL, none, "") \
	D(NUMBER, per_customer,          t->per_person < PER_PERSON_NONE, t->per_person, OPTIONAL, none, "") \
	D(NUMBER, per_day,               t->per_day, t->per_day, OPTIONAL, none, "") \
	D(NUMBER, per_customer_per_day,  t->per_person_day, t->per_person_day, OPTIONAL, none, "") \
	D(NUMBER, uses_per_coupon,       true, t->uses ? t->uses : 1, REQUIRED, none, "") \
	D(NUMBER, uses_per_customer,     t->uses_per_person, t->uses_per_person, OPTIONAL, none, "") \
	D(PART,   uses_per_customer_per, t->uses_per_period, show_uses_per(o, t), OPTIONAL, UsesPerShown, "") \
	D(FEN,    budget_fen,            t->has_budget, t->budget, OPTIONAL, none, "")
#define NATIVE_USES_PER_SHOWN(D) \
	D(WORD,   period, true, WORD_OF(period, t->period), REQUIRED, period, "") \
	D(NUMBER, uses,   true, t->uses_per_period, REQUIRED, none, "")
#define NATIVE_STACKING_SHOWN(D) \
	D(TEXT,   group,     true, t->stack_group, OPTIONAL, none, "") \
	D(BOOL,   exclusive, true, t->exclusive, REQUIRED, none, "") \
	D(NUMBER, priority,  true, t->priority, REQUIRED, none, "") \
	D(NUMBER, per_order, t->per_order, t->per_order, OPTIONAL, none, "")
#define NATIVE_PATTERN_SHOWN(D) \
	D(TEXT,   prefix,      true, t->code_prefix, OPTIONAL, none, "") \
	D(TEXT,   charset,     true, t->code_charset, REQUIRED, none, "") \
	D(NUMBER, length,      true, t->code_length, REQUIRED, none, "") \
	D(BOOL,   check_digit, true, t->code_check, REQUIRED, none, "")
#define NATIVE_USAGE(D) \
	D(NUMBER, issued,       true, u->issued, REQUIRED, none, "coupons") \
	D(NUMBER, issued_today, true, u->issued_today, REQUIRED, none, "") \
	D(NUMBER, redeemed,     true, u->redeemed, REQUIRED, none, "uses that stand") \
	D(FEN,    spent_fen,    true, u->spent, REQUIRED, none, "taken off by uses that stand")
#define NATIVE_TEMPLATE_CHANGED(D) \
	D(DIGITS, template_id, true, cmd->template_id, REQUIRED, none, "") \
	D(NUMBER, revision,    true, ret->revision, REQUIRED, none, "the ETag")

/* v: a coupon_view, c: its coupon, t: its template */
#define NATIVE_COUPON(D) \
	D(TEXT,   code,        true, v->code, REQUIRED, none, "") \
	D(ID,     id,          true, c->id, REQUIRED, none, "18 digits") \
	D(WORD,   state,       true, WORD_OF(state, v->state), REQUIRED, state, "") \
	D(DIGITS, template_id, true, t->template_id, REQUIRED, none, "") \
	NATIVE_BENEFIT_SHOWN(D) \
	D(TEXT,   customer_id, v->customer, v->customer->customer_id, OPTIONAL, none, "absent: nobody's") \
	D(MOMENT, valid_from,  true, c->begin, OPTIONAL, none, "") \
	D(MOMENT, valid_until, true, c->end, OPTIONAL, none, "inclusive") \
	D(BOOL,   held,        c->held && v->state == COUPON_FROZEN, true, OPTIONAL, none, "promised, not yet given") \
	D(MOMENT, until,       v->state == COUPON_FROZEN, c->until, OPTIONAL, none, "end of the freeze or the hold") \
	D(NUMBER, uses,        true, t->uses ? t->uses : 1, REQUIRED, none, "it has") \
	D(NUMBER, used,        true, c->used, REQUIRED, none, "of them") \
	D(PART,   delivery,    v->promise, show_coupon_delivery(o, v), OPTIONAL, CouponDelivery, "what became of it with the template's provider; absent: it is ours") \
	D(TEXT,   channel,     true, c->channel, OPTIONAL, none, "") \
	D(TEXT,   attribute,   true, c->attribute, OPTIONAL, none, "") \
	D(MOMENT, issued_at,   true, c->issued, OPTIONAL, none, "") \
	D(MOMENT, updated_at,  true, c->updated, OPTIONAL, none, "") \
	D(NUMBER, revision,    true, c->revision, REQUIRED, none, "the ETag")
/* What a public key may know: what stands on the coupon. */
#define NATIVE_COUPON_PUBLIC(D) \
	D(TEXT,   code,        true, v->code, REQUIRED, none, "") \
	D(WORD,   state,       true, WORD_OF(state, v->state), REQUIRED, state, "") \
	NATIVE_BENEFIT_SHOWN(D) \
	D(TEXT,   description, true, t->description, OPTIONAL, none, "") \
	D(MOMENT, valid_from,  true, c->begin, OPTIONAL, none, "") \
	D(MOMENT, valid_until, true, c->end, OPTIONAL, none, "inclusive")
#define NATIVE_COUPON_SHOWN(D) \
	NATIVE_COUPON(D) \
	D(PART, events, true, show_events(o, shown), REQUIRED, EventList, "what happened to it, oldest first")
/* e: an event */
#define NATIVE_EVENT(D) \
	D(NUMBER, number,        true, e->number, REQUIRED, none, "in the coupon's timeline") \
	D(WORD,   kind,          true, WORD_OF(event, e->kind), REQUIRED, event, "") \
	D(MOMENT, at,            true, e->at, OPTIONAL, none, "") \
	D(TEXT,   reason,        true, e->said.reason, OPTIONAL, none, "") \
	D(TEXT,   order_no,      true, e->said.order_no, OPTIONAL, none, "") \
	D(TEXT,   operator,      true, e->said.operator, OPTIONAL, none, "") \
	D(TEXT,   shop,          true, e->said.shop, OPTIONAL, none, "") \
	D(WORD,   state,         true, WORD_OF(state, e->state), REQUIRED, state, "after it") \
	D(MOMENT, valid_until,   true, e->end, OPTIONAL, none, "the end that it set") \
	D(MOMENT, until,         e->kind == EVENT_FROZEN || e->kind == EVENT_HELD, e->until, OPTIONAL, none, "end of the freeze or the hold") \
	D(MOMENT, valid_until_before, e->kind != EVENT_FROZEN && e->kind != EVENT_HELD, e->until, OPTIONAL, none, "the end before") \
	D(FEN,    amount_fen,    e->has_amount, e->amount, OPTIONAL, none, "of the order; reversed: what goes back of it") \
	D(FEN,    discount_fen,  e->kind == EVENT_REDEEMED || e->kind == EVENT_REVERSED, e->discount, OPTIONAL, none, "taken off; reversed: given back of it") \
	D(NUMBER, reverses,      e->reverses, e->reverses, OPTIONAL, none, "number of the redemption") \
	D(WORD,   cause,         e->kind == EVENT_REVERSED, WORD_OF(cause, e->cause), OPTIONAL, cause, "") \
	D(BOOL,   gave_back,     e->kind == EVENT_REVERSED, e->gave_back, OPTIONAL, none, "the use came back to the customer") \
	D(TEXT,   customer_id,   e->kind == EVENT_ASSIGNED || e->kind == EVENT_TRANSFERRED, e->other, OPTIONAL, none, "to whom") \
	D(TEXT,   new_code,      e->kind == EVENT_REISSUED, e->other, OPTIONAL, none, "") \
	D(NUMBER, used,          true, e->used, REQUIRED, none, "uses that stand, after it") \
	D(NUMBER, revision,      true, e->revision, REQUIRED, none, "the coupon's, after it")
#define NATIVE_CHANGED(D) \
	D(TEXT, code,     true, ret->code, REQUIRED, none, "") \
	D(ID,   id,       true, ret->id, REQUIRED, none, "") \
	D(WORD, state,    true, WORD_OF(state, e->state), REQUIRED, state, "") \
	D(TEXT, new_code, true, ret->new_code, OPTIONAL, none, "reissue: of the new coupon") \
	D(NUMBER, revision, true, e->revision, REQUIRED, none, "the ETag") \
	D(PART, event,    true, show_event(o, "event", e), REQUIRED, Event, "")
/* g: granted */
#define NATIVE_GRANTED(D) \
	D(TEXT,   code,        true, g->code, OPTIONAL, none, "absent: it was refused") \
	D(ID,     id,          g->id, g->id, OPTIONAL, none, "") \
	D(TEXT,   customer_id, true, g->customer_id, OPTIONAL, none, "") \
	D(WORD,   state,       !g->fault, WORD_OF(state, g->state), OPTIONAL, state, "") \
	D(MOMENT, valid_from,  true, g->begin, OPTIONAL, none, "") \
	D(MOMENT, valid_until, true, g->end, OPTIONAL, none, "") \
	D(WORD,   delivery,    g->promised, WORD_OF(promise, PROMISE_PENDING), OPTIONAL, promise, "the template's provider is asked for it: it is held until the answer is known") \
	D(PART,   error,       g->fault, show_reason(o, "error", g->fault), OPTIONAL, Reason, "why it was not issued")
#define NATIVE_GRANT_SHOWN(D) \
	D(DIGITS, template_id, true, cmd->template_id, REQUIRED, none, "") \
	D(NUMBER, issued,      true, ret->issued, REQUIRED, none, "of those asked for") \
	D(TEXT,   code,        ret->n == 1, ret->results[0].code, OPTIONAL, none, "of the one coupon that was asked for") \
	D(PART,   coupons,     true, show_granted_list(o, ret), REQUIRED, GrantedList, "customer by customer, in the order asked")
/* r: redeemed, e: its event */
#define NATIVE_REDEMPTION(D) \
	D(PART,   redemption_id, true, show_redemption_id(o, r), REQUIRED, RedemptionId, "the coupon's id and the number of the event") \
	D(TEXT,   code,          true, r->code, REQUIRED, none, "") \
	D(ID,     coupon_id,     true, r->id, REQUIRED, none, "") \
	D(WORD,   state,         true, WORD_OF(state, e->state), REQUIRED, state, "of the coupon after it") \
	D(TEXT,   order_no,      true, e->said.order_no, OPTIONAL, none, "") \
	D(TEXT,   shop,          true, e->said.shop, OPTIONAL, none, "") \
	D(FEN,    amount_fen,    e->has_amount, e->amount, OPTIONAL, none, "of the order") \
	D(FEN,    discount_fen,  true, e->discount, REQUIRED, none, "taken off; reversed: given back") \
	D(PART,   split_fen,     r->split, show_split(o, r->split, r->items), OPTIONAL, FenList, "the discount, item by item") \
	D(NUMBER, uses,          e->kind == EVENT_REDEEMED, e->uses ? e->uses : 1, OPTIONAL, none, "the coupon has") \
	D(NUMBER, used,          true, e->used, REQUIRED, none, "of them") \
	D(WORD,   cause,         e->kind == EVENT_REVERSED, WORD_OF(cause, e->cause), OPTIONAL, cause, "reversed") \
	D(BOOL,   gave_back,     e->kind == EVENT_REVERSED, e->gave_back, OPTIONAL, none, "reversed: the use came back to the customer") \
	D(MOMENT, at,            true, e->at, OPTIONAL, none, "") \
	D(NUMBER, revision,      true, e->revision, REQUIRED, none, "the coupon's, after it")
#define NATIVE_REDEMPTION_SHOWN(D) \
	NATIVE_REDEMPTION(D) \
	D(FEN,  given_back_fen, true, ret->given_back, REQUIRED, none, "of the discount") \
	D(BOOL, reversed,       true, ret->reversed, REQUIRED, none, "nothing is left to give back") \
	D(PART, reversals,      true, show_reversals(o, ret), REQUIRED, EventList, "oldest first")
#define NATIVE_REDEMPTIONS(D) \
	D(TEXT, order_no,     true, order_no, OPTIONAL, none, "") \
	D(FEN,  amount_fen,   amount, *amount, OPTIONAL, none, "of the order") \
	D(FEN,  discount_fen, discount, *discount, OPTIONAL, none, "of all together") \
	D(PART, coupons,      true, show_redemption_list(o, rows, n), REQUIRED, RedemptionList, "")
/* p: priced */
#define NATIVE_PRICED(D) \
	D(TEXT, code,         true, p->code, REQUIRED, none, "") \
	D(ID,   id,           p->id, p->id, OPTIONAL, none, "") \
	D(BOOL, usable,       true, !p->reason_count, REQUIRED, none, "") \
	D(FEN,  eligible_fen, !p->reason_count, p->eligible, OPTIONAL, none, "what of the order it looks at") \
	D(FEN,  discount_fen, !p->reason_count, p->discount, OPTIONAL, none, "") \
	D(PART, split_fen,    p->split && !p->reason_count, show_split(o, p->split, items), OPTIONAL, FenList, "the discount, item by item") \
	D(PART, reasons,      p->reason_count, show_reasons(o, p), OPTIONAL, ReasonList, "why not: all of them")
#define NATIVE_REASON(D) \
	D(TEXT, code,  true, text_of(fault_name(fault)), REQUIRED, none, "stable") \
	D(TEXT, title, true, text_of(fault_text(fault)), REQUIRED, none, "a sentence")
/* p: priced, of several */
#define NATIVE_PROBLEM_REASON(D) \
	NATIVE_REASON(D) \
	D(TEXT, coupon, several, p->code, OPTIONAL, none, "its code, where several were named")
#define NATIVE_QUALIFIED(D) \
	D(FEN,    amount_fen,   true, ret->amount, REQUIRED, none, "of the cart") \
	D(PART,   best,         true, show_best(o, ret, items), REQUIRED, Best, "the combination that takes off most") \
	D(PART,   coupons,      true, show_priced_list(o, ret->coupons, ret->n, items), REQUIRED, PricedList, "unused ones, newest received first") \
	D(BOOL,   complete,     true, ret->complete, REQUIRED, none, "false: the customer has more than were looked at")
#define NATIVE_BEST(D) \
	D(FEN,  discount_fen, true, ret->discount, REQUIRED, none, "of them together") \
	D(BOOL, exact,        true, ret->exact, REQUIRED, none, "false: too many combinations; the best that was found") \
	D(PART, coupons,      true, show_best_list(o, ret, items), REQUIRED, BestList, "in the order in which they take off")
#define NATIVE_BEST_COUPON(D) \
	D(TEXT, code,         true, p->code, REQUIRED, none, "") \
	D(ID,   id,           true, p->id, REQUIRED, none, "") \
	D(FEN,  discount_fen, true, discount, REQUIRED, none, "") \
	D(PART, split_fen,    split, show_split(o, split, items), OPTIONAL, FenList, "")

/* c: a customer */
#define NATIVE_CUSTOMER(D) \
	D(TEXT,   customer_id, true, c->customer_id, REQUIRED, none, "") \
	D(TEXT,   code,        true, c->code, OPTIONAL, none, "") \
	D(TEXT,   name,        true, c->name, OPTIONAL, none, "") \
	D(TEXT,   source_code, true, c->source_code, OPTIONAL, none, "") \
	D(TEXT,   nick,        true, c->nick, OPTIONAL, none, "") \
	D(PART,   phone,       true, show_phone(o, c->phone), OPTIONAL, Phone, "E.164") \
	D(TEXT,   card_no,     true, c->card_no, OPTIONAL, none, "") \
	D(MOMENT, created_at,  true, c->created, OPTIONAL, none, "") \
	D(MOMENT, updated_at,  true, c->updated, OPTIONAL, none, "") \
	D(MOMENT, erased_at,   true, c->erased, OPTIONAL, none, "everything personal is gone")
#define NATIVE_CUSTOMER_SHOWN(D) \
	NATIVE_CUSTOMER(D) \
	D(NUMBER, coupons, true, coupons, REQUIRED, none, "how many")
#define NATIVE_CUSTOMER_SAVED(D) \
	D(TEXT, customer_id, true, customer_id, REQUIRED, none, "")
#define NATIVE_MERGED(D) \
	D(TEXT, customer_id, true, into, REQUIRED, none, "who stays") \
	D(TEXT, merged_id,   true, from, REQUIRED, none, "finds the same customer from now on")
#define NATIVE_ERASED(D) \
	D(TEXT, customer_id, true, customer_id, REQUIRED, none, "") \
	D(BOOL, erased,      true, true, REQUIRED, none, "")
#define NATIVE_DEPARTMENT(D) \
	D(TEXT,   department_id, true, d->department_id, REQUIRED, none, "") \
	D(TEXT,   code,          true, d->code, OPTIONAL, none, "") \
	D(TEXT,   name,          true, d->name, OPTIONAL, none, "") \
	D(TEXT,   source_code,   true, d->source_code, OPTIONAL, none, "") \
	D(MOMENT, created_at,    true, d->created, OPTIONAL, none, "") \
	D(MOMENT, updated_at,    true, d->updated, OPTIONAL, none, "")
#define NATIVE_DEPARTMENT_SAVED(D) \
	D(TEXT, department_id, true, department_id, REQUIRED, none, "")
/* c: a campaign */
#define NATIVE_SCHEDULE_SHOWN(D) \
	D(MOMENT, starts_at,    true, c->starts, OPTIONAL, none, "") \
	D(BOOL,   approval,     c->approval, c->approval, OPTIONAL, none, "registrations wait until they are approved")
#define NATIVE_CAMPAIGN(D) \
	D(TEXT,   source_code,  true, c->source_code, REQUIRED, none, "") \
	D(DIGITS, activity_id,  true, c->activity_id, REQUIRED, none, "WangJuBao's name of it") \
	D(TEXT,   code,         true, c->code, OPTIONAL, none, "") \
	D(TEXT,   name,         true, c->name, OPTIONAL, none, "") \
	D(TEXT,   type_code,    true, c->type_code, OPTIONAL, none, "") \
	D(WORD,   status,       c->status, WORD_OF(status, c->status), OPTIONAL, status, "") \
	D(MOMENT, from,         true, c->begin, OPTIONAL, none, "") \
	D(MOMENT, until,        true, c->end, OPTIONAL, none, "inclusive") \
	D(TEXT,   register_url, true, c->register_url, OPTIONAL, none, "") \
	D(TEXT,   information,  true, c->information, OPTIONAL, none, "") \
	D(WORD,   phase,        c->phase, WORD_OF(phase, c->phase), OPTIONAL, phase, "of its plan; absent: it has none") \
	NATIVE_SCHEDULE_SHOWN(D) \
	D(MOMENT, created_at,   true, c->created, OPTIONAL, none, "") \
	D(MOMENT, updated_at,   true, c->modified, OPTIONAL, none, "")
/* r: a reward */
#define NATIVE_REWARD_SHOWN(D) \
	D(DIGITS, template_id, true, r->template_id, REQUIRED, none, "") \
	D(NUMBER, count,       true, r->count, REQUIRED, none, "")
/* rewards: its campaign_rewards */
#define NATIVE_REWARDS_SHOWN(D) \
	D(PART, rewards, rewards->reward_count, show_rewards(o, "rewards", rewards->rewards, rewards->reward_count), OPTIONAL, RewardListShown, "") \
	D(PART, register_rewards, rewards->register_reward_count, show_rewards(o, "register_rewards", rewards->register_rewards, rewards->register_reward_count), OPTIONAL, RewardListShown, "")
#define NATIVE_CAMPAIGN_SHOWN(D) \
	NATIVE_CAMPAIGN(D) \
	NATIVE_REWARDS_SHOWN(D) \
	D(PART, departments, true, show_departments(o, departments, n), REQUIRED, TextListShown, "their ids")
#define NATIVE_CAMPAIGN_SAVED(D) \
	D(TEXT,   source_code, true, source_code, REQUIRED, none, "") \
	D(DIGITS, activity_id, activity_id, activity_id, OPTIONAL, none, "")
#define NATIVE_AUDIENCE_DONE(D) \
	D(TEXT, source_code, true, source_code, REQUIRED, none, "the campaign's")
#define NATIVE_CAMPAIGN_TURNED(D) \
	D(TEXT, source_code, true, source_code, REQUIRED, none, "") \
	D(WORD, status,      true, WORD_OF(status, status), REQUIRED, status, "")
#define NATIVE_APPROVED(D) \
	D(TEXT,   source_code, true, source_code, REQUIRED, none, "the campaign's") \
	D(NUMBER, changed,     true, changed, REQUIRED, none, "registrations that waited")
/* p: a campaign's progress */
#define NATIVE_PROGRESS(D) \
	D(TEXT,   source_code, true, c->source_code, REQUIRED, none, "the campaign's") \
	D(WORD,   status,      c->status, WORD_OF(status, c->status), OPTIONAL, status, "") \
	D(WORD,   phase,       c->phase, WORD_OF(phase, c->phase), OPTIONAL, phase, "absent: it has no plan") \
	D(NUMBER, covered,     true, p->covered, REQUIRED, none, "members") \
	D(NUMBER, invited,     true, p->invited, REQUIRED, none, "members") \
	D(NUMBER, registered,  true, p->registered, REQUIRED, none, "members") \
	D(NUMBER, awaiting_approval, true, p->pending, REQUIRED, none, "members whose registration waits") \
	D(NUMBER, waiting,     true, p->waiting, REQUIRED, none, "members that are still to be served") \
	D(BOOL,   filling,     true, c->fill.size > 0, REQUIRED, none, "more members are on their way into the audience") \
	D(NUMBER, sent,        true, p->counts[COUNT_SENT], REQUIRED, none, "coupons") \
	D(NUMBER, refused,     true, p->counts[COUNT_REFUSED], REQUIRED, none, "coupons; not tried again") \
	D(NUMBER, unknown,     true, p->counts[COUNT_UNKNOWN], REQUIRED, none, "coupons of which it could not be found out whether their provider has sent them") \
	D(NUMBER, pending,     true, p->counts[COUNT_PROMISED], REQUIRED, none, "coupons that their provider is still asked for") \
	D(NUMBER, redeemed,    true, p->counts[COUNT_REDEEMED], REQUIRED, none, "uses that stand") \
	D(PART,   refusals,    true, show_refusals(o, p), REQUIRED, RefusalList, "of those refused, why; what a provider refuses is not among them")
#define NATIVE_REFUSAL(D) \
	D(TEXT,   code,  true, text_of(fault_name(fault)), REQUIRED, none, "a fault's name") \
	D(TEXT,   title, true, text_of(fault_text(fault)), REQUIRED, none, "") \
	D(NUMBER, count, true, count, REQUIRED, none, "coupons")
#define NATIVE_MEMBER(D) \
	D(TEXT,   customer_id,   true, m->customer.customer_id, REQUIRED, none, "") \
	D(TEXT,   nick,          true, m->customer.nick, OPTIONAL, none, "") \
	D(TEXT,   name,          true, m->customer.name, OPTIONAL, none, "") \
	D(BOOL,   invited,       true, m->member.invited, REQUIRED, none, "") \
	D(BOOL,   registered,    true, m->member.registered, REQUIRED, none, "") \
	D(BOOL,   pending,       m->member.pending, m->member.pending, OPTIONAL, none, "the registration waits for approval") \
	D(MOMENT, registered_at, true, m->member.registered_at, OPTIONAL, none, "") \
	D(TEXT,   information,   true, m->member.information, OPTIONAL, none, "")
#define NATIVE_MERCHANT(D) \
	D(DIGITS, id,                  true, m->number, REQUIRED, none, "") \
	D(TEXT,   name,                true, m->name, REQUIRED, none, "") \
	D(PART,   zone,                true, show_zone(o), REQUIRED, Zone, "the offset of its clocks") \
	D(MOMENT, time,                true, now, REQUIRED, none, "by its clock") \
	D(BOOL,   sandbox,             true, m->sandbox, REQUIRED, none, "its clock can be moved") \
	D(NUMBER, clock_ahead_seconds, true, (uint64_t)(m->clock_ms / 1000), REQUIRED, none, "")
#define NATIVE_CLOCK_MOVED(D) \
	D(NUMBER, clock_ahead_seconds, true, (uint64_t)(ret->merchant.clock_ms / 1000), REQUIRED, none, "")
#define NATIVE_CREDENTIAL(D) \
	D(WORD,   dialect,     c->dialect, WORD_OF(dialect, c->dialect), REQUIRED, dialect, "") \
	D(TEXT,   id,          true, credential_id(o, c), REQUIRED, none, "dialect and name; native: and the key's digest") \
	D(TEXT,   name,        true, credential_shown(c), REQUIRED, none, "what its callers send; native: the first characters of the digest, as logs and ledger have it") \
	D(TEXT,   label,       true, c->label, OPTIONAL, none, "") \
	D(PART,   scopes,      c->dialect == DIALECT_NATIVE, show_scopes(o, c), OPTIONAL, ScopeList, "") \
	D(MOMENT, expires_at,  true, c->expires, OPTIONAL, none, "") \
	D(BOOL,   revoked,     true, c->revoked, REQUIRED, none, "") \
	D(NUMBER, calls_per_s, c->calls_per_s, c->calls_per_s, OPTIONAL, none, "") \
	D(NUMBER, burst,       c->burst, c->burst, OPTIONAL, none, "") \
	D(MOMENT, created_at,  true, c->created, OPTIONAL, none, "")
#define NATIVE_CREDENTIAL_MADE(D) \
	NATIVE_CREDENTIAL(D) \
	D(TEXT, key, true, key, OPTIONAL, none, "native: the whole key, shown this once and to repeats of this request; only its digest is kept")
#define NATIVE_DELETED(D) \
	D(BOOL, deleted, true, true, REQUIRED, none, "")
#define NATIVE_LEDGER_HEAD(D) \
	D(DIGITS, merchant_id, true, call->actor.merchant->number, REQUIRED, none, "whose chain it is") \
	D(NUMBER, number,      true, ret->number, REQUIRED, none, "of the newest entry: as many writes were accepted; 0: none yet") \
	D(MOMENT, at,          true, ret->instant, OPTIONAL, none, "when it was written, by the real clock") \
	D(TEXT,   hash,        true, hash, OPTIONAL, none, "SHA-256 of the hash before and the entry: stands for all entries up to it")
#define NATIVE_NEXT(D) \
	D(TEXT, next_cursor, true, next, OPTIONAL, none, "absent: it was the last page")

/* What every refusal says. */
#define NATIVE_PROBLEM(D) \
	D(TEXT,   type,       true, type, REQUIRED, none, "address of its explanation") \
	D(TEXT,   title,      true, title, REQUIRED, none, "what the code means") \
	D(NUMBER, status,     true, (uint64_t)status, REQUIRED, none, "of the HTTP answer") \
	D(TEXT,   detail,     true, detail, OPTIONAL, none, "this time") \
	D(TEXT,   code,       true, code, REQUIRED, none, "stable, in lower case: for programs") \
	D(TEXT,   field,      true, field, OPTIONAL, none, "of the request") \
	D(TEXT,   value,      true, value, OPTIONAL, none, "or the limit in question") \
	D(TEXT,   request_id, true, request_id, REQUIRED, none, "as in the header Request-Id") \
	D(PART,   reasons,    true, show_problem_reasons(o, call, fault), OPTIONAL, ProblemReasonList, "all that speaks against it; not for public keys")
/* clang-format on */
