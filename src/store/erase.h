/*
 * What a restore does about people who were erased after the backup was made: their keys are wiped
 * in the copy, the view is made again from the ledger (which then has nothing PERSONAL of them),
 * and their records are marked.
 */
#pragma once

#include "store/engine.h"
#include "store/erased.h"

/* Wipes those slots of a folder of key files whose keys are the erased ones; says which. */
CHECKED enum fault erase_keys(const char *folder, const struct erasures *known,
			      struct erasures *ret_wiped);
/* Marks their records. */
CHECKED enum fault erase_records(struct engine *e, const struct erasures *wiped);
