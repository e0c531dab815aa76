/* What a provider is told and what its answers mean: provide.h, without a network. */
#include "base/crypto.h"
#include "courier/provide.h"
#include "test.h"

static const uint64_t coupons[] = {11, 12, 13};
static const struct text nicks[] = {{"a", 1}, {"b\"\xE5\xBC\xA0", 5}, {"007", 3}};

static struct errand_begin_ret what(bool fresh)
{
	return (struct errand_begin_ret){.goes = true,
					 .fresh = fresh,
					 .request_id = TEXT("1-100000000000000005"),
					 .url = TEXT("https://p.example/provide"),
					 .app_key = TEXT("10 1&"),
					 .secret = TEXT("s3cret"),
					 .access_token = TEXT("t/k=\xE5\xBC\xA0"),
					 .template_id = 8001,
					 .coupons = coupons,
					 .nicks = nicks,
					 .n = COUNT_OF(nicks)};
}

/* --- the call --- */

static void test_build(void)
{
	struct errand_begin_ret sent = what(true);
	struct dial_call call = {0};
	struct arena a;
	arena_init(&a, 1 << 20);
	CHECK(provide_build(&a, &sent, instant_of_second(1767232800), &call));
	CHECK_TEXT(call.body,
		   "{\"coupon_id\":8001,\"buyer_nicks\":[\"a\",\"b\\\"\xE5\xBC\xA0\",\"007\"]}");
	/* the common parameters sorted, decoded; the secret around them */
	struct text parts[] = {
	    TEXT("access_tokent/k=\xE5\xBC\xA0"
		 "app_key10 1&formatjsonmethodwjb.ump.coupon.sendrequest_id1-100000000000000005"
		 "sign_methodmd5timestamp2026-01-01 10:00:00v1.0")};
	const struct text around[] = {sent.secret, parts[0], sent.secret};
	uint8_t md5[16];
	char hex[32];
	digest_parts(DIGEST_MD5, around, 3, md5);
	hex_upper(md5, sizeof(md5), hex);
	struct text url = text_of(call.url);
	CHECK(text_starts_with(url, TEXT("https://p.example/provide?")));
	CHECK(memmem(url.data, url.size, hex, sizeof(hex)) != NULL);
	CHECK(strstr(call.url, "app_key=10%201%26") != NULL);
	CHECK(strstr(call.url, "access_token=t%2Fk%3D%E5%BC%A0") != NULL);
	CHECK(strstr(call.url, "timestamp=2026-01-01%2010%3A00%3A00") != NULL);
	CHECK(strstr(call.url, "s3cret") == NULL);
	CHECK(call.timeout_ms > 0);
	arena_release(&a);

	/* no memory: no half of a call */
	for (size_t room = 0; room < 2048; room += 16) {
		char memory[2048];
		arena_init_lent(&a, memory, room, 0);
		call = (struct dial_call){0};
		if (provide_build(&a, &sent, instant_of_second(1767232800), &call))
			CHECK(call.url && call.body.size);
		arena_release(&a);
	}
}

/* --- the answer --- */

/* outcomes: per coupon s(ent), r(efused), u(nknown); none where nothing was said of any. */
static const struct row {
	const char *answer;
	int status;
	enum errand_result result;
	const char *outcomes;
	const char *trouble;
	bool failed;
} rows[] = {
#define GOOD(results) "{\"response\":{\"code\":0,\"send_results\":[" results "]}}"
#define A	      "{\"buyer_nick\":\"a\",\"code\":0,\"coupon_number\":\"n1\"}"
#define B	      "{\"buyer_nick\":\"b\\\"\xE5\xBC\xA0\",\"code\":15,\"error_message\":\"enough\"}"
#define C	      "{\"buyer_nick\":7,\"code\":0}"
    {GOOD(A "," B), 200, ERRAND_ANSWERED, "sru", "", false},
    {GOOD(B "," A), 200, ERRAND_ANSWERED, "sru", "", false},
    {"{\"code\":0,\"send_results\":[" A "]}", 200, ERRAND_ANSWERED, "suu", "", false},
    {"{\"code\":\"0\",\"send_results\":[" A "]}", 200, ERRAND_ANSWERED, "suu", "", false},
    {GOOD(""), 200, ERRAND_ANSWERED, "uuu", "", false},
    /* a number is its digits, and 7 is not 007 */
    {GOOD(C), 200, ERRAND_ANSWERED, "uuu", "", false},
    {GOOD("{\"buyer_nick\":\"A\",\"code\":0}"), 200, ERRAND_ANSWERED, "uuu", "", false},
    /* twice the same, twice otherwise */
    {GOOD(A "," A), 200, ERRAND_ANSWERED, "suu", "", false},
    {GOOD(A ",{\"buyer_nick\":\"a\",\"code\":15}"), 200, ERRAND_ANSWERED, "uuu", "", false},
    {GOOD("{\"buyer_nick\":\"a\",\"code\":15}," A), 200, ERRAND_ANSWERED, "uuu", "", false},
    {GOOD("{\"buyer_nick\":\"a\"}," A), 200, ERRAND_ANSWERED, "uuu", "", false},
    {GOOD("1,null,[]," A), 200, ERRAND_ANSWERED, "suu", "", false},
    /* a call that failed, with results */
    {"{\"code\":15,\"send_results\":[" A "," B "]}", 200, ERRAND_ANSWERED, "uru", "", false},
    /* the whole call */
    {"{\"code\":41,\"error_message\":\"no such coupon\"}", 200, ERRAND_ANSWERED, "rrr", "", false},
    {"{\"code\":40}", 200, ERRAND_ANSWERED, "rrr", "", false},
    {"{\"code\":10}", 200, ERRAND_NOT_DONE, "", "code 10", true},
    {"{\"code\":7}", 200, ERRAND_NOT_DONE, "", "code 7", true},
    {"{\"code\":25}", 200, ERRAND_NOT_DONE, "", "code 25", true},
    {"{\"code\":15}", 200, ERRAND_DOUBTFUL, "", "code 15", false},
    {"{\"code\":1}", 200, ERRAND_DOUBTFUL, "", "code 1", false},
    {"{\"code\":-99}", 200, ERRAND_DOUBTFUL, "", "code -99", false},
    {"{\"code\":0}", 200, ERRAND_DOUBTFUL, "", "an answer without results", false},
    {"{\"code\":0,\"send_results\":{}}", 200, ERRAND_DOUBTFUL, "", "an answer without results",
     false},
    {"{\"send_results\":[" A "]}", 200, ERRAND_DOUBTFUL, "", "an answer without a code", true},
    {"{\"code\":\"x\"}", 200, ERRAND_DOUBTFUL, "", "an answer without a code", true},
    {"[]", 200, ERRAND_DOUBTFUL, "", "an answer that is no JSON object", true},
    {"", 200, ERRAND_DOUBTFUL, "", "an answer that is no JSON object", true},
    {"{\"code\":0,\"send_res", 200, ERRAND_DOUBTFUL, "", "an answer that is no JSON object", true},
    {GOOD(A), 500, ERRAND_DOUBTFUL, "", "HTTP status 500", true},
    {GOOD(A), 302, ERRAND_DOUBTFUL, "", "HTTP status 302", true},
};

static void check_row(const struct row *row)
{
	static const char words[] = "?.sru";
	struct errand_begin_ret sent = what(true);
	struct dial_call call = {
	    .outcome = DIAL_ANSWERED, .status = row->status, .answer = text_of(row->answer)};
	struct errand_settle_cmd got;
	char outcomes[COUNT_OF(coupons) + 1] = {0};
	struct arena a;
	arena_init(&a, 1 << 20);
	provide_read(&a, &sent, &call, &got);
	CHECK(got.result == row->result && got.failed == row->failed);
	CHECK(text_equal(got.trouble, text_of(row->trouble)));
	for (unsigned i = 0; i < got.n; i++) {
		CHECK(got.answers[i].coupon == coupons[i]);
		outcomes[i] = words[got.answers[i].outcome];
	}
	if (strcmp(outcomes, row->outcomes) != 0)
		fprintf(stderr, "%s: %s, not %s\n", row->answer, outcomes, row->outcomes);
	CHECK(strcmp(outcomes, row->outcomes) == 0);
	arena_release(&a);
}

static struct errand_settle_cmd read_answer(struct arena *a, const char *answer, bool fresh)
{
	struct errand_begin_ret sent = what(fresh);
	struct dial_call call = {
	    .outcome = DIAL_ANSWERED, .status = 200, .answer = text_of(answer)};
	struct errand_settle_cmd got;
	provide_read(a, &sent, &call, &got);
	return got;
}

static void test_words(void)
{
	struct errand_settle_cmd got;
	struct arena a;
	arena_init(&a, 1 << 20);
	got = read_answer(&a, GOOD(A "," B), true);
	CHECK_TEXT(got.answers[0].code, "n1");
	CHECK_TEXT(got.answers[1].reason, "enough");
	/* two numbers of one coupon: sent, but which is not known */
	got = read_answer(&a, GOOD(A ",{\"buyer_nick\":\"a\",\"code\":0,\"coupon_number\":\"n2\"}"),
			  true);
	CHECK(got.answers[0].outcome == PROMISE_SENT && got.answers[0].code.size == 0);
	/* what may not stand in a timeline */
	got = read_answer(
	    &a, GOOD("{\"buyer_nick\":\"007\",\"code\":15,\"error_message\":\"007 has one\"}"),
	    true);
	CHECK_TEXT(got.answers[2].reason, "code 15");
	got = read_answer(&a, GOOD("{\"buyer_nick\":\"a\",\"code\":9}"), true);
	CHECK_TEXT(got.answers[0].reason, "code 9");
	got = read_answer(
	    &a, GOOD("{\"buyer_nick\":\"007\",\"code\":0,\"coupon_number\":12345678901}"), true);
	CHECK_TEXT(got.answers[2].code, "12345678901");
	got = read_answer(
	    &a, GOOD("{\"buyer_nick\":\"a\",\"code\":0,\"coupon_number\":\"\\u0007\"}"), true);
	CHECK(got.answers[0].outcome == PROMISE_SENT && got.answers[0].code.size == 0);
	/* long words are cut between characters */
	char answer[2048], *at = answer;
	at += snprintf(at, 200, "{\"code\":41,\"error_message\":\"");
	for (unsigned i = 0; i < 150; i++)
		at += snprintf(at, 8, "\xE5\xBC\xA0");
	snprintf(at, 8, "\"}");
	got = read_answer(&a, answer, true);
	CHECK(text_length(got.answers[0].reason) == ERRAND_WORD_MAX);
	CHECK(text_is_clean(got.answers[0].reason));
	/* an earlier try may have been carried out: no whole-call refusal is believed */
	got = read_answer(&a, "{\"code\":41}", false);
	CHECK(got.result == ERRAND_DOUBTFUL && got.n == 0);
	got = read_answer(&a, "{\"code\":25}", false);
	CHECK(got.result == ERRAND_NOT_DONE);
	arena_release(&a);
}

static void test_no_answer(void)
{
	struct errand_begin_ret sent = what(true);
	struct dial_call call = {.outcome = DIAL_NOT_SENT, .why = "no connection"};
	struct errand_settle_cmd got;
	struct arena a;
	arena_init(&a, 1 << 20);
	provide_read(&a, &sent, &call, &got);
	CHECK(got.result == ERRAND_NOT_DONE && got.failed && got.n == 0);
	CHECK_TEXT(got.trouble, "no connection");
	call.outcome = DIAL_UNKNOWN;
	provide_read(&a, &sent, &call, &got);
	CHECK(got.result == ERRAND_DOUBTFUL && got.failed);
	arena_release(&a);
}

/* An answer that is cut anywhere says nothing. */
static void test_cut(void)
{
	static const char whole[] = GOOD(A "," B);
	struct errand_begin_ret sent = what(true);
	for (size_t size = 0; size < sizeof(whole) - 1; size++) {
		struct dial_call call = {
		    .outcome = DIAL_ANSWERED, .status = 200, .answer = {whole, size}};
		struct errand_settle_cmd got;
		struct arena a;
		arena_init(&a, 1 << 20);
		provide_read(&a, &sent, &call, &got);
		CHECK(got.result == ERRAND_DOUBTFUL && got.n == 0);
		arena_release(&a);
	}
}

int main(void)
{
	test_build();
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		check_row(&rows[i]);
	test_words();
	test_no_answer();
	test_cut();
	return test_end();
}
