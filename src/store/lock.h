/* One process per data directory: a lock on DIR/lock, which says who holds it. */
#pragma once

#include "base/fault.h"

/* DATA_IN_USE with *ret_why naming the holder. */
CHECKED enum fault lock_take(const char *dir, int *ret_file, char **ret_why);
