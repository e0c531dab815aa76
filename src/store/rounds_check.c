/* Loads that are answered from the rows at hand. */
#include "store/rounds_check.h"

#include "base/varint.h"
#include "store/entry.h"
#include "store/list.h"

void rounds_check_init(struct rounds_check *c)
{
	*c = (struct rounds_check){0};
	rounds_init(&c->rounds);
	loaded_init(&c->rows);
}

void rounds_check_release(struct rounds_check *c)
{
	rounds_release(&c->rounds);
	loaded_release(&c->rows);
}

/* ---- the rows of the keyring ---- */

static void make_key(void *context, uint64_t slot, uint8_t ret_key[SLOT_SIZE])
{
	struct rounds_check *c = context;
	uint8_t key[SEAL_KEY_SIZE] = {0};
	_Static_assert((int)SEAL_KEY_SIZE == (int)SLOT_SIZE, "a slot is a sealing key");
	/* In a guess it may be one that was never filled. */
	(void)c->real_keys->customer(c->real_keys, c->rounds.merchant, slot, key);
	memcpy(ret_key, key, SLOT_SIZE);
}

static uint64_t last_slot(struct rounds_check *c)
{
	struct head head;
	(void)head_read(c->real, c->rounds.merchant, &head);
	return head.slots;
}

static void load_key(struct rounds_check *c, struct text key)
{
	uint8_t bytes[SLOT_SIZE];
	struct text rest = {key.data + KEY_PREFIX_SIZE, key.size - KEY_PREFIX_SIZE};
	struct text value = {(const char *)bytes, sizeof(bytes)};
	uint64_t slot = 0;
	if ((uint8_t)key.data[0] == ROW_KEY_LAST) {
		slot = last_slot(c);
		value.size = varint_put(bytes, slot);
		loaded_set(&c->rows, key, slot ? &value : NULL);
		return;
	}
	must(varint_take(&rest, &slot));
	bool there = c->real_keys->customer(c->real_keys, c->rounds.merchant, slot, bytes);
	loaded_set(&c->rows, key, there ? &value : NULL);
}

/* ---- the others ---- */

/* With a unique value and a list's entry comes the record. */
static void load_named(struct rounds_check *c, unsigned table, struct text pk)
{
	struct key k;
	struct text value;
	key_init(&k, ROW_RECORD, table, c->rounds.merchant);
	key_add_parts(&k, pk);
	if (row_get(c->real, key_get(&k), &value))
		loaded_set(&c->rows, key_get(&k), &value);
}

static void load_row(struct rounds_check *c, struct text key)
{
	struct text value, pk;
	struct instant in;
	unsigned kind = (uint8_t)key.data[0], id = (uint8_t)key.data[1];
	bool there = row_get(c->real, key, &value);
	loaded_set(&c->rows, key, there ? &value : NULL);
	if (there && kind == ROW_UNIQUE)
		load_named(c, unique_shapes[id].table, value);
	if (there && kind == ROW_ENTRY && entry_row_decode(value, &in, &pk))
		load_named(c, list_shapes[id].table, pk);
}

static void load_scan(struct rounds_check *c, const struct loaded_scan *s)
{
	struct text at = s->from, key, value;
	for (unsigned i = 0; i < LOADED_SCAN_ROWS; i++, at = key) {
		if (!c->real->verbs->next_fed(c->real, s->prefix, at, &key, &value))
			return;
		loaded_scanned(&c->rows, key, value);
	}
}

static enum fault load(void *context, struct loaded *rows)
{
	struct rounds_check *c = context;
	size_t n;
	const struct text *wanted = loaded_wanted(rows, &n);
	for (size_t i = 0; i < n; i++) {
		if ((uint8_t)wanted[i].data[0] >= ROW_KEY)
			load_key(c, wanted[i]);
		else
			load_row(c, wanted[i]);
	}
	if (loaded_wants_scan(rows))
		load_scan(c, loaded_wants_scan(rows));
	return OK;
}

/* ---- running and comparing ---- */

static void prepare(struct rounds_check *c, struct write *w, const struct env *env)
{
	struct rounds *r = &c->rounds;
	struct head head;
	loaded_clear(&c->rows);
	c->keys = (struct keyring_rows){0};
	keyring_rows_like(&c->keys, c->real_keys);
	c->keys.rows = &c->rows.rows;
	r->merchant = w->merchant;
	c->keys.make = make_key;
	c->keys.context = r->context = c;
	r->rows = &c->rows;
	r->keys = &c->keys.ring;
	r->load = load;
	r->env = *env;
	r->n = 1;
	r->bytes_stop = SIZE_MAX;
	(void)head_read(c->real, w->merchant, &head);
	rounds_set_head(&c->rows, w->merchant, &head);
}

void rounds_check_before(struct rounds_check *c, struct rows *real, struct keyring *keys,
			 struct write *w, const struct env *env)
{
	struct write *writes[] = {w};
	struct arena_mark mark = arena_mark(w->arena);
	bool full = w->arena->full;
	unsigned most = c->rounds_max ? c->rounds_max : w->job ? ROUNDS_JOB_MAX : ROUNDS_MAX;
	c->real = real;
	c->real_keys = keys;
	prepare(c, w, env);
	c->rounds.writes = writes;
	must(rounds_run(&c->rounds) == OK);
	c->last_rounds = c->rounds.rounds;
	if (c->last_rounds > most)
		fprintf(stderr, "couponry: command %u takes %u rounds\n", w->command,
			c->last_rounds);
	must(c->last_rounds <= most);
	c->fault = w->fault;
	c->has_entry = w->entry != 0;
	w->detail = (struct detail){0};
	w->entry = 0;
	if (w->ret_size)
		memset(w->ret, 0, w->ret_size);
	w->arena->full = full;
	arena_rewind(w->arena, mark);
}

void rounds_check_after(struct rounds_check *c, enum fault fault, struct text entry)
{
	must(fault == c->fault);
	must(c->has_entry == (entry.size > 0));
	must(!c->has_entry || text_equal(buffer_get(&c->rounds.bytes), entry));
}
