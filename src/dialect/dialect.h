/*
 * What the dialects share: the rows they export, and field tables.
 *
 * A dialect is a folder: methods.tbl.h (its method rows), fields.tbl.h (its fields, to be held
 * beside the seed document), identify.c, decode.c, encode.c, face.c, and its page: docs.c with
 * docs.tbl.h.
 */
#pragma once

#include "base/json.h"
#include "base/writer.h"
#include "bulk/bulk.h"
#include "dialect/docs.h"
#include "serve/call.h"

extern const struct dialect_docs docs_wjb, docs_waiqin, docs_top, docs_zvcms, docs_native;
extern const struct dialect_row dialect_wjb, dialect_wjb_spi, dialect_waiqin, dialect_top,
    dialect_zvcms, dialect_native;

/* The native API's documents: /openapi.json and /docs/. */
void native_openapi(struct buffer *b);
void native_docs(struct buffer *b);
/* What rows of files say in its words. */
extern const struct bulk_words native_rows;
/* How a method is called: "POST", "/v1/coupons/{code}/redeem". false: there is none. */
CHECKED bool native_address(struct text method, const char **ret_verb, const char **ret_path);

/* enum sign_mode of a credential; 0 is the dialect's default. Names: sign_modes.tbl.h. */
enum sign_mode {
	SIGN_DEFAULT,
	SIGN_WJB_EITHER = 10, /* default of wjb */
	SIGN_WJB_QUERY,
	SIGN_WJB_QUERY_BODY,
	SIGN_ZVCMS_KV = 20, /* hmac-sha1-kv: default of zvcms */
	SIGN_ZVCMS_KV_PARAMS,
	SIGN_ZVCMS_TENCENT,
	SIGN_ZVCMS_WECHAT,
};
/* false: the dialect has none of that name. */
CHECKED bool sign_mode_find(uint64_t dialect, struct text name, uint64_t *ret_mode);

/*
 * Field tables: rows FIELD(object, wire name, alias or NULL, member, KIND, max, REQUIRED|OPTIONAL,
 * name of a function for what no kind can say, or NULL). decode_fields walks them over a JSON
 * object or a form and fills the command; refusals carry "<path>.<wire name>" (or the bare name) in
 * detail.field.
 *
 *   KIND        input (JSON value or form text)                     member
 *   FIELD_TEXT      text; numbers too (their raw digits); max = characters    struct text (clean)
 *   FIELD_TEXT_BYTES text; max = bytes                                        struct text
 *   FIELD_INT       integer or its decimal text; 0..max (max 0: up to 2^63-1) uint64_t
 *   FIELD_YUAN      number or text in yuan, at most 2 decimals                struct money
 *   FIELD_SECOND    yyyy-MM-dd HH:mm:ss                                       struct instant
 *   FIELD_DAY       yyyy-MM-dd (loose)                                        struct instant
 *   FIELD_COUNT     as FIELD_INT, from 1                                      uint64_t
 *   FIELD_FEN       integer or its decimal text, 0..10^15                     struct money
 *   FIELD_PERCENT   number or text above 0, at most 100, 2 decimals           uint64_t: basis
 * points FIELD_BOOL      true, false, or their text                                bool FIELD_WORD
 * one of `words`                                            uint64_t: which FIELD_MOMENT    RFC
 * 3339 or a day: its first second (moment_parse_zoned)  struct instant FIELD_MOMENT_END the same;
 * of a day its last second                       struct instant FIELD_VALUE     anything; the
 * decoder reads it                            struct json Null and "" are absent; absent and
 * required: PARAMETER_MISSING; too long: PARAMETER_TOO_LONG; wrong type, form or range:
 * PARAMETER_INVALID; not clean text: PARAMETER_INVALID.
 */
enum field_kind {
	FIELD_TEXT,
	FIELD_TEXT_BYTES,
	FIELD_INT,
	FIELD_YUAN,
	FIELD_SECOND,
	FIELD_DAY,
	FIELD_COUNT,
	FIELD_FEN,
	FIELD_PERCENT,
	FIELD_BOOL,
	FIELD_WORD,
	FIELD_MOMENT,
	FIELD_MOMENT_END,
	FIELD_VALUE,
};
/* Names of numbers: of[i] is i's; "" has none. */
struct words {
	const char *const *of;
	unsigned count;
};
CHECKED bool words_find(const struct words *words, struct text word, uint64_t *ret);
enum { OPTIONAL = 0, REQUIRED = 1 };
struct field {
	const char *name, *alias; /* the first that is given wins */
	size_t member;		  /* offset in the command */
	enum field_kind kind;
	uint64_t max;
	bool required;
	size_t has; /* offset of a bool that says it was given; 0: none */
	const struct words *words;
};
/* Where fields come from: one of the two. `closed`: what no row names is PARAMETER_INVALID.
 * `nulls_clear`: null sets the member to zero and its `has` to false. */
struct field_source {
	const struct json *object;
	const struct form *form;
	bool closed, nulls_clear;
	int64_t from_utc8; /* the zone of FIELD_MOMENT */
};
/* In the order of the rows; `path` is put before the names ("coupon." or ""). */
CHECKED enum fault decode_fields(struct call *call, const struct field_source *source,
				 const char *path, const struct field *fields, size_t n,
				 void *into);
/* What `nulls_clear` does; a VALUE becomes a null whose raw bytes are there. */
void field_clear(const struct field *field, void *into);
/* One field's value by the same rules, for decoders that need more. *ret_given false: absent. */
CHECKED enum fault decode_field(struct call *call, const struct field_source *source,
				const char *path, const struct field *field, void *into,
				bool *ret_given);
/* "a,b，c" -> items, trimmed, blanks skipped, repeats folded (byte for byte), in order. Splits at
 * ASCII and, when `wide`, full-width commas. TOO_MANY past max. */
CHECKED enum fault decode_items(struct call *call, struct text list, bool wide, unsigned max,
				const struct text **ret_items, unsigned *ret_n);
/* "coupon." + "name" in the arena. */
struct text field_path(struct call *call, const char *path, const char *name);
/* The whole of page_no / page_size rules: ranks for a page. false: overflow (an empty page). */
bool page_skip(uint64_t page_no, uint64_t page_size, uint64_t *ret_skip);
