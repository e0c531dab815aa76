/*
 * Random commands over every table, made from the descriptors: what rows they leave in memory is
 * what PostgreSQL must give back, byte for byte.
 */
#pragma once

#include "pg_server.h"
#include "store/list.h"
#include "store/pg.h"
#include "store/pg_migrate.h"
#include "store_fixture.h"

enum { ENTRIES_MAX = 4096 };
struct pg_fixture {
	struct fixture f; /* first: its rows tell what they were told */
	struct rows_memory dirty, known;
	struct random random;
	struct buffer bytes; /* entries of the batch that is being made */
	struct pg_entry entries[ENTRIES_MAX];
	uint8_t hashes[ENTRIES_MAX][32];
	size_t entry_ends[ENTRIES_MAX], entry_count;
	struct batch_id id;
	bool loads;
};
static struct pg_fixture *the_fixture; /* rows have no place for it */

static inline void noting_put(struct rows *r, struct text key, struct text value)
{
	memory_put(r, key, value);
	memory_put(&the_fixture->dirty.rows, key, TEXT_NONE);
	memory_put(&the_fixture->known.rows, key, TEXT_NONE);
}
static inline void noting_del(struct rows *r, struct text key)
{
	memory_del(r, key);
	memory_put(&the_fixture->dirty.rows, key, TEXT_NONE);
	memory_put(&the_fixture->known.rows, key, TEXT_NONE);
}

static inline void pg_fixture_init(struct pg_fixture *x, uint64_t seed)
{
	static struct rows_verbs noting;
	memset(x, 0, sizeof(*x));
	the_fixture = x;
	fixture_init(&x->f);
	noting = memory_verbs;
	noting.put = noting_put;
	noting.del = noting_del;
	x->f.rows.rows.verbs = &noting;
	memory_init(&x->dirty);
	memory_init(&x->known);
	buffer_init(&x->bytes, (size_t)1 << 30);
	x->random.state = seed;
	x->id = (struct batch_id){3, 0};
	x->loads = true;
}
static inline void pg_fixture_release(struct pg_fixture *x)
{
	fixture_release(&x->f);
	memory_release(&x->dirty);
	memory_release(&x->known);
	buffer_release(&x->bytes);
}

/* --- one record --- */

static inline bool in_index(const struct record_shape *s, unsigned table, unsigned field)
{
	for (unsigned u = 1; u < UNIQUE_COUNT; u++)
		if (unique_shapes[u].table == table && unique_shapes[u].value == field)
			return true;
	for (unsigned l = 1; l < LIST_COUNT; l++)
		for (unsigned i = 0;
		     list_shapes[l].table == table && i < list_shapes[l].owner_count; i++)
			if (list_shapes[l].owners[i] == field)
				return true;
	return field < s->key_count;
}

static inline struct text random_text(struct pg_fixture *x, bool binary, bool indexed)
{
	static const char *const parts[] = {
	    "a", "b", "\xE5\x88\xB8", "'", "\"", "\\", "\t\n", "{,}", "NULL", "\xF0\x9F\x8E\xAB"};
	size_t n = indexed ? random_below(&x->random, 3) : random_below(&x->random, 30);
	if (!indexed && random_below(&x->random, 50) == 0)
		n = 20000;
	if (indexed && random_below(&x->random, 100) == 0)
		n = 100;
	char *to = arena_take(&x->f.arena, n * 4 + 16);
	size_t size = 0;
	must(to);
	for (size_t i = 0; i < n; i++) {
		const char *part = parts[random_below(&x->random, COUNT_OF(parts))];
		size_t part_size = binary ? 1 : strlen(part);
		char byte = (char)random_next(&x->random);
		if (size + part_size > n * 4)
			break;
		memcpy(to + size, binary ? &byte : part, part_size);
		size += part_size;
	}
	return (struct text){to, size};
}

static inline int64_t random_instant(struct pg_fixture *x)
{
	static const int64_t edges[] = {0,
					0,
					1,
					-1,
					999,
					-1001,
					INT64_C(1700000000123),
					INT64_C(253402300799999),
					INT64_C(-62135596800000),
					INT64_C(9224318015999999),
					INT64_C(-210866803200000),
					INT64_MAX,
					INT64_MIN};
	return edges[random_below(&x->random, COUNT_OF(edges))];
}

static inline uint64_t random_number(struct pg_fixture *x, bool indexed)
{
	static const uint64_t edges[] = {0, 1, 2, 255, 70000, UINT32_MAX, INT64_MAX, UINT64_MAX};
	return indexed ? random_below(&x->random, 12)
		       : edges[random_below(&x->random, COUNT_OF(edges))];
}

static inline void random_field(struct pg_fixture *x, const struct record_shape *s, unsigned table,
				unsigned i, union record *record)
{
	const struct field *f = &s->fields[i];
	bool indexed = in_index(s, table, i);
	char *to = (char *)record + f->offset;
	if (field_is_text(f))
		*field_text(f, record) = random_text(x, f->kind == KIND_BYTES, indexed);
	else if (f->kind == KIND_FLAG)
		*(bool *)to = random_below(&x->random, 4) != 0;
	else if (f->kind == KIND_INSTANT)
		*(int64_t *)(void *)to = random_instant(x);
	else if (f->role != ROLE_SLOT)
		*(uint64_t *)(void *)to = random_number(x, indexed);
}

static inline void random_key(struct pg_fixture *x, const struct record_shape *s, unsigned table,
			      union record *record)
{
	for (unsigned i = 0; i < s->key_count; i++) {
		random_field(x, s, table, i, record);
		if (!field_is_text(&s->fields[i]) && !s->clustered)
			*(uint64_t *)(void *)((char *)record + s->fields[i].offset) =
			    1 + random_below(&x->random, 30);
	}
	if (s->clustered) {
		record->coupon.customer = random_below(&x->random, 4);
		record->coupon.shelf = record->coupon.customer ? 0 : random_below(&x->random, 2);
		record->coupon.ordinal = random_below(&x->random, 12);
	}
}

static inline bool same_record(const struct record_shape *s, const union record *a,
			       const union record *b)
{
	for (unsigned i = 0; i < s->key_count; i++)
		if (!field_equal(&s->fields[i], a, b))
			return false;
	return true;
}

static inline void unset(const struct field *f, union record *record)
{
	if (field_is_text(f))
		*field_text(f, record) = TEXT_NONE;
	else
		*(uint64_t *)(void *)((char *)record + f->offset) = 0;
}

/* A value that another record has is left to it, or taken from it. */
static inline void settle_unique(struct pg_fixture *x, struct tx *tx, enum unique unique,
				 union record *record)
{
	const struct unique_shape *u = &unique_shapes[unique];
	const struct record_shape *s = &record_shapes[u->table];
	const struct field *value = &s->fields[u->value];
	union record other;
	bool found;
	memcpy(&other, record, s->size);
	must(store_find(tx, unique, &other, &found) == OK);
	if (!unique_counts(unique, record) || !found || same_record(s, &other, record))
		return;
	bool needed = u->when == u->value;
	if (!needed && random_below(&x->random, 2)) {
		unset(value, &other);
		store_put(tx, (enum table)u->table, &other);
	} else {
		unset(value, record);
	}
}

static inline void settle_uniques(struct pg_fixture *x, struct tx *tx, enum table table,
				  union record *record)
{
	for (uint64_t all = record_shapes[table].uniques; all; all &= all - 1)
		settle_unique(x, tx, (enum unique)__builtin_ctzll(all), record);
}

static inline void random_move(struct pg_fixture *x, struct tx *tx, enum table table,
			       const union record *old)
{
	const struct record_shape *s = &record_shapes[table];
	union record new, other;
	bool found;
	memcpy(&new, old, s->size);
	random_key(x, s, table, &new);
	if (s->clustered)
		new.coupon.ordinal = 0;
	memcpy(&other, &new, s->size);
	must(store_get(tx, table, &other, &found) == OK);
	if (!found)
		store_move(tx, table, old, &new);
}

/* Puts, changes, deletes, moves or lists anew some record of the table. */
static inline void random_change(struct pg_fixture *x, struct tx *tx, enum table table)
{
	const struct record_shape *s = &record_shapes[table];
	struct random *r = &x->random;
	union record record = {0};
	bool found;
	random_key(x, s, table, &record);
	must(store_get(tx, table, &record, &found) == OK);
	if (found && random_below(r, 6) == 0) {
		store_del(tx, table, &record);
		return;
	}
	if (found && random_below(r, 6) == 0) {
		random_move(x, tx, table, &record);
		return;
	}
	if (!found && s->clustered)
		record.coupon.ordinal = 0;
	for (unsigned i = s->key_count; i < s->field_count; i++)
		if (!found || random_below(r, 3) == 0)
			random_field(x, s, table, i, &record);
	if (table == TABLE_COUPON && record.coupon.id == 0)
		record.coupon.id = 1000 + random_below(r, 1000000);
	settle_uniques(x, tx, table, &record);
	if (table == TABLE_COUPON && record.coupon.id == 0)
		return;
	for (unsigned l = 1; found && l < LIST_COUNT; l++)
		if (list_shapes[l].table == table && l != LIST_CLUSTERED && random_below(r, 9) == 0)
			store_relist((enum list)l, &record);
	store_put(tx, table, &record);
}

/* --- batches --- */

static inline void fixture_entry(struct pg_fixture *x,
				 void (*change)(struct pg_fixture *x, struct tx *tx))
{
	struct fixture *f = &x->f;
	must(x->entry_count < ENTRIES_MAX);
	change(x, fixture_write(f));
	uint64_t number = tx_finish(&f->tx, &x->bytes);
	if (number) {
		struct pg_entry *e = &x->entries[x->entry_count];
		memcpy(x->hashes[x->entry_count], f->tx.head.hash, 32);
		*e = (struct pg_entry){.merchant = f->merchant,
				       .number = number,
				       .instant = f->tx.head.instant,
				       .hash = x->hashes[x->entry_count],
				       .actor = TEXT("test"),
				       .command = 5};
		x->entry_ends[x->entry_count++] = x->bytes.size;
	}
	tx_release(&f->tx);
	f->now_ms += 7;
}

struct holder_sink {
	struct pg_sink sink; /* first */
	struct pg_change *changes;
	size_t count;
	struct arena *arena;
};

static inline void note_holder(struct pg_sink *sink, struct text key, const struct text *value)
{
	struct holder_sink *s = (struct holder_sink *)(void *)sink;
	for (size_t i = 0; i < s->count && value; i++) {
		if (!text_equal(s->changes[i].key, key) || s->changes[i].was)
			continue;
		struct text *was = arena_take(s->arena, sizeof(*was));
		must(was);
		*was = arena_text(s->arena, *value);
		s->changes[i].was = was;
	}
}

/* A write loads what it is about to change, as handlers make a lane do. */
static inline void load_before(struct pg *p, struct pg_change *changes, size_t n,
			       struct arena *arena)
{
	struct holder_sink sink = {{note_holder}, changes, n, arena};
	struct text *keys = calloc(n + 1, sizeof(*keys));
	size_t count = 0;
	must(keys);
	for (size_t i = 0; i < n; i++)
		if (changes[i].key.data[0] != ROW_HEAD)
			keys[count++] = changes[i].key;
	CHECK_INT(pg_load(p, keys, count, &sink.sink), OK);
	free(keys);
	for (size_t i = 0; i < n; i++)
		changes[i].is_new = !changes[i].was;
}

static inline enum pg_outcome fixture_commit(struct pg_fixture *x, struct pg *p)
{
	struct pg_change *changes = calloc(x->dirty.used + 1, sizeof(*changes));
	struct text *values = calloc(x->dirty.used + 1, sizeof(*values));
	struct pg_batch batch = {.changes = changes, .entries = x->entries};
	size_t at = 0;
	must(changes && values);
	for (size_t i = 0; i < x->dirty.slot_count; i++) {
		const struct memory_row *row = &x->dirty.slots[i];
		if (!row->live)
			continue;
		struct pg_change *c = &changes[batch.change_count];
		c->key = row->key;
		if (memory_get(&x->f.rows.rows, row->key, &values[batch.change_count]))
			c->value = &values[batch.change_count];
		batch.change_count++;
	}
	for (size_t i = 0; i < x->entry_count; i++) {
		x->entries[i].bytes = (struct text){x->bytes.data + at, x->entry_ends[i] - at};
		at = x->entry_ends[i];
	}
	batch.entry_count = x->entry_count;
	x->id.number++;
	batch.id = x->id;
	if (x->loads)
		load_before(p, changes, batch.change_count, &x->f.arena);
	enum pg_outcome outcome = batch.change_count ? pg_commit(p, &batch) : PG_COMMITTED;
	memory_clear(&x->dirty);
	buffer_clear(&x->bytes);
	x->entry_count = 0;
	arena_reset(&x->f.arena);
	free(changes);
	free(values);
	return outcome;
}

/* --- comparing --- */

struct comparing {
	struct pg_sink sink; /* first */
	struct pg_fixture *x;
	size_t same, absent, different;
};
static inline void compare_row(struct pg_sink *sink, struct text key, const struct text *value)
{
	struct comparing *c = (struct comparing *)(void *)sink;
	struct text want;
	bool there = memory_get(&c->x->f.rows.rows, key, &want);
	if (!there && !value)
		c->absent++;
	else if (there && value && text_equal(want, *value))
		c->same++;
	else if (c->different++ < 5)
		fprintf(stderr, "     differs: kind %d id %d, here %d there %d, sizes %zu %zu\n",
			key.data[0], key.data[1], there, value != NULL, there ? want.size : 0,
			value ? value->size : 0);
}

/* Every key that was ever written but HEAD; to be freed. */
static inline struct text *known_keys(const struct pg_fixture *x, size_t *ret_n)
{
	struct text *keys = calloc(x->known.used + 1, sizeof(*keys));
	must(keys);
	*ret_n = 0;
	for (size_t i = 0; i < x->known.slot_count; i++)
		if (x->known.slots[i].live && x->known.slots[i].key.data[0] != ROW_HEAD)
			keys[(*ret_n)++] = x->known.slots[i].key;
	return keys;
}

/* All of them in one load. */
static inline bool same_rows(struct pg_fixture *x, struct pg *p)
{
	size_t n;
	struct text *keys = known_keys(x, &n);
	struct comparing c = {.sink = {compare_row}, .x = x};
	bool good = CHECK_INT(pg_begin_read(p), OK) && CHECK_INT(pg_load(p, keys, n, &c.sink), OK);
	pg_rollback(p);
	free(keys);
	if (!good)
		fprintf(stderr, "     %s\n", pg_why(p));
	return good && CHECK_INT(c.different, 0) && CHECK(c.same + c.absent >= n);
}

/* --- scans --- */

struct scanning {
	struct pg_sink sink; /* first */
	struct comparing comparing;
	struct text prefix;
	struct key last;
	size_t in_order, seen;
};
/* RECORD rows come along with others; only those of the prefix count. */
static inline void scan_row(struct pg_sink *sink, struct text key, const struct text *value)
{
	struct scanning *s = (struct scanning *)(void *)sink;
	compare_row(&s->comparing.sink, key, value);
	if (!text_starts_with(key, s->prefix))
		return;
	s->in_order += s->last.size == 0 || text_compare(key, key_get(&s->last)) > 0;
	s->seen++;
	s->last.size = 0;
	key_add_parts(&s->last, key);
}

static inline size_t count_prefix(struct pg_fixture *x, struct text prefix)
{
	size_t n = 0;
	for (size_t i = 0; i < x->f.rows.slot_count; i++)
		n += x->f.rows.slots[i].live && text_starts_with(x->f.rows.slots[i].key, prefix);
	return n;
}

/* All rows with the prefix, a few at a time, each once and in order. */
static inline bool same_scan(struct pg_fixture *x, struct pg *p, struct text prefix, unsigned n)
{
	struct scanning s = {.sink = {scan_row}, .comparing = {.x = x}, .prefix = prefix};
	size_t before;
	must(pg_begin_read(p) == OK);
	do {
		struct key after = s.last;
		struct pg_scan scan = {prefix, key_get(&after), n};
		before = s.seen;
		if (!CHECK_INT(pg_next(p, &scan, &s.sink), OK))
			fprintf(stderr, "     %s\n", pg_why(p));
	} while (s.seen > before);
	pg_rollback(p);
	return CHECK_INT(s.seen, count_prefix(x, prefix)) && CHECK_INT(s.in_order, s.seen) &&
	       CHECK_INT(s.comparing.different, 0) && CHECK_INT(s.comparing.absent, 0);
}

/* --- connections --- */

static inline struct pg *open_pg(const char *url)
{
	struct pg *p = NULL;
	char *why = NULL;
	struct pg_config config = {.url = url};
	if (!CHECK_INT(pg_open(&config, &p, &why), OK))
		fprintf(stderr, "     %s\n", why);
	free(why);
	return p;
}

static inline bool same_head(struct pg_fixture *x, const struct head *head)
{
	struct head want;
	if (!head_read(&x->f.rows.rows, x->f.merchant, &want))
		want = (struct head){.next_number = 1};
	return CHECK_INT(head->number, want.number) &&
	       CHECK_INT(head->instant.ms, want.instant.ms) &&
	       CHECK_INT(head->next_number, want.next_number) &&
	       CHECK(memcmp(head->hash, want.hash, 32) == 0);
}

/* A server with our schema. False: PostgreSQL's programs are not here. */
static inline bool pg_server_start_migrated(struct pg_server *server)
{
	char *why = NULL;
	if (!pg_server_start(server))
		return false;
	CHECK_INT(pg_migrate(&(struct migrate_config){.url = server->url}, &why), OK);
	if (why)
		fprintf(stderr, "     %s\n", why);
	free(why);
	return true;
}
