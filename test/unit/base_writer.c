/* One reply, three faces; and what each face must escape. */
#include "base/json.h"
#include "base/writer.h"
#include "test.h"

static void write_sample(struct writer *w)
{
	write_begin(w, "reply");
	write_int(w, "total", -12);
	write_begin_list(w, "coupons", "coupon");
	write_begin(w, NULL);
	write_text(w, "name", TEXT("满减"));
	write_bool(w, "used", true);
	write_end(w);
	write_begin(w, NULL);
	write_end(w);
	write_end(w);
	write_begin_list(w, "tags", "string");
	write_text(w, NULL, TEXT("a"));
	write_text(w, NULL, TEXT_NONE);
	write_int(w, NULL, 7);
	write_end(w);
	write_begin_list(w, "none", "item");
	write_end(w);
	write_begin(w, "empty");
	write_end(w);
	write_end(w);
}

static void test_faces(void)
{
	static const char *const want[] = {
	    [WRITER_JSON] =
		"{\"reply\":{\"total\":-12,\"coupons\":[{\"name\":\"满减\",\"used\":true},{}],"
		"\"tags\":[\"a\",\"\",7],\"none\":[],\"empty\":{}}}",
	    [WRITER_JSON_WRAPPED] =
		"{\"reply\":{\"total\":-12,\"coupons\":{\"coupon\":[{\"name\":\"满减\","
		"\"used\":true},{}]},\"tags\":{\"string\":[\"a\",\"\",7]},"
		"\"none\":{\"item\":[]},\"empty\":{}}}",
	    [WRITER_XML] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?><reply><total>-12</total><coupons>"
		"<coupon><name>满减</name><used>true</used></coupon><coupon></coupon></coupons>"
		"<tags><string>a</string><string></string><string>7</string></tags>"
		"<none></none><empty></empty></reply>",
	};
	for (size_t face = 0; face < COUNT_OF(want); face++) {
		struct buffer b;
		struct writer w;
		struct json parsed;
		buffer_init(&b, 4096);
		writer_init(&w, &b, (enum writer_face)face);
		write_sample(&w);
		writer_finish(&w);
		CHECK_TEXT(buffer_get(&b), want[face]);
		CHECK(face == WRITER_XML || json_parse(buffer_get(&b), &parsed));
		buffer_release(&b);
	}
}

/* A buffer of any size: no fault, and full unless all of it fits. */
static void test_small_buffers(void)
{
	char memory[600];
	for (int face = WRITER_JSON; face <= WRITER_XML; face++) {
		size_t whole = 0;
		for (size_t size = sizeof(memory) + 1; size-- > 0;) {
			struct buffer b;
			struct writer w;
			buffer_init_fixed(&b, memory, size);
			writer_init(&w, &b, (enum writer_face)face);
			write_sample(&w);
			writer_finish(&w);
			whole = size == sizeof(memory) ? b.size : whole;
			CHECK(b.size <= size && b.full == (size < whole));
		}
	}
}

static void test_json_escapes(void)
{
	struct buffer b;
	struct writer w;
	char all[256];
	buffer_init(&b, 4096);
	writer_init(&w, &b, WRITER_JSON);
	write_text(&w, "t", TEXT("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f南"));
	write_raw(&w, "r", TEXT("[1, 2]"));
	write_raw_name(&w, TEXT("\\u0041"), TEXT("null"));
	writer_finish(&w);
	CHECK_TEXT(buffer_get(&b), "{\"t\":\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f南\","
				   "\"r\":[1, 2],\"\\u0041\":null}");
	/* Every byte of ASCII at every place of an eight-byte step comes back. */
	for (size_t before = 0; before < 20; before++) {
		struct arena a;
		struct json value;
		for (size_t i = 0; i < sizeof(all); i++)
			all[i] = i < before ? 'x' : (char)(1 + (i - before) % 127);
		arena_init(&a, 8192);
		buffer_clear(&b);
		buffer_json_text(&b, (struct text){all, sizeof(all)});
		CHECK(json_parse(buffer_get(&b), &value));
		CHECK(text_equal(json_text(&a, value), (struct text){all, sizeof(all)}));
		arena_release(&a);
	}
	buffer_release(&b);
}

static void test_xml_escapes(void)
{
	struct buffer b;
	struct writer w;
	char want[256];
	buffer_init(&b, 4096);
	writer_init(&w, &b, WRITER_XML);
	for (size_t before = 0; before < 10; before++) {
		char text[64];
		int n = snprintf(text, sizeof(text), "%.*s&<>\"'\r\n\t%%$=?;,!南京(&) 南京<b>",
				 (int)before, "xxxxxxxxxxx");
		buffer_clear(&b);
		write_text(&w, "t", (struct text){text, (size_t)n});
		snprintf(want, sizeof(want),
			 "<t>%.*s&amp;&lt;&gt;&quot;&apos;&#13;\n\t%%$=?;,!南京(&amp;) "
			 "南京&lt;b&gt;</t>",
			 (int)before, "xxxxxxxxxxx");
		CHECK_TEXT(buffer_get(&b), want);
	}
	writer_finish(&w);
	buffer_release(&b);
}

static void test_nested_lists(void)
{
	static const char *const want[] = {
	    "{\"a\":[[1],[]]}", "{\"a\":{\"b\":[{\"c\":[1]},{\"c\":[]}]}}",
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a><b><c>1</c></b><b></b></a>"};
	for (size_t face = 0; face < COUNT_OF(want); face++) {
		struct buffer b;
		struct writer w;
		buffer_init(&b, 4096);
		writer_init(&w, &b, (enum writer_face)face);
		write_begin_list(&w, "a", "b");
		write_begin_list(&w, NULL, "c");
		write_int(&w, NULL, 1);
		write_end(&w);
		write_begin_list(&w, NULL, "c");
		write_end(&w);
		write_end(&w);
		writer_finish(&w);
		CHECK_TEXT(buffer_get(&b), want[face]);
		buffer_release(&b);
	}
}

/* Word for word what write_text writes, in objects and lists, also where the buffer ends early. */
static void test_plain(void)
{
	static const struct text words[] = {TEXT("2018-11-11"), TEXT("0"), {NULL, 0}};
	for (size_t size = 0; size < 160; size++) {
		for (int face = WRITER_JSON; face <= WRITER_XML; face++) {
			char memory[2][160];
			struct buffer b[2];
			for (int plain = 0; plain < 2; plain++) {
				void (*put)(struct writer *, const char *, struct text) =
				    plain ? write_plain : write_text;
				struct writer w;
				buffer_init_fixed(&b[plain], memory[plain], size);
				writer_init(&w, &b[plain], (enum writer_face)face);
				write_begin_list(&w, "list", "item");
				for (size_t i = 0; i < COUNT_OF(words); i++)
					put(&w, NULL, words[i]);
				write_end(&w);
				for (size_t i = 0; i < COUNT_OF(words); i++)
					put(&w, "name", words[i]);
				writer_finish(&w);
			}
			CHECK_INT(b[0].full, b[1].full);
			CHECK(b[0].full || text_equal(buffer_get(&b[0]), buffer_get(&b[1])));
		}
	}
}

int main(void)
{
	test_faces();
	test_small_buffers();
	test_json_escapes();
	test_xml_escapes();
	test_nested_lists();
	test_plain();
	return test_end();
}
