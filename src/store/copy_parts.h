/* What copy.c and the two ways of a copy share. */
#pragma once

#include "store/copy.h"
#include "store/heads.h"

struct copying {
	const struct copy_config *config;
	char *master_key;
	struct engine *from;
	struct heads heads; /* of the source, from its entries */
	uint64_t entries;
	struct ledger_report *report;
	char *why;
};

void copy_tell(const struct copying *c, const char *what, uint64_t done, uint64_t all);
/* One more of the source's, in the order of its chain: its hash. */
CHECKED enum fault copy_note_entry(struct copying *c, uint64_t merchant, struct text entry,
				   uint8_t ret_hash[32]);
/* Verifies all of the target, and that it has as many chains and entries. */
CHECKED enum fault copy_verify(struct copying *c, struct engine *target);

/* copy_pg.c, copy_dir.c */
CHECKED enum fault copy_to_pg(struct copying *c);
CHECKED enum fault copy_to_dir(struct copying *c);
