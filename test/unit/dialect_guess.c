/* Public keys that guess: what is free, how the wait grows, what time forgives, whom it concerns.
 */
#include "test.h"

#include "dialect/native/native.h"

#define PEER TEXT("10.0.0.1")
#define KEY  TEXT("key")

static struct instant at(int64_t s)
{
	return (struct instant){INT64_C(1700000000000) + s * 1000};
}

/* Five are free; then 1, 2, 4 .. seconds, at most an hour. */
static void test_growth(void)
{
	int64_t now = 0;
	for (unsigned i = 0; i < 5; i++) {
		CHECK_INT(guess_wait_s(PEER, KEY, at(now)), 0);
		guess_count(PEER, KEY, at(now));
	}
	CHECK_INT(guess_wait_s(PEER, KEY, at(now)), 0);
	static const uint64_t waits[] = {1,   2,   4,	8,    16,   32,	  64,
					 128, 256, 512, 1024, 2048, 3600, 3600};
	for (size_t i = 0; i < COUNT_OF(waits); i++) {
		guess_count(PEER, KEY, at(now));
		CHECK_INT(guess_wait_s(PEER, KEY, at(now)), waits[i]);
		now += (int64_t)waits[i] - 1;
		CHECK_INT(guess_wait_s(PEER, KEY, at(now)), 1);
		now++;
		CHECK_INT(guess_wait_s(PEER, KEY, at(now)), 0);
	}
	/* after 19 wrong ones: a minute forgives one, the next wait is that of the 19th again */
	now += 60;
	guess_count(PEER, KEY, at(now));
	CHECK_INT(guess_wait_s(PEER, KEY, at(now)), 3600);
	now += 3600 + 60 * 60;
	for (unsigned i = 0; i < 5; i++)
		guess_count(PEER, KEY, at(now));
	CHECK_INT(guess_wait_s(PEER, KEY, at(now)), 0);
}

/* The caller's network and the key; an IPv6 caller has all of a /64. */
static void test_who(void)
{
	struct text six = TEXT("2001:db8:1:2:3:4:5:6");
	for (unsigned i = 0; i < 8; i++)
		guess_count(six, KEY, at(0));
	CHECK_INT(guess_wait_s(six, KEY, at(0)), 4);
	CHECK_INT(guess_wait_s(TEXT("2001:db8:1:2:ffff::1"), KEY, at(0)), 4);
	/* a network that ends in zeroes, however it is written */
	for (unsigned i = 0; i < 6; i++)
		guess_count(TEXT("2001:db8::a:b:c:d"), KEY, at(0));
	CHECK(guess_wait_s(TEXT("2001:db8::1"), KEY, at(0)) > 0);
	CHECK(guess_wait_s(TEXT("2001:db8:0:1::1"), KEY, at(0)) == 0);
	CHECK_INT(guess_wait_s(TEXT("2001:db8:1:3:3:4:5:6"), KEY, at(0)), 0);
	CHECK_INT(guess_wait_s(six, TEXT("other"), at(0)), 0);
	CHECK_INT(guess_wait_s(TEXT("10.0.0.2"), KEY, at(0)), 0);
}

/* Any number of guessers: the table stays, and the newest are known. */
static void test_many(void)
{
	char name[32];
	for (unsigned i = 0; i < 100000; i++) {
		int size = snprintf(name, sizeof(name), "10.%u.%u", i / 256, i % 256);
		for (unsigned n = 0; n < 7; n++)
			guess_count((struct text){name, (size_t)size}, KEY, at((int64_t)i));
		CHECK_INT(guess_wait_s((struct text){name, (size_t)size}, KEY, at((int64_t)i)), 2);
	}
}

int main(void)
{
	test_growth();
	test_who();
	test_many();
	return test_end();
}
