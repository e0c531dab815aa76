/* Pages of docs/ that are printed from tables. */
#pragma once

#include <stdio.h>

#include "serve/call.h"

/* A dialect whose row has docs. */
void docs_dialect(FILE *out, const struct dialect_row *row);
