/*
 * The JSON reader against cJSON over random documents, whole and damaged. cJSON is laxer: what
 * we accept it must accept too, with the same tree. TEST_SEED=n repeats a run; a failure prints
 * its seed.
 */
#include "base/json.h"
#include "test.h"

#include <cjson/cJSON.h>

/*
 * Random documents. What a document says comes from `tree`, how it is spelled from `style`: two
 * documents with one tree and two styles are equal.
 */
struct source {
	uint64_t tree, style;
};

static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state += UINT64_C(0x9E3779B97F4A7C15);
	uint64_t z = *state;
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (z ^ (z >> 31)) % below;
}

static void add_space(struct source *s, struct buffer *b)
{
	for (uint64_t n = draw(&s->style, 4); n > 2; n -= draw(&s->style, 2))
		buffer_byte(b, " \t\r\n"[draw(&s->style, 4)]);
}

static void add_random_text(struct source *s, struct buffer *b)
{
	static const struct {
		const char *plain, *escaped;
	} pieces[] = {
	    {"a", "\\u0061"},	  {"zebra", "z\\u0065bra"},
	    {"\\\"", "\\u0022"},  {"\\\\", "\\u005C"},
	    {"/", "\\/"},	  {"南", "\\u5357"},
	    {"é", "\\u00E9"},	  {"😀", "\\uD83D\\uDE00"},
	    {"\\n", "\\u000a"},	  {"\\t", "\\u0009"},
	    {" ", "\\u0020"},	  {"{[", "{\\u005b"},
	    {"coupon", "coupon"}, {"\\u0001", "\\u0001"},
	    {"\x7f", "\\u007F"},
	};
	buffer_byte(b, '"');
	uint64_t n = draw(&s->tree, 3) ? draw(&s->tree, 6) : 0;
	for (; n > 0; n--) {
		size_t piece = draw(&s->tree, COUNT_OF(pieces));
		buffer_text(
		    b, text_of(draw(&s->style, 3) ? pieces[piece].plain : pieces[piece].escaped));
	}
	buffer_byte(b, '"');
}

static void add_random_number(struct source *s, struct buffer *b)
{
	uint64_t size = draw(&s->tree, INT64_MAX);
	int64_t value = (int64_t)(size >> draw(&s->tree, 63));
	value = draw(&s->tree, 2) ? -value : value;
	buffer_int64(b, value);
	switch (draw(&s->style, 6)) {
	case 0:
		buffer_text(b, TEXT(".0"));
		break;
	case 1:
		buffer_text(b, TEXT("e0"));
		break;
	case 2:
		buffer_text(b, value ? TEXT("00E-2") : TEXT(".00E-2"));
		break;
	case 3:
		buffer_text(b, TEXT(".000e+00"));
		break;
	default:
		break;
	}
}

static void add_random_value(struct source *s, struct buffer *b, unsigned depth)
{
	static const char *const words[] = {"null", "true", "false"};
	uint64_t kind = draw(&s->tree, depth < 6 ? 8 : 5), n = draw(&s->tree, 6);
	add_space(s, b);
	if (kind < 2) {
		add_random_text(s, b);
	} else if (kind < 4) {
		add_random_number(s, b);
	} else if (kind == 4) {
		buffer_text(b, text_of(words[n % 3]));
	} else {
		buffer_byte(b, kind == 5 ? '[' : '{');
		add_space(s, b);
		for (uint64_t i = 0; i < n; i++) {
			if (i)
				buffer_byte(b, ',');
			add_space(s, b);
			if (kind != 5) {
				add_random_text(s, b);
				add_space(s, b);
				buffer_byte(b, ':');
			}
			add_random_value(s, b, depth + 1);
		}
		buffer_byte(b, kind == 5 ? ']' : '}');
	}
	add_space(s, b);
}

static bool same_as_cjson(struct arena *a, struct json value, const cJSON *other);

static bool same_members(struct arena *a, struct json value, const cJSON *other)
{
	struct json_walk walk = json_walk(value);
	const cJSON *child = other->child;
	struct text name;
	struct json member;
	for (; json_next(&walk, &name, &member); child = child->next) {
		if (!child || !same_as_cjson(a, member, child))
			return false;
		if (walk.is_object && !text_equal(json_name(a, name), text_of(child->string)))
			return false;
	}
	return child == NULL;
}

static bool same_as_cjson(struct arena *a, struct json value, const cJSON *other)
{
	char number[80];
	switch (value.kind) {
	case JSON_NULL:
		return cJSON_IsNull(other);
	case JSON_FALSE:
		return cJSON_IsFalse(other);
	case JSON_TRUE:
		return cJSON_IsTrue(other);
	case JSON_NUMBER:
		snprintf(number, sizeof(number), "%.*s", TEXT_ARG(value.raw));
		return cJSON_IsNumber(other) && strtod(number, NULL) == other->valuedouble;
	case JSON_TEXT:
		return cJSON_IsString(other) &&
		       text_equal(json_text(a, value), text_of(other->valuestring));
	case JSON_LIST:
		return cJSON_IsArray(other) && same_members(a, value, other);
	case JSON_OBJECT:
		return cJSON_IsObject(other) && same_members(a, value, other);
	}
	return false;
}

/* cJSON cuts numbers after 63 bytes: not compared. */
static bool has_long_number(struct text t)
{
	size_t run = 0;
	for (size_t i = 0; i < t.size; i++) {
		run = memchr("0123456789+-.eE", t.data[i], 15) ? run + 1 : 0;
		if (run > 60)
			return true;
	}
	return false;
}

static void compare_with_cjson(struct text t, struct json value, uint64_t seed)
{
	struct arena a;
	arena_init(&a, 1 << 20);
	cJSON *other = cJSON_ParseWithLengthOpts(t.data, t.size + 1, NULL, 1);
	if (!CHECK(other != NULL) || !CHECK(same_as_cjson(&a, value, other)))
		fprintf(stderr, "     TEST_SEED=%llu: %.*s\n", (unsigned long long)seed,
			TEXT_ARG(t));
	CHECK(json_equal(value, value));
	cJSON_Delete(other);
	arena_release(&a);
}

/* b ends with a NUL that is not part of the document. Ours sees a block of the very size, so that
 * a read past the end is found. Returns whether we accepted it. */
static bool compare(struct buffer *b, uint64_t seed)
{
	struct text t = {b->data, b->size - 1};
	struct json value;
	char *copy = malloc(t.size ? t.size : 1);
	must(copy);
	memcpy(copy, t.data, t.size);
	bool ok = json_parse((struct text){copy, t.size}, &value);
	if (ok && !has_long_number(t))
		compare_with_cjson(t, value, seed);
	free(copy);
	return ok;
}

static void damage(struct source *s, struct buffer *b)
{
	static const char bytes[] = "\"\\{}[]:,0123456789-+.eEtfnu \n\t\x01\x80\xed\xe5\xff";
	for (uint64_t n = 1 + draw(&s->style, 3); n > 0 && b->size > 1; n--) {
		size_t at = draw(&s->style, b->size - 1), left = b->size - at;
		char c = bytes[draw(&s->style, sizeof(bytes) - 1)];
		switch (draw(&s->style, 4)) {
		case 0:
			b->data[at] = c;
			break;
		case 1:
			memmove(b->data + at, b->data + at + 1, left - 1);
			b->size--;
			break;
		case 2:
			if (!buffer_room(b, 1))
				return;
			memmove(b->data + at + 1, b->data + at, left);
			b->data[at] = c;
			b->size++;
			break;
		default:
			b->data[at] = b->data[draw(&s->style, b->size - 1)];
			break;
		}
	}
}

static void test_random(uint64_t seed)
{
	unsigned damaged_taken = 0;
	struct buffer left, right;
	buffer_init(&left, 1 << 20);
	buffer_init(&right, 1 << 20);
	for (unsigned round = 0; round < 3000; round++) {
		struct source s = {seed + round, seed ^ 1}, t = {seed + round, seed ^ 2};
		struct json a = {JSON_NULL, TEXT_NONE}, b = a;
		unsigned failed = test_failed;
		buffer_clear(&left);
		buffer_clear(&right);
		add_random_value(&s, &left, 0);
		add_random_value(&t, &right, 0);
		CHECK(json_parse(buffer_get(&left), &a) && json_parse(buffer_get(&right), &b) &&
		      json_equal(a, b));
		buffer_byte(&left, 0);
		CHECK(compare(&left, seed));
		for (unsigned times = 0; times < 8; times++) {
			buffer_clear(&right);
			buffer_text(&right, buffer_get(&left));
			damage(&s, &right);
			damaged_taken += compare(&right, seed);
		}
		if (test_failed > failed)
			fprintf(stderr, "     TEST_SEED=%llu, round %u\n", (unsigned long long)seed,
				round);
	}
	CHECK(damaged_taken > 500);
	buffer_release(&left);
	buffer_release(&right);
}

int main(void)
{
	const char *seed = getenv("TEST_SEED");
	test_random(seed ? strtoull(seed, NULL, 10) : 20150806);
	return test_end();
}
