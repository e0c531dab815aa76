/*
 * PostgreSQL's schema: made once whoever makes it, brought up to date, refused when it is newer;
 * and hashed into partitions by merchant, where each statement must touch one only.
 */
#include "pg_fixture.h"
#include "store/pg_ddl.h"
#include "store/pg_link.h"
#include "store/pg_views.tbl.h"

enum { STEPS = 4 }; /* of pg_migrate.c */

static struct pg_server server;

/* --- a database of each test's own --- */

/* One result as text, or NULL; freed by the caller. */
static char *ask(struct pg *p, const char *sql)
{
	PGresult *r = PQexec(p->connection, sql);
	ExecStatusType status = PQresultStatus(r);
	char *text = NULL;
	if (!CHECK(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK))
		fprintf(stderr, "     %s     %s\n", PQerrorMessage(p->connection), sql);
	if (PQntuples(r) > 0)
		text = strdup(PQgetvalue(r, 0, 0));
	PQclear(r);
	return text;
}

static void order(struct pg *p, const char *sql)
{
	free(ask(p, sql));
}

static long long number(struct pg *p, const char *sql)
{
	char *text = ask(p, sql);
	long long n = text ? strtoll(text, NULL, 10) : -1;
	free(text);
	return n;
}

static struct pg *open_bare(const char *url)
{
	struct pg *p = link_make(url);
	CHECK_INT(link_connect_bare(p), OK);
	return p;
}

static void make_database(const char *name, char url[300])
{
	char sql[100];
	struct pg *p = open_bare(server.url);
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s", name);
	order(p, sql);
	pg_close(p);
	snprintf(url, 300, "postgresql:///%s?host=%s&user=couponry", name, server.dir);
}

static void count_step(void *context, unsigned step, const char *name)
{
	CHECK(step > 0 && name);
	++*(unsigned *)context;
}

static enum fault migrate(const char *url, unsigned partitions, unsigned *ret_steps)
{
	char *why = NULL;
	*ret_steps = 0;
	struct migrate_config config = {url, partitions, count_step, ret_steps};
	enum fault fault = pg_migrate(&config, &why);
	CHECK((why != NULL) == (fault != OK));
	if (fault != OK && fault != FAULT_SCHEMA_NEWER && fault != FAULT_SCHEMA_REFUSED)
		fprintf(stderr, "     %s\n", why);
	free(why);
	return fault;
}

/* What pg_open says, and whether it names the way out. */
static enum fault try_open(const char *url, const char *says)
{
	struct pg *p = NULL;
	char *why = NULL;
	struct pg_config config = {.url = url};
	enum fault fault = pg_open(&config, &p, &why);
	if (says && !CHECK(why && strstr(why, says)))
		fprintf(stderr, "     %s\n", why ? why : "nothing");
	free(why);
	pg_close(p);
	return fault;
}

/* --- migrating --- */

static void migrations(void)
{
	char url[300];
	unsigned steps;
	make_database("steps", url);
	CHECK_INT(try_open(url, "couponry migrate"), FAULT_DATA_MISSING);
	CHECK_INT(migrate(url, 0, &steps), OK);
	CHECK_INT(steps, STEPS);
	CHECK_INT(migrate(url, 0, &steps), OK);
	CHECK_INT(steps, 0);
	CHECK_INT(try_open(url, NULL), OK);
	/* as a database that an older program made: without the last field of two tables */
	struct pg *p = open_bare(url);
	order(p, "DROP VIEW coupon_by_day, redemption_by_template, redemption_by_channel,"
		 " campaign_funnel");
	order(p, "ALTER TABLE coupon DROP COLUMN attribute");
	order(p, "ALTER TABLE campaign DROP COLUMN unswept");
	order(p, "UPDATE schema_version SET size = size - 2");
	CHECK_INT(try_open(url, "couponry migrate"), FAULT_DATA_MISSING);
	CHECK_INT(migrate(url, 0, &steps), OK);
	CHECK_INT(steps, 1);
	CHECK_INT(number(p, "SELECT count(*) FROM information_schema.columns WHERE"
			    " (table_name, column_name) IN (('coupon', 'attribute'),"
			    " ('campaign', 'unswept'))"),
		  2);
	CHECK_INT(try_open(url, NULL), OK);
	/* a newer program was here */
	order(p, "INSERT INTO schema_version (step, name, size) VALUES (99, 'later', 1)");
	CHECK_INT(try_open(url, "newer"), FAULT_SCHEMA_NEWER);
	CHECK_INT(migrate(url, 0, &steps), FAULT_SCHEMA_NEWER);
	order(p, "DELETE FROM schema_version WHERE step = 99");
	order(p, "UPDATE schema_version SET size = size + 1");
	CHECK_INT(try_open(url, "newer"), FAULT_SCHEMA_NEWER);
	pg_close(p);
	/* who may not make tables */
	make_database("guarded", url);
	p = open_bare(url);
	order(p, "CREATE ROLE guest LOGIN");
	pg_close(p);
	snprintf(url, sizeof(url), "postgresql:///guarded?host=%s&user=guest", server.dir);
	CHECK_INT(migrate(url, 0, &steps), FAULT_SCHEMA_REFUSED);
	CHECK_INT(try_open("postgresql:///nowhere?host=/nowhere", "cannot be reached"), FAULT_BUSY);
}

enum { AT_ONCE = 4 };
static void several_at_once(void)
{
	char url[300];
	pid_t children[AT_ONCE];
	int status;
	make_database("at_once", url);
	fflush(NULL);
	for (unsigned i = 0; i < AT_ONCE; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			unsigned steps;
			_exit(migrate(url, 0, &steps) == OK ? 10 + (int)steps : 1);
		}
	}
	int done = 0;
	for (unsigned i = 0; i < AT_ONCE; i++) {
		must(waitpid(children[i], &status, 0) == children[i]);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) >= 10);
		done += WEXITSTATUS(status) - 10;
	}
	CHECK_INT(done, STEPS); /* each step once, whoever did it */
	struct pg *p = open_bare(url);
	CHECK_INT(number(p, "SELECT count(*) FROM schema_version"), STEPS);
	pg_close(p);
}

/* --- partitions --- */

enum { PARTITIONS = 4 };

/* An argument of the type. */
static const char *sample(const char *type)
{
	static const struct {
		const char *type, *value;
	} samples[] = {
	    {"bigint", "7"},	      {"smallint", "3"},
	    {"text", "'a'"},	      {"bytea", "'\\x07'"},
	    {"boolean", "true"},      {"timestamp with time zone", "'2026-01-01'"},
	    {"bigint[]", "'{1,2}'"},  {"smallint[]", "'{1,2}'"},
	    {"boolean[]", "'{t,f}'"}, {"text[]", "'{a,b}'"},
	    {"bytea[]", "'{a,b}'"},   {"timestamp with time zone[]", "'{2026-01-01,2026-01-02}'"}};
	for (unsigned i = 0; i < COUNT_OF(samples); i++)
		if (strcmp(samples[i].type, type) == 0)
			return samples[i].value;
	fprintf(stderr, "     no sample of %s\n", type);
	CHECK(false);
	return "NULL";
}

/* Of several merchants: which partitions are read is known when it runs. All rows are of one
 * merchant here. */
static bool is_of_many(struct sql_statement s)
{
	return s.action == SQL_LOAD_MANY ||
	       (s.action == SQL_WRITTEN && s.id >= STATEMENT_MANY && s.id < STATEMENT_WIDE);
}

static void write_explain(struct pg *p, struct sql_statement s, struct buffer *out)
{
	bool many = is_of_many(s);
	PGresult *r = PQexec(p->connection, "SELECT unnest(parameter_types) FROM"
					    " pg_prepared_statements WHERE name = 'it'");
	must(PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) > 0);
	buffer_clear(out);
	buffer_format(out, "EXPLAIN%s EXECUTE it(", many ? " (ANALYZE, TIMING OFF)" : "");
	for (int i = 0; i < PQntuples(r); i++)
		buffer_format(out, "%s%s", i ? ", " : "",
			      i || !many ? sample(PQgetvalue(r, i, 0)) : "'{7,7}'");
	buffer_text(out, TEXT(")"));
	buffer_byte(out, '\0');
	PQclear(r);
}

/* Partitions that a plan reads, each once; and whether it reads a whole table. */
static unsigned partitions_read(const PGresult *plan, bool *ret_whole)
{
	unsigned seen = 0;
	*ret_whole = false;
	for (int i = 0; i < PQntuples(plan); i++) {
		const char *line = PQgetvalue(plan, i, 0);
		const char *scan = strstr(line, "Scan"), *part = NULL;
		if (strstr(line, "(never executed)"))
			continue;
		*ret_whole |= strstr(line, "Seq Scan on") != NULL;
		for (unsigned n = 0; scan && n < PARTITIONS; n++) {
			char name[16];
			snprintf(name, sizeof(name), "_p%u", n);
			for (part = scan; (part = strstr(part, name)); part++)
				seen |= 1u << n;
		}
	}
	return (unsigned)__builtin_popcount(seen);
}

/* Whether the plan looks its rows up with all columns of the key, and not with some of them. */
static bool uses_whole_key(const PGresult *plan, const struct path *path)
{
	const struct sql_table *t = sql_table_get(path->table);
	for (int i = 0; i < PQntuples(plan); i++) {
		const char *line = strstr(PQgetvalue(plan, i, 0), "Index Cond: ");
		unsigned found = 0;
		for (unsigned k = 0; line && k < path->key_count; k++) {
			char quoted[64], plain[64];
			const char *name = t->columns[path->keys[k]].name;
			snprintf(quoted, sizeof(quoted), "(\"%s\" = ", name);
			snprintf(plain, sizeof(plain), "(%s = ", name);
			found += strstr(line, quoted) || strstr(line, plain);
		}
		if (found == path->key_count &&
		    (strstr(line, "(merchant_id = ") || strstr(line, "(\"merchant_id\" = ")))
			return true;
	}
	return false;
}

static bool all_tables_small; /* so small that any index will do */

static bool looks_up(struct sql_statement s, const PGresult *plan)
{
	bool by_primary_key = s.id < PATH_UNIQUE || s.id >= PATH_LIST;
	bool loads = s.action == SQL_LOAD || s.action == SQL_LOAD_MANY;
	if (loads && all_tables_small && !by_primary_key)
		return true;
	if (loads)
		return uses_whole_key(plan, path_get(s.id));
	if (s.action != SQL_DELETE && s.action != SQL_RELEASE)
		return true;
	for (unsigned path = 0; path < PATH_COUNT; path++)
		if (path_get(path)->table == s.id && (path < PATH_UNIQUE || path >= PATH_LIST))
			return uses_whole_key(plan, path_get(path));
	return true; /* the ledger: nothing is deleted there */
}

/* What is written in `sql`. */
static void touches(struct pg *p, struct sql_statement s, struct buffer *sql)
{
	bool inserts =
	    (s.action >= SQL_UPSERT && s.action <= SQL_INSERT_MANY && s.action != SQL_LOAD_MANY) ||
	    (s.action == SQL_WRITTEN && s.id == STATEMENT_MAKE_HEAD);
	unsigned table = s.action == SQL_LOAD || s.action == SQL_LOAD_MANY || s.action >= SQL_FIRST
			     ? path_get(s.id)->table
			     : s.id;
	bool global = s.action != SQL_WRITTEN && sql_table_get(table)->global, whole;
	buffer_byte(sql, '\0');
	PGresult *r = PQprepare(p->connection, "it", sql->data, 0, NULL);
	bool good = CHECK(PQresultStatus(r) == PGRES_COMMAND_OK);
	PQclear(r);
	if (!good) {
		fprintf(stderr, "     %s     %s\n", PQerrorMessage(p->connection), sql->data);
		return;
	}
	write_explain(p, s, sql);
	r = PQexec(p->connection, sql->data);
	good = CHECK(PQresultStatus(r) == PGRES_TUPLES_OK) &&
	       CHECK_INT(partitions_read(r, &whole), inserts || global ? 0 : 1) && CHECK(!whole) &&
	       CHECK(looks_up(s, r));
	for (int i = 0; !good && i < PQntuples(r); i++)
		fprintf(stderr, "     %s\n", PQgetvalue(r, i, 0));
	if (!good)
		fprintf(stderr, "     action %d id %u: %s\n", (int)s.action, s.id,
			PQerrorMessage(p->connection));
	PQclear(r);
	order(p, "DEALLOCATE it");
}

static void touches_one(struct pg *p, struct sql_statement s, struct buffer *sql)
{
	buffer_clear(sql);
	sql_write(s, sql);
	touches(p, s, sql);
}

/* All columns with arrays; some of them with one value; all. */
static void touch_rows(struct pg *p, struct sql_statement s, struct buffer *sql)
{
	static const struct sql_columns columns[] = {
	    {0, 0}, {UINT64_C(0x5555555555555555), UINT64_C(0xAAAAAAAAAAAAAAAA)}, {0, UINT64_MAX}};
	for (unsigned i = 0; i < COUNT_OF(columns); i++) {
		buffer_clear(sql);
		sql_write_columns(s, columns[i], sql);
		touches(p, s, sql);
	}
}

static void touch_path(struct pg *p, unsigned path, struct buffer *sql)
{
	unsigned keys = path_get(path)->key_count;
	if (keys == 0)
		return;
	touches_one(p, (struct sql_statement){SQL_LOAD, path}, sql);
	touches_one(p, (struct sql_statement){SQL_LOAD_MANY, path}, sql);
	for (unsigned n = 0; n <= keys; n++) {
		touches_one(p, (struct sql_statement){(enum sql_action)(SQL_FIRST + n), path}, sql);
		if (n < keys)
			touches_one(
			    p, (struct sql_statement){(enum sql_action)(SQL_NEXT + n), path}, sql);
	}
}

static void touch_table(struct pg *p, unsigned table, struct buffer *sql)
{
	const struct record_shape *shape = sql_table_shape(table);
	touches_one(p, (struct sql_statement){SQL_DELETE, table}, sql);
	touch_rows(p, (struct sql_statement){SQL_UPSERT, table}, sql);
	touch_rows(p, (struct sql_statement){SQL_INSERT, table}, sql);
	touch_rows(p, (struct sql_statement){SQL_UPSERT_MANY, table}, sql);
	touch_rows(p, (struct sql_statement){SQL_INSERT_MANY, table}, sql);
	if (shape && shape->uniques)
		touches_one(p, (struct sql_statement){SQL_RELEASE, table}, sql);
}

static void every_statement_touches_one(const char *url)
{
	struct pg *p = open_bare(url);
	struct buffer sql;
	buffer_init(&sql, 100000);
	for (unsigned path = 0; path < PATH_COUNT; path++)
		touch_path(p, path, &sql);
	for (unsigned table = 1; table < SQL_TABLE_COUNT; table++)
		touch_table(p, table, &sql);
	for (unsigned s = 0; s < STATEMENT_WIDE; s++)
		touches_one(p, (struct sql_statement){SQL_WRITTEN, s}, &sql);
	/* and the other way round: a statement that is not about one merchant touches all */
	long long partitions = number(
	    p, "SELECT count(*) FROM pg_class WHERE relname LIKE 'template_p_' AND relkind = 'r'");
	order(p, "PREPARE it (bigint) AS SELECT name FROM template WHERE template_id = $1");
	PGresult *r = PQexec(p->connection, "EXPLAIN EXECUTE it(1)");
	bool whole;
	CHECK_INT(partitions_read(r, &whole), partitions);
	PQclear(r);
	buffer_release(&sql);
	pg_close(p);
}

static void change_some(struct pg_fixture *x, struct tx *tx)
{
	for (uint64_t n = 1 + random_below(&x->random, 4); n > 0; n--)
		random_change(x, tx, (enum table)(1 + random_below(&x->random, TABLE_COUNT - 1)));
}

static void rows_in_partitions(const char *url)
{
	static struct pg_fixture x;
	struct pg *p = NULL;
	char *why = NULL;
	struct head head;
	struct pg_config config = {.url = url};
	CHECK_INT(pg_open(&config, &p, &why), OK);
	pg_fixture_init(&x, 11);
	for (unsigned i = 0; p && i < 60; i++) {
		x.f.merchant = 1 + i % 5;
		CHECK_INT(pg_begin_write(p, x.f.merchant, &head), OK);
		for (unsigned n = 0; n < 10; n++)
			fixture_entry(&x, change_some);
		if (!CHECK_INT(fixture_commit(&x, p), PG_COMMITTED))
			fprintf(stderr, "     %s\n", pg_why(p));
	}
	if (p)
		same_rows(&x, p);
	pg_fixture_release(&x);
	pg_close(p);
	/* the same values are refused as in plain tables */
	p = open_bare(url);
	PGresult *r =
	    PQexec(p->connection, "INSERT INTO department (merchant_id, number, code) VALUES"
				  " (1, 1000, 'same'), (1, 1001, 'same')");
	CHECK(strcmp(PQresultErrorField(r, PG_DIAG_SQLSTATE), "23505") == 0);
	PQclear(r);
#define VIEW(name, comment, text) order(p, "SELECT * FROM " #name);
	SQL_VIEWS(VIEW)
#undef VIEW
	CHECK(number(p, "SELECT count(*) FROM coupon_by_day") > 0);
	CHECK(number(p, "SELECT count(*) FROM campaign_funnel") > 0);
	CHECK_INT(number(p, "SELECT count(*) FROM pg_class c WHERE relkind IN ('r', 'p', 'v') AND"
			    " relnamespace = 'public'::regnamespace AND NOT relispartition AND"
			    " obj_description(oid) IS NULL"),
		  0);
	CHECK_INT(number(p, "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid ="
			    " attrelid WHERE relnamespace = 'public'::regnamespace AND relkind IN"
			    " ('r', 'p') AND NOT relispartition AND attnum > 0 AND relname NOT IN"
			    " ('node', 'head', 'schema_version') AND"
			    " col_description(attrelid, attnum) IS NULL"),
		  0);
	pg_close(p);
}

static void partitions(void)
{
	char url[300];
	unsigned steps;
	make_database("partitions", url);
	CHECK_INT(migrate(url, PARTITIONS, &steps), OK);
	CHECK_INT(steps, STEPS);
	every_statement_touches_one(url);
	rows_in_partitions(url);
	every_statement_touches_one(url);
	struct pg *p = open_bare(url);
	order(p, "ANALYZE");
	pg_close(p);
	every_statement_touches_one(url);
}

/* Plans are kept: those made while the tables are empty, and while statistics say so, must be good
 * for large ones. */
static void plans_of_empty_tables(void)
{
	char url[300];
	unsigned steps;
	make_database("empty", url);
	CHECK_INT(migrate(url, 1, &steps), OK);
	struct pg *p = open_bare(url);
	every_statement_touches_one(url);
	order(p, "ANALYZE");
	every_statement_touches_one(url);
	/* as many merchants as rows */
	order(p, "INSERT INTO customer (merchant_id, number, code, nick, phone, label_tag,"
		 " customers_ordinal, customers_by_label_ordinal)"
		 " SELECT i, 1, 'a', 'b', 'c', 'd', 1, 1 FROM generate_series(1, 30) i");
	order(p, "INSERT INTO coupon (merchant_id, customer, shelf, ordinal, id, code, channel,"
		 " coupons_ordinal, coupons_by_channel_ordinal)"
		 " SELECT i, 1, 0, 1, 7, 'a', 'app', 1, 1 FROM generate_series(1, 30) i");
	order(p, "ANALYZE");
	all_tables_small = true;
	every_statement_touches_one(url);
	all_tables_small = false;
	/* and then one of them begins to import; nobody counts */
	order(p, "INSERT INTO coupon (merchant_id, customer, shelf, ordinal, id, code, channel,"
		 " coupons_ordinal, coupons_by_channel_ordinal)"
		 " SELECT 3, 1, 0, i, i, 'c' || i, 'app', i, i FROM generate_series(100, 2000) i");
	every_statement_touches_one(url);
	order(p, "ANALYZE");
	every_statement_touches_one(url);
	pg_close(p);
}

/* What distributed tables refuse, on servers that have Citus; the suite `citus` runs on one. */
static void text_for_citus(void)
{
	struct ddl d = {.citus = true};
	struct buffer out;
	buffer_init(&out, 1000000);
	ddl_tables(&d, &out);
	buffer_byte(&out, '\0');
	CHECK(!out.full && !strstr(out.data, "n_distinct") && !strstr(out.data, "PARTITION"));
	CHECK(strstr(out.data, "create_distributed_table('coupon', 'merchant_id')") != NULL);
	CHECK(strstr(out.data, "create_reference_table('credential')") != NULL);
	for (const char *at = out.data; (at = strstr(at, "ADD COLUMN IF NOT EXISTS")); at++) {
		const char *end = strchr(at, ';'), *check = strstr(at, "CHECK");
		CHECK(end && (!check || check > end));
	}
	buffer_release(&out);
}

int main(void)
{
	text_for_citus();
	if (!pg_server_start(&server))
		return test_end();
	migrations();
	several_at_once();
	partitions();
	plans_of_empty_tables();
	pg_server_stop(&server);
	return test_end();
}
