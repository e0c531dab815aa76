/*
 * The whole test framework: CHECK counts, says where it failed and goes on; main ends with
 * `return test_end();`, whose last line is "N passed, N failed".
 */
#pragma once

#include <stdio.h>

extern unsigned test_passed, test_failed;
#define CHECK(cond) test_check((cond) != 0, #cond, __FILE__, __LINE__)
#define CHECK_INT(have, want) \
	test_check_int((long long)(have), (long long)(want), #have, __FILE__, __LINE__)
#define CHECK_TEXT(have, want) test_check_text((have), (want), #have, __FILE__, __LINE__)
struct text;
int test_check(int ok, const char *what, const char *file, int line);
int test_check_int(long long have, long long want, const char *what, const char *file, int line);
/* have: struct text; want: C string */
#include "base/base.h"
int test_check_text(struct text have, const char *want, const char *what, const char *file,
		    int line);
int test_end(void);
