/*
 * The verbs that write. A change is: what was (read from the store, own puts included), what is to
 * be, and from the two which lists and unique values are left, entered or only point elsewhere.
 */
#include "store/entry.h"
#include "store/list.h"

struct change {
	struct tx *tx;
	enum table table;
	const struct record_shape *shape;
	const void *old; /* NULL: new */
	struct key old_key;
	void *new; /* NULL: goes away */
	struct key new_key;
	bool moves;   /* the key changes */
	bool encoded; /* tx->value is the new record's row, as long as its lists stay */
	struct image image;
};

/* Its keys are not cleared: there are a thousand bytes of them. */
static void change_init(struct change *c, struct tx *tx, enum table table, void *new_record)
{
	c->tx = tx;
	c->table = table;
	c->shape = &record_shapes[table];
	c->old = NULL;
	c->new = new_record;
	c->moves = c->encoded = false;
	c->image = (struct image){0};
}

/* Uniques that the old record has and the new one has not. Dropped only while they still point
 * to this record. */
static void drop_uniques(struct change *c)
{
	for (uint64_t all = c->shape->uniques; all; all &= all - 1) {
		enum unique unique = (enum unique)__builtin_ctzll(all);
		const struct field *value = &c->shape->fields[unique_shapes[unique].value];
		struct key k;
		struct text pk;
		if (!unique_counts(unique, c->old))
			continue;
		if (c->new &&unique_counts(unique, c->new) && field_equal(value, c->old, c->new))
			continue;
		key_unique(&k, c->tx->merchant, unique, c->old);
		bool ours =
		    row_get(c->tx->rows, key_get(&k), &pk) && text_equal(pk, key_rest(&c->old_key));
		if (!ours && !c->tx->rows->guessed) /* a guess goes on, to name the key as well */
			continue;
		row_del(c->tx->rows, key_get(&k));
		entry_add_unique_drop(c->tx, unique, c->old, key_rest(&c->old_key), key_rest(&k));
	}
}

/* Uniques that must be written: new ones, and all when the key changes. */
static void add_uniques(struct change *c)
{
	unsigned i = 0;
	for (uint64_t all = c->shape->uniques; all; all &= all - 1, i++) {
		enum unique unique = (enum unique)__builtin_ctzll(all);
		const struct field *value = &c->shape->fields[unique_shapes[unique].value];
		struct key k;
		struct text pk;
		if (!unique_counts(unique, c->new))
			continue;
		bool had =
		    c->old && unique_counts(unique, c->old) && field_equal(value, c->old, c->new);
		if (had && !c->moves)
			continue;
		key_unique(&k, c->tx->merchant, unique, c->new);
		/* The handler looked with store_find. */
		must(had || !row_get(c->tx->rows, key_get(&k), &pk) || c->tx->rows->guessed);
		c->image.uniques |= UINT64_C(1) << i;
	}
}

static bool same_owner(const struct change *c, enum list list)
{
	const struct list_shape *l = &list_shapes[list];
	for (unsigned i = 0; i < l->owner_count; i++)
		if (!field_equal(&c->shape->fields[l->owners[i]], c->old, c->new))
			return false;
	return true;
}

/* When the record came into a list where it stays under another key. */
static struct instant came_in(struct change *c, enum list list, uint64_t ordinal)
{
	struct list_view v;
	struct instant in = {0};
	struct text pk;
	must(list_open(c->tx, list, c->old, &v) == OK);
	must(list_entry(&v, ordinal, &in, &pk) == OK || c->tx->rows->guessed);
	return in;
}

static void change_list(struct change *c, enum list list, unsigned place)
{
	uint64_t was = c->old ? record_at_const(c->shape, c->old)[place] : 0;
	uint64_t *at = c->new ? &record_at(c->shape, c->new)[place] : NULL;
	uint64_t had = at ? *at : 0;
	bool stays = at && list_counts(list, c->new);
	/* A handler hands back what it read, or zero. */
	must(had == 0 || had == was || c->tx->rows->guessed);
	if (stays && was && had == was && same_owner(c, list)) {
		if (c->moves && list != LIST_CLUSTERED) {
			c->image.in[place] = came_in(c, list, was);
			c->image.kept |= UINT64_C(1) << place;
		}
		return;
	}
	if (was)
		list_remove(c->tx, list, c->old, was);
	if (at) {
		*at = stays ? list_append(c->tx, list, c->new) : 0;
		c->encoded &= *at == had;
	}
	if (stays && list != LIST_CLUSTERED)
		c->image.fresh |= UINT64_C(1) << place;
}

static void change_lists(struct change *c)
{
	unsigned place = 0;
	for (uint64_t all = c->shape->lists; all; all &= all - 1, place++)
		change_list(c, (enum list)__builtin_ctzll(all), place);
}

static uint64_t *clustered_ordinal(const struct record_shape *shape, void *record)
{
	char *at = (char *)record + shape->fields[shape->key_count - 1].offset;
	return (uint64_t *)(void *)at;
}

static void write_record(struct change *c)
{
	struct buffer *value = &c->tx->value;
	c->image.table = c->table;
	c->image.record = c->new;
	c->image.pk = key_rest(&c->new_key);
	if (!c->encoded)
		record_encode(c->shape, c->new, value);
	c->image.value = buffer_get(value);
	entry_add_put(c->tx, &c->image);
	if (c->shape->personal)
		record_encode(c->shape, c->new, value);
	must(!value->full);
	c->image.value = buffer_get(value);
	image_apply(c->tx->rows, c->tx->merchant, c->tx->env.instant, &c->image);
}

static void drop_record(struct change *c)
{
	entry_add_del(c->tx, c->table, key_rest(&c->old_key));
	row_del(c->tx->rows, key_get(&c->old_key));
}

static void make_new_key(struct change *c)
{
	union record record;
	if (c->shape->clustered)
		*clustered_ordinal(c->shape, c->new) = *record_at(c->shape, c->new);
	if (c->old && !c->moves) {
		key_init(&c->new_key, ROW_RECORD, c->table, c->tx->merchant);
		key_add_parts(&c->new_key, key_rest(&c->old_key));
		return;
	}
	key_record(&c->new_key, c->tx->merchant, c->table, c->new);
	/* Records are read back from their keys (keys.h). */
	must(key_read_record(c->shape, key_rest(&c->new_key), &record));
}

/* Lists before the key: a clustered one gives it. Record rows last: old and new may be slices of
 * the old one. */
static void run_change(struct change *c)
{
	c->tx->has_put = true;
	if (c->old)
		drop_uniques(c);
	change_lists(c);
	if (c->new) {
		make_new_key(c);
		add_uniques(c);
		write_record(c);
	}
	if (c->old && (c->moves || !c->new))
		drop_record(c);
}

/* The store's image of the record with that key. */
static bool read_old(struct change *c, const void *record, union record *ret,
		     struct text *ret_value)
{
	key_record(&c->old_key, c->tx->merchant, c->table, record);
	if (!row_get(c->tx->rows, key_get(&c->old_key), ret_value))
		return false;
	memcpy(ret, record, c->shape->size); /* the key fields */
	must(record_decode(c->shape, *ret_value, ret));
	return true;
}

static bool is_same(struct change *c, struct text old_value)
{
	record_encode(c->shape, c->new, &c->tx->value);
	return text_equal(buffer_get(&c->tx->value), old_value);
}

/* Ordinal 0: no key yet. */
static bool is_unplaced(const struct record_shape *shape, void *record)
{
	return shape->clustered && *clustered_ordinal(shape, record) == 0;
}

void store_put(struct tx *tx, enum table table, void *record)
{
	struct change c;
	union record old;
	struct text old_value;
	must(tx->writing);
	change_init(&c, tx, table, record);
	tx->rows->guess = true;
	if (!is_unplaced(c.shape, record) && read_old(&c, record, &old, &old_value)) {
		if (is_same(&c, old_value))
			return;
		c.old = &old;
		c.encoded = true;
		if (c.shape->clustered)
			*record_at(c.shape, record) = *record_at(c.shape, &old);
	}
	/* A clustered record with a place is there, and never without its list. */
	must(!c.shape->clustered || c.old || is_unplaced(c.shape, record) || tx->rows->guessed);
	must(!c.shape->clustered || list_counts(LIST_CLUSTERED, record));
	run_change(&c);
}

void store_add(struct tx *tx, enum table table, void *record)
{
	struct change c;
	change_init(&c, tx, table, record);
	must(tx->writing && !c.shape->clustered);
	tx->rows->guess = true;
	run_change(&c);
}

void store_del(struct tx *tx, enum table table, const void *record)
{
	struct change c;
	union record old;
	struct text old_value;
	must(tx->writing);
	change_init(&c, tx, table, NULL);
	tx->rows->guess = true;
	if (!read_old(&c, record, &old, &old_value))
		return;
	c.old = &old;
	run_change(&c);
}

void store_move(struct tx *tx, enum table table, const void *old_record, void *new_record)
{
	struct change c;
	union record old;
	struct text value;
	change_init(&c, tx, table, new_record);
	c.moves = true;
	must(tx->writing && read_old(&c, old_record, &old, &value));
	c.old = &old;
	/* In the same clustered list it stays where it is. */
	if (c.shape->clustered)
		*clustered_ordinal(c.shape, new_record) =
		    same_owner(&c, LIST_CLUSTERED) ? *record_at(c.shape, &old) : 0;
	if (c.shape->clustered && *clustered_ordinal(c.shape, new_record) == 0)
		*record_at(c.shape, new_record) = 0;
	key_record(&c.new_key, tx->merchant, table, new_record);
	if (text_equal(key_get(&c.old_key), key_get(&c.new_key))) {
		store_put(tx, table, new_record);
		return;
	}
	tx->rows->guess = true;
	must(!row_get(tx->rows, key_get(&c.new_key), &value) || tx->rows->guessed);
	run_change(&c);
}

void store_forget(enum table table, void *record)
{
	const struct record_shape *shape = &record_shapes[table];
	for (unsigned i = 0; i < shape->field_count; i++)
		if (shape->fields[i].role == ROLE_PERSONAL)
			*field_text(&shape->fields[i], record) = TEXT_NONE;
}

void store_relist(enum list list, void *record)
{
	must(list != LIST_CLUSTERED); /* its place is its key: store_move */
	record_at(&record_shapes[list_shapes[list].table], record)[list_place(list)] = 0;
}
