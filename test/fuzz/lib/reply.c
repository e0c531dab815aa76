/* Whether a reply is what it says it is. */
#include "fuzz/lib/caller.h"

enum { XML_DEPTH_MAX = 32 };

static bool is_name(struct text t)
{
	for (size_t i = 0; i < t.size; i++) {
		char c = t.data[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return t.size > 0;
}

/* Text between tags: our five entities and the carriage return, and no other '&'. */
static bool xml_text_is_right(struct text t)
{
	static const struct text entities[] = {TEXT("&amp;"),  TEXT("&lt;"),   TEXT("&gt;"),
					       TEXT("&quot;"), TEXT("&apos;"), TEXT("&#13;")};
	const char *end = t.data + t.size, *at = t.data;
	while (t.size && (at = memchr(at, '&', (size_t)(end - at)))) {
		struct text rest = {at, (size_t)(end - at)};
		bool known = false;
		for (size_t i = 0; i < COUNT_OF(entities); i++)
			known |= text_starts_with(rest, entities[i]);
		if (!known)
			return false;
		at++;
	}
	return text_is_clean(t);
}

/* One element with elements or text in it; no attributes. */
static bool xml_is_right(struct text t)
{
	const struct text declaration = TEXT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	struct text open[XML_DEPTH_MAX];
	unsigned depth = 0;
	if (!text_starts_with(t, declaration))
		return false;
	t = (struct text){t.data + declaration.size, t.size - declaration.size};
	do {
		struct text before = text_cut(&t, '<');
		if (!t.data || !xml_text_is_right(before) || (depth == 0 && before.size))
			return false;
		struct text tag = text_cut(&t, '>');
		bool closes = tag.size && tag.data[0] == '/';
		tag = closes ? (struct text){tag.data + 1, tag.size - 1} : tag;
		if (!t.data || !is_name(tag) || depth == XML_DEPTH_MAX)
			return false;
		if (closes && !text_equal(tag, open[--depth]))
			return false;
		if (!closes)
			open[depth++] = tag;
	} while (depth > 0);
	return t.size == 0;
}

static bool type_has(struct text type, struct text what)
{
	return memmem(type.data, type.size, what.data, what.size) != NULL;
}

static void body_check(struct text type, struct text body)
{
	struct json value;
	must(text_is_utf8(body));
	if (type_has(type, TEXT("xml")))
		must(xml_is_right(body));
	else if (type_has(type, TEXT("text/plain")))
		must(text_is_clean(body) && !memchr(body.data, '{', body.size));
	else
		must(json_parse(body, &value) && value.kind == JSON_OBJECT);
}

/* A batch has one reply after the other. */
void reply_check(struct call *call)
{
	const struct text separator = TEXT("\r\n-S-\r\n");
	struct text rest = buffer_get(&call->reply);
	must(!call->reply.full);
	if (call->dialect->dialect == DIALECT_NATIVE)
		must(call->status >= 200 && call->status <= 503);
	else
		must(call->status == 200 || call->status == 404 || call->status == 405);
	if (http_header_get(call->request, TEXT("top-api-separator")).size)
		return;
	for (;;) {
		const char *at = memmem(rest.data, rest.size, separator.data, separator.size);
		size_t size = at ? (size_t)(at - rest.data) : rest.size;
		body_check(call->content_type, (struct text){rest.data, size});
		if (!at)
			return;
		rest = (struct text){at + separator.size, rest.size - size - separator.size};
	}
}
