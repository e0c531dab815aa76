/*
 * What a node does beside its work: holding a number of its own, and looking whether anybody keeps
 * PostgreSQL from cleaning up. Outside of transactions; faults as in pg.h.
 */
#pragma once

#include "base/limits.h"
#include "store/pg.h"

/* A node's number is leased by the database's clock: the lowest that came free longest ago, else a
 * new one. `name` tells this process from all others. */
struct node_lease {
	struct text name;
	unsigned lease_ms;
};
CHECKED enum fault pg_node_take(struct pg *p, const struct node_lease *lease, uint64_t *ret_number);
/* *ret_held false: it had run out, and may be somebody else's by now. */
CHECKED enum fault pg_node_renew(struct pg *p, const struct node_lease *lease, uint64_t number,
				 bool *ret_held);
CHECKED enum fault pg_node_end(struct pg *p, const struct node_lease *lease, uint64_t number);

/* The nodes that hold a number and said where others reach them: behind a blank in their name. */
enum { NODE_PLACES_MAX = 64 };
struct node_place {
	uint64_t number;
	char address[NODE_ADDRESS_SIZE];
};
CHECKED enum fault pg_node_places(struct pg *p, struct node_place ret[NODE_PLACES_MAX],
				  unsigned *ret_n);

/* For how long the oldest transaction of this database has been holding a snapshot: what it may
 * still see is not cleaned up, and tables and indexes grow. Above SNAPSHOT_MS_MAX an operator is to
 * be told. */
enum { SNAPSHOT_MS_MAX = 5 * 60 * 1000 };
CHECKED enum fault pg_oldest_snapshot(struct pg *p, uint64_t *ret_ms);
