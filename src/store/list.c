/*
 * The state of a list that a command touches lives in tx->touched until tx_finish. `touched` is an
 * array in order of touch, with an open-addressed index over the rows' keys; both are kept from
 * command to command.
 */
#include "store/list.h"

#include "base/varint.h"
#include "store/entry.h"

enum { SLOTS_MIN = 64 };

void ordinals_encode(const struct ordinals *o, struct buffer *out)
{
	buffer_varint(out, o->next);
	buffer_varint(out, o->count);
	buffer_varint(out, o->first);
}

bool ordinals_decode(struct text value, struct ordinals *ret)
{
	return varint_take(&value, &ret->next) && varint_take(&value, &ret->count) &&
	       varint_take(&value, &ret->first) && value.size == 0 && ret->first >= 1 &&
	       ret->next >= ret->first && ret->next <= ORDINAL_MAX &&
	       ret->count <= ret->next - ret->first;
}

void entry_row_encode(struct instant in, struct text pk, struct buffer *out)
{
	buffer_zigzag(out, in.ms);
	buffer_text(out, pk);
}

bool entry_row_decode(struct text value, struct instant *ret_in, struct text *ret_pk)
{
	if (!zigzag_take(&value, &ret_in->ms))
		return false;
	*ret_pk = value;
	return true;
}

/* --- what a command touched --- */

static uint64_t hash_of(struct text key)
{
	uint64_t hash = key.size, word;
	const char *at = key.data, *end = at + key.size;
	for (; end - at >= 8; at += 8) {
		memcpy(&word, at, 8);
		hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, at, (size_t)(end - at));
	hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 32;
}

static struct text touched_key(const struct tx *tx, const struct touched *t)
{
	return (struct text){tx->touched_keys.data + t->key_at, t->key_size};
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t *find_slot(const struct tx *tx, uint64_t hash, struct text key)
{
	for (uint64_t i = hash;; i++) {
		uint32_t *slot = &tx->slots[i & (tx->slot_count - 1)];
		if (*slot == 0)
			return slot;
		const struct touched *t = &tx->touched[*slot - 1];
		if (t->hash == hash && text_equal(touched_key(tx, t), key))
			return slot;
	}
}

static void *grow(void *memory, uint32_t n, size_t size)
{
	memory = realloc(memory, n * size);
	must(memory);
	return memory;
}

/* Slots are at most half full. */
static void make_slots(struct tx *tx, uint32_t count)
{
	if (tx->slot_capacity < count) {
		tx->slots = grow(tx->slots, count, sizeof(*tx->slots));
		tx->slot_capacity = count;
	}
	tx->slot_count = count;
	memset(tx->slots, 0, count * sizeof(*tx->slots));
	for (uint32_t i = 0; i < tx->touched_count; i++)
		*find_slot(tx, tx->touched[i].hash, touched_key(tx, &tx->touched[i])) = i + 1;
}

static struct touched *find_touched(const struct tx *tx, struct text key)
{
	if (tx->touched_count == 0)
		return NULL;
	uint32_t slot = *find_slot(tx, hash_of(key), key);
	return slot ? &tx->touched[slot - 1] : NULL;
}

static struct touched *add_touched(struct tx *tx, struct text key)
{
	must(tx->touched_count < TX_TOUCHED_MAX);
	if (tx->touched_count == 0)
		make_slots(tx, SLOTS_MIN);
	else if (tx->touched_count * 2 >= tx->slot_count)
		make_slots(tx, tx->slot_count * 2);
	if (tx->touched_count == tx->touched_capacity) {
		tx->touched_capacity = tx->touched_capacity ? tx->touched_capacity * 2 : 32;
		tx->touched = grow(tx->touched, tx->touched_capacity, sizeof(*tx->touched));
	}
	struct touched *t = &tx->touched[tx->touched_count++];
	*t = (struct touched){.hash = hash_of(key),
			      .key_at = (uint32_t)tx->touched_keys.size,
			      .key_size = (uint16_t)key.size};
	*find_slot(tx, t->hash, key) = tx->touched_count;
	buffer_text(&tx->touched_keys, key);
	must(!tx->touched_keys.full);
	return t;
}

static void row_changed(void *context, const struct key *row)
{
	struct tx *tx = context;
	if (!find_touched(tx, key_get(row)))
		add_touched(tx, key_get(row));
}

/* --- reading --- */

enum fault list_open(struct tx *tx, enum list list, const void *owner, struct list_view *ret)
{
	struct text value;
	ret->rows = tx->rows;
	ret->list = list;
	key_list(&ret->key, tx->merchant, list, owner);
	const struct touched *t = tx->writing ? find_touched(tx, key_get(&ret->key)) : NULL;
	ret->put_into = t != NULL;
	ret->ordinals = t ? t->ordinals : (struct ordinals){.next = 1, .first = 1};
	if (t || !row_get(tx->rows, key_get(&ret->key), &value))
		return OK;
	return ordinals_decode(value, &ret->ordinals) ? OK : FAULT_DATA_DAMAGED;
}

static bool has_holes(const struct ordinals *o)
{
	return o->count != o->next - o->first;
}

static struct holes holes_of(const struct list_view *v, struct tx *tx)
{
	return (struct holes){v->rows, &v->key, row_changed, tx};
}

/* Takes live ordinals of one block from `*ordinal` on, in one direction; returns how many. */
static unsigned take_from_block(const struct holes_block *b, uint64_t ordinal, bool up, unsigned n,
				uint64_t *ret)
{
	unsigned taken = 0;
	uint64_t bit = ordinal - b->base;
	for (; taken < n && bit < HOLES_BLOCK; bit += up ? 1 : UINT64_MAX)
		if (b->live[bit / 64] >> bit % 64 & 1)
			ret[taken++] = b->base + bit;
	return taken;
}

static enum fault ordinals_with_holes(const struct list_view *v, uint64_t rank, unsigned n, bool up,
				      uint64_t *ret)
{
	struct holes h = holes_of(v, NULL);
	struct holes_block block;
	uint64_t ordinal;
	for (unsigned i = 0; i < n;) {
		uint64_t at = up ? rank - i : rank + i;
		if (!holes_select(&h, &v->ordinals, at, &ordinal, &block))
			return FAULT_DATA_DAMAGED;
		i += take_from_block(&block, ordinal, up, n - i, ret + i);
	}
	return OK;
}

/* As holes.h counts them. */
static uint64_t rank_of(const struct ordinals *o, uint64_t from, bool oldest_first)
{
	return oldest_first ? o->count - 1 - from : from;
}

unsigned list_want_ordinals(const struct list_view *v, uint64_t from, unsigned n, bool oldest_first,
			    uint64_t *ret)
{
	const struct ordinals *o = &v->ordinals;
	struct holes h = holes_of(v, NULL);
	struct holes_block block;
	uint64_t ordinal, rank;
	if (n == 0 || !has_holes(o))
		return list_ordinals(v, from, n, oldest_first, ret) == OK ? n : 0;
	rank = rank_of(o, from, oldest_first);
	if (!holes_want(&h, o, rank) || !holes_select(&h, o, rank, &ordinal, &block))
		return 0;
	return take_from_block(&block, ordinal, oldest_first, n, ret);
}

enum fault list_ordinals(const struct list_view *v, uint64_t from, unsigned n, bool oldest_first,
			 uint64_t *ret)
{
	const struct ordinals *o = &v->ordinals;
	must(n == 0 || (from < o->count && n <= o->count - from));
	if (has_holes(o))
		return ordinals_with_holes(v, rank_of(o, from, oldest_first), n, oldest_first, ret);
	for (unsigned i = 0; i < n; i++)
		ret[i] = oldest_first ? o->first + from + i : o->next - 1 - from - i;
	return OK;
}

void list_entry_key(const struct list_view *v, uint64_t ordinal, struct key *ret)
{
	key_of_list(ret, ROW_ENTRY, &v->key);
	key_add_number(ret, ordinal);
}

enum fault list_entry(const struct list_view *v, uint64_t ordinal, struct instant *ret_in,
		      struct text *ret_pk)
{
	struct key k;
	struct text value;
	list_entry_key(v, ordinal, &k);
	if (!row_get(v->rows, key_get(&k), &value) || !entry_row_decode(value, ret_in, ret_pk))
		return FAULT_DATA_DAMAGED;
	return OK;
}

/* --- changing --- */

/* Opens a list that this command is about to change. */
static struct touched *touch(struct tx *tx, struct list_view *v, enum list list, const void *record)
{
	must(list_open(tx, list, record, v) == OK);
	struct touched *t = find_touched(tx, key_get(&v->key));
	if (!t)
		t = add_touched(tx, key_get(&v->key));
	t->is_state = true;
	t->ordinals = v->ordinals;
	return t;
}

uint64_t list_append(struct tx *tx, enum list list, const void *record)
{
	struct list_view v;
	struct ordinals *o = &touch(tx, &v, list, record)->ordinals;
	must(o->next < ORDINAL_MAX);
	o->count++;
	return o->next++;
}

/* The oldest left: the next one, when nothing is gone behind it. */
static uint64_t first_after(const struct holes *h, struct ordinals o)
{
	struct holes_block block;
	uint64_t first;
	o.first++;
	if (o.count == 0)
		return o.next;
	if (!has_holes(&o))
		return o.first;
	bool found = holes_select(h, &o, o.count - 1, &first, &block);
	must(found || h->rows->guessed);
	return found && first >= o.first ? first : o.first;
}

static bool could_hold(const struct ordinals *o, uint64_t ordinal)
{
	return o->count > 0 && ordinal >= o->first && ordinal < o->next;
}

void list_remove(struct tx *tx, enum list list, const void *record, uint64_t ordinal)
{
	struct list_view v;
	touch(tx, &v, list, record);
	struct ordinals o = v.ordinals;
	struct holes h = holes_of(&v, tx);
	if (tx->rows->guessed && !could_hold(&o, ordinal))
		return;
	must(could_hold(&o, ordinal));
	if (list != LIST_CLUSTERED) {
		struct key k;
		list_entry_key(&v, ordinal, &k);
		row_del(tx->rows, key_get(&k));
		entry_add_list_drop(tx, list, key_rest(&k));
	}
	if (ordinal == o.first) {
		o.count--;
		o.first = first_after(&h, o);
		holes_drop(&h, ordinal, o.first);
	} else {
		holes_add(&h, &o, ordinal);
		o.count--;
	}
	find_touched(tx, key_get(&v.key))->ordinals = o;
}

/* Hole rows stand in the rows already; their last values go into the entry. */
static void finish_holes(struct tx *tx, enum list list, struct text key, struct text rest)
{
	struct text value;
	bool there = row_get(tx->rows, key, &value);
	entry_add_holes(tx, list, rest, there ? &value : NULL);
}

void list_finish(struct tx *tx)
{
	for (uint32_t i = 0; i < tx->touched_count; i++) {
		const struct touched *t = &tx->touched[i];
		struct text key = touched_key(tx, t);
		struct text rest = {key.data + KEY_PREFIX_SIZE, key.size - KEY_PREFIX_SIZE};
		enum list list = (enum list)key.data[1];
		if (!t->is_state) {
			finish_holes(tx, list, key, rest);
			continue;
		}
		buffer_clear(&tx->value);
		ordinals_encode(&t->ordinals, &tx->value);
		row_put(tx->rows, key, buffer_get(&tx->value));
		entry_add_state(tx, list, rest, buffer_get(&tx->value));
	}
}
