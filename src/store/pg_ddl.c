/* See pg_ddl.h. */
#include "store/pg_ddl.h"

#include "store/pg_schema.tbl.h"
#include "store/pg_sql.h"
#include "store/pg_views.tbl.h"

const char ddl_version[] =
    "CREATE TABLE IF NOT EXISTS schema_version ("
    "step bigint PRIMARY KEY, name text NOT NULL, size bigint NOT NULL,"
    " done timestamptz NOT NULL DEFAULT now());"
    "COMMENT ON TABLE schema_version IS"
    " 'steps of couponry migrate that were done; size: columns and indexes known then';";

static void add(struct buffer *out, const char *text)
{
	buffer_text(out, text_of(text));
}

/* --- tables --- */

/* What stands in an index is bounded, as it is in keys. */
static bool is_indexed(unsigned table, unsigned column)
{
	if (column < sql_table_get(table)->key_count)
		return true;
	for (unsigned id = 0; id < PATH_LIST; id++) {
		const struct path *p = path_get(id);
		for (unsigned i = 0; p->table == table && i < p->key_count; i++)
			if (p->keys[i] == column)
				return true;
	}
	return false;
}

static void column(struct buffer *out, unsigned table, unsigned i, bool bounded)
{
	const struct column *c = &sql_table_get(table)->columns[i];
	bool text = c->kind == COLUMN_TEXT || c->kind == COLUMN_BYTEA;
	sql_name(out, c->name);
	buffer_format(out, " %s", column_type(c->kind));
	if (c->kind == COLUMN_TEXT)
		add(out, " COLLATE \"C\"");
	if (!c->nullable)
		add(out, " NOT NULL");
	bool later = c->source == FROM_FIELD || c->kind == COLUMN_BIGINT; /* one that may be */
	if (!c->nullable && later && i >= sql_table_get(table)->key_count)
		add(out, c->kind == COLUMN_BOOLEAN ? " DEFAULT false" : " DEFAULT 0");
	if (bounded && text && table < TABLE_COUNT && is_indexed(table, i))
		buffer_format(out, " CHECK (octet_length(\"%s\") <= %d)", c->name, KEY_TEXT_MAX);
}

static void primary_key(struct buffer *out, const struct sql_table *t)
{
	add(out, "PRIMARY KEY (\"merchant_id\"");
	for (unsigned i = 0; i < t->key_count; i++) {
		add(out, ", ");
		sql_name(out, t->columns[i].name);
	}
	add(out, ")");
}

/* A quote inside is written twice. */
static void quoted(struct buffer *out, const char *text)
{
	buffer_byte(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buffer_byte(out, '\'');
		buffer_byte(out, *text);
	}
	buffer_byte(out, '\'');
}

static void comment_on(struct buffer *out, const char *table, const char *name, const char *text)
{
	add(out, name ? "COMMENT ON COLUMN " : "COMMENT ON TABLE ");
	sql_name(out, table);
	if (name) {
		add(out, ".");
		sql_name(out, name);
	}
	add(out, " IS ");
	quoted(out, text);
	add(out, ";\n");
}

/* What plans are to think of merchants, also when each has had one row so far: that one merchant
 * may have all of a table, so that they look up rows by as many columns as they can. */
static void suppose_one_merchant(struct buffer *out, const char *table)
{
	buffer_format(out, "ALTER TABLE \"%s\" ALTER \"merchant_id\" SET (n_distinct = 1);\n",
		      table);
}

static void partitions(const struct ddl *d, struct buffer *out, const char *table)
{
	char name[80];
	if (d->citus) /* does not pass it on to shards, and refuses it once there are some */
		return;
	suppose_one_merchant(out, table);
	for (unsigned i = 0; i < d->partitions; i++) {
		snprintf(name, sizeof(name), "%s_p%u", table, i);
		buffer_format(out,
			      "CREATE TABLE IF NOT EXISTS \"%s\" PARTITION OF \"%s\""
			      " FOR VALUES WITH (MODULUS %u, REMAINDER %u);\n",
			      name, table, d->partitions, i);
		suppose_one_merchant(out, name);
	}
}

static void split(const struct ddl *d, struct buffer *out, bool global)
{
	add(out, d->partitions && !global ? " PARTITION BY HASH (\"merchant_id\");\n" : ";\n");
}

/* On Citus a table is made known once. */
static void distribute(const struct ddl *d, struct buffer *out, const char *table, bool global)
{
	if (!global)
		partitions(d, out, table);
	if (!d->citus)
		return;
	buffer_format(out,
		      "SELECT %s('%s'%s) WHERE NOT EXISTS (SELECT FROM pg_dist_partition"
		      " WHERE logicalrelid = '%s'::regclass);\n",
		      global ? "create_reference_table" : "create_distributed_table", table,
		      global ? "" : ", 'merchant_id'", table);
}

static void table(const struct ddl *d, struct buffer *out, unsigned id)
{
	const struct sql_table *t = sql_table_get(id);
	buffer_format(out, "CREATE TABLE IF NOT EXISTS \"%s\" (\"merchant_id\" bigint NOT NULL",
		      t->name);
	for (unsigned i = 0; i < t->column_count; i++) {
		add(out, ",\n\t");
		column(out, id, i, true);
	}
	add(out, ",\n\t");
	primary_key(out, t);
	add(out, ")");
	split(d, out, t->global);
	/* Fields that came after the table was made. Citus takes no CHECK here, which has no name.
	 */
	for (unsigned i = t->key_count; i < t->column_count; i++) {
		buffer_format(out, "ALTER TABLE \"%s\" ADD COLUMN IF NOT EXISTS ", t->name);
		column(out, id, i, !d->citus);
		add(out, ";\n");
	}
	comment_on(out, t->name, NULL, t->comment);
	comment_on(out, t->name, "merchant_id", "whose; 0: the store's own");
	for (unsigned i = 0; i < t->column_count; i++)
		comment_on(out, t->name, t->columns[i].name, t->columns[i].comment);
	distribute(d, out, t->name, t->global);
}

/* --- indexes --- */

/* Entries of lists are not declared unique: a record that moved and another that took its key in
 * the same batch would have to be written in order. */
static void path_index(struct buffer *out, unsigned id, const char *name)
{
	const struct path *p = path_get(id);
	const struct sql_table *t = sql_table_get(p->table);
	buffer_format(out, "CREATE %sINDEX IF NOT EXISTS \"%s_%s\" ON \"%s\" (\"merchant_id\"",
		      id < PATH_ENTRY ? "UNIQUE " : "", t->name, name, t->name);
	for (unsigned i = 0; i < p->key_count; i++) {
		add(out, ", ");
		sql_name(out, t->columns[p->keys[i]].name);
	}
	add(out, ") WHERE ");
	sql_conditions(out, "", p);
	add(out, ";\n");
}

static void indexes(struct buffer *out)
{
	for (unsigned id = PATH_UNIQUE; id < PATH_LIST; id++) {
		const struct path *p = path_get(id);
		if (p->condition_count == 0)
			continue;
		const struct sql_table *t = sql_table_get(p->table);
		path_index(out, id, t->columns[p->keys[p->key_count - 1]].name);
	}
	/* One for each batch: who committed what, asked when a connection was lost. */
	add(out, "CREATE UNIQUE INDEX IF NOT EXISTS ledger_batch ON ledger"
		 " (merchant_id, batch_node, batch_number) WHERE batch_place = 0;\n");
}

static void head_and_node(const struct ddl *d, struct buffer *out)
{
	add(out, "CREATE TABLE IF NOT EXISTS head (merchant_id bigint PRIMARY KEY)");
	split(d, out, false);
	comment_on(
	    out, "head", NULL,
	    "one row for each merchant, never updated: who locks it writes for the merchant");
	distribute(d, out, "head", false);
	add(out, "CREATE TABLE IF NOT EXISTS node (number bigint PRIMARY KEY, name text NOT NULL,"
		 " lease_until timestamptz NOT NULL);\n");
	comment_on(out, "node", NULL, "servers on this store; a number is leased for a while");
	distribute(d, out, "node", true);
}

void ddl_tables(const struct ddl *d, struct buffer *out)
{
	head_and_node(d, out);
	for (unsigned t = 1; t < SQL_TABLE_COUNT; t++)
		table(d, out, t);
	indexes(out);
}

void ddl_rooms(const struct ddl *d, struct buffer *out)
{
	if (d->citus) /* a worker's shards are its own matter */
		return;
#define ROOM(table, percent)                                                                  \
	add(out, "DO $$DECLARE t regclass; BEGIN FOR t IN SELECT c.oid FROM pg_class c"       \
		 " LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"                             \
		 " WHERE c.relkind = 'r' AND '" #table "'::regclass IN (c.oid, i.inhparent)"  \
		 " LOOP EXECUTE format('ALTER TABLE %s SET (fillfactor = " #percent ")', t);" \
		 " END LOOP; END$$;\n");
	TABLE_ROOMS(ROOM)
#undef ROOM
}

void ddl_due(struct buffer *out)
{
#define INDEX(name, table, rest) \
	add(out, "CREATE INDEX IF NOT EXISTS " #name " ON " #table " " rest ";\n");
	DUE_INDEXES(INDEX)
#undef INDEX
}

void ddl_views(struct buffer *out)
{
#define VIEW(name, comment, text)                                  \
	add(out, "CREATE OR REPLACE VIEW " #name " AS " text ";\n" \
		 "COMMENT ON VIEW " #name " IS '" comment "';\n");
	SQL_VIEWS(VIEW)
#undef VIEW
}
