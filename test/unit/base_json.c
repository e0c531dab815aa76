/*
 * The JSON reader: rows that must be taken or refused, and what the walkers find in them.
 * base_json_random.c compares it with another reader.
 */
#include "base/json.h"
#include "test.h"

static struct json parsed(const char *text)
{
	struct json value = {JSON_NULL, TEXT("null")};
	if (!CHECK(json_parse(text_of(text), &value)))
		fprintf(stderr, "     %s\n", text);
	return value;
}

static const char *const taken[] = {
    "0",
    "-0",
    "1.5e-7",
    "1E+2",
    "0.0",
    "123456789012345678901234567890",
    " \t\r\n true \n",
    "null",
    "\"\"",
    "[]",
    "{}",
    "[ ]",
    "{ }",
    "[1,2 , 3]",
    "{\"a\":1}",
    "{\"a\" : { \"b\":[] } }",
    "{\"a\":1,\"a\":2}",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u0001\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\ud83d\\ude00 and more text behind\"",
    "\"南京\"",
    "[[[[[[]]]]]]",
    "[{},[],{}]",
    "\"\x7f\"",
    "{\"\":0}",
    "\"\xf4\x8f\xbf\xbf\"",
    "[\"a]\",\"{\"]",
    "\"\\uFFFF\"",
};

static const char *const refused[] = {
    "",
    " ",
    "nul",
    "nulll",
    "True",
    "tru",
    "+1",
    "01",
    "-",
    "-01",
    "1.",
    ".5",
    "1.e5",
    "1e",
    "1e+",
    "0x1",
    "1 2",
    "--1",
    "NaN",
    "Infinity",
    "[",
    "]",
    "{",
    "}",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "{]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\" 1}",
    "{\"a\":1]",
    "[1]]",
    "[1],",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x41\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u\"",
    "\"\\",
    "\"\\u0000\"",
    "\"\\uD800\"",
    "\"\\uDC00\"",
    "\"\\uD800\\u0041\"",
    "\"\\uD800x\"",
    "\"\\uD800\\uD800\"",
    "\"\\uDC00\\uD800\"",
    "\"\t\"",
    "\"\n\"",
    "\"\x01\"",
    "\"eight ch\x1f\"",
    "\"\xff\"",
    "\"\xc0\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xe5\x8d\"",
    "\"\xe5\"",
    "\xef\xbb\xbf{}",
    "{\"\\uD800\":1}",
    "/**/1",
    "[1]//",
    "\v1",
    "1\f",
    "{\"a\":1,\"b\"}",
    "[\"a\",",
    "{\"a\":1,",
    "{\"",
    "-a",
    "[-]",
    "1e5.5",
    "1.5.5",
};

/* Each in a block of its own size, so that a read past the end is found. */
static bool parse_copy(struct text t)
{
	char *copy = malloc(t.size ? t.size : 1);
	must(copy);
	memcpy(copy, t.data, t.size);
	struct json value;
	bool ok = json_parse((struct text){copy, t.size}, &value);
	free(copy);
	return ok;
}

static void test_grammar(void)
{
	for (size_t i = 0; i < COUNT_OF(taken); i++) {
		if (!CHECK(parse_copy(text_of(taken[i]))))
			fprintf(stderr, "     %s\n", taken[i]);
	}
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		if (!CHECK(!parse_copy(text_of(refused[i]))))
			fprintf(stderr, "     %s\n", refused[i]);
	}
	CHECK(!parse_copy(TEXT("1\0")));
	CHECK(!parse_copy(TEXT("\"a\0b\"")));
}

static void test_depth(void)
{
	for (unsigned depth = 60; depth < 70; depth++) {
		struct buffer b;
		buffer_init(&b, 4096);
		for (unsigned i = 0; i < depth; i++)
			buffer_text(&b, i % 2 ? TEXT("[") : TEXT("{\"a\":"));
		buffer_byte(&b, '1');
		for (unsigned i = depth; i-- > 0;)
			buffer_byte(&b, i % 2 ? ']' : '}');
		struct json value, other;
		bool ok = json_parse(buffer_get(&b), &value);
		CHECK(ok == (depth <= JSON_DEPTH_MAX));
		struct buffer
		    spaced; /* the same, but for one space: json_equal must go all the way */
		buffer_init(&spaced, 4096);
		for (size_t i = 0; i < b.size; i++)
			buffer_format(&spaced, b.data[i] == '1' ? " %c" : "%c", b.data[i]);
		CHECK(json_parse(buffer_get(&spaced), &other) == ok);
		CHECK(!ok || json_equal(value, other));
		buffer_release(&spaced);
		buffer_release(&b);
	}
	static char open[100000];
	memset(open, '[', sizeof(open));
	CHECK(!parse_copy((struct text){open, sizeof(open)}));
}

static void test_walk(void)
{
	struct json list = parsed(" [ 1 , \"a\\\"]\" ,{ \"x\" : [ ] } , null,true,[[]] ] "), value;
	static const char *const want[] = {"1",	   "\"a\\\"]\"", "{ \"x\" : [ ] }",
					   "null", "true",	 "[[]]"};
	struct json_walk walk = json_walk(list);
	struct text name;
	size_t n = 0;
	while (json_next(&walk, &name, &value)) {
		CHECK(name.size == 0 && n < COUNT_OF(want));
		CHECK_TEXT(value.raw, want[n++]);
	}
	CHECK_INT(n, COUNT_OF(want));
	CHECK(!json_next(&walk, &name, &value));
	struct json empty = parsed("{ }");
	walk = json_walk(empty);
	CHECK(!json_next(&walk, &name, &value));
}

static void test_find(void)
{
	struct json object = parsed("{\"a\":1, \"b\\u0062\":{\"a\":9} ,\"a\":3,\"南\\n\":4,\"\":5,"
				    "\"\\\\\":6,\"\\ud83d\\ude00\":7}");
	struct json value;
	int64_t i = 0;
	CHECK(json_find(object, TEXT("a"), &value) && json_int64(value, &i) && i == 3);
	CHECK(json_find(object, TEXT("bb"), &value) && value.kind == JSON_OBJECT);
	CHECK(json_find(object, TEXT("南\n"), &value) && json_int64(value, &i) && i == 4);
	CHECK(json_find(object, TEXT_NONE, &value) && json_int64(value, &i) && i == 5);
	CHECK(json_find(object, TEXT("\\"), &value) && json_int64(value, &i) && i == 6);
	CHECK(json_find(object, TEXT("😀"), &value) && json_int64(value, &i) && i == 7);
	CHECK(!json_find(object, TEXT("\\\\"), &value) && !json_find(object, TEXT("aa"), &value));
	CHECK(!json_find(object, TEXT("b"), &value) && !json_find(object, TEXT("bbb"), &value));
	CHECK(!json_find(object, TEXT("b\\u0062"), &value));
	CHECK(json_name_equal(TEXT("\\u0041b"), TEXT("Ab")));
	CHECK(!json_name_equal(TEXT("\\u0041b"), TEXT("AbC")));
	CHECK(!json_name_equal(TEXT("\\u0041b"), TEXT("A")));
}

static void test_text(void)
{
	struct arena a;
	arena_init(&a, 4096);
	struct json plain = parsed("\"plain 南京\""),
		    all = parsed("\"\\\"\\\\\\/\\b\\f\\n\\r\\t-\\u00e9"
				 "\\u5357\\uD83D\\uDE00\\u007f.\"");
	CHECK(json_text(&a, plain).data == plain.raw.data + 1);
	CHECK_TEXT(json_text(&a, plain), "plain 南京");
	CHECK_TEXT(json_text(&a, all), "\"\\/\b\f\n\r\t-é南😀\x7f.");
	CHECK_INT(json_text(&a, parsed("\"\"")).size, 0);
	CHECK_TEXT(json_name(&a, TEXT("a\\tb")), "a\tb");
	arena_release(&a);
	CHECK(json_text(&a, all).data == NULL && a.full);
}

static void test_int64(void)
{
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
	    {"12", 12},
	    {"-3", -3},
	    {"12.0", 12},
	    {"1e3", 1000},
	    {"1.5e1", 15},
	    {"-0", 0},
	    {"0e99999999999999999999", 0},
	    {"0.000", 0},
	    {"1200e-2", 12},
	    {"12.000e0", 12},
	    {"0.00012e5", 12},
	    {"1E+2", 100},
	    {"9223372036854775807", INT64_MAX},
	    {"-9223372036854775808", INT64_MIN},
	    {"9223372036854775807.000", INT64_MAX},
	    {"922337203685477580.7e1", INT64_MAX},
	    {"-9223372036854775808000e-3", INT64_MIN},
	    {"1e18", 1000000000000000000},
	    {"9007199254740993", 9007199254740993},
	    {"9007199254740993.0", 9007199254740993},
	    {"100000000000000000000000000000e-28", 10},
	    {"1e0000000000000000000000002", 100},
	};
	static const char *const none[] = {
	    "9223372036854775808",
	    "-9223372036854775809",
	    "1e19",
	    "1.5",
	    "1e-1",
	    "0.1",
	    "12.01",
	    "9223372036854775808.0",
	    "1e99999999999999999999",
	    "1e-99999999999999999999",
	    "99999999999999999999",
	    "18446744073709551616",
	    "1e100",
	    "\"1\"",
	    "null",
	    "true",
	    "[]",
	    "{}",
	};
	int64_t value;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CHECK(json_int64(parsed(rows[i].text), &value));
		CHECK_INT(value, rows[i].value);
	}
	for (size_t i = 0; i < COUNT_OF(none); i++) {
		if (!CHECK(!json_int64(parsed(none[i]), &value)))
			fprintf(stderr, "     %s\n", none[i]);
	}
}

static void test_equal(void)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
	    {"1", "1.0", true},
	    {"1", "10e-1", true},
	    {"1", "-1", false},
	    {"0", "-0.0e7", true},
	    {"1.05", "105e-2", true},
	    {"1.05", "1.5", false},
	    {"100", "1e2", true},
	    {"10.01", "1001e-2", true},
	    {"123456789012345678901234567890", "123456789012345678901234567891", false},
	    {"123456789012345678901234567890", "12345678901234567890123456789e1", true},
	    {"1e99999999999999999999", "1e99999999999999999999", true},
	    {"1e99999999999999999999", "1e99999999999999999998", false},
	    {"1", "\"1\"", false},
	    {"null", "false", false},
	    {"true", "true", true},
	    {"\"a\\u0062\"", "\"ab\"", true},
	    {"\"\\n\"", "\"\\u000A\"", true},
	    {"\"a\"", "\"ab\"", false},
	    {"\"\\ud83d\\ude00\"", "\"😀\"", true},
	    {"\"\\\\\"", "\"\\u005c\"", true},
	    {"[1,2]", "[ 1 , 2.0 ]", true},
	    {"[1,2]", "[2,1]", false},
	    {"[1]", "[1,1]", false},
	    {"[]", "{}", false},
	    {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
	    {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
	    {"{\"a\":1,\"a\":2}", "{\"a\":2}", true},
	    {"{\"a\":2,\"a\":1}", "{\"a\":2}", false},
	    {"{\"a\":1,\"\\u0061\":2,\"b\":0}", "{\"b\":0,\"a\":2}", true},
	    {"{\"a\":1}", "{\"b\":1}", false},
	    {"{\"a\":[{\"b\":1,\"c\":2}]}", "{\"a\":[{\"c\":2,\"b\":1}]}", true},
	    {"{\"a\":[{\"b\":1,\"c\":2}]}", "{\"a\":[{\"c\":1,\"b\":2}]}", false},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct json a = parsed(rows[i].a), b = parsed(rows[i].b);
		if (!CHECK(json_equal(a, b) == rows[i].equal) ||
		    !CHECK(json_equal(b, a) == rows[i].equal))
			fprintf(stderr, "     %s and %s\n", rows[i].a, rows[i].b);
	}
}

/* A megabyte of members in opposite orders, in nested objects: must take no noticeable time. */
static void test_equal_large(void)
{
	struct buffer left, right;
	struct json a = {JSON_NULL, TEXT_NONE}, b = a;
	buffer_init(&left, 1 << 20);
	buffer_init(&right, 1 << 20);
	for (unsigned i = 0; i < 60; i++) {
		buffer_text(&left, TEXT("{\"deep\": "));
		buffer_text(&right, TEXT("{\"deep\":"));
	}
	for (unsigned i = 0; i < 80000; i++) {
		buffer_format(&left, "%c\"m%u\":1", i ? ',' : '{', i);
		buffer_format(&right, "%c\"m%u\":1", i ? ',' : '{', 79999 - i);
	}
	for (unsigned i = 0; i < 61; i++) {
		buffer_byte(&left, '}');
		buffer_byte(&right, '}');
	}
	CHECK(json_parse(buffer_get(&left), &a) && json_parse(buffer_get(&right), &b));
	CHECK(json_equal(a, b));
	buffer_release(&left);
	buffer_release(&right);
}

static void test_tolerant(void)
{
	static const struct {
		const char *text, *want; /* NULL: refused still */
	} rows[] = {
	    {"{\"org_sequence\":001}", "{\"org_sequence\":1}"},
	    {"[00,-007,00.50,0e1]", "[0,-7,0.50,0e1]"},
	    {"{'a':'b\"c'}", "{\"a\":\"b\\\"c\"}"},
	    {"['it\\'s','\\n','\\\\']", "[\"it's\",\"\\n\",\"\\\\\"]"},
	    {"[\"'007'\",\"\\\"01\"]", "[\"'007'\",\"\\\"01\"]"},
	    {"[1e007]", "[1e007]"},
	    {"'南'", "\"南\""},
	    {"'a", NULL},
	    {"\"a", NULL},
	    {"{a:1}", NULL},
	    {"", NULL},
	    {"'", NULL},
	    {"'\\", NULL},
	    {"-", NULL},
	    {"'a'b'", NULL},
	    {"[1,]", NULL},
	    {"'\\'", NULL},
	    {"\"\\", NULL},
	    {"'\t'", NULL},
	    {"0-1", NULL},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena a;
		struct json value = {JSON_NULL, TEXT_NONE};
		arena_init(&a, 4096);
		bool ok = json_parse_tolerant(&a, text_of(rows[i].text), &value);
		if (!CHECK(ok == (rows[i].want != NULL)))
			fprintf(stderr, "     %s\n", rows[i].text);
		if (ok && rows[i].want)
			CHECK_TEXT(value.raw, rows[i].want);
		arena_release(&a);
	}
}

int main(void)
{
	test_grammar();
	test_depth();
	test_walk();
	test_find();
	test_text();
	test_int64();
	test_equal();
	test_equal_large();
	test_tolerant();
	return test_end();
}
