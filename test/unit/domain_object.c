/* JSON objects are merged member by member, each value byte for byte. */
#include "domain/object.h"
#include "test.h"

static const struct text names[] = {{"created", 7}, {"id", 2}};
static const struct dropped dropped = {names, 2};
static struct arena arena;

static void normal(const char *in, const char *want)
{
	CHECK_TEXT(object_normal(&arena, text_of(in), dropped), want);
}

static void merge(const char *old, const char *patch, const char *want)
{
	CHECK_TEXT(object_merge(&arena, text_of(old), text_of(patch), dropped), want);
}

/* Names that come again and again in one body of 1 MiB. */
static void test_large(void)
{
	enum { N = 100000 };
	struct buffer in;
	buffer_init(&in, 4 << 20);
	buffer_text(&in, TEXT("{\"a\":0"));
	for (int i = 0; i < N; i++)
		buffer_format(&in, ",\"%c\":%d", 'a' + i % 3, i);
	buffer_text(&in, TEXT("}"));
	CHECK_TEXT(object_normal(&arena, buffer_get(&in), dropped),
		   "{\"a\":99999,\"b\":99997,\"c\":99998}");
	buffer_release(&in);
}

int main(void)
{
	arena_init(&arena, 64 << 20);
	normal("{}", "{}");
	normal("", "{}");
	normal(" { \"a\" : 1.50 , \"b\" : [ 1, 2 ] } ", "{\"a\":1.50,\"b\":[ 1, 2 ]}");
	normal("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}");
	normal("{\"created\":1,\"a\":2,\"\\u0069d\":3}", "{\"a\":2}");
	normal("{\"a\":null}", "{\"a\":null}");
	normal("{\"\\u0061\":1,\"a\":2}", "{\"\\u0061\":2}");
	normal("{\"a\":{\"created\":1}}", "{\"a\":{\"created\":1}}");
	normal("{\"\":1,\"\":2}", "{\"\":2}");
	merge("", "{\"a\":1}", "{\"a\":1}");
	merge("{\"a\":1,\"b\":2}", "{\"b\":3,\"c\":4}", "{\"a\":1,\"b\":3,\"c\":4}");
	merge("{\"a\":1,\"b\":2}", "{\"a\":null}", "{\"b\":2}");
	merge("{\"a\":1}", "{\"x\":null}", "{\"a\":1}");
	merge("{\"a\":1}", "{\"a\":null,\"a\":5}", "{\"a\":5}");
	merge("{\"a\":1}", "{\"a\":5,\"a\":null}", "{}");
	merge("{\"a\":1}", "{\"id\":9,\"created\":2}", "{\"a\":1}");
	merge("{\"a\":null,\"b\":1}", "{\"b\":2}", "{\"a\":null,\"b\":2}");
	CHECK(object_equal(TEXT("{\"a\":1,\"b\":\"x\"}"), TEXT("{ \"b\":\"\\u0078\", \"a\":1.0}")));
	CHECK(!object_equal(TEXT("{\"a\":1}"), TEXT("{\"a\":2}")));
	test_large();
	arena_release(&arena);
	arena_init(&arena, 64);
	CHECK(!object_normal(&arena, TEXT("{\"a\":1,\"b\":2}"), dropped).data);
	arena_release(&arena);
	return test_end();
}
