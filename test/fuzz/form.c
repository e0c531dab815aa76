/*
 * The first line is a content type, what follows it a body: read as a query, as a form, as
 * multipart and as one escaped text. What a form was read as can be written and is read the same
 * again.
 */
#include "fuzz/lib/fuzz.h"
#include "http/http.h"

static void encode(struct buffer *out, struct text t)
{
	for (size_t i = 0; i < t.size; i++)
		buffer_format(out, "%%%02X", (unsigned char)t.data[i]);
}

static void form_touch(const struct form *f)
{
	must(f->count <= FORM_FIELDS_MAX);
	for (unsigned i = 0; i < f->count; i++) {
		text_touch(f->fields[i].name);
		text_touch(f->fields[i].value);
		must(form_find(f, f->fields[i].name) <= &f->fields[i]);
	}
}

static void form_check(struct arena *a, struct text raw)
{
	struct form form = {0}, again = {0};
	struct buffer out;
	bool ok = form_parse(a, raw, &form);
	form_touch(&form);
	if (!ok)
		return;
	buffer_init(&out, 4 * raw.size + 1024);
	for (unsigned i = 0; i < form.count; i++) {
		encode(&out, form.fields[i].name);
		buffer_byte(&out, '=');
		encode(&out, form.fields[i].value);
		buffer_byte(&out, '&');
	}
	must(!out.full && form_parse(a, buffer_get(&out), &again) && again.count == form.count);
	for (unsigned i = 0; i < form.count; i++) {
		must(text_equal(form.fields[i].name, again.fields[i].name));
		must(text_equal(form.fields[i].value, again.fields[i].value));
	}
	buffer_release(&out);
}

static void multipart_check(struct arena *a, struct text type, struct text body)
{
	struct form form = {0};
	bool ok = form_parse_multipart(a, type, body, &form);
	form_touch(&form);
	for (unsigned i = 0; ok && i < form.count; i++)
		must(text_within(form.fields[i].value, body) &&
		     text_within(form.fields[i].name, body));
}

static void percent_check(struct arena *a, struct text raw, bool plus_is_space)
{
	struct text decoded;
	if (!percent_decode(a, raw, plus_is_space, &decoded))
		return;
	must(decoded.size <= raw.size && raw.size <= 3 * decoded.size);
	text_touch(decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text body = {(const char *)data, size}, type;
	struct arena a;
	arena_init(&a, 16 * size + 65536);
	percent_check(&a, body, true);
	percent_check(&a, body, false);
	form_check(&a, body);
	type = text_cut(&body, '\n');
	form_check(&a, body);
	multipart_check(&a, type, body);
	arena_release(&a);
	/* a call that may take nothing more */
	arena_init(&a, size / 2);
	multipart_check(&a, type, body);
	form_touch(&(struct form){0});
	arena_release(&a);
	return 0;
}
