/*
 * Form bodies and queries -> named values: application/x-www-form-urlencoded and
 * multipart/form-data. Values are slices of the raw text; only what has an escape is copied.
 */
#include "http/http.h"

#include "base/utf8.h"
#include "http/hex.h"

/* Marks what is not plain inside a name or a value; the lowest mark is always a true one. */
static inline uint64_t mark_escapes(uint64_t word)
{
	return (mark_byte(word, '%') | mark_byte(word, '+')) & ~word;
}

/* The same, and what ends a name or a value. */
static inline uint64_t mark_specials(uint64_t word)
{
	return (mark_byte(word, '%') | mark_byte(word, '+') | mark_byte(word, '&') |
		mark_byte(word, '=')) &
	       ~word;
}

/* ---- percent-decoding */

static bool has_escape(struct text raw, bool plus_is_space)
{
	return raw.size && (memchr(raw.data, '%', raw.size) ||
			    (plus_is_space && memchr(raw.data, '+', raw.size)));
}

/* `out` has as much room as `raw` has bytes: what is plain goes there eight bytes at a time, some
 * of which the next ones write over. */
static bool decode(struct text raw, bool plus_is_space, char *out, size_t *ret_size)
{
	const char *at = raw.data, *end = at + raw.size;
	char *to = out;
	while (at < end) {
		if (end - at >= 8) {
			uint64_t mark = mark_escapes(load8(at));
			size_t plain = mark ? first_mark(mark) : 8;
			memcpy(to, at, 8);
			at += plain;
			to += plain;
			if (!mark)
				continue;
		}
		char c = *at++;
		if (c == '%') {
			if (end - at < 2)
				return false;
			int high = hex_value(at[0]), low = hex_value(at[1]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			at += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		*to++ = c;
	}
	*ret_size = (size_t)(to - out);
	return true;
}

static bool decode_into(struct arena *a, struct text raw, bool plus_is_space, struct text *ret)
{
	char *out = arena_take(a, raw.size);
	size_t size;
	if (!out || !decode(raw, plus_is_space, out, &size))
		return false;
	*ret = (struct text){out, size};
	return true;
}

bool percent_decode(struct arena *a, struct text raw, bool plus_is_space, struct text *ret)
{
	*ret = raw;
	return !has_escape(raw, plus_is_space) || decode_into(a, raw, plus_is_space, ret);
}

/* ---- the list of fields */

static bool form_grow(struct arena *a, struct form *form, unsigned room)
{
	struct form_field *fields = arena_take(a, room * sizeof *fields);
	if (!fields)
		return false;
	if (form->count)
		memcpy(fields, form->fields, form->count * sizeof *fields);
	form->fields = fields;
	form->room = room;
	return true;
}

/* Room for one more at form->fields + form->count, or NULL. Most forms have about ten. */
static struct form_field *form_room(struct arena *a, struct form *form)
{
	enum { ROOM_FIRST = 16 };
	_Static_assert(FORM_FIELDS_MAX % ROOM_FIRST == 0, "doubling ends there");
	if (form->count == FORM_FIELDS_MAX)
		return NULL;
	if (form->count == form->room &&
	    !form_grow(a, form, form->count ? 2 * form->count : ROOM_FIRST))
		return NULL;
	return form->fields + form->count;
}

const struct form_field *form_find(const struct form *form, struct text name)
{
	for (unsigned i = 0; i < form->count; i++)
		if (text_equal(form->fields[i].name, name))
			return &form->fields[i];
	return NULL;
}

/* ---- name=value&name=value */

/* A name with its value, as they stand. */
struct pair {
	const char *name, *equal, *end; /* equal: its '='; NULL: there is none */
	bool name_escaped, value_escaped;
};

static inline const char *next_special(const char *at, const char *end)
{
	for (; end - at >= 8; at += 8) {
		uint64_t mark = mark_specials(load8(at));
		if (mark)
			return at + first_mark(mark);
	}
	while (at < end && *at != '&' && *at != '=' && *at != '%' && *at != '+')
		at++;
	return at;
}

static inline struct pair pair_next(const char *at, const char *end)
{
	struct pair pair = {.name = at};
	for (;; at++) {
		at = next_special(at, end);
		if (at == end || *at == '&')
			break;
		if (*at == '=') {
			pair.equal = pair.equal ? pair.equal : at;
		} else if (pair.equal) {
			/* What else is in it does not matter. */
			pair.value_escaped = true;
			at = memchr(at, '&', (size_t)(end - at));
			at = at ? at : end;
			break;
		} else {
			pair.name_escaped = true;
		}
	}
	pair.end = at;
	return pair;
}

static bool take_text(struct arena *a, struct text raw, bool escaped, struct text *ret)
{
	*ret = raw;
	return !escaped || decode_into(a, raw, true, ret);
}

static bool form_add_pair(struct arena *a, struct form *form, const struct pair *p)
{
	struct form_field *field = form_room(a, form);
	if (!field)
		return false;
	const char *name_end = p->equal ? p->equal : p->end;
	struct text name = {p->name, (size_t)(name_end - p->name)}, value = TEXT_NONE;
	if (p->equal)
		value = (struct text){p->equal + 1, (size_t)(p->end - p->equal) - 1};
	field->is_file = false;
	if (!take_text(a, name, p->name_escaped, &field->name) ||
	    !take_text(a, value, p->value_escaped, &field->value))
		return false;
	form->count++;
	return true;
}

bool form_parse(struct arena *a, struct text raw, struct form *into)
{
	const char *at = raw.data, *end = text_end(raw);
	while (at < end) {
		struct pair pair = pair_next(at, end);
		if (pair.end > pair.name && !form_add_pair(a, into, &pair))
			return false;
		at = pair.end + 1;
	}
	return true;
}

/* ---- multipart/form-data */

/* Cuts the next ';' parameter off: "name" = "value", quoted or not, spaces around either. A quoted
 * value is given as it stands between the quotes. */
static struct text parameter_next(struct text *list, struct text *ret_value)
{
	bool quoted = false;
	size_t end = 0;
	for (; end < list->size && (quoted || list->data[end] != ';'); end++) {
		if (quoted && list->data[end] == '\\' && end + 1 < list->size)
			end++;
		else if (list->data[end] == '"')
			quoted = !quoted;
	}
	struct text value = {list->data, end};
	*list = end < list->size ? (struct text){list->data + end + 1, list->size - end - 1}
				 : TEXT_NONE;
	struct text name = text_trim(text_cut(&value, '='));
	value = text_trim(value);
	if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
		value = (struct text){value.data + 1, value.size - 2};
	*ret_value = value;
	return name;
}

static struct text boundary_of(struct text content_type)
{
	struct text value;
	while (content_type.data)
		if (text_equal_ignore_case(parameter_next(&content_type, &value), TEXT("boundary")))
			return value;
	return TEXT_NONE;
}

/* The part's headers, lines of "Name: value". false: no name in them. */
static bool part_head(struct text head, struct form_field *field)
{
	bool named = false;
	while (head.data) {
		struct text value = text_cut(&head, '\n');
		struct text name = text_trim(text_cut(&value, ':'));
		if (!text_equal_ignore_case(name, TEXT("content-disposition")))
			continue;
		while (value.data) {
			struct text parameter, key = parameter_next(&value, &parameter);
			if (text_equal_ignore_case(key, TEXT("name"))) {
				field->name = parameter;
				named = true;
			} else if (text_equal_ignore_case(key, TEXT("filename"))) {
				field->is_file = true;
			}
		}
	}
	return named;
}

static struct text after(struct text t, const char *at)
{
	return (struct text){at, (size_t)(t.data + t.size - at)};
}

/* Cuts one part off: its headers, an empty line, its bytes up to the delimiter. */
static bool part_next(struct text *rest, struct text delimiter, struct form_field *field)
{
	const char *empty = memmem(rest->data, rest->size, "\r\n\r\n", 4);
	if (!empty)
		return false;
	struct text head = {rest->data, (size_t)(empty - rest->data)};
	struct text data = after(*rest, empty + 4);
	const char *end = memmem(data.data, data.size, delimiter.data, delimiter.size);
	if (!end)
		return false;
	*field = (struct form_field){.value = {data.data, (size_t)(end - data.data)}};
	*rest = after(data, end + delimiter.size);
	return part_head(head, field);
}

/* Moves past the first delimiter, which needs no line before it. */
static bool first_delimiter(struct text *rest, struct text delimiter)
{
	struct text bare = {delimiter.data + 2, delimiter.size - 2};
	if (text_starts_with(*rest, bare)) {
		*rest = after(*rest, rest->data + bare.size);
		return true;
	}
	const char *at = memmem(rest->data, rest->size, delimiter.data, delimiter.size);
	if (at)
		*rest = after(*rest, at + delimiter.size);
	return at != NULL;
}

bool form_parse_multipart(struct arena *a, struct text content_type, struct text body,
			  struct form *into)
{
	struct text boundary = boundary_of(content_type);
	if (boundary.size == 0 || boundary.size > 200 || body.size == 0)
		return false;
	struct text delimiter = arena_format(a, "\r\n--%.*s", TEXT_ARG(boundary));
	if (delimiter.size == 0 || !form_grow(a, into, FORM_FIELDS_MAX) ||
	    !first_delimiter(&body, delimiter))
		return false;
	while (!text_starts_with(body, TEXT("--"))) {
		struct form_field *field = form_room(a, into);
		if (!field || !text_starts_with(body, TEXT("\r\n")) ||
		    !part_next(&body, delimiter, field))
			return false;
		into->count++;
	}
	return true;
}
