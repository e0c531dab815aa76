/* Slices of text, the UTF-8 checks and the names of faults. */
#include "base/fault.h"
#include "test.h"

static struct text bytes(const char *data, size_t size)
{
	return (struct text){data, size};
}

static void test_compare(void)
{
	CHECK(text_equal(TEXT("ab"), TEXT("ab")) && !text_equal(TEXT("ab"), TEXT("ac")));
	CHECK(text_equal(TEXT_NONE, TEXT("")) && !text_equal(TEXT_NONE, TEXT("a")));
	CHECK(text_equal_ignore_case(TEXT("aBcZ@["), TEXT("AbCz@[")));
	CHECK(!text_equal_ignore_case(TEXT("@"), TEXT("`")));
	CHECK(!text_equal_ignore_case(TEXT("["), TEXT("{")));
	CHECK(text_compare(TEXT("a"), TEXT("ab")) < 0 && text_compare(TEXT("b"), TEXT("ab")) > 0);
	CHECK_INT(text_compare(TEXT_NONE, TEXT("")), 0);
	CHECK(text_compare(TEXT("\xff"), TEXT("a")) > 0);
	CHECK(text_starts_with(TEXT("abc"), TEXT("ab")) &&
	      text_starts_with(TEXT("abc"), TEXT_NONE));
	CHECK(!text_starts_with(TEXT("a"), TEXT("ab")));
	CHECK_INT(text_of(NULL).size, 0);
}

static void test_cut(void)
{
	struct text rest = TEXT("a,,b,");
	CHECK_TEXT(text_cut(&rest, ','), "a");
	CHECK_TEXT(text_cut(&rest, ','), "");
	CHECK_TEXT(text_cut(&rest, ','), "b");
	CHECK(rest.data != NULL);
	CHECK_TEXT(text_cut(&rest, ','), "");
	CHECK(rest.data == NULL);
	CHECK_TEXT(text_trim(TEXT(" \t\r\n a b \n")), "a b");
	CHECK_INT(text_trim(TEXT("  \n ")).size, 0);
	CHECK_INT(text_trim(TEXT_NONE).size, 0);
}

static const struct {
	const char *name;
	struct text text;
	bool utf8, clean;
} utf8_rows[] = {
#define ROW(name, text, utf8, clean) {name, {text, sizeof(text) - 1}, utf8, clean},
    ROW("empty", "", true, true) ROW("ascii", "plain words of more than eight bytes", true, true)
	ROW("tab, line feed, return", "a\tb\nc\rd", true, true) ROW("nul", "a\0b", true, false)
	    ROW("0x1F", "\x1f", true, false) ROW("delete is no control of ours", "\x7f", true, true)
		ROW("two bytes, first", "\xc2\x80", true,
		    true) ROW("two bytes, overlong", "\xc1\xbf", false,
			      false) ROW("two bytes, nul overlong", "\xc0\x80", false, false)
		    ROW("three bytes", "\xe5\x8d\x97\xe4\xba\xac", true,
			true) ROW("three bytes, first", "\xe0\xa0\x80", true,
				  true) ROW("three bytes, overlong", "\xe0\x9f\xbf", false, false)
			ROW("before the surrogates", "\xed\x9f\xbf", true,
			    true) ROW("first surrogate", "\xed\xa0\x80", false,
				      false) ROW("last surrogate", "\xed\xbf\xbf", false, false)
			    ROW("after the surrogates", "\xee\x80\x80", true,
				true) ROW("four bytes, first", "\xf0\x90\x80\x80", true, true)
				ROW("four bytes, overlong", "\xf0\x8f\xbf\xbf", false,
				    false) ROW("four bytes, last", "\xf4\x8f\xbf\xbf", true, true)
				    ROW("past U+10FFFF", "\xf4\x90\x80\x80",
					false, false) ROW("0xF5", "\xf5\x80\x80\x80", false,
							  false) ROW("0xFF", "\xff", false, false)
					ROW("lone follower", "\x80", false,
					    false) ROW("cut two", "\xc3", false, false)
					    ROW("cut three", "\xe5\x8d", false, false)
						ROW("cut four", "\xf0\x9f\x98", false, false)
						    ROW("third byte wrong", "\xe5\x8d\x27", false,
							false) ROW("fourth byte wrong",
								   "\xf0\x9f\x98\xc0", false, false)
#undef ROW
};

/* Each row alone and behind 0..16 letters, so that every place of an eight-byte step is met. */
static void test_utf8(void)
{
	char padded[64];
	for (size_t row = 0; row < COUNT_OF(utf8_rows); row++) {
		struct text t = utf8_rows[row].text;
		for (size_t before = 0; before <= 16; before++) {
			memset(padded, 'x', sizeof(padded));
			memcpy(padded + before, t.data, t.size);
			for (size_t behind = 0; behind <= 9; behind += 3) {
				struct text all = bytes(padded, before + t.size + behind);
				if (!CHECK(text_is_utf8(all) == utf8_rows[row].utf8) ||
				    !CHECK(text_is_clean(all) == utf8_rows[row].clean))
					fprintf(stderr, "     %s, %zu\n", utf8_rows[row].name,
						before);
			}
		}
	}
	CHECK(text_is_utf8(TEXT_NONE) && text_is_clean(TEXT_NONE));
}

static size_t write_code(uint8_t *out, unsigned code)
{
	if (code < 0x80) {
		out[0] = (uint8_t)code;
		return 1;
	}
	size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = size - 1; i > 0; i--, code >>= 6)
		out[i] = (uint8_t)(0x80 | (code & 0x3F));
	out[0] = (uint8_t)(0xF00 >> size | code);
	return size;
}

static void test_every_character(void)
{
	unsigned wrong = 0;
	for (unsigned code = 0; code < 0x110000; code++) {
		uint8_t out[4];
		struct text t = bytes((const char *)out, write_code(out, code));
		bool surrogate = code >= 0xD800 && code <= 0xDFFF;
		wrong += text_is_utf8(t) == surrogate;
		wrong += !surrogate && text_length(t) != 1;
	}
	CHECK_INT(wrong, 0);
}

/* Every three bytes against the table of RFC 3629. */
static bool is_utf8_slowly(const uint8_t *p, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t more = p[i] < 0x80   ? 0
			      : p[i] < 0xC2 ? 9
			      : p[i] < 0xE0 ? 1
			      : p[i] < 0xF0 ? 2
					    : 9;
		if (i + more >= size)
			return false;
		if (more == 2 &&
		    ((p[i] == 0xE0 && p[i + 1] < 0xA0) || (p[i] == 0xED && p[i + 1] > 0x9F)))
			return false;
		for (i++; more > 0; more--, i++) {
			if ((p[i] & 0xC0) != 0x80)
				return false;
		}
	}
	return true;
}

static void test_every_three_bytes(void)
{
	unsigned wrong = 0;
	for (unsigned code = 0; code < 0x1000000; code += code % 7 == 0 ? 3 : 1) {
		uint8_t p[3] = {(uint8_t)(code >> 16), (uint8_t)(code >> 8), (uint8_t)code};
		wrong += text_is_utf8(bytes((const char *)p, 3)) != is_utf8_slowly(p, 3);
	}
	CHECK_INT(wrong, 0);
}

static void test_length(void)
{
	CHECK_INT(text_length(TEXT_NONE), 0);
	CHECK_INT(text_length(TEXT("abc")), 3);
	CHECK_INT(text_length(TEXT("满100减20元优惠券😀")), 12);
	CHECK_INT(text_length(TEXT("é")), 1);
}

static void test_numbers(void)
{
	int64_t i = 7;
	uint64_t u = 7;
	CHECK(text_to_int64(TEXT("0"), &i) && i == 0);
	CHECK(text_to_int64(TEXT("-0"), &i) && i == 0);
	CHECK(text_to_int64(TEXT("007"), &i) && i == 7);
	CHECK(text_to_int64(TEXT("9223372036854775807"), &i) && i == INT64_MAX);
	CHECK(text_to_int64(TEXT("-9223372036854775808"), &i) && i == INT64_MIN);
	CHECK(!text_to_int64(TEXT("9223372036854775808"), &i));
	CHECK(!text_to_int64(TEXT("-9223372036854775809"), &i));
	CHECK(!text_to_int64(TEXT("-"), &i) && !text_to_int64(TEXT_NONE, &i));
	CHECK(!text_to_int64(TEXT("+1"), &i) && !text_to_int64(TEXT(" 1"), &i));
	CHECK(!text_to_int64(TEXT("1 "), &i) && !text_to_int64(TEXT("--1"), &i));
	CHECK(!text_to_int64(TEXT("1.0"), &i) && !text_to_int64(TEXT("0x1"), &i));
	CHECK(i == INT64_MIN);
	CHECK(text_to_uint64(TEXT("18446744073709551615"), &u) && u == UINT64_MAX);
	CHECK(!text_to_uint64(TEXT("18446744073709551616"), &u));
	CHECK(!text_to_uint64(TEXT("99999999999999999999"), &u));
	CHECK(!text_to_uint64(TEXT("-1"), &u) && u == UINT64_MAX);
}

static void test_faults(void)
{
	CHECK_TEXT(text_of(fault_name(OK)), "ok");
	CHECK_TEXT(text_of(fault_name(FAULT_TEMPLATE_UNKNOWN)), "template_unknown");
	CHECK_TEXT(text_of(fault_text(FAULT_TEMPLATE_UNKNOWN)), "no such template");
	for (int fault = 0; fault < FAULT_COUNT; fault++)
		CHECK(fault_name((enum fault)fault)[0] && fault_text((enum fault)fault)[0]);
}

int main(void)
{
	test_compare();
	test_cut();
	test_utf8();
	test_every_character();
	test_every_three_bytes();
	test_length();
	test_numbers();
	test_faults();
	return test_end();
}
