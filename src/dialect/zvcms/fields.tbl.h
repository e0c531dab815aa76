/* The fields of seed document 003, in its order. */
#pragma once

/* clang-format off */

/* E(name, V3 name, V2 name): the envelope; all are required (ACTION in V2 alone). */
#define ZVCMS_ENVELOPE(E)                           \
	E(OPEN_ID,    "openId",    "OpenId")        \
	E(GRANT_CODE, "grantCode", "GrantCode")     \
	E(TOKEN,      "token",     "Token")         \
	E(TIMESTAMP,  "timestamp", "Timestamp")     \
	E(NONCE,      "nonce",     "Nonce")         \
	E(PARAMS,     "params",    "Params")        \
	E(ACTION,     "action",    "Action")

/* F(wire name, member of struct wallet_fields, kind, max, presence) */
#define ZVCMS_PARAMS(F)                                                     \
	F(customerId, customer_id, TEXT, NAME_LENGTH_MAX, REQUIRED)         \
	F(useStatus,  use_status,  INT,  ZVCMS_USE_STATUS_MAX, OPTIONAL)    \
	F(cardId,     card_id,     TEXT, NAME_LENGTH_MAX, OPTIONAL)

/* U(number, coupon state): useStatus; 3 to 5 mean nothing. */
#define ZVCMS_USE_STATUS(U)   \
	U(0, UNUSED)          \
	U(1, REDEEMED)        \
	U(2, FROZEN)          \
	U(6, EXPIRED)         \
	U(7, RECALLED)
enum { ZVCMS_USE_STATUS_MAX = 7 };

/* D(wire name, how, from): one coupon of an answer; c, t: coupon and template, v: the view. All
 * values are texts, "" for what there is none of. */
#define ZVCMS_COUPON(D)                             \
	D(beginAt,    MOMENT, c->begin)             \
	D(cardId,     TEXT,   v->code)              \
	D(channel,    TEXT,   channel)              \
	D(couponId,   ID,     c->id)                \
	D(couponType, TEXT,   coupon_type(t))       \
	D(createdAt,  MOMENT, c->issued)            \
	D(customerId, TEXT,   v->customer ? v->customer->customer_id : TEXT_NONE) \
	D(title,      TEXT,   t->name)              \
	D(updatedAt,  MOMENT, c->updated)           \
	D(useStatus,  TEXT,   use_status(v->state)) \
	D(templateId, NUMBER, t->template_id)       \
	D(endAt,      MOMENT, c->end)               \
	D(extra,      TEXT,   c->attribute)
/* clang-format on */
