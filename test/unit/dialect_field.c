/* Field tables, lists in one text, pages. */
#include "test.h"

#include "dialect/dialect.h"

struct into {
	struct text name, note;
	uint64_t count, size;
	struct money price;
	struct instant second, day;
	bool has_count, has_price;
};

/* clang-format off */
static const struct field fields[] = {
	{"name",   "title", offsetof(struct into, name),   FIELD_TEXT,       5,  REQUIRED, 0, NULL},
	{"note",   NULL,    offsetof(struct into, note),   FIELD_TEXT_BYTES, 6,  OPTIONAL, 0, NULL},
	{"count",  "n",     offsetof(struct into, count),  FIELD_INT,        0,  OPTIONAL, offsetof(struct into, has_count), NULL},
	{"size",   NULL,    offsetof(struct into, size),   FIELD_INT,        50, OPTIONAL, 0, NULL},
	{"price",  NULL,    offsetof(struct into, price),  FIELD_YUAN,       0,  OPTIONAL, offsetof(struct into, has_price), NULL},
	{"second", NULL,    offsetof(struct into, second), FIELD_SECOND,     0,  OPTIONAL, 0, NULL},
	{"day",    NULL,    offsetof(struct into, day),    FIELD_DAY,        0,  OPTIONAL, 0, NULL},
};

/* The kinds of the native API. */
struct native_into {
	uint64_t count, word, points;
	struct money fen;
	bool flag, has_fen;
	struct instant from, until;
	struct json value;
};
static const char *const word_names[] = {"", "one", "two"};
static const struct words some_words = {word_names, COUNT_OF(word_names)};
static const struct field native_fields[] = {
	{"count", NULL, offsetof(struct native_into, count),  FIELD_COUNT,      9, OPTIONAL, 0, NULL},
	{"fen",   NULL, offsetof(struct native_into, fen),    FIELD_FEN,        0, OPTIONAL, offsetof(struct native_into, has_fen), NULL},
	{"off",   NULL, offsetof(struct native_into, points), FIELD_PERCENT,    0, OPTIONAL, 0, NULL},
	{"flag",  NULL, offsetof(struct native_into, flag),   FIELD_BOOL,       0, OPTIONAL, 0, NULL},
	{"word",  NULL, offsetof(struct native_into, word),   FIELD_WORD,       0, OPTIONAL, 0, &some_words},
	{"from",  NULL, offsetof(struct native_into, from),   FIELD_MOMENT,     0, OPTIONAL, 0, NULL},
	{"until", "to", offsetof(struct native_into, until),  FIELD_MOMENT_END, 0, OPTIONAL, 0, NULL},
	{"value", NULL, offsetof(struct native_into, value),  FIELD_VALUE,      0, OPTIONAL, 0, NULL},
};
static const struct {
	const char *object, *field; /* "": it is taken */
} native_table[] = {
	{"{}",                                   ""},
	{"{\"count\":null,\"fen\":null,\"word\":null}", ""},
	{"{\"count\":1}",                        ""},
	{"{\"count\":\"9\"}",                    ""},
	{"{\"count\":0}",                        "x.count"},
	{"{\"count\":10}",                       "x.count"},
	{"{\"fen\":1000000000000000}",           ""},
	{"{\"fen\":1000000000000001}",           "x.fen"},
	{"{\"fen\":-1}",                         "x.fen"},
	{"{\"fen\":1.5}",                        "x.fen"},
	{"{\"off\":100}",                        ""},
	{"{\"off\":\"0.01\"}",                   ""},
	{"{\"off\":100.01}",                     "x.off"},
	{"{\"off\":0}",                          "x.off"},
	{"{\"off\":1.005}",                      "x.off"},
	{"{\"off\":true}",                       "x.off"},
	{"{\"flag\":false}",                     ""},
	{"{\"flag\":\"true\"}",                  ""},
	{"{\"flag\":1}",                         "x.flag"},
	{"{\"flag\":\"yes\"}",                   "x.flag"},
	{"{\"word\":\"two\"}",                   ""},
	{"{\"word\":\"three\"}",                 "x.word"},
	{"{\"word\":2}",                         "x.word"},
	{"{\"from\":\"2026-01-02\"}",            ""},
	{"{\"from\":20260102}",                  "x.from"},
	{"{\"value\":[1]}",                      ""},
	{"{\"value\":false}",                    ""},
	{"{\"cuont\":1}",                        "x.cuont"},
	{"{\"\":1}",                             "x.?"},
	{"{\"\\u0001\":1}",                      "x.\\u0001"},
	{"{\"to\":\"2026-01-02\"}",              ""},
};

/* One line: an object, the fault it gives, the field it names. */
static const struct {
	const char *object;
	enum fault fault;
	const char *field;
} table[] = {
	{"{\"name\":\"a\"}",                                       OK, ""},
	{"{\"title\":\"a\"}",                                      OK, ""},
	{"{\"name\":null,\"title\":\"a\"}",                        OK, ""},
	{"{\"name\":\"\",\"title\":\"a\"}",                        OK, ""},
	{"{\"name\":7}",                                           OK, ""},
	{"{\"name\":\"\xE4\xBC\x98\xE6\x83\xA0\xE5\x88\xB8\xE4\xB8\x80\xE4\xBA\x8C\"}", OK, ""},
	{"{\"name\":\"a\",\"unknown\":[1,{}],\"count\":null}",     OK, ""},
	{"{\"name\":\"a\",\"count\":9223372036854775807}",         OK, ""},
	{"{\"name\":\"a\",\"count\":\"12\",\"size\":50}",          OK, ""},
	{"{\"name\":\"a\",\"price\":99.5}",                        OK, ""},
	{"{\"name\":\"a\",\"price\":\"99.50\"}",                   OK, ""},
	{"{\"name\":\"a\",\"second\":\"2024-02-29 23:59:59\",\"day\":\"2024-2-9\"}", OK, ""},
	{"{}",                                                     FAULT_PARAMETER_MISSING, "x.name"},
	{"{\"name\":\"\"}",                                        FAULT_PARAMETER_MISSING, "x.name"},
	{"{\"name\":null}",                                        FAULT_PARAMETER_MISSING, "x.name"},
	{"{\"name\":\"abcdef\"}",                                  FAULT_PARAMETER_TOO_LONG, "x.name"},
	{"{\"title\":\"abcdef\"}",                                 FAULT_PARAMETER_TOO_LONG, "x.name"},
	{"{\"name\":true}",                                        FAULT_PARAMETER_INVALID, "x.name"},
	{"{\"name\":[\"a\"]}",                                     FAULT_PARAMETER_INVALID, "x.name"},
	{"{\"name\":{}}",                                          FAULT_PARAMETER_INVALID, "x.name"},
	{"{\"name\":\"a\\u0001\"}",                                FAULT_PARAMETER_INVALID, "x.name"},
	{"{\"name\":\"a\",\"note\":\"1234567\"}",                  FAULT_PARAMETER_TOO_LONG, "x.note"},
	{"{\"name\":\"a\",\"note\":\"\xE4\xBC\x98\xE4\xBC\x98\xE4\xBC\x98\"}", FAULT_PARAMETER_TOO_LONG, "x.note"},
	{"{\"name\":\"a\",\"count\":-1}",                          FAULT_PARAMETER_INVALID, "x.count"},
	{"{\"name\":\"a\",\"count\":1.5}",                         FAULT_PARAMETER_INVALID, "x.count"},
	{"{\"name\":\"a\",\"count\":\" 1\"}",                      FAULT_PARAMETER_INVALID, "x.count"},
	{"{\"name\":\"a\",\"count\":false}",                       FAULT_PARAMETER_INVALID, "x.count"},
	{"{\"name\":\"a\",\"count\":9223372036854775808}",         FAULT_PARAMETER_INVALID, "x.count"},
	{"{\"name\":\"a\",\"size\":51}",                           FAULT_PARAMETER_INVALID, "x.size"},
	{"{\"name\":\"a\",\"price\":1.234}",                       FAULT_PARAMETER_INVALID, "x.price"},
	{"{\"name\":\"a\",\"price\":-1}",                          FAULT_PARAMETER_INVALID, "x.price"},
	{"{\"name\":\"a\",\"price\":true}",                        FAULT_PARAMETER_INVALID, "x.price"},
	{"{\"name\":\"a\",\"second\":\"2024-02-30 00:00:00\"}",    FAULT_PARAMETER_INVALID, "x.second"},
	{"{\"name\":\"a\",\"second\":\"2024-02-01\"}",             FAULT_PARAMETER_INVALID, "x.second"},
	{"{\"name\":\"a\",\"second\":20240201}",                   FAULT_PARAMETER_INVALID, "x.second"},
	{"{\"name\":\"a\",\"day\":\"2024-13-01\"}",                FAULT_PARAMETER_INVALID, "x.day"},
	/* of several the first in faults.tbl.h, then the first row */
	{"{\"count\":-1}",                                         FAULT_PARAMETER_MISSING, "x.name"},
	{"{\"name\":true,\"note\":\"1234567\"}",                   FAULT_PARAMETER_TOO_LONG, "x.note"},
	{"{\"name\":true,\"count\":-1}",                           FAULT_PARAMETER_INVALID, "x.name"},
};
/* clang-format on */

static char memory[64 * 1024];

static struct call call_new(struct arena *a)
{
	arena_init_lent(a, memory, sizeof(memory), 1024 * 1024);
	return (struct call){.arena = a};
}

static void test_table(void)
{
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct arena a;
		struct call call = call_new(&a);
		struct into into = {0};
		struct json object;
		CHECK(json_parse(text_of(table[i].object), &object));
		const struct field_source source = {.object = &object};
		enum fault fault =
		    decode_fields(&call, &source, "x.", fields, COUNT_OF(fields), &into);
		int right = CHECK_INT(fault, table[i].fault);
		right &= CHECK_TEXT(call.detail.field, table[i].field);
		if (!right)
			fprintf(stderr, "     in %s\n", table[i].object);
		arena_release(&a);
	}
}

static void test_values(void)
{
	struct arena a;
	struct call call = call_new(&a);
	struct into into = {0};
	struct json object;
	CHECK(
	    json_parse(TEXT("{\"title\":\"b\",\"name\":\"\\u4f18\",\"n\":12.0,\"price\":\"9.5\","
			    "\"second\":\"1970-01-01 08:00:01\",\"day\":\"1970-1-2\",\"note\":5}"),
		       &object));
	const struct field_source source = {.object = &object};
	CHECK_INT(decode_fields(&call, &source, NULL, fields, COUNT_OF(fields), &into), OK);
	CHECK_TEXT(into.name, "\xE4\xBC\x98");
	CHECK_TEXT(into.note, "5");
	CHECK_INT(into.count, 12);
	CHECK(into.has_count && into.has_price);
	CHECK_INT(into.price.fen, 950);
	CHECK_INT(into.second.ms, 1000);
	CHECK_INT(into.day.ms, 16 * 3600 * 1000);
	arena_release(&a);
}

static void test_native_table(void)
{
	for (size_t i = 0; i < COUNT_OF(native_table); i++) {
		struct arena a;
		struct call call = call_new(&a);
		struct native_into into = {0};
		struct json object;
		CHECK(json_parse(text_of(native_table[i].object), &object));
		const struct field_source source = {.object = &object, .closed = true};
		bool taken = !*native_table[i].field;
		enum fault fault = decode_fields(&call, &source, "x.", native_fields,
						 COUNT_OF(native_fields), &into);
		int right = CHECK_INT(fault, taken ? OK : FAULT_PARAMETER_INVALID);
		right &= CHECK_TEXT(call.detail.field, native_table[i].field);
		if (!right)
			fprintf(stderr, "     in %s\n", native_table[i].object);
		arena_release(&a);
	}
}

static void test_native_values(void)
{
	struct arena a;
	struct call call = call_new(&a);
	struct native_into into = {.count = 5, .has_fen = true, .fen = {7}, .word = 1};
	struct json object;
	CHECK(json_parse(TEXT("{\"off\":12.5,\"flag\":true,\"word\":\"two\",\"fen\":null,"
			      "\"from\":\"2026-01-02\",\"until\":\"2026-01-02\",\"value\":null}"),
			 &object));
	struct field_source source = {.object = &object, .closed = true, .from_utc8 = -480};
	CHECK_INT(decode_fields(&call, &source, "", native_fields, COUNT_OF(native_fields), &into),
		  OK);
	CHECK_INT(into.points, 1250);
	CHECK_INT(into.word, 2);
	CHECK(into.flag && into.has_fen);
	CHECK_INT(into.count, 5);
	CHECK_INT(into.from.ms, INT64_C(1767312000000));
	CHECK_INT(into.until.ms - into.from.ms, (86400 - 1) * 1000);
	CHECK_INT(into.value.raw.size, 0);
	source.nulls_clear = true;
	CHECK_INT(decode_fields(&call, &source, "", native_fields, COUNT_OF(native_fields), &into),
		  OK);
	CHECK(!into.has_fen && into.fen.fen == 0);
	CHECK_INT(into.count, 5);
	CHECK_TEXT(into.value.raw, "null");
	arena_release(&a);
}

static void test_closed_form(void)
{
	struct arena a;
	struct call call = call_new(&a);
	struct native_into into = {0};
	struct form form = {0};
	CHECK(form_parse(&a, TEXT("count=3&to=2026-01-02&cuont=1"), &form));
	const struct field_source source = {.form = &form, .closed = true};
	CHECK_INT(decode_fields(&call, &source, "", native_fields, COUNT_OF(native_fields), &into),
		  FAULT_PARAMETER_INVALID);
	CHECK_TEXT(call.detail.field, "cuont");
	CHECK_INT(into.count, 3);
	arena_release(&a);
}

static void test_form(void)
{
	struct arena a;
	struct call call = call_new(&a);
	struct into into = {0};
	struct form form = {0};
	bool given;
	CHECK(form_parse(&a, TEXT("name=&title=a+b&count=12&size=12.0&bad=%FF"), &form));
	const struct field_source source = {.form = &form};
	CHECK_INT(decode_field(&call, &source, "", &fields[0], &into, &given), OK);
	CHECK(given);
	CHECK_TEXT(into.name, "a b");
	CHECK_INT(decode_field(&call, &source, "", &fields[1], &into, &given), OK);
	CHECK(!given);
	CHECK_INT(decode_field(&call, &source, "", &fields[2], &into, &given), OK);
	CHECK_INT(into.count, 12);
	CHECK_INT(decode_field(&call, &source, "", &fields[3], &into, &given),
		  FAULT_PARAMETER_INVALID);
	CHECK_TEXT(call.detail.field, "size");
	const struct field bad = {"bad", NULL, 0, FIELD_TEXT, 5, OPTIONAL, 0, NULL};
	CHECK_INT(decode_field(&call, &source, "", &bad, &into, &given), FAULT_PARAMETER_INVALID);
	const struct field_source nothing = {0};
	CHECK_INT(decode_field(&call, &nothing, "", &fields[0], &into, &given),
		  FAULT_PARAMETER_MISSING);
	arena_release(&a);
}

static void check_items(const char *list, bool wide, unsigned max, const char *want)
{
	struct arena a;
	struct call call = call_new(&a);
	const struct text *items = NULL;
	unsigned n = 0;
	char out[256];
	struct buffer b;
	buffer_init_fixed(&b, out, sizeof(out));
	enum fault fault = decode_items(&call, text_of(list), wide, max, &items, &n);
	if (fault == OK)
		for (unsigned i = 0; i < n; i++)
			buffer_format(&b, "[%.*s]", TEXT_ARG(items[i]));
	else
		buffer_text(&b, text_of(fault_name(fault)));
	if (!CHECK_TEXT(buffer_get(&b), want))
		fprintf(stderr, "     of %s\n", list);
	arena_release(&a);
}

static void test_items(void)
{
	check_items("", false, 3, "");
	check_items(" , ,,", false, 3, "");
	check_items("a", false, 3, "[a]");
	check_items(" a , b,c ", false, 3, "[a][b][c]");
	check_items("a,b,a,,b,a", false, 2, "[a][b]");
	check_items("a,b,c", false, 2, "too_many");
	check_items("a,b,a,c", false, 2, "too_many");
	check_items("A,a", false, 2, "[A][a]");
	check_items("a\xEF\xBC\x8C"
		    "b",
		    true, 2, "[a][b]");
	check_items("a\xEF\xBC\x8C"
		    "b",
		    false, 2,
		    "[a\xEF\xBC\x8C"
		    "b]");
	check_items("a\xEF\xBC", true, 2, "[a\xEF\xBC]");
	check_items("a", false, 0, "too_many");

	char many[8 * 1100];
	size_t size = 0;
	for (unsigned i = 0; i < 1000; i++)
		size += (size_t)snprintf(many + size, sizeof(many) - size, "%u,", i);
	struct arena a;
	struct call call = call_new(&a);
	const struct text *items;
	unsigned n;
	CHECK_INT(decode_items(&call, (struct text){many, size}, false, 1000, &items, &n), OK);
	CHECK_INT(n, 1000);
	CHECK_TEXT(items[999], "999");
	CHECK_INT(decode_items(&call, (struct text){many, size}, false, 999, &items, &n),
		  FAULT_TOO_MANY);
	arena_release(&a);
}

static void test_page(void)
{
	uint64_t skip = 7;
	CHECK(page_skip(1, 10, &skip));
	CHECK_INT(skip, 0);
	CHECK(page_skip(3, 10, &skip));
	CHECK_INT(skip, 20);
	CHECK(!page_skip(0, 10, &skip));
	CHECK(page_skip(INT64_MAX, 1, &skip));
	CHECK(!page_skip(INT64_MAX, 50, &skip));
}

static void test_path(void)
{
	struct arena a;
	struct call call = call_new(&a);
	CHECK_TEXT(field_path(&call, "coupon.", "name"), "coupon.name");
	CHECK_TEXT(field_path(&call, "", "name"), "name");
	CHECK_TEXT(field_path(&call, NULL, "name"), "name");
	arena_release(&a);
}

int main(void)
{
	test_table();
	test_values();
	test_native_table();
	test_native_values();
	test_closed_form();
	test_form();
	test_items();
	test_page();
	test_path();
	return test_end();
}
