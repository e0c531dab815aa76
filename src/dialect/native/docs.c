/* The page of the native API: see dialect/docs.h. Its tables are those of schema.c. */
#include "dialect/native/native.h"

/* clang-format off */
#define DOCS_OF_TEXT       "text", "characters"
#define DOCS_OF_TEXT_BYTES "text", "bytes"
#define DOCS_OF_INT        "integer", ""
#define DOCS_OF_COUNT      "integer, from 1", ""
#define DOCS_OF_FEN        "integer, fen", ""
#define DOCS_OF_PERCENT    "percentage, at most 2 decimals", ""
#define DOCS_OF_BOOL       "boolean", ""
#define DOCS_OF_WORD       "word", ""
#define DOCS_OF_DAY        "`yyyy-MM-dd`", ""
#define DOCS_OF_MOMENT     "RFC 3339, or a day", ""
#define DOCS_OF_MOMENT_END "RFC 3339, or a day's end", ""
#define DOCS_OF_VALUE      "value", ""
#define ROW(member, wire, alias, kind, bound, need, has, of, text) {#wire, alias, DOCS_OF_##kind, bound, need, text},
#define S(name, rows) static const struct docs_field fields_##name[] = {rows(ROW)};
NATIVE_REQUESTS(S)
#undef S
#define S(name, rows) static const struct docs_field query_##name[] = {rows(ROW)};
NATIVE_QUERIES(S)
#undef S

/* The envelope of every request: what stands in several methods is shown once. */
static const struct docs_table tables[] = {
#define S(name, rows) {#name, NULL, "`" #name "`", fields_##name, COUNT_OF(fields_##name), false},
	NATIVE_REQUESTS(S)
#undef S
#define S(name, rows) {#name, NULL, "Query `" #name "`", query_##name, COUNT_OF(query_##name), false},
	NATIVE_QUERIES(S)
#undef S
};
static const struct docs_text where[] = {
#define METHOD(name, verb, collection, shape, id, under, scopes, command, status, flags, decode, encode, query, request, answer, summary) \
	{name, #verb " `" PATH_##shape(collection, id, under) "`. Query: " #query "; request: " #request "; answer: " #answer},
#include "dialect/native/methods.tbl.h"
#undef METHOD
};
static const struct docs_text texts[] = {
#define METHOD(name, verb, collection, shape, id, under, scopes, command, status, flags, decode, encode, query, request, answer, summary) \
	{name, summary "."},
#include "dialect/native/methods.tbl.h"
#undef METHOD
};
static const struct docs_rule rules[] = {
	{"Words; an empty one stands for none and is never sent",
#define WORDS(name, ...) "`" #name "`: " #__VA_ARGS__ ". "
#include "dialect/native/words.tbl.h"
#undef WORDS
	 , ""},
#define RULE(open, here, why) {open, here, why},
#include "dialect/native/docs.tbl.h"
#undef RULE
};
static const char *const error_members[] = {"status", "code"};
/* clang-format on */

const struct dialect_docs docs_native = {
    .title = "The native API",
    .about = "The whole life of a coupon over HTTP: templates, issuing, redeeming, giving back, "
	     "customers, campaigns. JSON in, JSON out.",
    .signing = "`Authorization: Bearer KEY`. A key belongs to one merchant and has scopes: `read`, "
	       "`issue`, `redeem`, `manage`, `admin`; or `public`, for shops' pages.",
    .errors = "Refusals are problems (RFC 9457, `application/problem+json`): `type`, `title`, "
	      "`status`, `detail`, `code`, `field`, `request_id`, and `reasons`, all that speaks "
	      "against the coupon. `code` is stable.",
    .where = where,
    .where_count = COUNT_OF(where),
    .texts = texts,
    .text_count = COUNT_OF(texts),
    .tables = tables,
    .table_count = COUNT_OF(tables),
    .rules = rules,
    .rule_count = COUNT_OF(rules),
    .probe_path = "/v1/coupons",
    .probe_query = "",
    .error_members = error_members,
    .error_member_count = COUNT_OF(error_members),
};
