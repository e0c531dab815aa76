/* The page of WangJuBao: see dialect/docs.h. */
#include "dialect/wjb/wjb.h"

/* clang-format off */
#define ROW(name, alias, member, kind, max, required, has) {#name, alias, DOCS_##kind, max, required, NULL},
static const struct docs_field coupon_add[] = {
#define COUPON ROW
#include "dialect/wjb/fields.tbl.h"
#undef COUPON
	{"condition", NULL, "yuan, or any text", "characters", 100, OPTIONAL, "what an order must come to"},
};
static const struct docs_field activity[] = {
#define ACTIVITY ROW
#include "dialect/wjb/fields.tbl.h"
#undef ACTIVITY
	{"prizes", NULL, DOCS_LIST, PRIZES_MAX, OPTIONAL, "of objects with a `coupon_id`"},
};
static const struct docs_field list[] = {
#define LIST ROW
#include "dialect/wjb/fields.tbl.h"
#undef LIST
};
static const struct docs_field coupon_id[] = {{"coupon_id", NULL, DOCS_INT, 0, REQUIRED, NULL}};
static const struct docs_field activity_id[] = {{"activity_id", NULL, DOCS_INT, 0, REQUIRED, NULL}};
static const struct docs_field targets[] = {
	{"activity_id", NULL, DOCS_INT, 0, REQUIRED, NULL},
	{"buyer_nicks", "buyers", DOCS_LIST, TARGETS_MAX, REQUIRED, "of texts"},
};
static const struct docs_field issue[] = {
	{"coupon_id", NULL, DOCS_INT, 0, REQUIRED, NULL},
	{"buyer_nicks", NULL, DOCS_LIST, SPI_NICKS_MAX, REQUIRED, "of texts"},
	{"request_id", NULL, "text, a signed parameter", "", 0, OPTIONAL, "stands for the request"},
};
static const struct docs_field made[] = {{"activity_id", NULL, "number", "", 0, false, NULL}};
static const struct docs_field coupons[] = {
	{"coupons", NULL, "list of objects", "", 0, false, "each as it was sent, then `created`"},
	{"Total_result", NULL, "number", "", 0, false, "in the window, on all pages"},
};
static const struct docs_field activities[] = {
	{"activities", NULL, "list of objects", "", 0, false, "each as it was sent, then `activity_id`, `created`, `modified`"},
	{"has_next", NULL, "true or false", "", 0, false, NULL},
};
static const struct docs_field results[] = {
	{"send_results", NULL, "list of objects", "", 0, false, "`buyer_nick`, `code`, then `coupon_number` or `error_message`"},
};

#define TABLE(id, of, title, fields, reply) {id, of, title, fields, COUNT_OF(fields), reply}
static const struct docs_table tables[] = {
	TABLE("coupon", "wjb.ump.coupon.add", "Request: the object `coupon`", coupon_add, false),
	TABLE("coupon_id", "wjb.ump.coupon.delete", "Request", coupon_id, false),
	TABLE("list", "wjb.ump.coupon.list", "Request", list, false),
	TABLE("coupons", "wjb.ump.coupon.list", "Reply, after `code`", coupons, true),
	TABLE("activity", "wjb.ump.activity.add", "Request: the object `activity`", activity, false),
	TABLE("made", "wjb.ump.activity.add", "Reply, after `code`", made, true),
	TABLE("activity_id", "wjb.ump.activity.modify", "Request: the object `activity`, its members as in `wjb.ump.activity.add`, and", activity_id, false),
	TABLE("activity_id", "wjb.ump.activity.delete", "Request", activity_id, false),
	TABLE("list", "wjb.ump.activity.list", "Request", list, false),
	TABLE("activities", "wjb.ump.activity.list", "Reply, after `code`", activities, true),
	TABLE("targets", "wjb.ump.activity.target.add", "Request: the object `targets`", targets, false),
	TABLE("activity_id", "wjb.ump.activity.target.clear", "Request", activity_id, false),
	TABLE("issue", "coupon.provide", "Request", issue, false),
	TABLE("results", "coupon.provide", "Reply, after `code`", results, true),
};

#define WHERE_POST     "POST"
#define WHERE_READABLE "POST or GET"
static const struct docs_text where[] = {
#define METHOD(name, command, decode, encode, verbs, path) {name, WHERE_##verbs},
#include "dialect/wjb/methods.tbl.h"
#undef METHOD
	{"coupon.provide", WHERE_POST},
};
#undef TEXT
static const struct docs_text texts[] = {
#define TEXT(name, text) {name, text},
#include "dialect/wjb/docs.tbl.h"
#undef TEXT
};
static const struct docs_rule rules[] = {
#define RULE(open, here, why) {open, here, why},
#include "dialect/wjb/docs.tbl.h"
#undef RULE
};
static const char *const error_members[] = {"code", "error_message"};
/* clang-format on */

const struct dialect_docs docs_wjb = {
    .title = "WangJuBao: `wjb.ump.*` and the coupon SPI",
    .about = "Templates, marketing activities and their targets, as the vendor's Marketing API has "
	     "them, and the SPI by which a CRM asks the owner of a coupon to issue it. Replies are "
	     "`{\"response\": {\"code\": 0, ...}}`.",
    .signing =
	"The common parameters stand in the query: `method`, `timestamp`, `app_key`, `v` (`1.0`), "
	"`access_token`, `sign`; `format` (`json`) and `sign_method` (`md5`) may be left out.\n\n"
	"`sign` is the MD5, in hex of either case, of the secret, then name and value of every "
	"parameter but `sign` (names in byte order, values decoded, nothing between them), then "
	"the "
	"secret again; files and `image` are left out. In the mode `query+body` the raw body comes "
	"before the second secret. A form body's fields are parameters like those of the query.",
    .errors = "`FIELD` is the path of the field in question.",
    .also = &dialect_wjb_spi,
    .where = where,
    .where_count = COUNT_OF(where),
    .texts = texts,
    .text_count = COUNT_OF(texts),
    .tables = tables,
    .table_count = COUNT_OF(tables),
    .rules = rules,
    .rule_count = COUNT_OF(rules),
    .probe_path = "/rest",
    .probe_query = "",
    .error_members = error_members,
    .error_member_count = COUNT_OF(error_members),
};
