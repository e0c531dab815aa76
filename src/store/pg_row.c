/* See pg_row.h. */
#include "store/pg_row.h"

#include "base/varint.h"
#include "store/entry.h"
#include "store/list.h"

/* --- to columns --- */

/* Zero, empty and none are NULL where the column can be. */
static struct pg_value value_of_field(const struct field *f, bool nullable, const void *record)
{
	struct pg_value v = {0};
	v.null = nullable && !field_is_set(f, record);
	if (field_is_text(f))
		v.text = field_text_of(f, record);
	else if (f->kind == KIND_FLAG)
		v.number = field_is_set(f, record);
	else
		v.number = (int64_t)field_number(f, record);
	return v;
}

static bool value_of_column(const struct column *c, const union record *record,
			    const struct record_shape *shape, const struct row_since *since,
			    struct pg_value *ret)
{
	switch (c->source) {
	case FROM_FIELD:
		*ret = value_of_field(&shape->fields[c->at], c->nullable, record);
		break;
	case FROM_ORDINAL:
		*ret = (struct pg_value){.number = (int64_t)record_at_const(shape, record)[c->at]};
		ret->null = ret->number == 0;
		break;
	case FROM_SINCE:
		*ret =
		    (struct pg_value){.number = since->at[c->at].ms, .null = !since->known[c->at]};
		break;
	case FROM_ELSEWHERE:
		return false;
	}
	return c->kind != COLUMN_INSTANT || ret->null || instant_fits(ret->number);
}

static bool record_values(unsigned table, const struct pg_change *row,
			  const struct row_since *since, struct pg_value *ret)
{
	const struct sql_table *t = sql_table_get(table);
	const struct record_shape *shape = &record_shapes[table];
	struct text rest = {row->key.data + KEY_PREFIX_SIZE, row->key.size - KEY_PREFIX_SIZE};
	union record record;
	if (!key_read_record(shape, rest, &record) || !record_decode(shape, *row->value, &record))
		return false;
	for (unsigned i = 0; i < t->column_count; i++)
		if (!value_of_column(&t->columns[i], &record, shape, since, &ret[i]))
			return false;
	return true;
}

/* --- when records came into lists --- */

static bool read_since(uint64_t merchant, enum list list, const union record *record,
		       const struct row_others *others, struct row_since *ret)
{
	unsigned place = list_place(list);
	uint64_t ordinal = record_at_const(&record_shapes[list_shapes[list].table], record)[place];
	struct key state, k;
	struct text pk, value;
	if (ordinal == 0)
		return true;
	key_list(&state, merchant, list, record);
	key_of_list(&k, ROW_ENTRY, &state);
	key_add_number(&k, ordinal);
	if (!others->get(others->context, &k, &value))
		return true;
	ret->known[place] = true;
	return entry_row_decode(value, &ret->at[place], &pk);
}

bool row_since(unsigned table, const struct pg_change *row, const struct row_others *others,
	       struct row_since *ret)
{
	const struct record_shape *shape = &record_shapes[table];
	struct text rest = {row->key.data + KEY_PREFIX_SIZE, row->key.size - KEY_PREFIX_SIZE};
	union record record;
	*ret = (struct row_since){0};
	if (!shape->lists)
		return true;
	if (!key_read_record(shape, rest, &record) || !record_decode(shape, *row->value, &record))
		return false;
	for (uint64_t all = shape->lists; all; all &= all - 1) {
		enum list list = (enum list)__builtin_ctzll(all);
		if (list != LIST_CLUSTERED &&
		    !read_since(key_merchant(row->key), list, &record, others, ret))
			return false;
	}
	return true;
}

/* --- ledger entries --- */

bool row_entry_values(const struct pg_entry *e, struct batch_id id, uint64_t place,
		      struct pg_value *v)
{
	struct entry_envelope envelope;
	struct text rest = e->bytes;
	if (!entry_envelope_take(&rest, &envelope) || !instant_fits(e->instant.ms))
		return false;
	const int64_t numbers[] = {(int64_t)e->number, (int64_t)envelope.next_number,
				   (int64_t)id.node,   (int64_t)id.number,
				   (int64_t)place,     e->instant.ms};
	for (unsigned n = 0; n < COUNT_OF(numbers); n++)
		*v++ = (struct pg_value){.number = numbers[n]};
	*v++ = (struct pg_value){.text = e->actor};
	*v++ = (struct pg_value){.number = e->command};
	*v++ = (struct pg_value){.text = e->bytes};
	*v++ = (struct pg_value){.text = {(const char *)e->hash, 32}};
	*v++ = (struct pg_value){.number = envelope.ahead_ms};
	return true;
}

/* --- other rows --- */

/* next, count, first */
static bool state_values(const struct pg_change *row, struct pg_value *ret)
{
	struct ordinals o;
	if (!ordinals_decode(*row->value, &o))
		return false;
	ret[0] = (struct pg_value){.number = (int64_t)o.next};
	ret[1] = (struct pg_value){.number = (int64_t)o.count};
	ret[2] = (struct pg_value){.number = (int64_t)o.first};
	return true;
}

bool row_values(unsigned path, const struct pg_change *row, const struct row_since *since,
		struct pg_value ret[SQL_COLUMNS_MAX])
{
	const struct path *p = path_get(path);
	struct pg_value keys[PATH_KEYS_MAX];
	unsigned n;
	if (path < PATH_UNIQUE)
		return record_values(path - PATH_RECORD, row, since, ret);
	if (!path_values(path, row->key, keys, &n) || n != p->key_count)
		return false;
	memcpy(ret, keys, n * sizeof(*ret));
	if (path == PATH_LIST)
		return state_values(row, ret + n);
	ret[n] = (struct pg_value){.text = *row->value};
	return true;
}

/* --- from columns --- */

struct row_read {
	uint64_t merchant;
	union record record;
	struct row_since since;
	struct pg_value values[SQL_COLUMNS_MAX];
};

static void set_field(const struct field *f, union record *record, const struct pg_value *v)
{
	char *to = (char *)record + f->offset;
	if (field_is_text(f))
		*(struct text *)(void *)to = v->text;
	else if (f->kind == KIND_FLAG)
		*(bool *)to = v->number != 0;
	else
		*(int64_t *)(void *)to = v->number;
}

static void set_column(struct row_read *row, const struct record_shape *shape,
		       const struct column *c, const struct pg_value *v)
{
	switch (c->source) {
	case FROM_FIELD:
		set_field(&shape->fields[c->at], &row->record, v);
		return;
	case FROM_ORDINAL:
		record_at(shape, &row->record)[c->at] = (uint64_t)v->number;
		return;
	case FROM_SINCE:
		row->since.known[c->at] = !v->null;
		row->since.at[c->at].ms = v->number;
		return;
	case FROM_ELSEWHERE:
		return;
	}
}

static bool read_row(unsigned table, const PGresult *r, int row, struct row_read *ret)
{
	const struct sql_table *t = sql_table_get(table);
	const struct record_shape *shape = sql_table_shape(table);
	struct text bytes;
	if (shape)
		memset(record_at(shape, &ret->record), 0, RECORD_LISTS_MAX * sizeof(uint64_t));
	for (unsigned i = 0; i < t->column_count; i++) {
		struct pg_value *v = &ret->values[i];
		*v = (struct pg_value){.null = true};
		if (link_cell(r, row, (int)i + 1, &bytes) &&
		    !value_read(t->columns[i].kind, bytes, v))
			return false;
		if (shape)
			set_column(ret, shape, &t->columns[i], v);
	}
	if (shape && shape->clustered)
		record_at(shape, &ret->record)[0] =
		    field_number(&shape->fields[shape->key_count - 1], &ret->record);
	return true;
}

static void give(struct pg_sink *sink, const struct key *key, struct text value)
{
	sink->row(sink, key_get(key), &value);
}

static void give_record(struct pg *p, unsigned table, const struct row_read *row,
			struct pg_sink *sink)
{
	struct key k;
	key_record(&k, row->merchant, (enum table)table, &row->record);
	record_encode(&record_shapes[table], &row->record, &p->value);
	must(!p->value.full);
	give(sink, &k, buffer_get(&p->value));
}

static void give_unique(enum unique unique, const struct row_read *row, struct pg_sink *sink)
{
	struct key record, k;
	key_record(&record, row->merchant, (enum table)unique_shapes[unique].table, &row->record);
	key_unique(&k, row->merchant, unique, &row->record);
	give(sink, &k, key_rest(&record));
}

static bool give_entry(enum list list, const struct row_read *row, struct pg_sink *sink)
{
	uint8_t memory[VARINT_SIZE_MAX + KEY_BYTES_MAX];
	enum table table = (enum table)list_shapes[list].table;
	unsigned place = list_place(list);
	struct key record, state, k;
	struct buffer value;
	if (!row->since.known[place])
		return false;
	key_record(&record, row->merchant, table, &row->record);
	key_list(&state, row->merchant, list, &row->record);
	key_of_list(&k, ROW_ENTRY, &state);
	key_add_number(&k, record_at_const(&record_shapes[table], &row->record)[place]);
	buffer_init_fixed(&value, memory, sizeof(memory));
	entry_row_encode(row->since.at[place], key_rest(&record), &value);
	give(sink, &k, buffer_get(&value));
	return true;
}

/* list, owner; next, count, first */
static void give_state(const struct row_read *row, struct pg_sink *sink)
{
	uint8_t memory[3 * VARINT_SIZE_MAX];
	const struct pg_value *v = row->values;
	struct ordinals o = {(uint64_t)v[2].number, (uint64_t)v[3].number, (uint64_t)v[4].number};
	struct key k;
	struct buffer value;
	key_init(&k, ROW_LIST, (unsigned)v[0].number & UINT8_MAX, row->merchant);
	key_add_parts(&k, v[1].text);
	buffer_init_fixed(&value, memory, sizeof(memory));
	ordinals_encode(&o, &value);
	give(sink, &k, buffer_get(&value));
}

/* list, owner, level, place; value */
static void give_hole(const struct row_read *row, struct pg_sink *sink)
{
	const struct pg_value *v = row->values;
	struct key k;
	key_init(&k, ROW_HOLES, (unsigned)v[0].number & UINT8_MAX, row->merchant);
	key_add_parts(&k, v[1].text);
	key_add_number(&k, (uint64_t)v[2].number);
	key_add_number(&k, (uint64_t)v[3].number);
	give(sink, &k, v[4].text);
}

static void give_own(unsigned path, const struct row_read *row, struct pg_sink *sink)
{
	struct key k;
	key_init(&k, (enum row_kind)(path == PATH_KEY ? ROW_KEY : ROW_META), 0, row->merchant);
	if (path == PATH_KEY)
		key_add_number(&k, (uint64_t)row->values[0].number);
	else
		key_add_text(&k, row->values[0].text);
	give(sink, &k, row->values[1].text);
}

bool row_emit(struct pg *p, unsigned path, uint64_t merchant, const PGresult *r, int row,
	      struct pg_sink *sink)
{
	unsigned table = path_get(path)->table;
	struct row_read read = {.merchant = merchant};
	if (!read_row(table, r, row, &read))
		return false;
	if (path < PATH_LIST)
		give_record(p, table, &read, sink);
	if (path == PATH_LIST)
		give_state(&read, sink);
	else if (path == PATH_HOLES)
		give_hole(&read, sink);
	else if (path > PATH_HOLES)
		give_own(path, &read, sink);
	else if (path >= PATH_ENTRY)
		return give_entry((enum list)(path - PATH_ENTRY), &read, sink);
	else if (path >= PATH_UNIQUE)
		give_unique((enum unique)(path - PATH_UNIQUE), &read, sink);
	return true;
}
