/* Forms, multipart bodies, escapes. */
#include "http/http.h"
#include "test.h"

static struct arena arena;

/* "a=1;b=2" of the fields found, files marked with '!'; "refused" when refused */
static struct text shown(bool ok, const struct form *f)
{
	if (!ok)
		return TEXT("refused");
	struct text all = TEXT("");
	for (unsigned i = 0; i < f->count; i++)
		all = arena_format(&arena, "%.*s%s%.*s%s=%.*s", TEXT_ARG(all), i ? ";" : "",
				   TEXT_ARG(f->fields[i].name), f->fields[i].is_file ? "!" : "",
				   TEXT_ARG(f->fields[i].value));
	return all;
}

static struct text form(const char *raw)
{
	struct form f = {0};
	bool ok = form_parse(&arena, text_of(raw), &f);
	return shown(ok, &f);
}

static struct text multipart(const char *type, const char *body)
{
	struct form f = {0};
	bool ok = form_parse_multipart(&arena, text_of(type), text_of(body), &f);
	return shown(ok, &f);
}

static void forms(void)
{
	static const struct {
		const char *raw, *want;
	} rows[] = {
	    {"", ""},
	    {"a=1", "a=1"},
	    {"a=1&b=2", "a=1;b=2"},
	    {"a=1&a=2", "a=1;a=2"},
	    {"a=&b", "a=;b="},
	    {"=x", "=x"},
	    {"a=1&&b=2&", "a=1;b=2"},
	    {"a=b=c", "a=b=c"},
	    {"a+b=c+d", "a b=c d"},
	    {"a%20b=%e4%BD%A0", "a b=\xe4\xbd\xa0"},
	    {"a=%2B%26%3D", "a=+&="},
	    {"a=%", "refused"},
	    {"a=%4", "refused"},
	    {"a=%4g", "refused"},
	    {"a%zz=1", "refused"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK_TEXT(form(rows[i].raw), rows[i].want);
}

static void bounds(void)
{
	char many[1024] = "";
	for (unsigned i = 0; i < 129; i++)
		memcpy(many + 4 * i, "a=1&", 4);
	struct form f = {0};
	CHECK(form_parse(&arena, (struct text){many, 4 * 128}, &f));
	CHECK_INT(f.count, 128);
	CHECK(!form_parse(&arena, TEXT("b=1"), &f));
	f = (struct form){0};
	CHECK(!form_parse(&arena, (struct text){many, 4 * 129}, &f));

	struct arena tiny;
	arena_init(&tiny, 64);
	f = (struct form){0};
	CHECK(!form_parse(&tiny, TEXT("a=1&b=2&c=3&d=4"), &f));
	arena_release(&tiny);
}

static void appends(void)
{
	struct form f = {0};
	CHECK(form_parse(&arena, TEXT("a=1"), &f) && form_parse(&arena, TEXT("b=2&a=3"), &f));
	CHECK_TEXT(shown(true, &f), "a=1;b=2;a=3");
	CHECK_TEXT(form_find(&f, TEXT("a"))->value, "1");
	CHECK(form_find(&f, TEXT("c")) == NULL);
}

static void multiparts(void)
{
	static const struct {
		const char *type, *body, *want;
	} rows[] = {
	    {"multipart/form-data; boundary=xx",
	     "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
	     "--xx\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n\r\n--xx--\r\n",
	     "a=1;b="},
	    /* TOP's Java SDK: CRLF before the first delimiter, no spaces */
	    {"multipart/form-data;charset=UTF-8;boundary=xx",
	     "\r\n--xx\r\nContent-Disposition:form-data;name=\"a\"\r\nContent-Type:text/plain\r\n"
	     "\r\n\xe4\xbd\xa0+%41\r\n--xx--\r\n",
	     "a=\xe4\xbd\xa0+%41"},
	    /* its PHP SDK: "file" */
	    {"multipart/form-data; boundary=\"x x\"",
	     "preamble\r\n--x x\r\ncontent-disposition: file; filename=\"name=b;.txt\"; "
	     "name=\"a\"\r\n"
	     "\r\nl1\r\n--x\r\n--x x--",
	     "a!=l1\r\n--x"},
	    {"multipart/form-data; boundary=xx",
	     "--xx\r\nContent-Disposition: form-data; name=a ; x=1\r\n\r\n1\r\n--xx--", "a=1"},
	    {"multipart/form-data; boundary=xx", "--xx--", ""},
	    {"multipart/form-data", "--xx--", "refused"},
	    {"multipart/form-data; boundary=xx", "", "refused"},
	    {"multipart/form-data; boundary=xx", "--xx\r\n", "refused"},
	    {"multipart/form-data; boundary=xx",
	     "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--xx", "refused"},
	    {"multipart/form-data; boundary=xx",
	     "--xx\r\nContent-Disposition: form-data\r\n\r\n1\r\n--xx--", "refused"},
	    {"multipart/form-data; boundary=xx", "--xx\r\n\r\n1\r\n--xx--", "refused"},
	    {"multipart/form-data; boundary=xx",
	     "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--xxx--", "refused"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK_TEXT(multipart(rows[i].type, rows[i].body), rows[i].want);
}

static void escapes(void)
{
	struct text out;
	CHECK(percent_decode(&arena, TEXT("a+b%2b"), false, &out));
	CHECK_TEXT(out, "a+b+");
	CHECK(percent_decode(&arena, TEXT("%00"), true, &out));
	CHECK_INT(out.size, 1);
	struct text plain = TEXT("plain");
	CHECK(percent_decode(&arena, plain, true, &out));
	CHECK(out.data == plain.data);
	CHECK(!percent_decode(&arena, TEXT("%-1"), true, &out));
}

int main(void)
{
	arena_init(&arena, 1 << 20);
	forms();
	bounds();
	appends();
	multiparts();
	escapes();
	arena_release(&arena);
	return test_end();
}
