/*
 * Everything that goes over the wire, once: requests are decoded from these rows, answers are
 * encoded from them, and /openapi.json, /docs/ and docs/native.md are printed from them.
 *
 *   F(member, wire, alias, kind, bound, need, has, of, text)   a member of a request (dialect.h:
 * kinds) D(how, wire, when, from, need, of, text)                    a member of an answer, written
 * if `when`
 *
 * has: HAS(flag) or 0. of: the words of a WORD, the schema of a VALUE or PART, else none. D's `how`
 * is a function out_<how> of encode.h; of a PART `from` is a call that writes the member.
 */
#pragma once

/* clang-format off */

/* C(name, what it is) */
#define NATIVE_COLLECTIONS(C) \
	C(coupons, "Coupons, by their codes") \
	C(redemptions, "Several coupons of one order") \
	C(qualify, "What a customer's coupons would take off a cart") \
	C(orders, "What was redeemed under an order number") \
	C(templates, "What coupons are made from") \
	C(customers, "Who has coupons") \
	C(departments, "Who runs campaigns") \
	C(campaigns, "Campaigns, by their source codes, and their audiences") \
	C(jobs, "Work on many rows: files in and out") \
	C(merchant, "The merchant whose key it is") \
	C(credentials, "The merchant's keys")

/* --- said with every write --- */
#define NATIVE_NUMBER(F) \
	F(request_no, request_no, NULL, TEXT, 255, OPTIONAL, 0, none, "the same as the header Idempotency-Key, for callers who cannot set one")
#define NATIVE_SAID(F) \
	F(said.reason,   reason,   NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "why; kept in the coupon's timeline") \
	F(said.order_no, order_no, NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "the order's number") \
	F(said.operator, operator, NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "who did it") \
	F(said.shop,     shop,     NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "where")

/* --- templates --- */
#define NATIVE_TEMPLATE(F) \
	F(t.template_id,   template_id,   "id",   COUNT,   0, OPTIONAL, 0, none, "the caller's own number of it; made when absent") \
	F(t.name,          name,          NULL,   TEXT,    NAME_LENGTH_MAX, OPTIONAL, 0, none, "required to make one") \
	F(t.benefit,       type,          NULL,   WORD,    0, OPTIONAL, 0, benefit, "what it gives; may be left out with amount_fen or percent_off") \
	F(t.amount,        amount_fen,    NULL,   FEN,     0, OPTIONAL, HAS(t.has_amount), none, "amount_off: what it takes off") \
	F(t.basis_points,  percent_off,   NULL,   PERCENT, 0, OPTIONAL, 0, none, "percent_off: 20 takes a fifth off") \
	F(t.cap,           cap_fen,       NULL,   FEN,     0, OPTIONAL, HAS(t.has_cap), none, "percent_off: the most it takes off") \
	F(t.buy,           buy,           NULL,   COUNT,   1000, OPTIONAL, 0, none, "buy_get: of every buy + get pieces ..") \
	F(t.get,           get,           NULL,   COUNT,   1000, OPTIONAL, 0, none, ".. the cheapest get are free; free_item, product: pieces, else 1") \
	F(t.threshold,     threshold_fen, NULL,   FEN,     0, OPTIONAL, HAS(t.has_threshold), none, "what the eligible items must cost before any coupon") \
	F(shops,           shops,         NULL,   VALUE,   0, OPTIONAL, 0, Set, "where it is good") \
	F(categories,      categories,    NULL,   VALUE,   0, OPTIONAL, 0, Set, "for which categories of items") \
	F(products,        products,      NULL,   VALUE,   0, OPTIONAL, 0, Set, "for which products") \
	F(channels,        channels,      NULL,   VALUE,   0, OPTIONAL, 0, Set, "in which channels") \
	F(valid,           valid,         NULL,   VALUE,   0, OPTIONAL, 0, Validity, "when its coupons are good; absent: always") \
	F(hours,           hours,         NULL,   VALUE,   0, OPTIONAL, 0, WindowList, "hours of the week in which they are good; absent: all") \
	F(limits,          limits,        NULL,   VALUE,   0, OPTIONAL, 0, Limits, "how many there may be, and how often they may be used") \
	F(stacking,        stacking,      NULL,   VALUE,   0, OPTIONAL, 0, Stacking, "together with other coupons in one order") \
	F(t.give_back,     give_back,     NULL,   WORD,    0, OPTIONAL, 0, give_back, "when a reversed use comes back to the customer; money always does") \
	F(t.rounding,      rounding,      NULL,   WORD,    0, OPTIONAL, 0, rounding, "of a percentage") \
	F(t.splitting,     splitting,     NULL,   WORD,    0, OPTIONAL, 0, splitting, "of a discount over the items") \
	F(pattern,         code,          NULL,   VALUE,   0, OPTIONAL, 0, CodePattern, "what its codes look like; absent: 18 digits") \
	F(t.description,   description,   NULL,   TEXT_BYTES, TEXT_BYTES_MAX, OPTIONAL, 0, none, "shown to customers") \
	F(t.channel,       channel,       NULL,   TEXT,    NAME_LENGTH_MAX, OPTIONAL, 0, none, "what the coupons are filed under") \
	F(t.total,         total,         NULL,   INT,     UINT32_MAX, OPTIONAL, HAS(t.has_total), none, "the same as limits.total") \
	F(t.per_person,    per_person,    NULL,   COUNT,   UINT32_MAX - 1, OPTIONAL, 0, none, "the same as limits.per_customer") \
	F(t.begin,         start_time,    NULL,   MOMENT,  0, OPTIONAL, 0, none, "the same as valid.from") \
	F(t.end,           end_time,      NULL,   MOMENT_END, 0, OPTIONAL, 0, none, "the same as valid.until") \
	F(recast,          apply_to_issued, NULL, BOOL,    0, OPTIONAL, 0, none, "to change one: coupons that are out go by the new terms too; their dates stay") \
	NATIVE_NUMBER(F)
#define NATIVE_SET(F) \
	F(include, include, NULL, VALUE, 0, OPTIONAL, 0, TextList, "good for these alone; absent: for all") \
	F(exclude, exclude, NULL, VALUE, 0, OPTIONAL, 0, TextList, "not good for these")
#define NATIVE_VALIDITY(F) \
	F(t.begin,             from,              NULL, MOMENT,     0, OPTIONAL, 0, none, "a day is its first second") \
	F(t.end,               until,             NULL, MOMENT_END, 0, OPTIONAL, 0, none, "inclusive; a day is its last second, 23:59:59") \
	F(t.starts_after_days, starts_after_days, NULL, INT,        DAYS_AFTER_MAX, OPTIONAL, 0, none, "from receipt; 0: at once, else from 00:00 of that day") \
	F(t.lasts_days,        lasts_days,        NULL, COUNT,      DAYS_AFTER_MAX, OPTIONAL, 0, none, "the day it starts is the first of them")
#define NATIVE_WINDOW(F) \
	F(weekdays, weekdays, NULL, VALUE, 0,  OPTIONAL, 0, WeekdayList, "1 is Monday; absent: all") \
	F(from,     from,     NULL, TEXT,  5,  REQUIRED, 0, none, "HH:MM") \
	F(to,       to,       NULL, TEXT,  5,  REQUIRED, 0, none, "HH:MM")
#define NATIVE_LIMITS(F) \
	F(t.total,           total,                 NULL, INT,   UINT32_MAX, OPTIONAL, HAS(t.has_total), none, "coupons there may be") \
	F(t.per_person,      per_customer,          NULL, COUNT, UINT32_MAX - 1, OPTIONAL, 0, none, "coupons one customer may have") \
	F(t.per_day,         per_day,               NULL, COUNT, UINT32_MAX, OPTIONAL, 0, none, "issued in a day") \
	F(t.per_person_day,  per_customer_per_day,  NULL, COUNT, UINT32_MAX, OPTIONAL, 0, none, "to one customer in a day") \
	F(t.uses,            uses_per_coupon,       NULL, COUNT, USES_MAX, OPTIONAL, 0, none, "absent: 1") \
	F(t.uses_per_person, uses_per_customer,     NULL, COUNT, UINT32_MAX, OPTIONAL, 0, none, "of all coupons that one customer has") \
	F(per,               uses_per_customer_per, NULL, VALUE, 0, OPTIONAL, 0, UsesPer, "of one customer in a day, week (from Monday), month or year") \
	F(t.budget,          budget_fen,            NULL, FEN,   0, OPTIONAL, HAS(t.has_budget), none, "what all its coupons may take off together")
#define NATIVE_USES_PER(F) \
	F(t.period,          period, NULL, WORD,  0, REQUIRED, 0, period, "") \
	F(t.uses_per_period, uses,   NULL, COUNT, UINT32_MAX, REQUIRED, 0, none, "")
#define NATIVE_STACKING(F) \
	F(t.stack_group, group,     NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "at most one of a group in an order") \
	F(t.exclusive,   exclusive, NULL, BOOL, 0, OPTIONAL, 0, none, "alone in an order") \
	F(t.priority,    priority,  NULL, INT,  1000000, OPTIONAL, 0, none, "higher ones take off first") \
	F(t.per_order,   per_order, NULL, COUNT, ORDER_COUPONS_MAX, OPTIONAL, 0, none, "of this template in an order")
#define NATIVE_PATTERN(F) \
	F(t.code_prefix,  prefix,      NULL, TEXT,  20, OPTIONAL, 0, none, "") \
	F(t.code_charset, charset,     NULL, TEXT,  64, REQUIRED, 0, none, "each character once") \
	F(t.code_length,  length,      NULL, COUNT, 40, REQUIRED, 0, none, "without prefix and check digit; length and charset give at least 40 bits") \
	F(t.code_check,   check_digit, NULL, BOOL,  0,  OPTIONAL, 0, none, "comes last; finds a mistyped character")

/* --- coupons --- */
/* Who: the first given member of this order names the customer. */
#define NATIVE_CUSTOMER_NAME(F) \
	F(customer_id, id,          "customer_id", TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(phone,       phone,       NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(card_no,     card_no,     NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(nick,        nick,        NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(code,        code,        NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(source_code, source_code, NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(name,        name,        NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "kept for a customer who is made; names nobody")
#define NATIVE_GRANT(F) \
	F(template_id, template_id,  NULL, COUNT, 0, REQUIRED, 0, none, "") \
	F(customer,    customer,     NULL, VALUE, 0, OPTIONAL, 0, CustomerName, "who gets it; made when unknown; absent: a coupon that is nobody's yet") \
	F(customers,   customers,    NULL, VALUE, 0, OPTIONAL, 0, CustomerNameList, "the same for several") \
	F(count,       count,        NULL, COUNT, GRANT_MAX, OPTIONAL, 0, none, "to each of them; absent: 1") \
	F(code,        code,         NULL, TEXT,  NAME_LENGTH_MAX, OPTIONAL, 0, none, "given, for one coupon; absent: made") \
	F(codes,       codes,        NULL, VALUE, 0, OPTIONAL, 0, TextList, "given, one for each coupon") \
	F(hold,        hold,         NULL, BOOL,  0, OPTIONAL, 0, none, "promised, not yet given: confirm or release it") \
	F(hold_s,      hold_seconds, NULL, COUNT, HOLD_S_MAX, OPTIONAL, 0, none, "then it is released; absent: 900") \
	NATIVE_SAID(F) NATIVE_NUMBER(F)
#define NATIVE_VERB(F) NATIVE_SAID(F) NATIVE_NUMBER(F)
#define NATIVE_FREEZE(F) \
	F(until, until, NULL, MOMENT_END, 0, OPTIONAL, 0, none, "then it is unused again; absent: till it is unfrozen") \
	NATIVE_VERB(F)
#define NATIVE_EXTEND(F) \
	F(until, until, "valid_until", MOMENT_END, 0, REQUIRED, 0, none, "its new end, inclusive; also of one that has expired") \
	NATIVE_VERB(F)
#define NATIVE_GIVE(F) \
	F(customer, customer, NULL, VALUE, 0, REQUIRED, 0, CustomerName, "whose it is from now on; made when unknown") \
	NATIVE_VERB(F)
#define NATIVE_ITEM(F) \
	F(product,  product,   NULL, TEXT,  NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(category, category,  NULL, TEXT,  NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(price,    price_fen, NULL, FEN,   0, REQUIRED, 0, none, "of one piece") \
	F(quantity, quantity,  NULL, COUNT, PIECES_MAX, OPTIONAL, 0, none, "absent: 1")
#define NATIVE_CART(F) \
	F(cart.amount,  amount_fen, NULL, FEN,   0, OPTIONAL, HAS(cart.has_amount), none, "of the order; with items their sum") \
	F(cart.channel, channel,    NULL, TEXT,  NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(items,        items,      NULL, VALUE, 0, OPTIONAL, 0, ItemList, "of the order; without them the whole amount is eligible")
#define NATIVE_REDEEM(F) NATIVE_CART(F) NATIVE_SAID(F) NATIVE_NUMBER(F)
#define NATIVE_REDEEM_MANY(F) \
	F(codes, codes, "coupons", VALUE, 0, OPTIONAL, 0, TextList, "all or nothing, at most 30, each once") \
	F(code,  code,  NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "one of them") \
	NATIVE_REDEEM(F)
#define NATIVE_VALIDATE(F) \
	F(customer, customer, NULL, VALUE, 0, OPTIONAL, 0, CustomerName, "whose it should be") \
	NATIVE_CART(F) NATIVE_SAID(F)
#define NATIVE_QUALIFY(F) \
	F(customer, customer, NULL, VALUE, 0, REQUIRED, 0, CustomerName, "whose coupons are looked at") \
	F(said.shop, shop, NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	NATIVE_CART(F)
#define NATIVE_REVERSE(F) \
	F(redemption, redemption, "redemption_id", VALUE, 0, OPTIONAL, 0, RedemptionName, "which use: its id or its number; absent: the order's, or the last that stands") \
	F(amount,     amount_fen, NULL, FEN,  0, OPTIONAL, HAS(has_amount), none, "what of the order's amount goes back; absent: all that is left") \
	F(cause,      cause,      NULL, WORD, 0, OPTIONAL, 0, cause, "the template's give_back depends on it; absent: cancel") \
	NATIVE_VERB(F)
#define NATIVE_REVERSE_ORDER(F) \
	F(amount,     amount_fen, NULL, FEN,  0, OPTIONAL, HAS(has_amount), none, "what of the order's amount goes back; absent: all that is left") \
	F(cause,      cause,      NULL, WORD, 0, OPTIONAL, 0, cause, "absent: cancel") \
	F(said.reason,   reason,   NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(said.operator, operator, NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(said.shop,     shop,     NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	NATIVE_NUMBER(F)

/* --- people, campaigns, the merchant --- */
#define NATIVE_CUSTOMER_SAVE(F) \
	F(c.customer_id, customer_id, "id", TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "absent: whoever the first known of the others names; nobody: made, with an id") \
	F(c.code,        code,        NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(c.name,        name,        NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(c.source_code, source_code, NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(c.nick,        nick,        NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(c.phone,       phone,       NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "as the other interfaces ask for it") \
	F(c.card_no,     card_no,     NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	NATIVE_NUMBER(F)
#define NATIVE_MERGE(F) \
	F(into, into, NULL, TEXT, NAME_LENGTH_MAX, REQUIRED, 0, none, "the id of the customer who stays") \
	NATIVE_NUMBER(F)
#define NATIVE_DEPARTMENT_SAVE(F) \
	F(d.department_id, department_id, "id", TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "absent: as for customers") \
	F(d.code,          code,          NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(d.name,          name,          NULL, TEXT, NAME_LENGTH_MAX, REQUIRED, 0, none, "") \
	F(d.source_code,   source_code,   NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	NATIVE_NUMBER(F)
#define NATIVE_CAMPAIGN_SAVE(F) \
	F(c.source_code,  source_code,  "id", TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "names it; required to make one with POST") \
	F(c.code,         code,         NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(c.name,         name,         NULL, TEXT, NAME_LENGTH_MAX, REQUIRED, 0, none, "") \
	F(c.type_code,    type_code,    NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(c.status,       status,       NULL, WORD, 0, OPTIONAL, 0, status, "absent: online") \
	F(c.begin,        from,         NULL, DAY,  0, OPTIONAL, 0, none, "a day of UTC+8") \
	F(c.end,          until,        NULL, DAY,  0, OPTIONAL, 0, none, "a day of UTC+8, inclusive") \
	F(c.register_url, register_url, NULL, TEXT_BYTES, 2048, OPTIONAL, 0, none, "") \
	F(c.information,  information,  NULL, TEXT_BYTES, TEXT_BYTES_MAX, OPTIONAL, 0, none, "") \
	F(departments,    departments,  NULL, VALUE, 0, OPTIONAL, 0, TextList, "ids; absent: they stay") \
	NATIVE_NUMBER(F)
#define NATIVE_TARGETS(F) \
	F(nicks, nicks, NULL, VALUE, 0, REQUIRED, 0, TextList, "unknown ones become customers") \
	NATIVE_NUMBER(F)
#define NATIVE_INVITE(F) \
	F(customers, customers, NULL, VALUE, 0, REQUIRED, 0, TextList, "customer ids") \
	NATIVE_NUMBER(F)
#define NATIVE_REGISTER(F) \
	F(customers,     customers,     NULL, VALUE,  0, REQUIRED, 0, TextList, "customer ids; all or nothing") \
	F(registered_at, registered_at, NULL, MOMENT, 0, REQUIRED, 0, none, "") \
	F(information,   information,   NULL, TEXT_BYTES, TEXT_BYTES_MAX, OPTIONAL, 0, none, "") \
	NATIVE_NUMBER(F)
#define NATIVE_CLOCK(F) \
	F(advance_s, advance_seconds, NULL, COUNT, CLOCK_ADVANCE_S_MAX, REQUIRED, 0, none, "how far the sandbox's clock goes forward; it never goes back") \
	NATIVE_NUMBER(F)

/* --- queries --- */
#define NATIVE_PAGE(F) \
	F(cursor, cursor, NULL, TEXT,  64,  OPTIONAL, 0, none, "next_cursor of the page before") \
	F(limit,  limit,  NULL, COUNT, 100, OPTIONAL, 0, none, "rows; absent: 20")
#define NATIVE_COUPON_PAGE(F) \
	F(state, state, NULL, WORD, 0, OPTIONAL, HAS(has_state), state, "as shown now") \
	NATIVE_PAGE(F)
#define NATIVE_SHOW(F) \
	F(as_of, as_of, NULL, MOMENT_END, 0, OPTIONAL, 0, none, "the coupon as it was at the end of that second")
#define NATIVE_AUDIENCE_PAGE(F) \
	F(mark, mark, NULL, WORD, 0, OPTIONAL, 0, mark, "absent: covered") \
	NATIVE_PAGE(F)

/* ================= answers ================= */

/* t: a template */
#define NATIVE_BENEFIT_SHOWN(D) \
	D(TEXT,    name,          true, t->name, OPTIONAL, none, "") \
	D(WORD,    type,          t->benefit, WORD_OF(benefit, t->benefit), OPTIONAL, benefit, "absent: a template that another interface made") \
	D(FEN,     amount_fen,    t->has_amount, t->amount, OPTIONAL, none, "") \
	D(PERCENT, percent_off,   t->basis_points, t->basis_points, OPTIONAL, none, "at most 2 decimals") \
	D(FEN,     cap_fen,       t->has_cap, t->cap, OPTIONAL, none, "") \
	D(FEN,     threshold_fen, t->has_threshold, t->threshold, OPTIONAL, none, "")
#define NATIVE_TEMPLATE_SHOWN(D) \
	D(DIGITS, template_id,   true, t->template_id, REQUIRED, none, "") \
	NATIVE_BENEFIT_SHOWN(D) \
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
	D(TEXT,   description,   true, t->description, OPTIONAL, none, "") \
	D(TEXT,   channel,       true, t->channel, OPTIONAL, none, "") \
	D(NUMBER, revision,      true, t->revision, REQUIRED, none, "the ETag") \
	D(MOMENT, created_at,    true, t->created, OPTIONAL, none, "") \
	D(MOMENT, updated_at,    true, t->updated, OPTIONAL, none, "")
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
	D(TEXT,   phone,       true, c->phone, OPTIONAL, none, "") \
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
	D(MOMENT, created_at,   true, c->created, OPTIONAL, none, "") \
	D(MOMENT, updated_at,   true, c->modified, OPTIONAL, none, "")
#define NATIVE_CAMPAIGN_SHOWN(D) \
	NATIVE_CAMPAIGN(D) \
	D(PART, departments, true, show_departments(o, departments, n), REQUIRED, TextListShown, "their ids")
#define NATIVE_CAMPAIGN_SAVED(D) \
	D(TEXT,   source_code, true, source_code, REQUIRED, none, "") \
	D(DIGITS, activity_id, activity_id, activity_id, OPTIONAL, none, "")
#define NATIVE_AUDIENCE_DONE(D) \
	D(TEXT, source_code, true, source_code, REQUIRED, none, "the campaign's")
#define NATIVE_MEMBER(D) \
	D(TEXT,   customer_id,   true, m->customer.customer_id, REQUIRED, none, "") \
	D(TEXT,   nick,          true, m->customer.nick, OPTIONAL, none, "") \
	D(TEXT,   name,          true, m->customer.name, OPTIONAL, none, "") \
	D(BOOL,   invited,       true, m->member.invited, REQUIRED, none, "") \
	D(BOOL,   registered,    true, m->member.registered, REQUIRED, none, "") \
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
	D(TEXT,   id,          true, credential_shown(c), REQUIRED, none, "native: the first characters of the key's digest") \
	D(TEXT,   label,       true, c->label, OPTIONAL, none, "") \
	D(PART,   scopes,      c->dialect == DIALECT_NATIVE, show_scopes(o, c), OPTIONAL, ScopeList, "") \
	D(MOMENT, expires_at,  true, c->expires, OPTIONAL, none, "") \
	D(BOOL,   revoked,     true, c->revoked, REQUIRED, none, "") \
	D(NUMBER, calls_per_s, c->calls_per_s, c->calls_per_s, OPTIONAL, none, "") \
	D(NUMBER, burst,       c->burst, c->burst, OPTIONAL, none, "") \
	D(MOMENT, created_at,  true, c->created, OPTIONAL, none, "")
#define NATIVE_DELETED(D) \
	D(BOOL, deleted, true, true, REQUIRED, none, "")
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

#include "dialect/native/fields_job.tbl.h"

/* S(schema, rows): requests; then answers. */
#define NATIVE_REQUESTS(S) \
	S(JobBody, NATIVE_JOB) S(JobCancelBody, NATIVE_NUMBER) \
	S(TemplateBody, NATIVE_TEMPLATE) S(Set, NATIVE_SET) S(Validity, NATIVE_VALIDITY) \
	S(Window, NATIVE_WINDOW) S(Limits, NATIVE_LIMITS) S(UsesPer, NATIVE_USES_PER) \
	S(Stacking, NATIVE_STACKING) S(CodePattern, NATIVE_PATTERN) S(CustomerNames, NATIVE_CUSTOMER_NAME) \
	S(GrantBody, NATIVE_GRANT) S(VerbBody, NATIVE_VERB) S(FreezeBody, NATIVE_FREEZE) \
	S(ExtendBody, NATIVE_EXTEND) S(GiveBody, NATIVE_GIVE) S(Item, NATIVE_ITEM) \
	S(RedeemBody, NATIVE_REDEEM) S(RedeemManyBody, NATIVE_REDEEM_MANY) S(ValidateBody, NATIVE_VALIDATE) \
	S(QualifyBody, NATIVE_QUALIFY) S(ReverseBody, NATIVE_REVERSE) S(ReverseOrderBody, NATIVE_REVERSE_ORDER) \
	S(CustomerBody, NATIVE_CUSTOMER_SAVE) S(MergeBody, NATIVE_MERGE) S(DepartmentBody, NATIVE_DEPARTMENT_SAVE) \
	S(CampaignBody, NATIVE_CAMPAIGN_SAVE) S(TargetsBody, NATIVE_TARGETS) S(InviteBody, NATIVE_INVITE) \
	S(RegisterBody, NATIVE_REGISTER) S(ClockBody, NATIVE_CLOCK) S(NumberBody, NATIVE_NUMBER)
#define NATIVE_QUERIES(S) \
	S(Page, NATIVE_PAGE) S(CouponPage, NATIVE_COUPON_PAGE) S(Show, NATIVE_SHOW) S(AudiencePage, NATIVE_AUDIENCE_PAGE)
#define NATIVE_ANSWERS(S) \
	S(Template, NATIVE_TEMPLATE_SHOWN) S(TemplateUsage, NATIVE_TEMPLATE_USAGE) S(TemplateChanged, NATIVE_TEMPLATE_CHANGED) \
	S(ValidityShown, NATIVE_VALIDITY_SHOWN) S(WindowShown, NATIVE_WINDOW_SHOWN) S(LimitsShown, NATIVE_LIMITS_SHOWN) \
	S(UsesPerShown, NATIVE_USES_PER_SHOWN) S(StackingShown, NATIVE_STACKING_SHOWN) S(CodePatternShown, NATIVE_PATTERN_SHOWN) \
	S(Usage, NATIVE_USAGE) S(Coupon, NATIVE_COUPON) S(CouponShown, NATIVE_COUPON_SHOWN) S(CouponPublic, NATIVE_COUPON_PUBLIC) S(Event, NATIVE_EVENT) \
	S(CouponChanged, NATIVE_CHANGED) S(Granted, NATIVE_GRANTED) S(Grant, NATIVE_GRANT_SHOWN) \
	S(Redemption, NATIVE_REDEMPTION) S(Redemptions, NATIVE_REDEMPTIONS) S(Priced, NATIVE_PRICED) S(Reason, NATIVE_REASON) S(ProblemReason, NATIVE_PROBLEM_REASON) \
	S(Qualified, NATIVE_QUALIFIED) S(Best, NATIVE_BEST) S(BestCoupon, NATIVE_BEST_COUPON) \
	S(Customer, NATIVE_CUSTOMER) S(CustomerShown, NATIVE_CUSTOMER_SHOWN) S(CustomerSaved, NATIVE_CUSTOMER_SAVED) \
	S(Merged, NATIVE_MERGED) S(Erased, NATIVE_ERASED) S(Department, NATIVE_DEPARTMENT) \
	S(JobMade, NATIVE_JOB_MADE) S(Job, NATIVE_JOB_SHOWN) S(JobResult, NATIVE_JOB_RESULT) \
	S(DepartmentSaved, NATIVE_DEPARTMENT_SAVED) S(Campaign, NATIVE_CAMPAIGN) S(CampaignShown, NATIVE_CAMPAIGN_SHOWN) \
	S(CampaignSaved, NATIVE_CAMPAIGN_SAVED) S(AudienceDone, NATIVE_AUDIENCE_DONE) S(Member, NATIVE_MEMBER) \
	S(Merchant, NATIVE_MERCHANT) S(ClockMoved, NATIVE_CLOCK_MOVED) S(Credential, NATIVE_CREDENTIAL) \
	S(Deleted, NATIVE_DELETED) S(Problem, NATIVE_PROBLEM)
/* P(schema, of): pages {data, next_cursor}. */
#define NATIVE_PAGES(P) \
	P(TemplatePage, Template) P(CouponPageShown, Coupon) P(CustomerPage, Customer) P(DepartmentPage, Department) \
	P(JobPage, Job) P(CampaignPage, Campaign) P(MemberPage, Member) P(CredentialPage, Credential)
/* L(schema, of, most): lists of a schema. */
#define NATIVE_LISTS(L) \
	L(WindowList, Window, HOURS_MAX) L(WindowListShown, WindowShown, 0) L(CustomerNameList, CustomerName, GRANT_MAX) \
	L(ItemList, Item, CART_ITEMS_MAX) L(EventList, Event, 0) L(GrantedList, Granted, 0) L(RedemptionList, Redemption, 0) \
	L(PricedList, Priced, 0) L(ReasonList, Reason, 0) L(ProblemReasonList, ProblemReason, 0) L(BestList, BestCoupon, 0)
/* X(schema, text of a JSON schema): what no row can say. */
#define NATIVE_OTHERS(X) \
	X(CouponAnswer, JSON({"anyOf": [{"$ref": "#/components/schemas/CouponShown"}, {"$ref": "#/components/schemas/CouponPublic"}], "description": "a public key sees CouponPublic, and only of a coupon that may be used now"})) \
	X(CustomerName, JSON({"description": "a customer id, or an object that names the customer", "oneOf": [{"type": "string"}, {"type": "integer"}, {"$ref": "#/components/schemas/CustomerNames"}]})) \
	X(TextList, JSON({"type": "array", "maxItems": 1000, "items": {"type": ["string", "integer"], "maxLength": 100}})) \
	X(TextListShown, JSON({"type": "array", "items": {"type": "string"}})) \
	X(WeekdayList, JSON({"type": "array", "maxItems": 7, "items": {"type": "integer", "minimum": 1, "maximum": 7}})) \
	X(WeekdayListShown, JSON({"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 7}})) \
	X(RedemptionName, JSON({"type": ["string", "integer"], "description": "its id, or its number in the coupon's timeline"})) \
	X(RedemptionId, JSON({"type": "string", "pattern": "^[0-9]{18}-[0-9]+$"})) \
	X(FenList, JSON({"type": "array", "items": {"type": "integer", "format": "int64", "minimum": 0}})) \
	X(ScopeList, JSON({"type": "array", "items": {"type": "string", "enum": ["read", "issue", "redeem", "manage", "admin", "public"]}})) \
	X(Zone, JSON({"type": "string", "pattern": "^[+-][0-9]{2}:[0-9]{2}$"}))
/* clang-format on */
