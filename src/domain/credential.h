/* What adding and changing a credential have in common. */
#pragma once

#include "domain/domain.h"

/* PARAMETER_INVALID "calls_per_s", "burst". */
CHECKED enum fault credential_check_limits(struct tx *tx, uint64_t calls_per_s, uint64_t burst);
