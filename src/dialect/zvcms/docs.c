/* The page of ZVCMS: see dialect/docs.h. */
#include "dialect/zvcms/zvcms.h"

/* clang-format off */
static const struct docs_field envelope[] = {
#define E(name, v3, v2) {v3, v2, "text", "", 0, ZVCMS_##name != ZVCMS_ACTION, NULL},
	ZVCMS_ENVELOPE(E)
#undef E
};
static const struct docs_field params[] = {
#define F(wire, to, how, bound, presence) {#wire, NULL, DOCS_##how, bound, presence, NULL},
	ZVCMS_PARAMS(F)
#undef F
};
#define SHOWN_TEXT   "text"
#define SHOWN_MOMENT "text, `yyyy-MM-dd HH:mm:ss`"
#define SHOWN_ID     "text, digits"
#define SHOWN_NUMBER "text, digits"
static const struct docs_field coupon[] = {
#define D(wire, how, from) {#wire, NULL, SHOWN_##how, "", 0, false, NULL},
	ZVCMS_COUPON(D)
#undef D
};
static const struct docs_field reply[] = {
	{"status", NULL, "text `true`", "", 0, false, "typed: true"},
	{"code", NULL, "text `0`", "", 0, false, "typed: 0"},
	{"message", NULL, "text `success`", "", 0, false, NULL},
	{"data", NULL, "object, or list", "", 0, false, "with `cardId` one coupon, else a list"},
};

#define TABLE(id, of, title, fields, is_reply) {id, of, title, fields, COUNT_OF(fields), is_reply}
static const struct docs_table tables[] = {
	TABLE("envelope", NULL, "The envelope: V3 names, V2 names beside them", envelope, false),
	TABLE("params", "getCustomerCoupons", "Request: `params`", params, false),
	TABLE("reply", "getCustomerCoupons", "Reply", reply, true),
	TABLE("coupon", "getCustomerCoupons", "A coupon", coupon, true),
};

static const struct docs_text where[] = {
#define METHOD(name, path, action, command, decode, encode) \
	{#name, "V3: POST `" path "`. V2: POST `/api/v2` with Action `" action "`"},
#include "dialect/zvcms/methods.tbl.h"
#undef METHOD
};
#undef TEXT
static const struct docs_text texts[] = {
#define TEXT(name, text) {name, text},
#include "dialect/zvcms/docs.tbl.h"
#undef TEXT
};
static const struct docs_rule rules[] = {
#define RULE(open, here, why) {open, here, why},
#include "dialect/zvcms/docs.tbl.h"
#undef RULE
};
static const char *const error_members[] = {"status", "code", "message"};
/* clang-format on */

const struct dialect_docs docs_zvcms = {
    .title = "ZVCMS: a customer's coupons",
    .about = "The coupon query of the vendor's open interface, in its third generation and in its "
	     "second. The body is the envelope.",
    .signing = "`token` is Base64 of 20 bytes, by the credential's mode:\n\n"
	       "- `hmac-sha1-kv`: HMAC-SHA1, under the secret, of "
	       "`grantCode=..&nonce=..&openId=..&timestamp=..` (the default);\n"
	       "- `hmac-sha1-kv-params`: the same with `params=` and its bytes as they were sent, "
	       "in its place "
	       "by name or at the end;\n"
	       "- `tencent`: HMAC-SHA1 of `POST`, the Host header, the path, `?`, and the text of "
	       "the first;\n"
	       "- `wechat`: SHA-1 of secret, grantCode, timestamp and nonce, sorted and joined.",
    .errors = "With `--typed` the code is a number. `FIELD` is the parameter in question.",
    .where = where,
    .where_count = COUNT_OF(where),
    .texts = texts,
    .text_count = COUNT_OF(texts),
    .tables = tables,
    .table_count = COUNT_OF(tables),
    .rules = rules,
    .rule_count = COUNT_OF(rules),
    .probe_path = "/v3/crm/coupon/getCustomerCoupons",
    .probe_query = "",
    .error_members = error_members,
    .error_member_count = COUNT_OF(error_members),
};
