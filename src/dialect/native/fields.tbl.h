/*
 * Everything that goes over the wire, once: requests are decoded from these rows, answers are
 * encoded from those of answers.tbl.h, and /openapi.json, /docs/ and docs/native.md are printed from
 * both.
 *
 *   F(member, wire, alias, kind, bound, need, has, of, text)   a member of a request
 *
 * Kinds: dialect.h. has: HAS(flag) or 0. of: the words of a WORD, the schema of a VALUE, else none.
 */
#pragma once

#include "dialect/native/answers.tbl.h"
#include "dialect/native/fields_errand.tbl.h"
#include "dialect/native/fields_webhook.tbl.h"

/* clang-format off */

/* C(name, what it is) */
#define NATIVE_COLLECTIONS(C) \
	C(coupons, "Coupons, by their codes") \
	C(redemptions, "Uses of coupons, by the ids that redeem answers; several coupons of one order") \
	C(qualify, "What a customer's coupons would take off a cart") \
	C(orders, "What was redeemed under an order number") \
	C(templates, "What coupons are made from") \
	C(customers, "Who has coupons") \
	C(departments, "Who runs campaigns") \
	C(campaigns, "Campaigns, by their source codes, and their audiences") \
	C(jobs, "Work on many rows: files in and out") \
	C(merchant, "The merchant whose key it is") \
	C(credentials, "The merchant's keys") \
	C(ledger, "The chain of all that was written for the merchant") \
	C(webhooks, "Who is told what happens, and what became of it") \
	C(providers, "Who issues coupons of its own when asked") \
	C(errands, "Calls to providers, each for coupons promised to some customers")

/* --- said with every write --- */
#define NATIVE_NUMBER(F) \
	F(request_no, request_no, NULL, TEXT, 255, OPTIONAL, 0, none, "the same as the header Idempotency-Key, for callers who cannot set one")
#define NATIVE_SAID(F) \
	F(said.reason,   reason,   NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "why; kept in the coupon's timeline") \
	F(said.order_no, order_no, NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "the order's number") \
	F(said.operator, operator, NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "who did it") \
	F(said.shop,     shop,     NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "where")

/* --- templates --- */
/* F: a term. C: what rows of files say in columns of their own, or not at all. */
#define NATIVE_TEMPLATE_ROWS(F, C) \
	C(t.template_id,   template_id,   "id",   COUNT,   0, OPTIONAL, 0, none, "the caller's own number of it; made when absent") \
	C(t.name,          name,          NULL,   TEXT,    NAME_LENGTH_MAX, OPTIONAL, 0, none, "required to make one") \
	F(t.benefit,       type,          NULL,   WORD,    0, OPTIONAL, 0, benefit, "what it gives; may be left out with amount_fen or percent_off") \
	C(t.amount,        amount_fen,    NULL,   FEN,     0, OPTIONAL, HAS(t.has_amount), none, "amount_off: what it takes off") \
	F(t.basis_points,  percent_off,   NULL,   PERCENT, 0, OPTIONAL, 0, none, "percent_off: 20 takes a fifth off") \
	F(t.cap,           cap_fen,       NULL,   FEN,     0, OPTIONAL, HAS(t.has_cap), none, "percent_off: the most it takes off") \
	F(t.buy,           buy,           NULL,   COUNT,   1000, OPTIONAL, 0, none, "buy_get: of every buy + get pieces ..") \
	F(t.get,           get,           NULL,   COUNT,   1000, OPTIONAL, 0, none, ".. the cheapest get are free; free_item, product: pieces, else 1") \
	C(t.threshold,     threshold_fen, NULL,   FEN,     0, OPTIONAL, HAS(t.has_threshold), none, "what the eligible items must cost before any coupon") \
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
	F(provider_object, provider,      NULL,   VALUE,   0, OPTIONAL, 0, Provider, "who issues its coupons when they are asked for; absent: we do") \
	C(t.description,   description,   NULL,   TEXT_BYTES, TEXT_BYTES_MAX, OPTIONAL, 0, none, "shown to customers") \
	C(t.channel,       channel,       NULL,   TEXT,    NAME_LENGTH_MAX, OPTIONAL, 0, none, "what the coupons are filed under") \
	C(t.total,         total,         NULL,   INT,     UINT32_MAX, OPTIONAL, HAS(t.has_total), none, "the same as limits.total") \
	C(t.per_person,    per_person,    NULL,   COUNT,   UINT32_MAX - 1, OPTIONAL, 0, none, "the same as limits.per_customer") \
	C(t.begin,         start_time,    NULL,   MOMENT,  0, OPTIONAL, 0, none, "the same as valid.from") \
	C(t.end,           end_time,      NULL,   MOMENT_END, 0, OPTIONAL, 0, none, "the same as valid.until") \
	C(recast,          apply_to_issued, NULL, BOOL,    0, OPTIONAL, 0, none, "to change one: coupons that are out go by the new terms too; their dates stay")
#define NATIVE_TEMPLATE(F) NATIVE_TEMPLATE_ROWS(F, F) NATIVE_NUMBER(F)
#define NATIVE_SET(F) \
	F(include, include, NULL, VALUE, 0, OPTIONAL, 0, TextList, "good for these alone; absent: for all") \
	F(exclude, exclude, NULL, VALUE, 0, OPTIONAL, 0, TextList, "not good for these")
#define NATIVE_VALIDITY_ROWS(F, C) \
	C(t.begin,             from,              NULL, MOMENT,     0, OPTIONAL, 0, none, "a day is its first second") \
	C(t.end,               until,             NULL, MOMENT_END, 0, OPTIONAL, 0, none, "inclusive; a day is its last second, 23:59:59") \
	F(t.starts_after_days, starts_after_days, NULL, INT,        DAYS_AFTER_MAX, OPTIONAL, 0, none, "from receipt; 0: at once, else from 00:00 of that day") \
	F(t.lasts_days,        lasts_days,        NULL, COUNT,      DAYS_AFTER_MAX, OPTIONAL, 0, none, "the day it starts is the first of them")
#define NATIVE_VALIDITY(F) NATIVE_VALIDITY_ROWS(F, F)
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
	F(phone,       phone,       NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "as people write it; without + a number of +86") \
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
	NATIVE_REVERSE_AMOUNT(F) \
	NATIVE_VERB(F)
#define NATIVE_REVERSE_AMOUNT(F) \
	F(amount,     amount_fen, NULL, FEN,  0, OPTIONAL, HAS(has_amount), none, "what of the order's amount goes back; absent: all that is left") \
	F(cause,      cause,      NULL, WORD, 0, OPTIONAL, 0, cause, "the template's give_back depends on it; absent: cancel")
#define NATIVE_REVERSE_ORDER(F) \
	NATIVE_REVERSE_AMOUNT(F) \
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
	F(c.phone,       phone,       NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "as people write it; without + a number of +86") \
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
#define NATIVE_REWARD(F) \
	F(template_id, template_id, NULL, COUNT, 0, REQUIRED, 0, none, "") \
	F(count,       count,       NULL, COUNT, REWARD_COUNT_MAX, OPTIONAL, 0, none, "coupons of it for each; absent: 1")
#define NATIVE_PLAN(F) \
	F(rewards,        rewards,      NULL, VALUE, 0, OPTIONAL, 0, RewardList, "what each covered member is issued, once; absent: they stay, [] takes them away. With rewards, approval or starts_at the campaign has a plan, and runs") \
	F(register_rewards, register_rewards, NULL, VALUE, 0, OPTIONAL, 0, RewardList, "the same, of who registers") \
	F(c.approval,     approval,     NULL, BOOL, 0, OPTIONAL, HAS(has_approval), none, "registrations wait until they are approved; absent: it stays") \
	F(c.starts,       starts_at,    NULL, MOMENT, 0, OPTIONAL, HAS(has_starts), none, "when its rewards begin to go out; absent: it stays; never said: when the campaign begins")
#define NATIVE_CAMPAIGN_MEMBERS(F) \
	F(c.code,         code,         NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(c.type_code,    type_code,    NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	F(c.status,       status,       NULL, WORD, 0, OPTIONAL, 0, status, "absent: online; of one that has a plan: it stays") \
	F(c.begin,        from,         NULL, DAY,  0, OPTIONAL, 0, none, "a day of UTC+8") \
	F(c.end,          until,        NULL, DAY,  0, OPTIONAL, 0, none, "a day of UTC+8, inclusive") \
	F(c.register_url, register_url, NULL, TEXT_BYTES, 2048, OPTIONAL, 0, none, "") \
	F(c.information,  information,  NULL, TEXT_BYTES, TEXT_BYTES_MAX, OPTIONAL, 0, none, "") \
	F(departments,    departments,  NULL, VALUE, 0, OPTIONAL, 0, TextList, "ids; absent: they stay") \
	NATIVE_PLAN(F) \
	NATIVE_NUMBER(F)
#define NATIVE_CAMPAIGN_SAVE(F) \
	F(c.source_code,  source_code,  "id", TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "names it; required to make one with POST") \
	F(c.name,         name,         NULL, TEXT, NAME_LENGTH_MAX, REQUIRED, 0, none, "") \
	NATIVE_CAMPAIGN_MEMBERS(F)
#define NATIVE_CAMPAIGN_PATCH(F) \
	F(c.name,         name,         NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "") \
	NATIVE_CAMPAIGN_MEMBERS(F)
#define NATIVE_TARGETS(F) \
	F(nicks, nicks, NULL, VALUE, 0, OPTIONAL, 0, TextList, "unknown ones become customers") \
	F(customers, customers, NULL, VALUE, 0, OPTIONAL, 0, CustomerNameList, "the same by other names; either the one or the other") \
	NATIVE_NUMBER(F)
#define NATIVE_APPROVAL(F) \
	F(customers, customers, NULL, VALUE, 0, REQUIRED, 0, TextList, "customer ids; whose registration does not wait is left alone") \
	F(approve,   approve,   NULL, BOOL,  0, REQUIRED, HAS(has_approve), none, "false: the registrations are dropped") \
	NATIVE_NUMBER(F)
#define NATIVE_FILTER(F) \
	F(f.created_from, created_from,      NULL, MOMENT,     0, OPTIONAL, 0, none, "a day is its first second") \
	F(f.created_to,   created_until,     NULL, MOMENT_END, 0, OPTIONAL, 0, none, "inclusive; a day is its last second") \
	F(phone,          has_phone,         NULL, BOOL,  0, OPTIONAL, HAS(has_phone), none, "") \
	F(card_no,        has_card_no,       NULL, BOOL,  0, OPTIONAL, HAS(has_card_no), none, "") \
	F(nick,           has_nick,          NULL, BOOL,  0, OPTIONAL, HAS(has_nick), none, "") \
	F(f.template_id,  template_id,       NULL, COUNT, 0, OPTIONAL, 0, none, "with has_unused_coupon") \
	F(coupon,         has_unused_coupon, NULL, BOOL,  0, OPTIONAL, HAS(has_coupon), none, "of the template, among the customer's newest 100; absent: true")
#define NATIVE_FILL(F) \
	F(from_campaign, from_campaign, NULL, TEXT,  NAME_LENGTH_MAX, OPTIONAL, 0, none, "source code of the campaign whose members are added, as they are now") \
	F(mark,          mark,          NULL, WORD,  0, OPTIONAL, 0, fill_mark, "which of them; absent: covered") \
	F(customers,     customers,     NULL, VALUE, 0, OPTIONAL, 0, CustomerFilter, "all customers that fit; {} is everybody; either this or from_campaign") \
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
#define NATIVE_CREDENTIAL_LIMITS(F) \
	F(c.expires,     expires_at,  NULL, MOMENT_END, 0, OPTIONAL, 0, none, "its last second; absent: never") \
	F(c.calls_per_s, calls_per_s, NULL, INT, CALLS_PER_S_MAX, OPTIONAL, 0, none, "0: the server's setting") \
	F(c.burst,       burst,       NULL, INT, BURST_MAX, OPTIONAL, 0, none, "calls at once; 0: two seconds' worth") \
	NATIVE_NUMBER(F)
#define NATIVE_CREDENTIAL_MAKE(F) \
	F(c.dialect,         dialect,         NULL, WORD, 0, REQUIRED, 0, dialect, "") \
	F(c.name,            name,            NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "what its callers send: app_key, openid, openId; a native key is made and has none") \
	F(c.secret,          secret,          NULL, TEXT_BYTES, 256, OPTIONAL, 0, none, "what they sign with; not native") \
	F(c.token,           token,           NULL, TEXT_BYTES, 256, OPTIONAL, 0, none, "session, access token or grant; not native") \
	F(sign_mode,         sign_mode,       NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "wjb: either, query, query+body; zvcms: hmac-sha1-kv, hmac-sha1-kv-params, tencent, wechat; absent: the first") \
	F(c.typed,           typed,           NULL, BOOL, 0, OPTIONAL, 0, none, "zvcms: its answers have a boolean status and a number as code") \
	F(c.require_session, require_session, NULL, BOOL, 0, OPTIONAL, 0, none, "top: no call without the token") \
	F(c.skew_s,          skew_seconds,    NULL, INT, 86400, OPTIONAL, 0, none, "how far its callers' clocks may be off; 0: the dialect's own") \
	F(c.trusted,         trusted,         NULL, TEXT_BYTES, TEXT_BYTES_MAX, OPTIONAL, 0, none, "addresses or networks with commas; absent: everybody") \
	F(c.label,           label,           NULL, TEXT, NAME_LENGTH_MAX, OPTIONAL, 0, none, "what people call it; a native key's stands in the ledger") \
	F(scopes,            scopes,          NULL, VALUE, 0, OPTIONAL, 0, ScopeList, "native: what it may do, no more than the key that asks; required") \
	NATIVE_CREDENTIAL_LIMITS(F)

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

#include "dialect/native/fields_job.tbl.h"

/* S(schema, rows): requests; then answers. */
#define NATIVE_REQUESTS(S) \
	S(JobBody, NATIVE_JOB) S(JobCancelBody, NATIVE_NUMBER) \
	S(TemplateBody, NATIVE_TEMPLATE) S(Provider, NATIVE_PROVIDER) S(Set, NATIVE_SET) S(Validity, NATIVE_VALIDITY) \
	S(Window, NATIVE_WINDOW) S(Limits, NATIVE_LIMITS) S(UsesPer, NATIVE_USES_PER) \
	S(Stacking, NATIVE_STACKING) S(CodePattern, NATIVE_PATTERN) S(CustomerNames, NATIVE_CUSTOMER_NAME) \
	S(GrantBody, NATIVE_GRANT) S(VerbBody, NATIVE_VERB) S(FreezeBody, NATIVE_FREEZE) \
	S(ExtendBody, NATIVE_EXTEND) S(GiveBody, NATIVE_GIVE) S(Item, NATIVE_ITEM) \
	S(RedeemBody, NATIVE_REDEEM) S(RedeemManyBody, NATIVE_REDEEM_MANY) S(ValidateBody, NATIVE_VALIDATE) \
	S(QualifyBody, NATIVE_QUALIFY) S(ReverseBody, NATIVE_REVERSE) S(ReverseOrderBody, NATIVE_REVERSE_ORDER) S(ReverseOneBody, NATIVE_REVERSE_ORDER) \
	S(CustomerBody, NATIVE_CUSTOMER_SAVE) S(MergeBody, NATIVE_MERGE) S(DepartmentBody, NATIVE_DEPARTMENT_SAVE) \
	S(CampaignBody, NATIVE_CAMPAIGN_SAVE) S(CampaignPatch, NATIVE_CAMPAIGN_PATCH) S(Reward, NATIVE_REWARD) S(ApprovalBody, NATIVE_APPROVAL) \
	S(FillBody, NATIVE_FILL) S(CustomerFilter, NATIVE_FILTER) S(TargetsBody, NATIVE_TARGETS) S(InviteBody, NATIVE_INVITE) \
	S(RegisterBody, NATIVE_REGISTER) S(ClockBody, NATIVE_CLOCK) S(CredentialBody, NATIVE_CREDENTIAL_MAKE) S(CredentialPatch, NATIVE_CREDENTIAL_LIMITS) S(NumberBody, NATIVE_NUMBER) \
	S(WebhookBody, NATIVE_WEBHOOK_SAVE) S(RotateBody, NATIVE_ROTATE) S(ResendBody, NATIVE_RESEND) S(AskBody, NATIVE_NUMBER)
#define NATIVE_QUERIES(S) \
	S(Page, NATIVE_PAGE) S(CouponPage, NATIVE_COUPON_PAGE) S(Show, NATIVE_SHOW) S(AudiencePage, NATIVE_AUDIENCE_PAGE) \
	S(DeliveryPage, NATIVE_DELIVERY_PAGE) S(ErrandPage, NATIVE_ERRAND_PAGE)
#define NATIVE_ANSWERS(S) \
	S(Template, NATIVE_TEMPLATE_SHOWN) S(TemplateUsage, NATIVE_TEMPLATE_USAGE) S(TemplateChanged, NATIVE_TEMPLATE_CHANGED) \
	S(ValidityShown, NATIVE_VALIDITY_SHOWN) S(WindowShown, NATIVE_WINDOW_SHOWN) S(LimitsShown, NATIVE_LIMITS_SHOWN) \
	S(UsesPerShown, NATIVE_USES_PER_SHOWN) S(StackingShown, NATIVE_STACKING_SHOWN) S(CodePatternShown, NATIVE_PATTERN_SHOWN) \
	S(Usage, NATIVE_USAGE) S(Coupon, NATIVE_COUPON) S(CouponShown, NATIVE_COUPON_SHOWN) S(CouponPublic, NATIVE_COUPON_PUBLIC) S(Event, NATIVE_EVENT) \
	S(CouponChanged, NATIVE_CHANGED) S(Granted, NATIVE_GRANTED) S(Grant, NATIVE_GRANT_SHOWN) \
	S(Redemption, NATIVE_REDEMPTION) S(RedemptionShown, NATIVE_REDEMPTION_SHOWN) S(Redemptions, NATIVE_REDEMPTIONS) S(Priced, NATIVE_PRICED) S(Reason, NATIVE_REASON) S(ProblemReason, NATIVE_PROBLEM_REASON) \
	S(Qualified, NATIVE_QUALIFIED) S(Best, NATIVE_BEST) S(BestCoupon, NATIVE_BEST_COUPON) \
	S(Customer, NATIVE_CUSTOMER) S(CustomerShown, NATIVE_CUSTOMER_SHOWN) S(CustomerSaved, NATIVE_CUSTOMER_SAVED) \
	S(Merged, NATIVE_MERGED) S(Erased, NATIVE_ERASED) S(Department, NATIVE_DEPARTMENT) \
	S(JobMade, NATIVE_JOB_MADE) S(Job, NATIVE_JOB_SHOWN) S(JobResult, NATIVE_JOB_RESULT) \
	S(DepartmentSaved, NATIVE_DEPARTMENT_SAVED) S(Campaign, NATIVE_CAMPAIGN) S(CampaignShown, NATIVE_CAMPAIGN_SHOWN) \
	S(CampaignSaved, NATIVE_CAMPAIGN_SAVED) S(AudienceDone, NATIVE_AUDIENCE_DONE) S(Member, NATIVE_MEMBER) \
	S(ProviderNamed, NATIVE_PROVIDER_NAMED) S(ProviderShown, NATIVE_PROVIDER_SHOWN) S(CouponDelivery, NATIVE_COUPON_DELIVERY) \
	S(Errand, NATIVE_ERRAND) S(ErrandShown, NATIVE_ERRAND_SHOWN) S(Promise, NATIVE_PROMISE) S(ErrandAsked, NATIVE_ERRAND_ASKED) \
	S(RewardShown, NATIVE_REWARD_SHOWN) S(CampaignTurned, NATIVE_CAMPAIGN_TURNED) S(Approved, NATIVE_APPROVED) \
	S(Progress, NATIVE_PROGRESS) S(Refusal, NATIVE_REFUSAL) \
	S(Merchant, NATIVE_MERCHANT) S(ClockMoved, NATIVE_CLOCK_MOVED) S(Credential, NATIVE_CREDENTIAL) S(CredentialMade, NATIVE_CREDENTIAL_MADE) \
	S(Deleted, NATIVE_DELETED) S(LedgerHead, NATIVE_LEDGER_HEAD) S(Problem, NATIVE_PROBLEM) \
	S(Webhook, NATIVE_WEBHOOK) S(WebhookMade, NATIVE_WEBHOOK_MADE) S(WebhookChanged, NATIVE_WEBHOOK_CHANGED) \
	S(WebhookRotated, NATIVE_WEBHOOK_ROTATED) S(Delivery, NATIVE_DELIVERY) S(Resent, NATIVE_RESENT)
/* P(schema, of): pages {data, next_cursor}. */
#define NATIVE_PAGES(P) \
	P(TemplatePage, Template) P(CouponPageShown, Coupon) P(CustomerPage, Customer) P(DepartmentPage, Department) \
	P(JobPage, Job) P(CampaignPage, Campaign) P(MemberPage, Member) P(CredentialPage, Credential) \
	P(WebhookPage, Webhook) P(DeliveryPageShown, Delivery) P(ProviderPage, ProviderShown) P(ErrandPageShown, Errand)
/* L(schema, of, most): lists of a schema. */
#define NATIVE_LISTS(L) \
	L(WindowList, Window, HOURS_MAX) L(WindowListShown, WindowShown, 0) L(CustomerNameList, CustomerName, GRANT_MAX) \
	L(ItemList, Item, CART_ITEMS_MAX) L(EventList, Event, 0) L(GrantedList, Granted, 0) L(RedemptionList, Redemption, 0) \
	L(PricedList, Priced, 0) L(ReasonList, Reason, 0) L(ProblemReasonList, ProblemReason, 0) L(PromiseList, Promise, 0) L(BestList, BestCoupon, 0) \
	L(RewardList, Reward, REWARDS_MAX) L(RewardListShown, RewardShown, 0) L(RefusalList, Refusal, 0)
/* X(schema, text of a JSON schema): what no row can say. */
#define NATIVE_OTHERS(X) \
	X(CouponAnswer, JSON({"anyOf": [{"$ref": "#/components/schemas/CouponShown"}, {"$ref": "#/components/schemas/CouponPublic"}], "description": "a public key sees CouponPublic, and only of a coupon that may be used now"})) \
	X(CustomerName, JSON({"description": "a customer id, or an object that names the customer", "oneOf": [{"type": "string"}, {"type": "integer"}, {"$ref": "#/components/schemas/CustomerNames"}]})) \
	X(TextList, JSON({"type": "array", "maxItems": 1000, "items": {"type": ["string", "integer"], "maxLength": 100}})) \
	X(TextListShown, JSON({"type": "array", "items": {"type": "string"}})) \
	X(EventNameList, JSON({"type": "array", "maxItems": 64, "items": {"type": "string", "maxLength": 100}, "description": "names of events, or * for all"})) \
	X(EventNameListShown, JSON({"type": "array", "items": {"type": "string"}})) \
	X(WeekdayList, JSON({"type": "array", "maxItems": 7, "items": {"type": "integer", "minimum": 1, "maximum": 7}})) \
	X(WeekdayListShown, JSON({"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 7}})) \
	X(RedemptionName, JSON({"type": ["string", "integer"], "description": "its id, or its number in the coupon's timeline"})) \
	X(RedemptionId, JSON({"type": "string", "pattern": "^[0-9]{18}-[0-9]+$"})) \
	X(FenList, JSON({"type": "array", "items": {"type": "integer", "format": "int64", "minimum": 0}})) \
	X(ScopeList, JSON({"type": "array", "items": {"type": "string", "enum": ["read", "issue", "redeem", "manage", "admin", "public"]}})) \
	X(Phone, JSON({"type": "string", "description": "E.164; what another interface brought and is no number, as it came"})) \
	X(Zone, JSON({"type": "string", "pattern": "^[+-][0-9]{2}:[0-9]{2}$"}))
/* clang-format on */
