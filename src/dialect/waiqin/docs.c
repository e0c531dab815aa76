/* The page of Waiqin365: see dialect/docs.h. */
#include "dialect/waiqin/waiqin.h"
#include "dialect/waiqin/fields.tbl.h"

/* clang-format off */
#define F(wire, to, how, bound, presence) {#wire, NULL, DOCS_##how, bound, presence, NULL},
static const struct docs_field save[] = {WAIQIN_SAVE_FIELDS(F)};
static const struct docs_field registration[] = {WAIQIN_REGISTER_FIELDS(F)};
static const struct docs_field query[] = {WAIQIN_QUERY_FIELDS(F)};
#undef F
#define SHOWN_TEXT   "text"
#define SHOWN_DAY    "text, `yyyy-MM-dd`"
#define SHOWN_NUMBER "text, digits"
#define A(wire, how, from) {#wire, NULL, SHOWN_##how, "", 0, false, NULL},
static const struct docs_field campaign[] = {
	WAIQIN_CAMPAIGN_FIELDS(A)
	{"belong_dept", NULL, "list", "", 0, false, "departments"},
	{"override_customer", NULL, "list", "", 0, false, "customers with the mark covered"},
	{"invited_customer", NULL, "list", "", 0, false, "customers with the mark invited"},
	{"registered_customer", NULL, "list", "", 0, false, "customers with the mark registered"},
};
static const struct docs_field department[] = {WAIQIN_DEPARTMENT_FIELDS(A)};
static const struct docs_field customer[] = {
	WAIQIN_CUSTOMER_FIELDS(A)
	{"merchant_information", NULL, SHOWN_TEXT, "", 0, false, "of registered customers only"},
};
#undef A
static const struct docs_field written[] = {
	{"msg_id", NULL, "text", "", 0, false, "as it was sent"},
	{"return_code", NULL, "number", "", 0, false, NULL},
	{"return_msg", NULL, "text", "", 0, false, NULL},
};
static const struct docs_field answered[] = {
	{"return_code", NULL, "text", "", 0, false, NULL},
	{"return_msg", NULL, "text", "", 0, false, NULL},
	{"msg_id", NULL, "text", "", 0, false, "as it was sent"},
	{"response_data", NULL, "text that holds a JSON list", "", 0, false, "of campaigns"},
};

#define TABLE(id, of, title, fields, reply) {id, of, title, fields, COUNT_OF(fields), reply}
static const struct docs_table tables[] = {
	TABLE("save", "addOrUpdateCampaign", "Request", save, false),
	TABLE("written", "addOrUpdateCampaign", "Reply", written, true),
	TABLE("register", "applyCallBack", "Request", registration, false),
	TABLE("written", "applyCallBack", "Reply", written, true),
	TABLE("query", "queryCampaign", "Request", query, false),
	TABLE("answered", "queryCampaign", "Reply", answered, true),
	TABLE("campaign", "queryCampaign", "A campaign", campaign, true),
	TABLE("department", "queryCampaign", "A department", department, true),
	TABLE("customer", "queryCampaign", "A customer", customer, true),
};

static const struct docs_text where[] = {
#define METHOD(operation, command, decode, encode, slow) {#operation, "POST"},
#include "dialect/waiqin/methods.tbl.h"
#undef METHOD
};
#undef TEXT
static const struct docs_text texts[] = {
#define TEXT(name, text) {name, text},
#include "dialect/waiqin/docs.tbl.h"
#undef TEXT
};
static const struct docs_rule rules[] = {
#define RULE(open, here, why) {open, here, why},
#include "dialect/waiqin/docs.tbl.h"
#undef RULE
};
static const char *const error_members[] = {"return_code", "return_msg"};
/* clang-format on */

const struct dialect_docs docs_waiqin = {
    .title = "Waiqin365: bC campaigns",
    .about = "Campaigns with departments and the three marks of their audience. All that says who "
	     "calls stands in the path; the body is a JSON object.",
    .signing =
	"`POST /api/bcwin/v1/{operation}/{openid}/{timestamp}/{digest}/{msg_id}`\n\n"
	"`digest` is the MD5, in hex of either case, of the raw body, `|`, the appkey, `|`, and "
	"the "
	"timestamp as it stands in the path. The openid is the credential's `--id`, the appkey its "
	"`--secret`.",
    .errors =
	"A failed write has no `response_data`. A failed query has the same text with "
	"`return_code` `\"1\"` and `response_data` `\"[]\"`. `FIELD` is the field in question, "
	"`VALUE` its value.",
    .where = where,
    .where_count = COUNT_OF(where),
    .texts = texts,
    .text_count = COUNT_OF(texts),
    .tables = tables,
    .table_count = COUNT_OF(tables),
    .rules = rules,
    .rule_count = COUNT_OF(rules),
    .probe_path = "/api/bcwin/v1/addOrUpdateCampaign/OPENID/1/2/3",
    .probe_query = "",
    .error_members = error_members,
    .error_member_count = COUNT_OF(error_members),
};
