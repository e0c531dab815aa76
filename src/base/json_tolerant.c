/*
 * What Waiqin's own examples send and RFC 8259 forbids: numbers with leading zeros
 * ("org_sequence":001) and texts in single quotes. This pass only rewrites these two; whether
 * the outcome is JSON is for json_parse to say.
 */
#include "base/json.h"

struct rewrite {
	const char *at, *end; /* of what is read */
	char *to;	      /* room for two bytes for each byte that is read */
};

/* A text in double quotes, or as much of one as there is, unchanged. */
static void copy_text(struct rewrite *r)
{
	*r->to++ = *r->at++;
	while (r->at < r->end) {
		char c = *r->at++;
		*r->to++ = c;
		if (c == '"')
			return;
		if (c == '\\' && r->at < r->end)
			*r->to++ = *r->at++;
	}
}

/* A text in single quotes becomes one in double quotes. */
static void requote_text(struct rewrite *r)
{
	*r->to++ = '"';
	r->at++;
	while (r->at < r->end) {
		char c = *r->at++;
		if (c == '\'') {
			*r->to++ = '"';
			return;
		}
		if (c == '\\' && r->at < r->end && *r->at == '\'') {
			c = *r->at++;
		} else if (c == '\\' && r->at < r->end) {
			*r->to++ = c;
			c = *r->at++;
		} else if (c == '"') {
			*r->to++ = '\\';
		}
		*r->to++ = c;
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A whole number with its fraction and exponent, zeros before its first other digit left out. */
static void copy_number(struct rewrite *r)
{
	if (*r->at == '-')
		*r->to++ = *r->at++;
	while (r->end - r->at >= 2 && r->at[0] == '0' && is_digit(r->at[1]))
		r->at++;
	while (r->at < r->end && (is_digit(*r->at) || memchr("+-.eE", *r->at, 5)))
		*r->to++ = *r->at++;
}

bool json_parse_tolerant(struct arena *a, struct text body, struct json *ret_value)
{
	char *copy = body.size ? arena_take(a, 2 * body.size) : NULL;
	if (!copy)
		return false;
	struct rewrite r = {body.data, body.data + body.size, copy};
	while (r.at < r.end) {
		if (*r.at == '"')
			copy_text(&r);
		else if (*r.at == '\'')
			requote_text(&r);
		else if (*r.at == '-' || is_digit(*r.at))
			copy_number(&r);
		else
			*r.to++ = *r.at++;
	}
	return json_parse((struct text){copy, (size_t)(r.to - copy)}, ret_value);
}
