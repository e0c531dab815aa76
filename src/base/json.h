/*
 * JSON reader over a slice: strict RFC 8259 (less the escape
 * \u0000, which no record could hold), nothing allocated, integers exact, raw slices
 * kept (digests and echoes need the very bytes).
 *
 * json_parse checks the WHOLE text once (depth, UTF-8, escapes, lone surrogates, control
 * characters). The walkers below trust a value that came from it and only skip, so each is
 * one forward pass. Duplicate names: json_find gives the last one.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buffer.h"

enum json_kind {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_TEXT,
	JSON_LIST,
	JSON_OBJECT,
};

/* A value in checked text. `raw` is its exact bytes, quotes and brackets included. */
struct json {
	enum json_kind kind;
	struct text raw;
};

enum { JSON_DEPTH_MAX = 64 };

/* The whole of `body` is one value (white space around it allowed), at most JSON_DEPTH_MAX deep. */
CHECKED bool json_parse(struct text body, struct json *ret_value);
/*
 * For Waiqin only, when json_parse refused: rewrites what its clients send (numbers with leading
 * zeros, single-quoted texts) into strict JSON in the arena and parses that.
 */
CHECKED bool json_parse_tolerant(struct arena *a, struct text body, struct json *ret_value);

/* Walking. Begin with json_walk(object or list), then call json_next until false. */
struct json_walk {
	const char *at, *end;
	bool is_object;
};
struct json_walk json_walk(struct json container);
/* ret_name: for objects the name's RAW bytes between the quotes (escapes not resolved); for
 * lists TEXT_NONE. */
bool json_next(struct json_walk *w, struct text *ret_name, struct json *ret_value);

/* The member called `name` (compared after resolving escapes); the last one wins. */
bool json_find(struct json object, struct text name, struct json *ret_value);
bool json_name_equal(struct text raw_name, struct text name);

/* The resolved text of a JSON_TEXT: a slice of the body when it has no escapes, else a copy in
 * the arena. */
struct text json_text(struct arena *a, struct json value);
/* Like json_text for a raw member name. */
struct text json_name(struct arena *a, struct text raw_name);
/* A JSON_NUMBER that is an integer within int64 (12, -3, 12.0 and 1e3 too: equal as numbers). */
CHECKED bool json_int64(struct json value, int64_t *ret);
/* Equal as JSON values: white space, escapes, member order and number spelling do not count.
 * The only one here that may malloc (objects of more than 16 members, to sort them). */
bool json_equal(struct json a, struct json b);

/* Adds "text" with quotes, escaping only what JSON requires. */
void buffer_json_text(struct buffer *b, struct text t);
/* The same without the quotes: for a text that is written in pieces. */
void buffer_json_escaped(struct buffer *b, struct text t);
