/* See pg_due.h. */
#include "store/pg_due.h"

#include "store/pg_link.h"

enum { OFTEN, SELDOM };
enum { NO_CLOCK, CLOCK };
static const struct {
	enum chore chore;
	enum sql_statement_id id;
	bool seldom, has_clock;
} statements[] = {
#define DUE(chore, name, seldom, clock, text) {CHORE_##chore, STATEMENT_##name, seldom, clock},
    DUE_STATEMENTS(DUE)
#undef DUE
};

struct found {
	struct link_reader reader; /* first */
	uint64_t *merchants;
	unsigned n, rows;
	uint64_t last;
};

static enum fault see(struct link_reader *reader, unsigned tag, const PGresult *r)
{
	struct found *f = (struct found *)(void *)reader;
	int64_t merchant;
	(void)tag;
	for (int i = 0; i < PQntuples(r); i++) {
		if (!link_number(r, i, 0, &merchant) || f->rows == DUE_WALK_PAGE)
			return FAULT_DATA_DAMAGED;
		f->rows++;
		if ((uint64_t)merchant != f->last)
			f->merchants[f->n++] = (uint64_t)merchant;
		f->last = (uint64_t)merchant;
	}
	return OK;
}

/* The first from there on that is of this walk. */
static unsigned statement_from(const struct due_walk *w, unsigned place)
{
	while (place < COUNT_OF(statements) &&
	       (statements[place].chore != w->chore || (statements[place].seldom && !w->seldom)))
		place++;
	return place;
}

static void go_on(struct due_walk *w, unsigned place, const struct found *f)
{
	bool more = f->rows == DUE_WALK_PAGE;
	w->place = more ? place : statement_from(w, place + 1);
	w->after = more ? f->last : 0;
	w->ended = w->place == COUNT_OF(statements);
}

enum fault pg_due(struct pg *p, struct due_walk *w, uint64_t ret[DUE_WALK_PAGE], unsigned *ret_n)
{
	unsigned place = statement_from(w, (unsigned)w->place);
	struct found f = {.reader = {see}, .merchants = ret};
	struct link_values v;
	must(place < COUNT_OF(statements));
	values_begin(&v, w->after);
	values_add_number(&v, DUE_WALK_PAGE);
	if (statements[place].has_clock)
		values_add_number(&v, w->until.ms);
	link_look(p);
	link_send(p, (struct sql_statement){SQL_WRITTEN, statements[place].id}, &v, 0);
	TRY(link_finish(p, &f.reader));
	go_on(w, place, &f);
	*ret_n = f.n;
	return OK;
}
