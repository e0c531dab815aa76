/* See pg_sql.h. Names are quoted, because some members have names that SQL keeps for itself. */
#include "store/pg_sql.h"

static const char *const written[STATEMENT_COUNT] = {
#define STATEMENT(name, text) [STATEMENT_##name] = text,
    SQL_STATEMENTS(STATEMENT) SQL_MANY_STATEMENTS(STATEMENT) SQL_WIDE_STATEMENTS(STATEMENT)
#undef STATEMENT
#define DUE(chore, name, seldom, clock, text) [STATEMENT_##name] = text,
	DUE_STATEMENTS(DUE)
#undef DUE
};

static void add(struct buffer *out, const char *text)
{
	buffer_text(out, text_of(text));
}

void sql_name(struct buffer *out, const char *name)
{
	buffer_format(out, "\"%s\"", name);
}

/* t."name" */
static void column(struct buffer *out, const char *alias, const struct column *c)
{
	if (*alias)
		buffer_format(out, "%s.", alias);
	sql_name(out, c->name);
}

static void condition(struct buffer *out, const char *alias, const struct column *c)
{
	column(out, alias, c);
	if (c->kind == COLUMN_BOOLEAN)
		return;
	add(out, c->kind == COLUMN_BIGINT && !c->nullable ? " <> 0" : " IS NOT NULL");
}

void sql_conditions(struct buffer *out, const char *alias, const struct path *p)
{
	const struct sql_table *t = sql_table_get(p->table);
	for (unsigned i = 0; i < p->condition_count; i++) {
		add(out, i ? " AND " : "");
		condition(out, alias, &t->columns[p->conditions[i]]);
	}
}

/* Which columns a statement's parameters are for, from $2 on: arrays, but for those of `one`. */
struct selection {
	const struct sql_table *table;
	bool many; /* the first array is of merchants */
	unsigned count;
	uint8_t columns[SQL_COLUMNS_MAX];
	uint64_t one;
};

static void select_path(struct selection *s, const struct path *p)
{
	s->table = sql_table_get(p->table);
	s->count = p->key_count;
	memcpy(s->columns, p->keys, p->key_count);
}

static void select_key(struct selection *s, unsigned table)
{
	s->table = sql_table_get(table);
	s->count = s->table->key_count;
	for (unsigned i = 0; i < s->count; i++)
		s->columns[i] = (uint8_t)i;
}

static void select_columns(struct selection *s, unsigned table, struct sql_columns columns)
{
	uint64_t some = columns.each | columns.one;
	s->table = sql_table_get(table);
	s->one = columns.one;
	for (unsigned i = 0; i < s->table->column_count; i++)
		if (!some || some & column_bit(i))
			s->columns[s->count++] = (uint8_t)i;
}

static const struct column *selected(const struct selection *s, unsigned i)
{
	return &s->table->columns[s->columns[i]];
}

static bool is_one(const struct selection *s, unsigned i)
{
	return (s->one & column_bit(s->columns[i])) != 0;
}

/* unnest($2::bigint[], $3::text[]); or from $1 on */
static void unnest(struct buffer *out, const struct selection *s)
{
	const char *before = s->many ? ", " : "";
	add(out, s->many ? "unnest($1::bigint[]" : "unnest(");
	for (unsigned i = 0; i < s->count; i++) {
		if (is_one(s, i))
			continue;
		buffer_format(out, "%s$%u::%s[]", before, i + 2, column_type(selected(s, i)->kind));
		before = ", ";
	}
	add(out, ")");
}

/* k("a", "b" */
static void names_of_rows(struct buffer *out, const struct selection *s)
{
	const char *before = s->many ? ", " : "";
	add(out, s->many ? " AS k(\"merchant_id\"" : " AS k(");
	for (unsigned i = 0; i < s->count; i++) {
		if (is_one(s, i))
			continue;
		add(out, before);
		sql_name(out, selected(s, i)->name);
		before = ", ";
	}
}

/* t."a" = k."a" AND t."b" = k."b", of the first n */
static void same_key(struct buffer *out, const struct selection *s, unsigned n)
{
	add(out, s->many ? "t.\"merchant_id\" = k.\"merchant_id\"" : "t.\"merchant_id\" = $1");
	for (unsigned i = 0; i < n; i++) {
		add(out, " AND ");
		column(out, "t", selected(s, i));
		add(out, " = ");
		column(out, "k", selected(s, i));
	}
}

static void all_columns(struct buffer *out, const char *alias, const struct sql_table *t)
{
	for (unsigned i = 0; i < t->column_count; i++) {
		add(out, i ? ", " : "");
		column(out, alias, &t->columns[i]);
	}
}

/* The look-up of one row stands in a query of its own, which cannot be turned round: the arrays
 * lead, whatever the statistics say of the table. */
static void write_load(struct buffer *out, const struct path *p, bool many)
{
	struct selection s = {.many = many};
	select_path(&s, p);
	add(out, "SELECT k.\"nth\", r.* FROM ");
	unnest(out, &s);
	add(out, " WITH ORDINALITY");
	names_of_rows(out, &s);
	add(out, ", \"nth\"), LATERAL (SELECT ");
	all_columns(out, "t", s.table);
	add(out, " FROM ");
	sql_name(out, s.table->name);
	add(out, " t WHERE ");
	same_key(out, &s, s.count);
	if (p->condition_count)
		add(out, " AND ");
	sql_conditions(out, "t", p);
	add(out, " OFFSET 0) r");
}

/* t."merchant_id" = $1 AND t."a" = $2 */
static void given_key(struct buffer *out, const struct selection *s)
{
	add(out, "t.\"merchant_id\" = $1");
	for (unsigned i = 0; i < s->count; i++) {
		add(out, " AND ");
		column(out, "t", selected(s, i));
		buffer_format(out, " = $%u::%s", i + 2, column_type(selected(s, i)->kind));
	}
}

static void write_delete(struct buffer *out, unsigned table)
{
	struct selection s = {0};
	select_key(&s, table);
	add(out, "DELETE FROM ");
	sql_name(out, s.table->name);
	add(out, " t WHERE ");
	given_key(out, &s);
}

static bool is_value(unsigned table, unsigned column)
{
	for (uint64_t all = record_shapes[table].uniques; all; all &= all - 1)
		if (unique_shapes[__builtin_ctzll(all)].value == column)
			return true;
	return false;
}

static void write_release(struct buffer *out, unsigned table)
{
	struct selection s = {0};
	unsigned n = 0;
	select_key(&s, table);
	add(out, "UPDATE ");
	sql_name(out, s.table->name);
	add(out, " t SET ");
	for (unsigned i = 0; i < s.table->column_count; i++) {
		if (!is_value(table, i))
			continue;
		add(out, n++ ? ", " : "");
		sql_name(out, s.table->columns[i].name);
		add(out, s.table->columns[i].nullable ? " = NULL" : " = 0");
	}
	add(out, " WHERE ");
	given_key(out, &s);
}

/* --- whole rows --- */

/* k."a", $3::text */
static void write_values(struct buffer *out, const struct selection *s)
{
	add(out, s->many ? "k.\"merchant_id\"" : "$1::bigint");
	for (unsigned i = 0; i < s->count; i++) {
		add(out, ", ");
		if (is_one(s, i))
			buffer_format(out, "$%u::%s", i + 2, column_type(selected(s, i)->kind));
		else
			column(out, "k", selected(s, i));
	}
}

static bool has_arrays(const struct selection *s)
{
	bool some = s->many;
	for (unsigned i = 0; i < s->count; i++)
		some |= !is_one(s, i);
	return some;
}

static void write_insert(struct buffer *out, const struct selection *s)
{
	bool arrays = has_arrays(s);
	add(out, "INSERT INTO ");
	sql_name(out, s->table->name);
	add(out, " AS t (\"merchant_id\"");
	for (unsigned i = 0; i < s->count; i++) {
		add(out, ", ");
		sql_name(out, selected(s, i)->name);
	}
	add(out, arrays ? ") SELECT " : ") VALUES (");
	write_values(out, s);
	add(out, arrays ? " FROM " : ")");
	if (!arrays)
		return;
	unnest(out, s);
	names_of_rows(out, s);
	add(out, ")");
}

/* When a record came into a list is known to the batch in which it did. */
static void write_since(struct buffer *out, const struct column *since,
			const struct column *ordinal)
{
	add(out, "CASE WHEN ");
	column(out, "excluded", ordinal);
	add(out, " IS NULL THEN NULL ELSE coalesce(");
	column(out, "excluded", since);
	add(out, ", ");
	column(out, "t", since);
	add(out, ") END");
}

static void write_set(struct buffer *out, const struct sql_table *t, unsigned i)
{
	sql_name(out, t->columns[i].name);
	add(out, " = ");
	if (t->columns[i].source == FROM_SINCE)
		write_since(out, &t->columns[i], &t->columns[i - 1]);
	else
		column(out, "excluded", &t->columns[i]);
}

static void write_upsert(struct buffer *out, const struct selection *s)
{
	unsigned keys = s->table->key_count;
	write_insert(out, s);
	add(out, " ON CONFLICT (\"merchant_id\"");
	for (unsigned i = 0; i < keys; i++) {
		add(out, ", ");
		sql_name(out, s->table->columns[i].name);
	}
	add(out, ") DO UPDATE SET ");
	for (unsigned i = keys; i < s->count; i++) {
		add(out, i > keys ? ", " : "");
		write_set(out, s->table, s->columns[i]);
	}
}

/* --- in the order of keys --- */

/* A text's size stands before its bytes in a key, so short ones come first. */
static void ordered(struct buffer *out, const struct column *c, const char *what)
{
	if (c->kind == COLUMN_TEXT || c->kind == COLUMN_BYTEA)
		buffer_format(out, "octet_length(%s), ", what);
	add(out, what);
}

static void ordered_columns(struct buffer *out, const struct selection *s, unsigned from)
{
	char name[64];
	for (unsigned i = from; i < s->count; i++) {
		snprintf(name, sizeof(name), "t.\"%s\"", selected(s, i)->name);
		add(out, i > from ? ", " : "");
		ordered(out, selected(s, i), name);
	}
}

static void ordered_parameters(struct buffer *out, const struct selection *s, unsigned from)
{
	char name[64];
	for (unsigned i = from; i < s->count; i++) {
		snprintf(name, sizeof(name), "$%u::%s", i + 2, column_type(selected(s, i)->kind));
		add(out, i > from ? ", " : "");
		ordered(out, selected(s, i), name);
	}
}

/* The first column alone, too: where a text's size makes the rest useless to an index. */
static void write_after(struct buffer *out, const struct selection *s, unsigned given)
{
	const struct column *c = selected(s, given);
	if (c->kind != COLUMN_TEXT && c->kind != COLUMN_BYTEA) {
		add(out, " AND ");
		column(out, "t", c);
		buffer_format(out, " >= $%u::%s", given + 2, column_type(c->kind));
	}
	add(out, " AND (");
	ordered_columns(out, s, given);
	add(out, ") > (");
	ordered_parameters(out, s, given);
	add(out, ")");
}

static void write_next(struct buffer *out, const struct path *p, unsigned given, bool after)
{
	struct selection s = {0};
	select_path(&s, p);
	must(given <= s.count && !(after && given == s.count));
	add(out, "SELECT 0::bigint, ");
	all_columns(out, "t", s.table);
	add(out, " FROM ");
	sql_name(out, s.table->name);
	add(out, " t WHERE t.\"merchant_id\" = $1");
	for (unsigned i = 0; i < given; i++) {
		add(out, " AND ");
		column(out, "t", selected(&s, i));
		buffer_format(out, " = $%u::%s", i + 2, column_type(selected(&s, i)->kind));
	}
	if (p->condition_count)
		add(out, " AND ");
	sql_conditions(out, "t", p);
	if (after)
		write_after(out, &s, given);
	if (given < s.count)
		add(out, " ORDER BY ");
	ordered_columns(out, &s, given);
	buffer_format(out, " LIMIT $%u::bigint", (after ? s.count : given) + 2);
}

static bool is_rows(enum sql_action action)
{
	return action == SQL_UPSERT || action == SQL_INSERT || action == SQL_UPSERT_MANY ||
	       action == SQL_INSERT_MANY;
}

void sql_write_columns(struct sql_statement s, struct sql_columns columns, struct buffer *out)
{
	struct selection rows = {.many =
				     s.action == SQL_INSERT_MANY || s.action == SQL_UPSERT_MANY};
	must(is_rows(s.action));
	select_columns(&rows, s.id, columns);
	if (s.action == SQL_UPSERT || s.action == SQL_UPSERT_MANY)
		write_upsert(out, &rows);
	else
		write_insert(out, &rows);
	must(!out->full);
}

void sql_write(struct sql_statement s, struct buffer *out)
{
	if (s.action >= SQL_NEXT)
		write_next(out, path_get(s.id), s.action - SQL_NEXT, true);
	else if (s.action >= SQL_FIRST)
		write_next(out, path_get(s.id), s.action - SQL_FIRST, false);
	else if (s.action == SQL_WRITTEN)
		add(out, written[s.id]);
	else if (s.action == SQL_LOAD || s.action == SQL_LOAD_MANY)
		write_load(out, path_get(s.id), s.action == SQL_LOAD_MANY);
	else if (s.action == SQL_DELETE)
		write_delete(out, s.id);
	else if (s.action == SQL_RELEASE)
		write_release(out, s.id);
	else
		sql_write_columns(s, (struct sql_columns){0, 0}, out);
	must(!out->full);
}
