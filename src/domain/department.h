/*
 * Departments as other commands name them.
 */
#pragma once

#include "domain/domain.h"

/* Names what department_refer will look up for all of them. */
void department_want(struct tx *tx, const struct references *references);
/* ret_count: how many it fits (names are not unique); *ret is one of them when not 0. */
CHECKED enum fault department_refer(struct tx *tx, enum reference by, struct text value,
				    struct department *ret, uint64_t *ret_count);
