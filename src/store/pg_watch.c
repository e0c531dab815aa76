/* See pg_watch.h. */
#include "store/pg_watch.h"

#include "store/pg_link.h"

enum { NODE_TRIES = 50 }; /* so many may start in the same moment */

static enum fault ask_lease(struct pg *p, enum sql_statement_id id, const struct node_lease *lease,
			    bool *ret_there, uint64_t *ret_number)
{
	struct link_values v;
	int64_t number;
	must(p->state == LINK_RESTING);
	values_begin(&v, lease->lease_ms);
	values_add(&v, lease->name);
	TRY(link_ask(p, id, &v, ret_there, &number));
	*ret_number = (uint64_t)number;
	return OK;
}

enum fault pg_node_take(struct pg *p, const struct node_lease *lease, uint64_t *ret_number)
{
	bool there = false;
	for (unsigned i = 0; i < NODE_TRIES && !there; i++) {
		TRY(ask_lease(p, STATEMENT_NODE_TAKE, lease, &there, ret_number));
		if (!there)
			TRY(ask_lease(p, STATEMENT_NODE_MAKE, lease, &there, ret_number));
	}
	return there ? OK : FAULT_BUSY;
}

enum fault pg_node_renew(struct pg *p, const struct node_lease *lease, uint64_t number,
			 bool *ret_held)
{
	struct link_values v;
	int64_t same;
	must(p->state == LINK_RESTING);
	values_begin(&v, number);
	values_add(&v, lease->name);
	values_add_number(&v, lease->lease_ms);
	return link_ask(p, STATEMENT_NODE_RENEW, &v, ret_held, &same);
}

enum fault pg_node_end(struct pg *p, const struct node_lease *lease, uint64_t number)
{
	struct link_values v;
	int64_t same;
	bool held;
	must(p->state == LINK_RESTING);
	values_begin(&v, number);
	values_add(&v, lease->name);
	return link_ask(p, STATEMENT_NODE_END, &v, &held, &same);
}

struct places_reader {
	struct link_reader reader; /* first */
	struct node_place *at;
	unsigned n;
};

/* Whatever else has a blank in its name is no place. */
static enum fault see_places(struct link_reader *reader, unsigned tag, const PGresult *r)
{
	struct places_reader *places = (struct places_reader *)(void *)reader;
	(void)tag;
	for (int i = 0; i < PQntuples(r) && places->n < NODE_PLACES_MAX; i++) {
		struct node_place *at = &places->at[places->n];
		struct text address;
		int64_t number;
		if (!link_number(r, i, 0, &number) || !link_cell(r, i, 1, &address))
			return FAULT_DATA_DAMAGED;
		if (address.size == 0 || address.size >= sizeof(at->address))
			continue;
		*at = (struct node_place){.number = (uint64_t)number};
		memcpy(at->address, address.data, address.size);
		places->n++;
	}
	return OK;
}

enum fault pg_node_places(struct pg *p, struct node_place ret[NODE_PLACES_MAX], unsigned *ret_n)
{
	struct places_reader places = {{see_places}, ret, 0};
	struct link_values none = {0};
	must(p->state == LINK_RESTING);
	TRY(link_connect(p));
	link_send(p, (struct sql_statement){SQL_WRITTEN, STATEMENT_NODE_PLACES}, &none,
		  STATEMENT_NODE_PLACES);
	TRY(link_finish(p, &places.reader));
	*ret_n = places.n;
	return OK;
}

enum fault pg_oldest_snapshot(struct pg *p, uint64_t *ret_ms)
{
	struct link_values none = {0};
	int64_t ms;
	bool there;
	TRY(link_ask(p, STATEMENT_OLDEST_LOOK, &none, &there, &ms));
	*ret_ms = (uint64_t)ms;
	return there ? OK : FAULT_DATA_DAMAGED;
}
