/*
 * Faults: every refusal or trouble the server knows, listed once in faults.tbl.h in order of
 * precedence (where several are true, the first row is the answer). OK is 0.
 */
#pragma once

#include "base/base.h"

enum fault {
	OK = 0,
#define FAULT(name, text) FAULT_##name,
#include "base/faults.tbl.h"
#undef FAULT
	FAULT_COUNT
};

/* "ok", or the row's name in lower case with underscores ("template_unknown"): logs, metrics, CLI.
 */
const char *fault_name(enum fault fault);
/* The row's English sentence, without the detail. */
const char *fault_text(enum fault fault);

/* Returns the fault of a call at once. */
#define TRY(call)                               \
	do {                                    \
		enum fault try_fault_ = (call); \
		if (try_fault_ != OK)           \
			return try_fault_;      \
	} while (0)

/*
 * What a client is told beside the fault: the field (in the words of whoever refused: the
 * dialect's path for decode faults, the domain's member name for handlers) and the value or
 * limit in question. Set once, by whoever refuses; texts live as long as the call.
 */
struct detail {
	struct text field;
	struct text value;
};
