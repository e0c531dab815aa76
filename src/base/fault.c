/*
 * The names and sentences of faults. The names are the rows' own, brought to lower case once
 * per process, so that a fault is spelled in one place only.
 */
#include "base/fault.h"

#include <pthread.h>

enum { FAULT_NAME_SIZE = 32 };

#define FAULT(name, text) _Static_assert(sizeof(#name) <= FAULT_NAME_SIZE, #name);
#include "base/faults.tbl.h"
#undef FAULT

static char names[FAULT_COUNT][FAULT_NAME_SIZE] = {
    [OK] = "ok",
#define FAULT(name, text) [FAULT_##name] = #name,
#include "base/faults.tbl.h"
#undef FAULT
};

static const char *const texts[FAULT_COUNT] = {
    [OK] = "done",
#define FAULT(name, text) [FAULT_##name] = text,
#include "base/faults.tbl.h"
#undef FAULT
};

static void lower_names(void)
{
	for (size_t row = 1; row < FAULT_COUNT; row++) {
		for (char *c = names[row]; *c; c++) {
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c + 32);
		}
	}
}

const char *fault_name(enum fault fault)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, lower_names);
	must((unsigned)fault < FAULT_COUNT);
	return names[fault];
}

const char *fault_text(enum fault fault)
{
	must((unsigned)fault < FAULT_COUNT);
	return texts[fault];
}
