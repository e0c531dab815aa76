/* What desks say of their work for courier_stats. */
#pragma once

#include "courier/courier.h"
#include "domain/domain.h"

void stats_try(enum courier_work work, unsigned outcome);
/* All that waits of one merchant; `oldest` by everybody's clock. */
struct backlog {
	uint64_t waiting;
	struct instant oldest; /* none: nothing waits */
};
void stats_backlog(enum courier_work work, uint64_t merchant, const struct backlog *backlog);
/* A courier begins: nothing is known. */
void stats_clear(void);
