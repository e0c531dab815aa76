/*
 * The native API, /v1: private to its folder.
 *
 *   /v1/COLLECTION[/ID[/UNDER]]   Authorization: Bearer KEY   JSON in, JSON out
 *
 * Refusals are problems (RFC 9457) with the fault's name as `code`. Every write may have a request
 * number (Idempotency-Key, or request_no in the body): its repeat gets the first answer, byte for
 * byte but for the request id. Members of requests that no row of fields.tbl.h names are refused.
 *
 * A key whose scopes let it do a thing only as SCOPE_PUBLIC is a public key for that call: whatever
 * is wrong with a code, it hears one thing, and who guesses is slowed (guess.c).
 */
#pragma once

#include "dialect/dialect.h"
#include "dialect/native/fields.tbl.h"

enum {
	NATIVE_KEY_MAX = 256, /* bytes of a bearer key */
	REQUEST_NO_MAX = 255, /* as Stripe's */
	PAGE_ROWS = 20,	      /* without a limit */
	HOURS_MAX = 50,	      /* windows of one template */
	CLOCK_ADVANCE_S_MAX = 366 * 24 * 3600 * 5,
	ETAG_SIZE = 24,
	REQUEST_ID_SIZE = 16,
};

/* A row without a command: encode does all. */
enum { COMMAND_none = 0 };
struct none_cmd {
	char none;
};
struct none_ret {
	char none;
};

enum native_collection {
#define C(name, text) COLLECTION_##name,
	NATIVE_COLLECTIONS(C)
#undef C
	    COLLECTION_COUNT
};

/* What a method row says beside struct method; in the order of the methods. */
struct native_route {
	enum native_collection collection;
	enum http_verb verb;
	struct text id, under; /* id "{code}": any */
	uint64_t scopes;
	int status;
	/* for the documents */
	const char *path, *collection_name, *verb_name, *query, *request, *answer, *summary;
};
#define PATH_ALL(collection, id, under)	  "/v1/" #collection
#define PATH_ONE(collection, id, under)	  "/v1/" #collection "/" id
#define PATH_UNDER(collection, id, under) "/v1/" #collection "/" id "/" under
extern const struct native_route native_routes[];
extern const struct method native_methods[];
extern const unsigned native_method_count;

struct native_state {
	const struct native_route *route;
	struct text id;	   /* the path's second segment, decoded */
	bool is_public;	   /* see above */
	bool is_refused;   /* a public key was told off: it counts */
	uint64_t wait_s;   /* CALL_LIMITED by guess.c */
	int64_t from_utc8; /* the merchant's */
	char request_id[REQUEST_ID_SIZE];
	struct text source_code; /* campaigns: of the one the path names */
	struct text next_cursor;
	uint64_t page_from;
	unsigned item_count;	/* of the cart: how long a split is */
	struct customer *owner; /* validate: whose the coupon should be; NULL: not said */
};

/* --- words.tbl.h --- */
#define WORDS(name, ...) extern const struct words words_##name;
#include "dialect/native/words.tbl.h"
#undef WORDS

/* --- identify.c --- */
enum fault native_identify(struct call *call);
void native_face(struct call *call, enum fault fault);
/* out.c: headers that say how much of a limit is left; none without a limit. */
void native_limits(struct call *call, const struct call_limit *limit);
/* What is wrong with a code for a public key; also counts the guess. */
enum fault native_refuse_public(struct call *call);
/* The verbs that the call's path knows, "GET, POST". */
struct text native_allowed(struct call *call);

/* --- guess.c: public keys that guess --- */
/* 0, or how many seconds until the next try is looked at. */
uint64_t guess_wait_s(struct text peer, struct text credential, struct instant now);
void guess_count(struct text peer, struct text credential, struct instant now);

/* --- decode.c: what all decoders do --- */
struct field_rows {
	const struct field *of;
	size_t n;
	void *into;
};
#define FIELD_ROWS(fields, into) ((struct field_rows){(fields), COUNT_OF(fields), (into)})
/* The body's members by these rows; an empty body is {}. In a patch null takes a member away. */
CHECKED enum fault native_body(struct call *call, struct field_rows rows);
CHECKED enum fault native_patch(struct call *call, struct field_rows rows);
CHECKED enum fault native_query(struct call *call, struct field_rows rows);
/* An object inside the body; path ends in a dot. */
CHECKED enum fault native_part(struct call *call, struct json value, const char *path,
			       struct field_rows rows);
CHECKED enum fault native_part_patch(struct call *call, struct json value, const char *path,
				     struct field_rows rows);
/* From the header Idempotency-Key or the body's request_no. */
CHECKED enum fault native_number(struct call *call, struct text request_no,
				 struct request_number *ret);
/* If-Match as the commands take it: a revision and one; 0: any. What is no ETag of ours matches
 * nothing.
 */
uint64_t native_if_match(const struct call *call);
enum fault native_invalid(struct call *call, const char *field);
struct texts {
	const struct text *of;
	unsigned n;
};
/* How many items a list has; TOO_MANY past `max`. */
CHECKED enum fault native_list(struct call *call, struct json list, const char *path, unsigned max,
			       unsigned *ret_n);
/* A list of texts (numbers too, as digits), each 1..NAME_LENGTH_MAX characters. */
CHECKED enum fault native_texts(struct call *call, struct json list, const char *path, unsigned max,
				struct texts *ret);
/* Whom a text or number (customer_id) or an object names. */
CHECKED enum fault native_customer(struct call *call, struct json value, const char *path,
				   struct customer *ret);

/* A mistyped number would be somebody whom nobody finds: PARAMETER_INVALID. Empty: none. */
CHECKED enum fault native_phone(struct call *call, const char *path, struct text phone);
/* decode_people.c: a list's query that has a page alone; a body that has a request number alone. */
CHECKED enum fault native_read_page(struct call *call, uint64_t *ret_from, unsigned *ret_n);
CHECKED enum fault native_only_number(struct call *call);
/* What a record may be named by. */
bool native_fits_name(struct text t);
/* The customer of the path. */
CHECKED enum fault native_customer_id(struct call *call, struct text *ret);

struct native_page {
	struct text cursor;
	uint64_t limit;
};
/* Where the page begins and how many rows it has. */
CHECKED enum fault native_page(struct call *call, const struct native_page *page,
			       uint64_t *ret_from, unsigned *ret_n);
/* The cursor of the page that begins at rank `next`. */
struct text native_cursor(struct call *call, uint64_t next);

/* The rows of fields.tbl.h as struct field; ROW is the struct they fill. */
#define HAS(flag)		offsetof(ROW, flag)
#define WORDS_OF_TEXT(of)	NULL
#define WORDS_OF_TEXT_BYTES(of) NULL
#define WORDS_OF_INT(of)	NULL
#define WORDS_OF_COUNT(of)	NULL
#define WORDS_OF_FEN(of)	NULL
#define WORDS_OF_PERCENT(of)	NULL
#define WORDS_OF_BOOL(of)	NULL
#define WORDS_OF_DAY(of)	NULL
#define WORDS_OF_MOMENT(of)	NULL
#define WORDS_OF_MOMENT_END(of) NULL
#define WORDS_OF_VALUE(of)	NULL
#define WORDS_OF_WORD(of)	&words_##of
#define FIELD_OF(member, wire, alias, kind, bound, need, has, of, text) \
	{#wire, alias, offsetof(ROW, member), FIELD_##kind, bound, need, has, WORDS_OF_##kind(of)},

/* A row that is not read. */
#define FIELD_NOT(member, wire, alias, kind, bound, need, has, of, text)

/* What rows of files say: of one object, whose kind was looked at, all that is not said is absent.
 */
CHECKED enum fault native_read_terms(struct call *call, struct json object,
				     struct template_save_cmd *cmd);
CHECKED enum fault native_read_plan(struct call *call, struct json object,
				    struct campaign_save_cmd *cmd);
CHECKED enum fault native_read_departments(struct call *call, struct json list,
					   struct campaign_save_cmd *cmd);

#define METHOD(name, verb, collection, shape, id, under, scopes, command, status, flags, decode, \
	       encode, query, request, answer, summary)                                          \
	enum fault native_##decode(struct call *call, void *into);                               \
	enum fault native_##encode(struct call *call, const void *from);
#include "dialect/native/methods.tbl.h"
#undef METHOD
