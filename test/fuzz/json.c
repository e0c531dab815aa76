/*
 * Text that may be JSON. What the strict reader takes can be walked, equals itself, stays the same
 * when it is written again, and is left alone by the tolerant reader; what the tolerant reader
 * makes is strict JSON.
 */
#include "base/json.h"
#include "fuzz/lib/fuzz.h"

/* Writes the value again, its texts resolved and escaped anew. As deep as JSON_DEPTH_MAX. */
static void rewrite(struct arena *a, struct json value, struct buffer *out);

static void rewrite_members(struct arena *a, struct json value, struct buffer *out)
{
	struct json_walk walk = json_walk(value);
	struct text name;
	struct json member;
	bool is_object = value.kind == JSON_OBJECT;
	buffer_byte(out, is_object ? '{' : '[');
	for (unsigned n = 0; json_next(&walk, &name, &member); n++) {
		must(text_within(member.raw, value.raw) && member.raw.size < value.raw.size);
		if (n)
			buffer_text(out, TEXT(" ,\n"));
		if (is_object) {
			struct text resolved = json_name(a, name);
			struct json found;
			must(json_name_equal(name, resolved));
			must(json_find(value, resolved, &found) &&
			     found.raw.data >= member.raw.data);
			buffer_json_text(out, resolved);
			buffer_text(out, TEXT(" : "));
		}
		rewrite(a, member, out);
	}
	buffer_byte(out, is_object ? '}' : ']');
}

static void rewrite(struct arena *a, struct json value, struct buffer *out)
{
	int64_t number;
	switch (value.kind) {
	case JSON_TEXT: {
		struct text t = json_text(a, value);
		must(text_is_utf8(t) && t.size + 2 <= value.raw.size);
		buffer_json_text(out, t);
		return;
	}
	case JSON_LIST:
	case JSON_OBJECT:
		rewrite_members(a, value, out);
		return;
	case JSON_NUMBER:
		if (json_int64(value, &number)) {
			buffer_int64(out, number);
			return;
		}
		break;
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
		break;
	}
	buffer_text(out, value.raw);
}

static void strict_check(struct arena *a, struct json value, struct text in)
{
	struct buffer out;
	struct json again, tolerated;
	buffer_init(&out, 8 * in.size + 64);
	must(text_within(value.raw, in) && text_equal(value.raw, text_trim(in)));
	rewrite(a, value, &out);
	must(!out.full && !a->full);
	must(json_parse(buffer_get(&out), &again) && again.kind == value.kind);
	must(json_equal(value, value) && json_equal(value, again) && json_equal(again, value));
	must(json_parse_tolerant(a, in, &tolerated) && text_equal(tolerated.raw, value.raw));
	buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text in = {(const char *)data, size};
	struct arena a;
	struct json value, again;
	arena_init(&a, 64 * size + 65536);
	if (json_parse(in, &value))
		strict_check(&a, value, in);
	else if (json_parse_tolerant(&a, in, &value))
		must(json_parse(value.raw, &again) && json_equal(value, again));
	arena_release(&a);
	return 0;
}
