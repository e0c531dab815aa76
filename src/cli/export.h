/* What export.c and follow.c share. */
#pragma once

#include "bulk/bulk.h"
#include "cli/commands.h"

struct export
{
	struct cli *cli;
	FILE *out;
	struct buffer buffer;
	struct bulk_walk walk;
	bool follows, goes_on; /* --follow, --from */
	struct ledger_cursor cursor;
};
bool export_flush(struct export *e);
/* follow.c: where the changes begin that the snapshot may not have; the changes. */
CHECKED enum fault follow_begin(struct export *e, const struct merchant *merchant);
CHECKED enum fault follow_run(struct export *e, const struct merchant *merchant);
