/* See pg_link.h. */
#include "store/pg_link.h"

#include "store/bell.h"
#include "store/pg_migrate.h"

#include <stdarg.h>

/* --- what went wrong --- */

void link_explain(struct pg *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(p->why, sizeof(p->why), format, args);
	va_end(args);
	for (char *at = p->why; *at; at++)
		if (*at == '\n')
			*at = ' ';
}

/* Classes and states of SQL after which another try may do better: connection, resources, the
 * operator, time-outs, transactions that met. */
static bool passes(const char *state)
{
	static const char *const some[] = {"08",    "53",    "57",    "58", "40",
					   "55P03", "25P03", "25006", "0B", "25P02"};
	for (unsigned i = 0; i < COUNT_OF(some); i++)
		if (strncmp(state, some[i], strlen(some[i])) == 0)
			return true;
	return false;
}

void link_note(struct pg *p, const PGresult *r)
{
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	if (!state) {
		link_explain(p, "the connection to PostgreSQL is lost: %s",
			     p->connection ? PQerrorMessage(p->connection) : "closed");
		p->trouble = TROUBLE_LOST;
		return;
	}
	const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	link_explain(p, "PostgreSQL says %s: %s", state, message ? message : "");
	p->trouble = passes(state) ? TROUBLE_PASSES : TROUBLE_STAYS;
}

static enum fault fault_of(enum trouble trouble)
{
	switch (trouble) {
	case TROUBLE_NONE:
		return OK;
	case TROUBLE_PASSES:
	case TROUBLE_LOST:
		return FAULT_BUSY;
	case TROUBLE_STAYS:
		return FAULT_DATA_DAMAGED;
	}
	must(false);
}

static bool is_good(const PGresult *r)
{
	ExecStatusType status = PQresultStatus(r);
	return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* --- connecting --- */

static void hear_nothing(void *context, const char *message)
{
	(void)context, (void)message;
}

void link_drop(struct pg *p)
{
	if (p->connection)
		PQfinish(p->connection);
	p->connection = NULL;
	load_forget(p);
	p->state = LINK_RESTING;
	p->owes_end = p->unsent = false;
	p->sent_count = p->read_count = 0;
	memset(p->prepared, 0, sizeof(p->prepared));
}

enum {
	CONNECT_MS = 5000,
	STATEMENT_MS = 60 * 1000, /* a batch of 1,024 imports on a slow disk */
	LOCK_MS = 10 * 1000,
};

static unsigned or_else(unsigned ms, unsigned other)
{
	return ms ? ms : other;
}

/* What stands in the URL goes before ours, except for the encoding. */
static PGconn *connect_to(const struct pg *p)
{
	char seconds[16];
	snprintf(seconds, sizeof(seconds), "%u", or_else(p->config.connect_ms, CONNECT_MS) / 1000);
	const char *const names[] = {"connect_timeout",	 "keepalives_idle",  "keepalives_interval",
				     "keepalives_count", "tcp_user_timeout", "application_name",
				     "dbname",		 "client_encoding",  NULL};
	const char *const values[] = {seconds,	  "10",	  "5",	  "3", "20000",
				      "couponry", p->url, "UTF8", NULL};
	return PQconnectdbParams(names, values, 1);
}

/*
 * Look-ups are by index, whatever the statistics say: a plan that reads a table would be right
 * only while the table is small. Where the tables are distributed, plans must know the merchant.
 */
static const char settings[] =
    "SELECT set_config(name, value, false), EXISTS (SELECT FROM pg_extension"
    " WHERE extname = 'citus')::int FROM (VALUES"
    " ('idle_in_transaction_session_timeout', '5000'), ('lock_timeout', '%u'),"
    " ('statement_timeout', '%u'), ('jit', 'off'), ('enable_hashjoin', 'off'),"
    " ('enable_mergejoin', 'off'), ('enable_seqscan', 'off'), ('enable_bitmapscan', 'off'),"
    " ('default_transaction_isolation', 'read committed'),"
    " ('synchronous_commit', CASE WHEN current_setting('synchronous_commit') = 'off' THEN 'on'"
    " ELSE current_setting('synchronous_commit') END),"
    " ('plan_cache_mode', CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')"
    " THEN 'auto' ELSE 'force_generic_plan' END)) AS t (name, value)";

static enum fault settle(struct pg *p)
{
	char sql[1024];
	int size = snprintf(sql, sizeof(sql), settings, or_else(p->config.lock_ms, LOCK_MS),
			    or_else(p->config.statement_ms, STATEMENT_MS));
	must(size > 0 && size < (int)sizeof(sql));
	PGresult *r = PQexec(p->connection, sql);
	bool good = PQresultStatus(r) == PGRES_TUPLES_OK;
	if (!good)
		link_note(p, r);
	else
		p->distributed = *PQgetvalue(r, 0, 1) == '1';
	PQclear(r);
	return good ? OK : fault_of(p->trouble);
}

/* What libpq says of an address quotes it, and a password may be in it. */
static void explain_address(struct pg *p, const char *message)
{
	char plain[200];
	size_t n = 0;
	bool quoted = false;
	for (; *message && n < sizeof(plain) - 1; message++) {
		quoted ^= *message == '"';
		if (!quoted || *message == '"')
			plain[n++] = *message;
	}
	plain[n] = 0;
	link_explain(p, "PostgreSQL's address is not understood: %s", plain);
}

/* A password's own @, not written as %40, would show the rest of it as a host. */
static bool is_address(struct pg *p)
{
	char *message = NULL;
	PQconninfoOption *all = PQconninfoParse(p->url, &message);
	bool good = all != NULL;
	if (!good)
		explain_address(p, message ? message : "");
	for (const PQconninfoOption *o = all; o && o->keyword && good; o++) {
		good =
		    strcmp(o->keyword, "host") != 0 || !o->val || !strchr(o->val + !!*o->val, '@');
		if (!good)
			link_explain(p, "PostgreSQL's address has a @ in its host: in a password "
					"it is written %%40");
	}
	PQconninfoFree(all);
	PQfreemem(message);
	return good;
}

enum fault link_connect_bare(struct pg *p)
{
	link_drop(p);
	if (!is_address(p))
		return FAULT_BUSY;
	p->connection = connect_to(p);
	must(p->connection);
	p->round_trips++;
	if (PQstatus(p->connection) != CONNECTION_OK) {
		link_explain(p, "PostgreSQL cannot be reached: %s", PQerrorMessage(p->connection));
		link_drop(p);
		return FAULT_BUSY;
	}
	PQsetNoticeProcessor(p->connection, hear_nothing, NULL);
	enum fault fault = settle(p);
	if (fault != OK)
		link_drop(p);
	return fault;
}

/* One that the server closed while it rested is noticed now and not in the middle of work: what it
 * said last, then the end. */
static bool is_usable(struct pg *p)
{
	return p->connection && PQconsumeInput(p->connection) && PQconsumeInput(p->connection) &&
	       PQstatus(p->connection) == CONNECTION_OK;
}

enum fault link_connect(struct pg *p)
{
	if (is_usable(p))
		return OK;
	TRY(link_connect_bare(p));
	enum fault fault = schema_check(p);
	if (fault == OK && PQenterPipelineMode(p->connection) != 1)
		fault = FAULT_BUSY;
	if (fault != OK)
		link_drop(p);
	return fault;
}

enum fault link_run(struct pg *p, const char *sql)
{
	PGresult *r = PQexec(p->connection, sql);
	bool good = is_good(r);
	p->trouble = TROUBLE_NONE;
	if (!good)
		link_note(p, r);
	PQclear(r);
	return fault_of(p->trouble);
}

/* --- sending --- */

void values_begin(struct link_values *v, uint64_t merchant)
{
	v->count = v->number_count = 0;
	bigint_write((int64_t)merchant, v->merchant);
	values_add(v, (struct text){v->merchant, sizeof(v->merchant)});
}

void values_begin_many(struct link_values *v, struct pg *p)
{
	v->count = v->number_count = 0;
	values_add(v, array_end(&p->merchants, COLUMN_BIGINT));
}

void merchants_add(struct pg *p, uint64_t merchant)
{
	array_add(&p->merchants, COLUMN_BIGINT, &(struct pg_value){.number = (int64_t)merchant});
}

void values_add(struct link_values *v, struct text value)
{
	must(v->count < COUNT_OF(v->at) && value.size <= INT32_MAX);
	v->at[v->count] = value.data ? value.data : "";
	v->sizes[v->count++] = (int)value.size;
}

void values_add_null(struct link_values *v)
{
	must(v->count < COUNT_OF(v->at));
	v->at[v->count] = NULL;
	v->sizes[v->count++] = 0;
}

void values_add_number(struct link_values *v, int64_t number)
{
	must(v->number_count < COUNT_OF(v->numbers));
	char *to = v->numbers[v->number_count++];
	bigint_write(number, to);
	values_add(v, (struct text){to, sizeof(v->numbers[0])});
}

void keys_begin(struct link_keys *k, uint64_t merchant)
{
	values_begin(&k->values, merchant);
}

/* Numbers are written with eight bytes; the last two are a SMALLINT. */
void keys_add(struct link_keys *k, unsigned path, const struct pg_value *values, unsigned n)
{
	const struct path *p = path_get(path);
	const struct sql_table *t = sql_table_get(p->table);
	for (unsigned i = 0; i < n; i++) {
		enum column_kind kind = t->columns[p->keys[i]].kind;
		size_t size = kind == COLUMN_SMALLINT ? 2 : 8;
		bigint_write(values[i].number, k->numbers[i]);
		if (kind == COLUMN_TEXT || kind == COLUMN_BYTEA)
			values_add(&k->values, values[i].text);
		else
			values_add(&k->values, (struct text){k->numbers[i] + 8 - size, size});
	}
}

/* What a row of it costs: a value in an array is unpacked for each row. */
static unsigned cost_of(struct sql_columns c)
{
	return 4 * (unsigned)__builtin_popcountll(c.each) + (unsigned)__builtin_popcountll(c.one);
}

static bool takes(struct sql_columns c, struct sql_columns needed)
{
	return (needed.each & ~c.each) == 0 && (needed.one & ~(c.each | c.one)) == 0;
}

enum { COST_MORE = 8 }; /* is not worth another statement */

struct sql_columns link_columns(const struct pg *p, struct sql_statement s, unsigned variant)
{
	return variant ? p->variants[s.action - SQL_UPSERT][s.id].at[variant - 1]
		       : (struct sql_columns){0, 0};
}

unsigned link_choose(struct pg *p, struct sql_statement s, struct sql_columns needed, bool worth)
{
	struct link_variants *v = &p->variants[s.action - SQL_UPSERT][s.id];
	unsigned best = 0, cost = 4 * sql_table_get(s.id)->column_count;
	for (unsigned i = 0; i < v->count; i++)
		if (takes(v->at[i], needed) && cost_of(v->at[i]) < cost) {
			best = i + 1;
			cost = cost_of(v->at[i]);
		}
	if (worth && cost > cost_of(needed) + COST_MORE && v->count < LINK_VARIANTS_MAX) {
		v->at[v->count++] = needed;
		best = v->count;
	}
	return best;
}

static void expect(struct pg *p, struct sent result)
{
	if (p->sent_count == p->sent_capacity) {
		p->sent_capacity = p->sent_capacity ? p->sent_capacity * 2 : 64;
		p->sent = realloc(p->sent, p->sent_capacity * sizeof(*p->sent));
		must(p->sent);
	}
	p->sent[p->sent_count++] = result;
}

static void prepare(struct pg *p, struct sent what, const char *name)
{
	struct sql_statement s = what.statement;
	uint8_t *prepared = &p->prepared[s.action][s.id], variant = (uint8_t)(1u << what.variant);
	if (*prepared & variant)
		return;
	buffer_clear(&p->sql);
	if (what.variant)
		sql_write_columns(s, link_columns(p, s, what.variant), &p->sql);
	else
		sql_write(s, &p->sql);
	buffer_byte(&p->sql, '\0');
	must(!p->sql.full);
	if (PQsendPrepare(p->connection, name, p->sql.data, 0, NULL) != 1) {
		p->unsent = true;
		return;
	}
	*prepared |= variant; /* taken back when it did not come to it */
	what.prepares = true;
	what.tag = LINK_TAG_SAID;
	expect(p, what);
}

static void send_prepared(struct pg *p, struct sent what, const struct link_values *values)
{
	static const int binary[] = {[0 ... SQL_COLUMNS_MAX] = 1};
	struct sql_statement s = what.statement;
	char name[40];
	if (!p->connection || p->unsent) {
		p->unsent = true;
		return;
	}
	snprintf(name, sizeof(name), "s%u_%u_%u", (unsigned)s.action, s.id, what.variant);
	prepare(p, what, name);
	if (p->unsent || PQsendQueryPrepared(p->connection, name, (int)values->count, values->at,
					     values->sizes, binary, 1) != 1)
		p->unsent = true;
	else
		expect(p, what);
}

void link_send(struct pg *p, struct sql_statement s, const struct link_values *values, unsigned tag)
{
	send_prepared(p, (struct sent){.statement = s, .tag = tag}, values);
}

void link_send_rows(struct pg *p, struct sql_statement s, unsigned variant,
		    const struct link_values *values)
{
	send_prepared(p, (struct sent){.statement = s, .variant = variant, .tag = LINK_TAG_SAID},
		      values);
}

/* Plans are made for tables as they are; a table that grew since gets another one soon, and does
 * not have to wait until somebody counts it. */
enum { PLANS_US_MAX = 2 * 1000 * 1000 };

void link_say_begin(struct pg *p, const char *sql)
{
	int64_t now = monotonic_us();
	link_say(p, sql);
	if (now - p->planned_us <= PLANS_US_MAX)
		return;
	link_say(p, "DISCARD PLANS");
	p->planned_us = now;
}

void link_say(struct pg *p, const char *sql)
{
	if (!p->connection || p->unsent ||
	    PQsendQueryParams(p->connection, sql, 0, NULL, NULL, NULL, NULL, 1) != 1)
		p->unsent = true;
	else
		expect(p, (struct sent){.tag = LINK_TAG_SAID});
}

/* --- reading --- */

/* A statement's result, and the NULL that ends it. */
static PGresult *take_result(struct pg *p)
{
	PGresult *r = PQgetResult(p->connection), *more = r;
	while (more && (more = PQgetResult(p->connection)))
		PQclear(more);
	return r;
}

static enum fault read_one(struct pg *p, struct link_reader *reader)
{
	enum fault fault = OK;
	const struct sent *s = &p->sent[p->read_count];
	PGresult *r = take_result(p);
	bool good = r && is_good(r);
	if (!good && s->prepares)
		p->prepared[s->statement.action][s->statement.id] &= (uint8_t) ~(1u << s->variant);
	if (!good && p->trouble == TROUBLE_NONE) {
		link_note(p, r);
		p->trouble_at = p->read_count;
	}
	if (good && s->tag != LINK_TAG_SAID && reader)
		fault = reader->see(reader, s->tag, r);
	PQclear(r);
	p->read_count++;
	return fault;
}

static void read_sync(struct pg *p)
{
	PGresult *r = PQgetResult(p->connection);
	if ((!r || PQresultStatus(r) != PGRES_PIPELINE_SYNC) && p->trouble == TROUBLE_NONE)
		link_note(p, NULL);
	PQclear(r);
}

/* A ROLLBACK that nobody waited for. */
static void read_owed(struct pg *p)
{
	if (!p->owes_end)
		return;
	p->owes_end = false;
	PGresult *r = take_result(p);
	if (!r || !is_good(r))
		link_note(p, r);
	PQclear(r);
	read_sync(p);
}

static bool is_alive(const struct pg *p)
{
	return p->connection && PQstatus(p->connection) == CONNECTION_OK;
}

void link_push(struct pg *p)
{
	p->round_trips++;
	if (p->unsent || !p->connection || PQpipelineSync(p->connection) != 1)
		p->unsent = true;
	else
		expect(p, (struct sent){.syncs = true});
}

static void begin_group(struct pg *p)
{
	p->trouble = TROUBLE_NONE;
	p->trouble_at = p->sent_count;
	if (is_alive(p) && !p->unsent)
		read_owed(p);
}

static enum fault read_group(struct pg *p, unsigned end, struct link_reader *reader)
{
	enum fault fault = OK;
	while (is_alive(p) && p->read_count < end && !p->sent[p->read_count].syncs) {
		enum fault next = read_one(p, fault == OK ? reader : NULL);
		fault = fault == OK ? next : fault;
	}
	return fault;
}

/* The connection is no more: nothing else comes. */
static enum fault end_broken(struct pg *p)
{
	if (p->trouble == TROUBLE_NONE)
		link_note(p, NULL);
	link_drop(p);
	return fault_of(p->trouble);
}

static void end_group(struct pg *p)
{
	read_sync(p);
	p->read_count++;
	if (p->read_count == p->sent_count)
		p->read_count = p->sent_count = 0;
}

void link_pull_begin(struct pg *p)
{
	begin_group(p);
}

void link_pull_until(struct pg *p, unsigned end)
{
	if (!p->unsent)
		(void)!read_group(p, end, NULL);
}

/* What was read of the group before keeps its trouble. */
static enum fault pull(struct pg *p, struct link_reader *reader)
{
	if (p->unsent || !p->connection) {
		p->trouble = TROUBLE_NONE; /* what became of it is not known */
		return end_broken(p);
	}
	enum fault fault = read_group(p, p->sent_count, reader);
	if (!is_alive(p))
		return end_broken(p);
	end_group(p);
	if (!is_alive(p))
		link_drop(p);
	return p->trouble != TROUBLE_NONE ? fault_of(p->trouble) : fault;
}

enum fault link_pull(struct pg *p, struct link_reader *reader)
{
	begin_group(p);
	return pull(p, reader);
}

enum fault link_pull_rest(struct pg *p)
{
	return pull(p, NULL);
}

enum fault link_finish(struct pg *p, struct link_reader *reader)
{
	link_push(p);
	return link_pull(p, reader);
}

bool link_number(const PGresult *r, int row, int column, int64_t *ret)
{
	struct text bytes;
	struct pg_value value;
	*ret = 0;
	if (!link_cell(r, row, column, &bytes) || !value_read(COLUMN_BIGINT, bytes, &value))
		return false;
	*ret = value.number;
	return true;
}
