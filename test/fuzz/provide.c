/*
 * A provider's answer: whatever it says, each promise gets at most one outcome, and words that may
 * stand in a record. The first byte says whether an earlier try is in doubt.
 */
#include "courier/provide.h"
#include "fuzz/lib/fuzz.h"

static const uint64_t coupons[] = {1, 2, 3};
static const struct text nicks[] = {{"a", 1}, {"7", 1}, {"\xE5\xBC\xA0", 3}};

static void words_check(struct text t)
{
	text_touch(t);
	must(text_is_clean(t) && text_length(t) <= ERRAND_WORD_MAX);
}

static void answer_check(const struct errand_answer *answer, unsigned i)
{
	must(answer->coupon == coupons[i]);
	must(answer->outcome == PROMISE_SENT || answer->outcome == PROMISE_REFUSED ||
	     answer->outcome == PROMISE_UNKNOWN);
	words_check(answer->reason);
	words_check(answer->code);
	must(answer->outcome == PROMISE_REFUSED ? answer->reason.size > 0 : true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct errand_settle_cmd got;
	struct arena a;
	if (!size)
		return 0;
	struct errand_begin_ret what = {
	    .fresh = data[0] & 1, .coupons = coupons, .nicks = nicks, .n = COUNT_OF(nicks)};
	struct dial_call call = {
	    .outcome = DIAL_ANSWERED, .status = 200, .answer = {(const char *)data + 1, size - 1}};
	arena_init(&a, 4 << 20);
	provide_read(&a, &what, &call, &got);
	must(got.n == (got.result == ERRAND_ANSWERED ? what.n : 0));
	must(got.result == ERRAND_ANSWERED ? !got.trouble.size : got.trouble.size > 0);
	words_check(got.trouble);
	for (unsigned i = 0; i < got.n; i++)
		answer_check(&got.answers[i], i);
	arena_release(&a);
	return 0;
}
