/*
 * Reading in order: rows by their keys in slices (pg_next), ledger entries (pg_read_entries). A
 * slice is one statement; the next one goes on after the last key, whichever connection reads it.
 */
#include "store/pg_row.h"

/* --- rows --- */

struct next {
	struct link_reader reader; /* first */
	struct pg *p;
	unsigned path;
	uint64_t merchant;
	struct pg_sink *sink;
};

static enum fault see_rows(struct link_reader *reader, unsigned tag, const PGresult *r)
{
	struct next *n = (struct next *)(void *)reader;
	(void)tag;
	for (int i = 0; i < PQntuples(r); i++)
		if (!row_emit(n->p, n->path, n->merchant, r, i, n->sink))
			return FAULT_DATA_DAMAGED;
	return OK;
}

/* An `after` that is nothing, or the prefix where that is no whole key, begins at the first row. */
static void send_next(struct next *n, const struct pg_scan *scan, bool *ret_sent)
{
	const struct path *path = path_get(n->path);
	struct pg_value values[PATH_KEYS_MAX];
	struct link_keys v;
	unsigned given, known;
	must(path_values(n->path, scan->prefix, values, &given));
	bool first = scan->after.size == 0 ||
		     (scan->after.size == scan->prefix.size && given < path->key_count);
	*ret_sent = first || given < path->key_count;
	if (!*ret_sent)
		return;
	if (!first) {
		must(text_starts_with(scan->after, scan->prefix));
		must(path_values(n->path, scan->after, values, &known) && known == path->key_count);
	}
	keys_begin(&v, n->merchant);
	keys_add(&v, n->path, values, first ? given : path->key_count);
	values_add_number(&v.values, scan->n);
	enum sql_action action = (enum sql_action)((first ? SQL_FIRST : SQL_NEXT) + given);
	link_send(n->p, (struct sql_statement){action, n->path}, &v.values, 0);
}

enum fault pg_next(struct pg *p, const struct pg_scan *scan, struct pg_sink *sink)
{
	struct next n = {
	    {see_rows}, p, path_of_key(scan->prefix), key_merchant(scan->prefix), sink};
	bool sent;
	must(n.path < PATH_COUNT && scan->n > 0);
	link_look(p);
	send_next(&n, scan, &sent);
	return link_finish(p, &n.reader);
}

/* --- entries --- */

struct entries {
	struct link_reader reader; /* first */
	const struct pg_entries *what;
	uint64_t merchant;
	unsigned seen;
	bool ended;
};

/* number, instant, actor, command, entry, hash */
static bool read_entry(const PGresult *r, int row, struct pg_entry *ret)
{
	int64_t number, command, place;
	struct text instant, hash;
	struct pg_value value;
	if (!link_number(r, row, 0, &number) || !link_cell(r, row, 1, &instant) ||
	    !value_read(COLUMN_INSTANT, instant, &value) || !link_cell(r, row, 2, &ret->actor) ||
	    !link_number(r, row, 3, &command) || command > UINT32_MAX ||
	    !link_cell(r, row, 4, &ret->bytes) || !link_cell(r, row, 5, &hash) || hash.size != 32 ||
	    !link_number(r, row, 6, &place))
		return false;
	ret->number = (uint64_t)number;
	ret->instant.ms = value.number;
	ret->command = (unsigned)command;
	ret->hash = (const uint8_t *)hash.data;
	ret->batch_place = (uint64_t)place;
	return true;
}

static enum fault see_entries(struct link_reader *reader, unsigned tag, const PGresult *r)
{
	struct entries *e = (struct entries *)(void *)reader;
	struct pg_entry entry = {.merchant = e->merchant};
	(void)tag;
	for (int i = 0; i < PQntuples(r) && !e->ended; i++) {
		if (!read_entry(r, i, &entry))
			return FAULT_DATA_DAMAGED;
		e->seen++;
		e->ended = !e->what->see(e->what->context, &entry);
	}
	return OK;
}

static enum fault read_merchant(struct pg *p, struct entries *e, uint64_t after)
{
	struct link_values v;
	values_begin(&v, e->merchant);
	values_add_number(&v, (int64_t)after);
	values_add_number(&v, e->what->n - e->seen);
	link_look(p);
	link_send(p, (struct sql_statement){SQL_WRITTEN, STATEMENT_READ_ENTRIES}, &v, 0);
	return link_finish(p, &e->reader);
}

/* The rest of this merchant's, then the others' from their first. */
enum fault pg_read_entries(struct pg *p, const struct pg_entries *what)
{
	struct entries e = {.reader = {see_entries}, .what = what, .merchant = what->merchant};
	uint64_t after = what->number;
	bool there = true;
	while (there) {
		struct link_values v;
		int64_t merchant;
		TRY(read_merchant(p, &e, after));
		if (e.ended || e.seen >= what->n)
			return OK;
		values_begin(&v, e.merchant);
		TRY(link_ask(p, STATEMENT_NEXT_MERCHANT, &v, &there, &merchant));
		e.merchant = (uint64_t)merchant;
		after = 0;
	}
	return OK;
}

/* --- all entries --- */

enum { WALK_SLICE = 1000 };

struct walking {
	struct pg_walk *walk;
	unsigned seen; /* of this slice */
	enum fault fault;
};

static bool walk_entry(void *context, const struct pg_entry *entry)
{
	struct walking *w = context;
	w->walk->merchant = entry->merchant;
	w->walk->number = entry->number;
	w->seen++;
	w->fault = w->walk->see(w->walk->context, entry);
	return w->fault == OK;
}

enum fault pg_walk_entries(struct pg *p, struct pg_walk *walk)
{
	struct walking w = {.walk = walk};
	walk->merchant = walk->number = 0;
	do {
		struct pg_entries slice = {walk->merchant, walk->number, WALK_SLICE, walk_entry,
					   &w};
		w.seen = 0;
		TRY(pg_read_entries(p, &slice));
		TRY(w.fault);
	} while (w.seen == WALK_SLICE);
	return OK;
}
