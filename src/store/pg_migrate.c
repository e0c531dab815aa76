/* See pg_migrate.h. Speaks to the server without the pipeline: texts of many statements. */
#include "store/pg_migrate.h"

#include "base/file.h"
#include "store/pg_ddl.h"
#include "store/pg_link.h"

/* --- steps --- */

static void write_tables(const struct ddl *d, struct buffer *out)
{
	ddl_tables(d, out);
}

static void write_views(const struct ddl *d, struct buffer *out)
{
	(void)d;
	ddl_views(out);
}

static void write_rooms(const struct ddl *d, struct buffer *out)
{
	ddl_rooms(d, out);
}

static void write_due(const struct ddl *d, struct buffer *out)
{
	(void)d;
	ddl_due(out);
}

/* STEP(number, name, function). Rows are never removed or changed; a new one is for what does not
 * follow from the descriptors. */
#define STEPS(STEP)                   \
	STEP(1, tables, write_tables) \
	STEP(2, views, write_views)   \
	STEP(3, rooms, write_rooms)   \
	STEP(4, due, write_due)

struct step {
	unsigned number;
	const char *name;
	void (*write)(const struct ddl *d, struct buffer *out);
};
static const struct step steps[] = {
#define STEP(number, name, function) {number, #name, function},
    STEPS(STEP)
#undef STEP
};
/* Steps above are `fields`: what was appended to the descriptors since the newest row. */
static const struct step fields = {1000, "fields", write_tables};

struct migration {
	const struct migrate_config *config;
	struct pg *p;
	struct ddl ddl;
	struct buffer sql;
};

/* --- questions and orders --- */

/* What the database refuses here is an order about its schema. */
static enum fault run(struct pg *p, const char *sql)
{
	enum fault fault = link_run(p, sql);
	return fault == FAULT_DATA_DAMAGED ? FAULT_SCHEMA_REFUSED : fault;
}

/* One row of numbers, as text. False: no row. */
static enum fault ask(struct pg *p, const char *sql, int64_t *ret, int n, bool *ret_there)
{
	PGresult *r = PQexec(p->connection, sql);
	enum fault fault = OK;
	p->trouble = TROUBLE_NONE;
	*ret_there = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1;
	if (PQresultStatus(r) != PGRES_TUPLES_OK) {
		link_note(p, r);
		fault = p->trouble == TROUBLE_STAYS ? FAULT_SCHEMA_REFUSED : FAULT_BUSY;
	}
	for (int i = 0; *ret_there && i < n; i++)
		if (!text_to_int64(text_of(PQgetvalue(r, 0, i)), &ret[i]))
			fault = FAULT_DATA_DAMAGED;
	PQclear(r);
	return fault;
}

/* --- how far the schema is --- */

struct version {
	int64_t step; /* the highest of `steps` that was done; 0: none */
	int64_t size;
	int64_t rows;
};
static const char version_sql[] =
    "SELECT coalesce(max(step) FILTER (WHERE step < 1000), 0), coalesce(max(size), 0),"
    " coalesce(max(step), 0) FROM schema_version";

static enum fault read_version(struct pg *p, struct version *ret)
{
	int64_t numbers[3] = {0};
	bool there;
	TRY(ask(p, version_sql, numbers, 3, &there));
	*ret = (struct version){numbers[0], numbers[1], numbers[2]};
	return OK;
}

static bool is_newer(const struct version *v)
{
	return v->step > steps[COUNT_OF(steps) - 1].number || v->size > schema_size();
}

static bool is_older(const struct version *v)
{
	return v->step < steps[COUNT_OF(steps) - 1].number || v->size < schema_size();
}

static enum fault refuse_newer(struct pg *p)
{
	link_explain(p, "the database was migrated by a newer couponry; this one would not "
			"understand it");
	return FAULT_SCHEMA_NEWER;
}

static enum fault has_versions(struct pg *p, bool *ret)
{
	int64_t number;
	return ask(p, "SELECT 1 WHERE to_regclass('schema_version') IS NOT NULL", &number, 1, ret);
}

enum fault schema_check(struct pg *p)
{
	struct version v = {0};
	bool there;
	TRY(has_versions(p, &there));
	if (there)
		TRY(read_version(p, &v));
	if (is_newer(&v))
		return refuse_newer(p);
	if (!is_older(&v))
		return OK;
	link_explain(p, v.step ? "the database's schema is older than this program: run `couponry "
				 "migrate --store=...`"
			       : "the database has no schema yet: run `couponry migrate "
				 "--store=...`");
	return FAULT_DATA_MISSING;
}

/* --- migrating --- */

/* Two that make the table at once: one of them is told that it exists, in one of several ways. */
enum { MAKE_TRIES = 5 };
static enum fault make_version_table(struct pg *p)
{
	enum fault fault = OK;
	for (unsigned i = 0; i < MAKE_TRIES; i++) {
		bool there = false;
		TRY(has_versions(p, &there));
		if (there)
			return OK;
		fault = run(p, ddl_version);
		if (fault == OK || p->trouble == TROUBLE_LOST)
			return fault;
	}
	return fault;
}

static enum fault write_step(struct migration *m, const struct step *s, int64_t number)
{
	buffer_clear(&m->sql);
	s->write(&m->ddl, &m->sql);
	buffer_format(&m->sql, "INSERT INTO schema_version (step, name, size) VALUES (%lld, '%s', ",
		      (long long)number, s->name);
	buffer_format(&m->sql, "%u)", schema_size());
	buffer_byte(&m->sql, '\0');
	must(!m->sql.full);
	return run(m->p, m->sql.data);
}

/* Inside a transaction that holds the lock. *ret_step: NULL, there is nothing to do. */
static enum fault next_step(struct migration *m, const struct step **ret_step, int64_t *ret_number)
{
	struct version v;
	*ret_step = NULL;
	TRY(read_version(m->p, &v));
	if (is_newer(&v))
		return refuse_newer(m->p);
	for (unsigned i = 0; i < COUNT_OF(steps); i++)
		if (steps[i].number > v.step) {
			*ret_step = &steps[i];
			*ret_number = steps[i].number;
			return OK;
		}
	if (v.size == schema_size())
		return OK;
	*ret_step = &fields;
	*ret_number = v.rows < fields.number ? fields.number : v.rows + 1;
	return OK;
}

static enum fault run_step(struct migration *m, const struct step **ret_step)
{
	int64_t number = 0;
	TRY(run(m->p, "BEGIN; LOCK TABLE schema_version IN EXCLUSIVE MODE"));
	TRY(next_step(m, ret_step, &number));
	if (!*ret_step)
		return run(m->p, "ROLLBACK");
	TRY(write_step(m, *ret_step, number));
	TRY(run(m->p, "COMMIT"));
	if (m->config->done)
		m->config->done(m->config->context, (unsigned)number, (*ret_step)->name);
	return OK;
}

/* Migrations wait for each other, and tables may be large. */
static enum fault prepare(struct migration *m)
{
	int64_t number;
	TRY(link_connect_bare(m->p));
	TRY(run(m->p, "SET lock_timeout = '5min'; SET statement_timeout = 0;"
		      " SET enable_seqscan = on; SET client_min_messages = warning"));
	TRY(ask(m->p, "SELECT 1 FROM pg_extension WHERE extname = 'citus'", &number, 1,
		&m->ddl.citus));
	return make_version_table(m->p);
}

static enum fault migrate(struct migration *m)
{
	const struct step *step;
	TRY(prepare(m));
	do {
		TRY(run_step(m, &step));
	} while (step);
	return OK;
}

enum fault pg_migrate(const struct migrate_config *c, char **ret_why)
{
	struct migration m = {.config = c, .p = link_make(c->url)};
	m.ddl.partitions = c->partitions;
	buffer_init(&m.sql, LINK_BYTES_MAX);
	enum fault fault = migrate(&m);
	*ret_why = fault == OK ? NULL : text_print("%s", m.p->why);
	buffer_release(&m.sql);
	pg_close(m.p);
	return fault;
}
