/* The page of the Taobao Open Platform: see dialect/docs.h. */
#include "dialect/top/top.h"

/* clang-format off */
#define DOCS_FIELD_INT  DOCS_INT
#define DOCS_FIELD_TEXT DOCS_TEXT
static const struct docs_field query[] = {
#define QUERY(name, member, kind, min, max, need) {#name, NULL, DOCS_##kind, max, need, NULL},
#include "dialect/top/fields.tbl.h"
#undef QUERY
};
#define SHOWN_TEXT   "text"
#define SHOWN_NUMBER "text, digits"
#define SHOWN_DAY    "text, `yyyy-MM-dd`"
#define SHOWN_YUAN   "text, yuan"
#define SHOWN_STATUS "text: 0 unused, 1 used, 2 expired, 3 frozen, 4 void"
static const struct docs_field coupon[] = {
#define COUPON(name, KIND, of, member) {#name, NULL, SHOWN_##KIND, "", 0, false, NULL},
#include "dialect/top/fields.tbl.h"
#undef COUPON
};
static const struct docs_field result[] = {
	{"error_code", NULL, "text", "", 0, false, "when nothing was found"},
	{"error_msg", NULL, "text", "", 0, false, "when nothing was found"},
	{"result.current_page", NULL, "number", "", 0, false, NULL},
	{"result.result_arr_list", NULL, "list of `erp_coupon_d_t_o`", "", 0, false, "left out when the page is empty"},
	{"result.total_count", NULL, "number", "", 0, false, NULL},
	{"result.total_page", NULL, "number", "", 0, false, NULL},
	{"success", NULL, "true or false", "", 0, false, NULL},
};
static const struct docs_field batch[] = {
	{"#PUBLIC#", NULL, "query string", "", 0, false, "first part, may be left out: what the calls have in common"},
	{"a call", NULL, "query string, or `N`", "parts", TOP_BATCH_MAX, true, "what it does not say is taken from #PUBLIC#, then from the URL"},
};

#define TABLE(id, of, title, fields, reply) {id, of, title, fields, COUNT_OF(fields), reply}
#define NAME "alibaba.alihealth.nr.crm.coupon.querycoupon"
static const struct docs_table tables[] = {
	TABLE("query", NAME, "Request: the JSON text of the parameter `query_d_t_o`", query, false),
	TABLE("result", NAME, "Reply: `result` in the root `alibaba_alihealth_nr_crm_coupon_querycoupon_response`, then `request_id`", result, true),
	TABLE("coupon", NAME, "A coupon", coupon, true),
	TABLE("batch", "batch", "Request: parts of the body, joined by CR LF `-S-` CR LF", batch, false),
};

static const struct docs_text where[] = {
#define METHOD(ROW, name, command, cmd, ret, decode, encode, slow) {name, (command) ? "POST or GET" : "POST"},
#include "dialect/top/methods.tbl.h"
#undef METHOD
};
#undef TEXT
static const struct docs_text texts[] = {
#define TEXT(name, text) {name, text},
#include "dialect/top/docs.tbl.h"
#undef TEXT
};
static const struct docs_rule rules[] = {
#define RULE(open, here, why) {open, here, why},
#include "dialect/top/docs.tbl.h"
#undef RULE
};
static const char *const error_members[] = {"code", "msg", "sub_code", "sub_msg"};
/* clang-format on */

const struct dialect_docs docs_top = {
    .title = "Taobao Open Platform: coupons of a CRM",
    .about = "One query of coupons over the platform's gateway protocol, in XML and JSON, and the "
	     "gateway's batch.",
    .signing =
	"Common parameters: `method`, `app_key`, `timestamp`, `v` (`2.0`), `sign`; `sign_method` "
	"(`md5`, `hmac`, `hmac-sha256`), `format` (`xml`, `json`), `simplify` and `session` may be "
	"left out; others are signed like any parameter.\n\n"
	"S is name and value of every parameter but `sign`, names in byte order, values decoded, "
	"nothing between them; files are left out, a body that is no form comes last. `md5`: MD5 "
	"of "
	"secret, S, secret. `hmac`: HMAC-MD5 of S. `hmac-sha256`: HMAC-SHA256 of S. In hex of "
	"either "
	"case.",
    .errors = "Inside `error_response`, then `request_id`. `FIELD` is the field in question.",
    .where = where,
    .where_count = COUNT_OF(where),
    .texts = texts,
    .text_count = COUNT_OF(texts),
    .tables = tables,
    .table_count = COUNT_OF(tables),
    .rules = rules,
    .rule_count = COUNT_OF(rules),
    .probe_path = "/router/rest",
    .probe_query = "format=json",
    .error_members = error_members,
    .error_member_count = COUNT_OF(error_members),
};
