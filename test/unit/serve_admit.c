/* The limits of calls, under a clock of the test's own. */
#include "serve/admit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "test.h"

static const int64_t S = 1000 * 1000 * 1000;

static struct credential limited(uint64_t per_s, uint64_t burst)
{
	return (struct credential){.calls_per_s = per_s, .burst = burst};
}

/* How many calls pass at that instant, one after the other. */
static unsigned pass(struct admit *a, struct admit_bucket *b, const struct credential *c,
		     int64_t now_ns)
{
	struct call_limit limit;
	unsigned wait_s, n = 0;
	while (n < 1000000 && admit_take(a, b, c, now_ns, &limit, &wait_s) == OK)
		n++;
	return n;
}

static void test_bucket(void)
{
	struct admit *a = admit_new(0, 0);
	struct admit_bucket *b = admit_find(a, DIALECT_TOP, TEXT("key"));
	struct credential c = limited(2, 5);
	struct call_limit limit;
	unsigned wait_s;
	int64_t now = 100 * S;
	for (unsigned left = 5; left-- > 0;) {
		CHECK_INT(admit_take(a, b, &c, now, &limit, &wait_s), OK);
		CHECK_INT(limit.per_s, 2);
		CHECK_INT(limit.burst, 5);
		CHECK_INT(limit.left, left);
		CHECK_INT(limit.reset_s, (5 - left + 1) / 2);
		CHECK_INT(wait_s, 0);
	}
	CHECK_INT(admit_take(a, b, &c, now, &limit, &wait_s), FAULT_CALL_LIMITED);
	CHECK_INT(limit.left, 0);
	CHECK_INT(limit.reset_s, 3);
	CHECK_INT(wait_s, 1);
	/* a token each half second, and no more than there is room for */
	CHECK_INT(pass(a, b, &c, now + S / 2 - 1), 0);
	CHECK_INT(pass(a, b, &c, now + S / 2), 1);
	CHECK_INT(pass(a, b, &c, now + S / 2), 0);
	CHECK_INT(pass(a, b, &c, now + 2 * S), 3);
	CHECK_INT(pass(a, b, &c, now + 100 * S), 5);
	/* the wait that is told is true */
	CHECK_INT(admit_take(a, b, &c, now + 100 * S, &limit, &wait_s), FAULT_CALL_LIMITED);
	CHECK_INT(admit_take(a, b, &c, now + (100 + wait_s) * S, &limit, &wait_s), OK);
	admit_free(a);
}

static void test_whose(void)
{
	struct admit *none = admit_new(0, 0), *all = admit_new(3, 4);
	struct credential silent = limited(0, 0), slow = limited(1, 0), wide = limited(0, 9);
	struct call_limit limit;
	unsigned wait_s;
	struct admit_bucket *b = admit_find(none, DIALECT_TOP, TEXT("a"));
	CHECK_INT(pass(none, b, &silent, S), 1000000);
	CHECK_INT(admit_take(none, b, &silent, S, &limit, &wait_s), OK);
	CHECK_INT(limit.per_s, 0);
	/* a burst alone goes with the server's rate; a rate alone with two seconds of it */
	CHECK_INT(pass(none, b, &wide, S), 1000000);
	CHECK_INT(pass(none, b, &slow, S), 2);
	CHECK_INT(pass(all, admit_find(all, DIALECT_TOP, TEXT("a")), &silent, S), 4);
	CHECK_INT(pass(all, admit_find(all, DIALECT_TOP, TEXT("b")), &wide, S), 9);
	CHECK_INT(pass(all, admit_find(all, DIALECT_TOP, TEXT("c")), &slow, S), 2);
	/* dialects and names are kept apart, and found again */
	CHECK_INT(pass(all, admit_find(all, DIALECT_WJB, TEXT("a")), &silent, S), 4);
	CHECK_INT(pass(all, admit_find(all, DIALECT_TOP, TEXT("a")), &silent, S), 0);
	admit_free(none);
	admit_free(all);
}

/* A limit that was changed: the old bucket says nothing that would not be true of the new. */
static void test_changed(void)
{
	struct admit *a = admit_new(0, 0);
	struct admit_bucket *b = admit_find(a, DIALECT_TOP, TEXT("key"));
	struct credential slow = limited(1, 1000), fast = limited(1000, 10),
			  widest = limited(1000000, 10000000);
	struct call_limit limit;
	unsigned wait_s;
	CHECK_INT(pass(a, b, &slow, S), 1000);
	CHECK_INT(admit_take(a, b, &fast, S, &limit, &wait_s), FAULT_CALL_LIMITED);
	CHECK_INT(wait_s, 1);
	CHECK_INT(limit.left, 0);
	CHECK_INT(pass(a, b, &widest, S), 0);
	admit_free(a);
}

static void test_many(void)
{
	struct admit *a = admit_new(1, 1);
	struct credential c = limited(0, 0);
	char name[16];
	/* more than there are buckets: all are answered, the last ones know what they have taken */
	for (int i = 0; i < 40000; i++) {
		snprintf(name, sizeof(name), "key-%d", i);
		struct admit_bucket *b = admit_find(a, DIALECT_TOP, text_of(name));
		(void)pass(a, b, &c, S + i);
		CHECK(admit_find(a, DIALECT_TOP, text_of(name)) == b);
		if (!CHECK_INT(pass(a, b, &c, S + i), 0))
			break;
	}
	admit_free(a);
}

enum { THREADS = 4, TRIES = 20000 };
struct crowd {
	struct admit *admit;
	struct admit_bucket *bucket;
	_Atomic unsigned passed;
};

static void *rush(void *context)
{
	struct crowd *crowd = context;
	struct credential c = limited(1, 7777);
	struct call_limit limit;
	unsigned wait_s;
	for (int i = 0; i < TRIES; i++)
		if (admit_take(crowd->admit, crowd->bucket, &c, S, &limit, &wait_s) == OK)
			atomic_fetch_add(&crowd->passed, 1);
	return NULL;
}

static void test_crowd(void)
{
	struct crowd crowd = {.admit = admit_new(0, 0)};
	pthread_t threads[THREADS];
	crowd.bucket = admit_find(crowd.admit, DIALECT_TOP, TEXT("key"));
	for (int i = 0; i < THREADS; i++)
		must(pthread_create(&threads[i], NULL, rush, &crowd) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK_INT(crowd.passed, 7777);
	admit_free(crowd.admit);
}

int main(void)
{
	test_bucket();
	test_whose();
	test_changed();
	test_many();
	test_crowd();
	return test_end();
}
