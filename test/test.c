#include "test.h"

unsigned test_passed, test_failed;

int test_check(int ok, const char *what, const char *file, int line)
{
	if (ok) {
		test_passed++;
	} else {
		test_failed++;
		fprintf(stderr, "FAIL %s:%d: %s\n", file, line, what);
	}
	return ok;
}

int test_check_int(long long have, long long want, const char *what, const char *file, int line)
{
	int ok = test_check(have == want, what, file, line);
	if (!ok)
		fprintf(stderr, "     have %lld, want %lld\n", have, want);
	return ok;
}

int test_check_text(struct text have, const char *want, const char *what, const char *file,
		    int line)
{
	int ok = test_check(text_equal(have, text_of(want)), what, file, line);
	if (!ok)
		fprintf(stderr, "     have \"%.*s\"\n     want \"%s\"\n", TEXT_ARG(have), want);
	return ok;
}

int test_end(void)
{
	printf("%u passed, %u failed\n", test_passed, test_failed);
	return test_failed != 0;
}
