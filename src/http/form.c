/*
 * Form bodies and queries -> named values: application/x-www-form-urlencoded and
 * multipart/form-data. Values are slices of the raw text; only what has an escape is copied.
 */
#include "http/http.h"

#include "http/hex.h"

/* ---- percent-decoding */

static bool has_escape(struct text raw, bool plus_is_space)
{
	return raw.size && (memchr(raw.data, '%', raw.size) ||
			    (plus_is_space && memchr(raw.data, '+', raw.size)));
}

bool percent_decode(struct arena *a, struct text raw, bool plus_is_space, struct text *ret)
{
	if (!has_escape(raw, plus_is_space)) {
		*ret = raw;
		return true;
	}
	char *out = arena_take(a, raw.size);
	if (!out)
		return false;
	size_t size = 0;
	for (size_t i = 0; i < raw.size; i++) {
		char c = raw.data[i];
		if (c == '%') {
			if (raw.size - i < 3)
				return false;
			int high = hex_value(raw.data[i + 1]), low = hex_value(raw.data[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		out[size++] = c;
	}
	*ret = (struct text){out, size};
	return true;
}

/* ---- the list of fields */

static bool form_grow(struct arena *a, struct form *form, size_t more)
{
	size_t wanted = form->count + more;
	if (wanted > FORM_FIELDS_MAX)
		wanted = FORM_FIELDS_MAX;
	struct form_field *fields = arena_take(a, wanted * sizeof *fields);
	if (!fields)
		return false;
	if (form->count)
		memcpy(fields, form->fields, form->count * sizeof *fields);
	form->fields = fields;
	return true;
}

static bool form_add(struct form *form, struct form_field field)
{
	if (form->count == FORM_FIELDS_MAX)
		return false;
	form->fields[form->count++] = field;
	return true;
}

const struct form_field *form_find(const struct form *form, struct text name)
{
	for (unsigned i = 0; i < form->count; i++)
		if (text_equal(form->fields[i].name, name))
			return &form->fields[i];
	return NULL;
}

/* ---- name=value&name=value */

static size_t count_of(struct text t, char c)
{
	size_t n = 0;
	for (size_t i = 0; i < t.size; i++)
		n += t.data[i] == c;
	return n;
}

bool form_parse(struct arena *a, struct text raw, struct form *into)
{
	if (raw.size == 0)
		return true;
	if (!form_grow(a, into, count_of(raw, '&') + 1))
		return false;
	while (raw.data) {
		struct text value = text_cut(&raw, '&');
		if (value.size == 0)
			continue;
		struct text name = text_cut(&value, '=');
		struct form_field field = {0};
		if (!percent_decode(a, name, true, &field.name) ||
		    !percent_decode(a, value, true, &field.value) || !form_add(into, field))
			return false;
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
		struct form_field field;
		if (!text_starts_with(body, TEXT("\r\n")) || !part_next(&body, delimiter, &field) ||
		    !form_add(into, field))
			return false;
	}
	return true;
}
