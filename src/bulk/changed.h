/* What changed.c and changed_audience.c share. */
#pragma once

#include "bulk/bulk.h"

void write_changed(const struct bulk_changed_cmd *c, const void *row, bool gone);
CHECKED bool touches_audience(const struct ledger_entry *entry, const struct ledger_image *image,
			      struct bulk_key *ret_key);
CHECKED enum fault changed_audience(struct tx *tx, const struct bulk_changed_cmd *c);
