/* See pg_schema.h. The tables are made at the first call, once per process. */
#include "store/pg_schema.h"

#include "base/varint.h"
#include "store/pg.h"
#include "store/pg_schema.tbl.h"

#include <ctype.h>
#include <pthread.h>

static struct sql_table tables[SQL_TABLE_COUNT];
static struct path paths[PATH_COUNT];
static unsigned size_of_all;
static pthread_once_t made = PTHREAD_ONCE_INIT;

enum { LIST_COLUMN_NAME_MAX = 48 };
static char ordinal_names[LIST_COUNT][LIST_COLUMN_NAME_MAX];
static char since_names[LIST_COUNT][LIST_COLUMN_NAME_MAX];

static void make_schema(void);

const struct sql_table *sql_table_get(unsigned table)
{
	must(table > 0 && table < SQL_TABLE_COUNT);
	pthread_once(&made, make_schema);
	return &tables[table];
}

const struct record_shape *sql_table_shape(unsigned table)
{
	return table < TABLE_COUNT ? &record_shapes[table] : NULL;
}

unsigned schema_size(void)
{
	pthread_once(&made, make_schema);
	return size_of_all;
}

const struct path *path_get(unsigned path)
{
	must(path < PATH_COUNT);
	pthread_once(&made, make_schema);
	return &paths[path];
}

/* --- tables --- */

static struct column *add_column(struct sql_table *t, const char *name, enum column_kind kind)
{
	must(t->column_count < SQL_COLUMNS_MAX);
	struct column *c = &t->columns[t->column_count++];
	*c = (struct column){.name = name, .kind = kind, .source = FROM_ELSEWHERE, .comment = ""};
	return c;
}

static enum column_kind kind_of_field(const struct field *f)
{
	switch ((enum field_kind)f->kind) {
	case KIND_NUMBER:
	case KIND_SIGNED:
	case KIND_MONEY:
		return COLUMN_BIGINT;
	case KIND_FLAG:
		return COLUMN_BOOLEAN;
	case KIND_INSTANT:
		return COLUMN_INSTANT;
	case KIND_TEXT:
		return COLUMN_TEXT;
	case KIND_BYTES:
		return COLUMN_BYTEA;
	}
	must(false);
}

static const char *comment_of_field(const struct field *f)
{
	if (f->role == ROLE_KEY)
		return "part of the key";
	if (f->role == ROLE_PERSONAL)
		return "personal data, here in clear, in the ledger sealed; NULL: none";
	if (f->role == ROLE_SECRET)
		return "sealed under the master key; NULL: none";
	if (f->role == ROLE_SLOT)
		return "slot of the customer's key; 0: none";
	switch ((enum field_kind)f->kind) {
	case KIND_MONEY:
		return "fen: hundredths of a yuan";
	case KIND_INSTANT:
		return "whole milliseconds; NULL: none";
	case KIND_TEXT:
	case KIND_BYTES:
		return "NULL: none";
	case KIND_FLAG:
		return "yes or no";
	case KIND_NUMBER:
	case KIND_SIGNED:
		return "0: none";
	}
	must(false);
}

static void add_field(struct sql_table *t, const struct field *f, unsigned index)
{
	struct column *c = add_column(t, f->name, kind_of_field(f));
	bool can_be_null = field_is_text(f) || f->kind == KIND_INSTANT;
	c->source = FROM_FIELD;
	c->at = (uint8_t)index;
	c->nullable = can_be_null && f->role != ROLE_KEY;
	c->comment = comment_of_field(f);
}

static const char *list_column_name(const struct list_shape *l, const char *end, char *out)
{
	int size = snprintf(out, LIST_COLUMN_NAME_MAX, "%s_%s", l->name, end);
	must(size > 0 && size < LIST_COLUMN_NAME_MAX);
	for (char *at = out; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return out;
}

static void add_list(struct sql_table *t, enum list list)
{
	const struct list_shape *l = &list_shapes[list];
	unsigned place = list_place(list);
	struct column *ordinal =
	    add_column(t, list_column_name(l, "ordinal", ordinal_names[list]), COLUMN_BIGINT);
	struct column *since =
	    add_column(t, list_column_name(l, "since", since_names[list]), COLUMN_INSTANT);
	ordinal->source = FROM_ORDINAL;
	since->source = FROM_SINCE;
	ordinal->at = since->at = (uint8_t)place;
	ordinal->nullable = since->nullable = true;
	ordinal->comment = "place in the list; NULL: not in it";
	since->comment = "when it came into the list";
}

static void make_record_table(enum table table)
{
	const struct record_shape *shape = &record_shapes[table];
	struct sql_table *t = &tables[table];
	t->name = shape->name;
	t->key_count = shape->key_count;
	t->global = table == TABLE_CREDENTIAL;
	for (unsigned i = 0; i < shape->field_count; i++)
		add_field(t, &shape->fields[i], i);
	for (uint64_t all = shape->lists; all; all &= all - 1)
		if (__builtin_ctzll(all) != LIST_CLUSTERED)
			add_list(t, (enum list)__builtin_ctzll(all));
}

/* Columns of the tables that are no records; an own row's columns are never NULL. */
static void make_other_tables(void)
{
#define C(name, kind, what) add_column(t, #name, COLUMN_##kind)->comment = (what);
#define T(name_, NAME, keys, what)                                                             \
	{                                                                                      \
		struct sql_table *t = &tables[SQL_##NAME];                                     \
		*t = (struct sql_table){.name = #name_, .key_count = keys, .comment = (what)}; \
		NAME##_COLUMNS(C)                                                              \
	}
	SQL_TABLES(T)
#undef T
#undef C
}

/* --- paths --- */

static unsigned column_from(const struct sql_table *t, enum column_source source, unsigned at)
{
	for (unsigned i = 0; i < t->column_count; i++)
		if (t->columns[i].source == source && t->columns[i].at == at)
			return i;
	must(false);
}

static void make_key_path(unsigned path, unsigned table)
{
	struct path *p = &paths[path];
	*p = (struct path){.table = (uint8_t)table, .key_count = (uint8_t)tables[table].key_count};
	must(p->key_count <= PATH_KEYS_MAX);
	for (unsigned i = 0; i < p->key_count; i++)
		p->keys[i] = (uint8_t)i;
}

static void make_unique_path(enum unique unique)
{
	const struct unique_shape *u = &unique_shapes[unique];
	struct path *p = &paths[PATH_UNIQUE + unique];
	*p = (struct path){.table = u->table, .key_count = 1, .keys = {u->value}};
	p->conditions[p->condition_count++] = u->value;
	if (u->when != u->value)
		p->conditions[p->condition_count++] = u->when;
}

static void make_entry_path(enum list list)
{
	const struct list_shape *l = &list_shapes[list];
	struct path *p = &paths[PATH_ENTRY + list];
	unsigned ordinal = column_from(&tables[l->table], FROM_ORDINAL, list_place(list));
	*p = (struct path){.table = l->table, .condition_count = 1};
	for (; p->key_count < l->owner_count; p->key_count++)
		p->keys[p->key_count] = l->owners[p->key_count];
	p->keys[p->key_count++] = (uint8_t)ordinal;
	p->conditions[0] = (uint8_t)ordinal;
}

static void make_paths(void)
{
	for (unsigned t = 1; t < TABLE_COUNT; t++)
		make_key_path(PATH_RECORD + t, t);
	for (unsigned u = 1; u < UNIQUE_COUNT; u++)
		make_unique_path((enum unique)u);
	for (unsigned l = 1; l < LIST_COUNT; l++)
		if (l != LIST_CLUSTERED)
			make_entry_path((enum list)l);
	make_key_path(PATH_LIST, SQL_LIST_STATE);
	make_key_path(PATH_HOLES, SQL_HOLE);
	make_key_path(PATH_KEY, SQL_CUSTOMER_KEY);
	make_key_path(PATH_META, SQL_META);
}

static void make_schema(void)
{
#define T(NAME, what) tables[TABLE_##NAME].comment = (what);
	TABLE_COMMENTS(T)
#undef T
	for (unsigned t = 1; t < TABLE_COUNT; t++)
		make_record_table((enum table)t);
	make_other_tables();
	make_paths();
	for (unsigned t = 1; t < SQL_TABLE_COUNT; t++) {
		must(tables[t].comment && tables[t].column_count > tables[t].key_count);
		size_of_all += tables[t].column_count;
	}
	for (unsigned p = 0; p < PATH_LIST; p++)
		size_of_all += paths[p].condition_count > 0; /* an index each */
}

/* --- keys --- */

unsigned path_of_key(struct text key)
{
	unsigned id = key_id(key);
	must(key.size >= KEY_PREFIX_SIZE);
	switch ((unsigned)key_kind(key)) {
	case ROW_RECORD:
		must(id > 0 && id < TABLE_COUNT);
		return PATH_RECORD + id;
	case ROW_UNIQUE:
		must(id > 0 && id < UNIQUE_COUNT);
		return PATH_UNIQUE + id;
	case ROW_ENTRY:
		must(id > 0 && id < LIST_COUNT && id != LIST_CLUSTERED);
		return PATH_ENTRY + id;
	case ROW_LIST:
		return PATH_LIST;
	case ROW_HOLES:
		return PATH_HOLES;
	case ROW_KEY:
		return PATH_KEY;
	case ROW_META:
		return PATH_META;
	default:
		must(key_kind(key) == ROW_HEAD || (unsigned)key_kind(key) == ROW_KEY_LAST);
		return PATH_COUNT;
	}
}

static bool take_number(struct text *rest, struct pg_value *ret)
{
	uint64_t number;
	if (!varint_take(rest, &number))
		return false;
	*ret = (struct pg_value){.number = (int64_t)number};
	return true;
}

static bool take_value(struct text *rest, enum column_kind kind, struct pg_value *ret)
{
	*ret = (struct pg_value){0};
	if (kind == COLUMN_TEXT || kind == COLUMN_BYTEA)
		return slice_take(rest, &ret->text) && ret->text.size <= KEY_TEXT_MAX;
	return take_number(rest, ret);
}

/* Key fields, a unique value, owners and ordinal: one part for each column. */
static bool column_values(const struct path *p, struct text rest, struct pg_value *ret,
			  unsigned *ret_count)
{
	const struct sql_table *t = &tables[p->table];
	unsigned n = 0;
	for (; n < p->key_count && rest.size > 0; n++)
		if (!take_value(&rest, t->columns[p->keys[n]].kind, &ret[n]))
			return false;
	*ret_count = n;
	return rest.size == 0;
}

/* List, owner, and what follows. */
static bool list_values(struct text key, struct text rest, struct pg_value *ret,
			unsigned *ret_count)
{
	struct text owner = rest;
	bool whole = key_skip_owner((enum list)key_id(key), &rest);
	ret[0] = (struct pg_value){.number = key_id(key)};
	*ret_count = 1;
	if (!whole)
		return owner.size == 0;
	owner.size -= rest.size;
	ret[1] = (struct pg_value){.text = owner};
	*ret_count = 2;
	for (; rest.size > 0 && *ret_count < PATH_KEYS_MAX; ++*ret_count)
		if (!take_number(&rest, &ret[*ret_count]))
			return false;
	return rest.size == 0;
}

bool path_values(unsigned path, struct text key, struct pg_value ret[PATH_KEYS_MAX],
		 unsigned *ret_count)
{
	const struct path *p = path_get(path);
	struct text rest = {key.data + KEY_PREFIX_SIZE, key.size - KEY_PREFIX_SIZE};
	if (path == PATH_LIST || path == PATH_HOLES)
		return key_id(key) > 0 && key_id(key) < LIST_COUNT &&
		       list_values(key, rest, ret, ret_count);
	return column_values(p, rest, ret, ret_count);
}
