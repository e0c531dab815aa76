/*
 * The JSON checker and the walkers.
 *
 * The checker is one pass without recursion: a bit per open container says whether it is an
 * object. Plain text, which is most of a body, goes eight bytes at a time. The walkers trust what
 * the checker saw: they look for the end of a value and for nothing else.
 *
 * json_value.c reads and compares what the walkers find.
 */
#include "base/json.h"
#include "base/json_raw.h"
#include "base/utf8.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline const char *skip_space(const char *at, const char *end)
{
	while (at < end && (uint8_t)*at <= ' ' && is_space(*at))
		at++;
	return at;
}

/* `at` stands on a backslash; returns behind the escape (a surrogate pair is one), NULL when wrong.
 */
static const char *check_escape(const char *at, const char *end)
{
	if (end - at < 2)
		return NULL;
	switch (at[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return at + 2;
	case 'u':
		break;
	default:
		return NULL;
	}
	int code = end - at >= 6 ? json_hex4(at + 2) : -1;
	if (code <= 0 || json_is_low(code))
		return NULL;
	if (!json_is_high(code))
		return at + 6;
	if (end - at < 12 || at[6] != '\\' || at[7] != 'u' || !json_is_low(json_hex4(at + 8)))
		return NULL;
	return at + 12;
}

/* `at` stands behind the opening quote; returns behind the closing one, NULL when wrong. */
static inline const char *check_text(const char *at, const char *end)
{
	for (;;) {
		while (end - at >= 8) {
			uint64_t word = load8(at);
			uint64_t mark =
			    mark_unclean(word) | mark_byte(word, '"') | mark_byte(word, '\\');
			if (mark) {
				at += first_mark(mark);
				break;
			}
			at += 8;
		}
		if (at >= end)
			return NULL;
		uint8_t c = (uint8_t)*at;
		if (c == '"')
			return at + 1;
		if (c >= 0x80) {
			do {
				size_t step = utf8_step(at, end);
				if (!step)
					return NULL;
				at += step;
			} while (at < end && (uint8_t)*at >= 0x80);
		} else if (c == '\\') {
			at = check_escape(at, end);
			if (!at)
				return NULL;
		} else if (c < 0x20) {
			return NULL;
		} else {
			at++;
		}
	}
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && is_digit(*at))
		at++;
	return at;
}

/* Returns behind the number that begins at `at`, NULL when wrong. */
static const char *check_number(const char *at, const char *end)
{
	if (*at == '-')
		at++;
	if (at >= end || !is_digit(*at))
		return NULL;
	at = *at == '0' ? at + 1 : skip_digits(at, end);
	if (at < end && *at == '.') {
		if (++at >= end || !is_digit(*at))
			return NULL;
		at = skip_digits(at, end);
	}
	if (at < end && (*at | 0x20) == 'e') {
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		if (at >= end || !is_digit(*at))
			return NULL;
		at = skip_digits(at, end);
	}
	return at;
}

static const char *check_word(const char *at, const char *end, struct text word)
{
	struct text rest = {at, (size_t)(end - at)};
	return text_starts_with(rest, word) ? at + word.size : NULL;
}

/* A text, number or word. */
static inline const char *check_scalar(const char *at, const char *end)
{
	switch (*at) {
	case '"':
		return check_text(at + 1, end);
	case 't':
		return check_word(at, end, TEXT("true"));
	case 'f':
		return check_word(at, end, TEXT("false"));
	case 'n':
		return check_word(at, end, TEXT("null"));
	default:
		return check_number(at, end);
	}
}

/* A member's name and colon; returns where its value begins, NULL when wrong. */
static inline const char *check_name(const char *at, const char *end)
{
	if (at >= end || *at != '"' || !(at = check_text(at + 1, end)))
		return NULL;
	at = skip_space(at, end);
	return at < end && *at == ':' ? skip_space(at + 1, end) : NULL;
}

/*
 * `at` stands on a value's first byte; returns behind the value, NULL when wrong. `objects` has a
 * bit for each open container, the innermost in the lowest place: 1 for an object.
 */
static const char *check_value(const char *at, const char *end)
{
	uint64_t objects = 0;
	unsigned depth = 0;
	for (;;) {
		if (at >= end)
			return NULL;
		if (*at == '{' || *at == '[') {
			bool is_object = *at == '{';
			if (++depth > JSON_DEPTH_MAX)
				return NULL;
			objects = objects << 1 | is_object;
			at = skip_space(at + 1, end);
			if (at >= end)
				return NULL;
			if (*at != (is_object ? '}' : ']')) {
				if (is_object && !(at = check_name(at, end)))
					return NULL;
				continue;
			}
			objects >>= 1;
			depth--;
			at++;
		} else if (!(at = check_scalar(at, end))) {
			return NULL;
		}
		/* A value has ended: close what ends with it, go on to the next. */
		for (;; depth--, objects >>= 1) {
			if (depth == 0)
				return at;
			at = skip_space(at, end);
			if (at >= end)
				return NULL;
			char c = *at++;
			if (c == ',')
				break;
			if (c != (objects & 1 ? '}' : ']'))
				return NULL;
		}
		at = skip_space(at, end);
		if (objects & 1 && !(at = check_name(at, end)))
			return NULL;
	}
}

static enum json_kind kind_of(char c)
{
	switch (c) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_LIST;
	case '"':
		return JSON_TEXT;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

bool json_parse(struct text body, struct json *ret_value)
{
	if (body.size == 0)
		return false;
	const char *end = body.data + body.size, *begin = skip_space(body.data, end);
	const char *behind = check_value(begin, end);
	if (!behind || skip_space(behind, end) != end)
		return false;
	*ret_value = (struct json){kind_of(*begin), {begin, (size_t)(behind - begin)}};
	return true;
}

/* Like check_text, for text that was checked. */
static inline const char *skip_text(const char *at, const char *end)
{
	for (;;) {
		while (end - at >= 8) {
			uint64_t word = load8(at), others = word & BYTES8(0x80);
			uint64_t mark = mark_byte(word, '"') | mark_byte(word, '\\');
			mark &= ~others;
			if (mark) {
				at += first_mark(mark);
				break;
			}
			at += 8;
		}
		must(at < end);
		char c = *at++;
		if (c == '"')
			return at;
		at += c == '\\';
	}
}

/* Behind a container that begins at `at`. */
static const char *skip_container(const char *at, const char *end)
{
	unsigned depth = 0;
	for (;;) {
		must(at < end);
		switch (*at++) {
		case '"':
			at = skip_text(at, end);
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (--depth == 0)
				return at;
			break;
		default:
			break;
		}
	}
}

/* Behind a number or word. */
static const char *skip_scalar(const char *at, const char *end)
{
	while (at < end && *at != ',' && *at != '}' && *at != ']' && !is_space(*at))
		at++;
	return at;
}

struct json_walk json_walk(struct json container)
{
	must(container.kind == JSON_OBJECT || container.kind == JSON_LIST);
	const char *end = container.raw.data + container.raw.size;
	return (struct json_walk){skip_space(container.raw.data + 1, end), end,
				  container.kind == JSON_OBJECT};
}

bool json_next(struct json_walk *w, struct text *ret_name, struct json *ret_value)
{
	const char *at = w->at, *end = w->end, *begin;
	*ret_name = TEXT_NONE;
	must(at < end);
	if (*at == '}' || *at == ']')
		return false;
	if (w->is_object) {
		begin = at + 1;
		at = skip_text(begin, end);
		*ret_name = (struct text){begin, (size_t)(at - begin) - 1};
		at = skip_space(at, end);
		at = skip_space(at + 1, end);
	}
	begin = at;
	ret_value->kind = kind_of(*at);
	if (ret_value->kind == JSON_TEXT)
		at = skip_text(at + 1, end);
	else if (ret_value->kind == JSON_OBJECT || ret_value->kind == JSON_LIST)
		at = skip_container(at, end);
	else
		at = skip_scalar(at, end);
	ret_value->raw = (struct text){begin, (size_t)(at - begin)};
	at = skip_space(at, end);
	w->at = at < end && *at == ',' ? skip_space(at + 1, end) : at;
	return true;
}

/* Resolving never makes a name longer, and leaves only names without escapes as long. */
bool json_name_equal(struct text raw_name, struct text name)
{
	if (raw_name.size == name.size)
		return text_equal(raw_name, name) && !json_has_escape(raw_name);
	return raw_name.size > name.size && json_has_escape(raw_name) &&
	       json_raw_compare(raw_name, name, false) == 0;
}

bool json_find(struct json object, struct text name, struct json *ret_value)
{
	struct json_walk walk = json_walk(object);
	struct text member;
	struct json value;
	bool found = false;
	while (json_next(&walk, &member, &value)) {
		if (json_name_equal(member, name)) {
			*ret_value = value;
			found = true;
		}
	}
	return found;
}
