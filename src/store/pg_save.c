/*
 * pg_commit: a batch's rows as whole rows of tables: what goes away first, then unique values are
 * released where they change hands, then the rest, set by set; its ledger entries; COMMIT. All of
 * it is one exchange.
 *
 * UNIQUE and ENTRY rows are columns of records, which are in the batch whenever those are. From
 * ENTRY rows comes when a record came into a list; UNIQUE rows say that values change hands: who
 * takes one has looked who had it.
 *
 * A statement takes the columns that have something to say: of new rows those that are not as empty
 * as a row begins, of others those that changed; and where all rows say the same, one value. What
 * each row costs the database is mostly a matter of its columns.
 */
#include "store/pg_row.h"
#include "base/varint.h"

/* Of one statement. A large batch is several. */
enum { SAVE_ROWS_MAX = 4096, SAVE_BYTES_MAX = 8 * 1024 * 1024 };

struct save {
	struct pg *p;
	const struct pg_batch *batch;
	uint64_t merchant;
	bool many;	 /* not all of one merchant */
	uint32_t *slots; /* rows that are put, by hash of their key: place + 1, 0 free */
	uint32_t slot_count;
	bool bad;	   /* a change is no row */
	uint64_t released; /* tables with rows that gave up unique values: they are written whole */
};

/* The statement that is being filled. */
struct filling {
	struct sql_statement statement;
	unsigned path;
	unsigned rows;
	size_t bytes;
	/* Columns that have something to say; that are not the same in all rows. */
	uint64_t said, differ;
	struct pg_value first[SQL_COLUMNS_MAX];
};

static unsigned table_of(const struct pg_change *change)
{
	unsigned path = path_of_key(change->key);
	return path < PATH_UNIQUE || (path >= PATH_LIST && path < PATH_COUNT)
		   ? path_get(path)->table
		   : 0;
}

static unsigned path_of_table(unsigned table)
{
	if (table < TABLE_COUNT)
		return PATH_RECORD + table;
	return PATH_LIST + (table - SQL_LIST_STATE);
}
_Static_assert(PATH_HOLES - PATH_LIST == SQL_HOLE - SQL_LIST_STATE &&
		   PATH_META - PATH_LIST == SQL_META - SQL_LIST_STATE,
	       "the same order");

/* --- rows by key --- */

static uint32_t *find_slot(const struct save *s, struct text key)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < key.size; i++)
		hash = (hash ^ (uint8_t)key.data[i]) * UINT64_C(1099511628211);
	for (hash ^= hash >> 32;; hash++) {
		uint32_t *slot = &s->slots[hash & (s->slot_count - 1)];
		if (*slot == 0 || text_equal(s->batch->changes[*slot - 1].key, key))
			return slot;
	}
}

static void index_rows(struct save *s)
{
	const struct pg_batch *b = s->batch;
	for (s->slot_count = 16; s->slot_count < b->change_count * 2; s->slot_count *= 2)
		;
	s->slots = calloc(s->slot_count, sizeof(*s->slots));
	must(s->slots);
	for (size_t i = 0; i < b->change_count; i++)
		if (b->changes[i].value)
			*find_slot(s, b->changes[i].key) = (uint32_t)i + 1;
}

/* What the batch puts there; NULL: nothing. */
static const struct text *find_put(const struct save *s, const struct key *k)
{
	uint32_t slot = *find_slot(s, key_get(k));
	return slot ? s->batch->changes[slot - 1].value : NULL;
}

/* A record's entries, as far as this batch wrote them. */
static bool find_other(void *context, const struct key *k, struct text *ret_value)
{
	const struct text *value = find_put(context, k);
	if (value)
		*ret_value = *value;
	return value != NULL;
}

/* --- row by row --- */

/* A statement about the record (or other row) with that key. */
static void send_row(struct save *s, enum sql_action action, struct text key)
{
	unsigned path = path_of_key(key), n;
	const struct path *p = path_get(path);
	struct pg_value values[PATH_KEYS_MAX];
	struct link_keys keys;
	if (!path_values(path, key, values, &n) || n != p->key_count) {
		s->bad = true;
		return;
	}
	keys_begin(&keys, key_merchant(key));
	keys_add(&keys, path, values, n);
	link_send(s->p, (struct sql_statement){action, p->table}, &keys.values, LINK_TAG_SAID);
}

static void send_deletes(struct save *s)
{
	for (size_t i = 0; i < s->batch->change_count; i++)
		if (!s->batch->changes[i].value && table_of(&s->batch->changes[i]))
			send_row(s, SQL_DELETE, s->batch->changes[i].key);
}

/* A value that the batch gives to another record, while the one that had it stays. */
static void send_release(struct save *s, const struct pg_change *unique)
{
	struct key record;
	if (!unique->value || !unique->was || text_equal(*unique->value, *unique->was))
		return;
	key_init(&record, ROW_RECORD, unique_shapes[key_id(unique->key)].table,
		 key_merchant(unique->key));
	key_add_parts(&record, *unique->was);
	if (!find_put(s, &record))
		return;
	send_row(s, SQL_RELEASE, key_get(&record));
	s->released |= UINT64_C(1) << unique_shapes[key_id(unique->key)].table;
}

static void send_releases(struct save *s)
{
	for (size_t i = 0; i < s->batch->change_count; i++)
		if (key_kind(s->batch->changes[i].key) == ROW_UNIQUE)
			send_release(s, &s->batch->changes[i]);
}

/* --- set by set --- */

static void clear(struct save *s, struct filling *f)
{
	const struct sql_table *t = sql_table_get(f->statement.id);
	for (unsigned c = 0; c < t->column_count; c++)
		array_clear(&s->p->arrays[c]);
	array_clear(&s->p->merchants);
	f->rows = 0;
	f->bytes = 0;
	f->said = f->differ = 0;
}

enum { WORTH_ROWS = 8 }; /* so many rows, or one, are worth a statement for their columns */

static struct sql_columns columns_of(const struct filling *f)
{
	return (struct sql_columns){f->said & f->differ, f->said & ~f->differ};
}

static void add_column(struct link_values *v, struct pg_array *array, enum column_kind kind,
		       bool is_one)
{
	struct text one;
	if (!is_one)
		values_add(v, array_end(array, kind));
	else if (array_first(array, &one))
		values_add(v, one);
	else
		values_add_null(v);
}

static void add_columns(struct save *s, const struct sql_table *t, struct sql_columns columns,
			struct link_values *v)
{
	uint64_t some = columns.each | columns.one;
	for (unsigned c = 0; c < t->column_count; c++)
		if (!some || some & column_bit(c))
			add_column(v, &s->p->arrays[c], t->columns[c].kind,
				   (columns.one & column_bit(c)) != 0);
}

static void flush(struct save *s, struct filling *f)
{
	const struct sql_table *t = sql_table_get(f->statement.id);
	struct link_values v;
	if (f->rows == 0)
		return;
	if (s->many)
		values_begin_many(&v, s->p);
	else
		values_begin(&v, s->merchant);
	unsigned variant =
	    link_choose(s->p, f->statement, columns_of(f), f->rows == 1 || f->rows >= WORTH_ROWS);
	add_columns(s, t, link_columns(s->p, f->statement, variant), &v);
	link_send_rows(s->p, f->statement, variant, &v);
	if (s->p->connection)
		(void)!PQflush(s->p->connection); /* it begins while the next is made */
	clear(s, f);
}

static bool same_value(const struct pg_value *a, const struct pg_value *b)
{
	return a->null == b->null && a->number == b->number && text_equal(a->text, b->text);
}

/* Columns in which two rows differ. */
static uint64_t differing(const struct sql_table *t, const struct pg_value *a,
			  const struct pg_value *b)
{
	uint64_t some = 0;
	for (unsigned c = 0; c < t->column_count; c++)
		if (!same_value(&a[c], &b[c]))
			some |= column_bit(c);
	return some;
}

static uint64_t key_columns(const struct sql_table *t)
{
	return (UINT64_C(1) << t->key_count) - 1;
}

static uint64_t whole_row(const struct sql_table *t)
{
	return t->column_count > 63 ? UINT64_MAX : (UINT64_C(1) << t->column_count) - 1;
}

/* Where a record came into a list and when are written together. */
static uint64_t with_since(const struct sql_table *t, uint64_t some)
{
	for (unsigned c = 1; c < t->column_count; c++)
		if (t->columns[c].source == FROM_SINCE &&
		    some & (column_bit(c) | column_bit(c - 1)))
			some |= column_bit(c) | column_bit(c - 1);
	return some;
}

/* What a new row has in a column of which nothing is said: as in pg_ddl.c. */
static bool is_empty(const struct column *c, const struct pg_value *v)
{
	bool number = c->kind == COLUMN_BIGINT || c->kind == COLUMN_BOOLEAN;
	return v->null || (number && !c->nullable && v->number == 0);
}

static uint64_t not_empty(const struct sql_table *t, const struct pg_value *values)
{
	uint64_t some = key_columns(t);
	for (unsigned c = t->key_count; c < t->column_count; c++)
		if (!is_empty(&t->columns[c], &values[c]))
			some |= column_bit(c);
	return with_since(t, some);
}

static void add_row(struct save *s, struct filling *f, uint64_t merchant,
		    const struct pg_value *values, uint64_t said)
{
	const struct sql_table *t = sql_table_get(f->statement.id);
	if (s->many)
		merchants_add(s->p, merchant);
	if (f->rows == 0)
		memcpy(f->first, values, t->column_count * sizeof(*values));
	f->said |= said;
	f->differ |= differing(t, f->first, values);
	for (unsigned c = 0; c < t->column_count; c++) {
		array_add(&s->p->arrays[c], t->columns[c].kind, &values[c]);
		f->bytes += values[c].text.size + sizeof(uint64_t);
	}
	if (++f->rows == SAVE_ROWS_MAX || f->bytes >= SAVE_BYTES_MAX)
		flush(s, f);
}

static bool read_change(struct save *s, const struct filling *f, const struct pg_change *c,
			struct pg_value *values)
{
	struct row_since since = {0};
	struct row_others others = {find_other, s};
	if (f->statement.id < TABLE_COUNT && !row_since(f->statement.id, c, &others, &since))
		return false;
	return row_values(f->path, c, &since, values);
}

/* Columns in which it is not what it was, with those that say that it came into a list; 0: none. */
static uint64_t changed(const struct save *s, const struct filling *f, const struct pg_change *c,
			const struct pg_value *values)
{
	static const struct row_since unknown = {0};
	const struct sql_table *t = sql_table_get(f->statement.id);
	const struct pg_change was = {.key = c->key, .value = c->was};
	struct pg_value before[SQL_COLUMNS_MAX];
	uint64_t some = 0;
	bool whole = !c->was || s->released & UINT64_C(1) << f->statement.id;
	if (whole || !row_values(f->path, &was, &unknown, before))
		return whole_row(t);
	for (unsigned i = 0; i < t->column_count; i++)
		if (t->columns[i].source == FROM_SINCE ? !values[i].null
						       : !same_value(&values[i], &before[i]))
			some |= column_bit(i);
	return some ? with_since(t, some | key_columns(t)) : 0;
}

static void add_change(struct save *s, struct filling *f, const struct pg_change *c,
		       const struct pg_value *values)
{
	const struct sql_table *t = sql_table_get(f->statement.id);
	uint64_t said = c->is_new ? not_empty(t, values) : changed(s, f, c, values);
	if (said)
		add_row(s, f, key_merchant(c->key), values, said);
}

static enum sql_action action_of(const struct save *s, bool is_new)
{
	if (s->many)
		return is_new ? SQL_INSERT_MANY : SQL_UPSERT_MANY;
	return is_new ? SQL_INSERT : SQL_UPSERT;
}

/* All rows of a table that are put: those that are new, or the others. */
static void send_table(struct save *s, unsigned table, bool is_new)
{
	enum sql_action action = action_of(s, is_new);
	struct filling f = {.statement = {.action = action, .id = table},
			    .path = path_of_table(table)};
	struct pg_value values[SQL_COLUMNS_MAX];
	clear(s, &f);
	for (size_t i = 0; i < s->batch->change_count; i++) {
		const struct pg_change *c = &s->batch->changes[i];
		if (!c->value || c->is_new != is_new || table_of(c) != table)
			continue;
		if (read_change(s, &f, c, values))
			add_change(s, &f, c, values);
		else
			s->bad = true;
	}
	flush(s, &f);
}

static void send_tables(struct save *s)
{
	uint64_t tables[2] = {0, 0}; /* with rows that were there; with new ones */
	for (size_t i = 0; i < s->batch->change_count; i++) {
		const struct pg_change *c = &s->batch->changes[i];
		if (c->value)
			tables[c->is_new] |= UINT64_C(1) << table_of(c);
	}
	for (unsigned is_new = 0; is_new < COUNT_OF(tables); is_new++)
		for (uint64_t some = tables[is_new] & ~UINT64_C(1); some; some &= some - 1)
			send_table(s, (unsigned)__builtin_ctzll(some), is_new != 0);
}

static void send_ledger(struct save *s)
{
	struct filling f = {.statement = {.action = action_of(s, true), .id = SQL_LEDGER}};
	struct pg_value values[SQL_COLUMNS_MAX];
	uint64_t place = 0;
	clear(s, &f);
	for (size_t i = 0; i < s->batch->entry_count; i++) {
		const struct pg_entry *e = &s->batch->entries[i];
		must(s->many || e->merchant == s->merchant);
		place = i && e->merchant == e[-1].merchant ? place + 1 : 0;
		if (row_entry_values(e, s->batch->id, place, values))
			add_row(s, &f, e->merchant, values,
				not_empty(sql_table_get(SQL_LEDGER), values));
		else
			s->bad = true;
	}
	flush(s, &f);
}

/* --- the outcome --- */

static enum pg_outcome outcome(const struct pg *p, enum fault fault, unsigned commit_at)
{
	if (fault == OK)
		return PG_COMMITTED;
	bool before = p->trouble_at < commit_at;
	switch (p->trouble) {
	case TROUBLE_NONE:
	case TROUBLE_STAYS:
		return PG_REFUSED;
	case TROUBLE_PASSES: /* an operator may end the session in the middle of COMMIT */
		return before ? PG_AGAIN : PG_UNKNOWN;
	case TROUBLE_LOST:
		return PG_UNKNOWN;
	}
	must(false);
}

/* Written rows are answered before COMMIT is: who waits for them knows that it is under way. */
static void send_commit(struct save *s)
{
	struct pg *p = s->p;
	p->commit_at = p->sent_count;
	if (p->unsent || !p->connection || PQsendFlushRequest(p->connection) != 1)
		p->unsent = true;
	link_say(p, "COMMIT");
}

static void send(struct save *s)
{
	index_rows(s);
	send_deletes(s);
	send_releases(s);
	send_tables(s);
	send_ledger(s);
	s->p->bad_row = s->bad;
	if (!s->bad)
		send_commit(s);
	link_push(s->p);
}

void pg_commit_send(struct pg *p, const struct pg_batch *batch)
{
	struct save s = {.p = p, .batch = batch};
	must(batch->change_count > 0 && batch->change_count < UINT32_MAX);
	must(p->state == LINK_OPEN && p->sent_count == 0);
	s.merchant = key_merchant(batch->changes[0].key);
	for (size_t i = 1; i < batch->change_count; i++)
		s.many |= key_merchant(batch->changes[i].key) != s.merchant;
	send(&s);
	free(s.slots);
	p->state = LINK_RESTING; /* as soon as it is committed */
	if (p->connection)
		(void)!PQflush(p->connection);
	link_pull_begin(p);
}

bool pg_commit_written(struct pg *p)
{
	if (p->bad_row)
		return false;
	link_pull_until(p, p->commit_at);
	return p->trouble == TROUBLE_NONE && !p->unsent && p->connection;
}

enum pg_outcome pg_commit_receive(struct pg *p)
{
	enum fault fault = link_pull_rest(p);
	enum pg_outcome result = outcome(p, fault, p->commit_at);
	if (p->bad_row && fault == OK)
		link_explain(p, "a row of the batch cannot be kept in PostgreSQL");
	if (p->bad_row)
		result = PG_REFUSED;
	if (result != PG_COMMITTED && p->connection)
		p->state = LINK_OPEN; /* still, and failed */
	return result;
}

enum pg_outcome pg_commit(struct pg *p, const struct pg_batch *batch)
{
	pg_commit_send(p, batch);
	return pg_commit_receive(p);
}
