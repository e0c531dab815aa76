/*
 * A whole store from one engine into another: a data directory into a PostgreSQL database, or the
 * other way. Ledger entries, customer keys and the store's id go over as they are; so do the rows
 * into PostgreSQL, while a data directory's view is made again from the ledger.
 *
 * The source is read at one position: a data directory may not be served meanwhile, and of a
 * PostgreSQL store one snapshot is taken, so what its nodes write after that stays behind.
 *
 *   into PostgreSQL   tables of a migrated database in which nothing is, all in one transaction
 *                     that ends with a mark; the mark goes when the verification has passed, and
 *                     while it is there the engine does not open
 *   into a directory  DIR.part, which gets its name when the verification has passed; what is left
 *                     of one that was cut off is removed by the next
 */
#pragma once

#include "store/engine.h"

struct copy_config {
	const char *from, *to;	/* a directory, or postgresql://.. */
	const char *master_key; /* file; NULL: DIR.key, of whichever is a directory */
	void (*progress)(void *context, const char *what, uint64_t done, uint64_t all);
	void *context;
};
/* What engine_open says of the source; DATA_PRESENT: the target is not empty; DATA_MISSING: no
 * schema; VERIFY_FAILED. On a fault *ret_why has a sentence for a person (malloced). */
CHECKED enum fault engine_copy(const struct copy_config *config, struct ledger_report *ret,
			       char **ret_why);
