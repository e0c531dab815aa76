/*
 * Writing an entry: image_apply for the rows, entry_add_* for the ledger, field by field sealed.
 * Reading it back is apply.c.
 */
#include "store/entry.h"

#include "base/varint.h"
#include "store/list.h"

/* --- rows --- */

static void apply_uniques(struct rows *rows, uint64_t merchant, const struct image *image)
{
	uint64_t all = record_shapes[image->table].uniques, fresh = image->uniques;
	struct key k;
	for (; fresh; all &= all - 1, fresh >>= 1)
		if (fresh & 1) {
			key_unique(&k, merchant, (enum unique)__builtin_ctzll(all), image->record);
			row_put(rows, key_get(&k), image->pk);
		}
}

static void apply_entry(struct rows *rows, uint64_t merchant, const struct image *image,
			enum list list, uint64_t ordinal, struct instant in)
{
	struct key list_key, k;
	uint8_t memory[VARINT_SIZE_MAX + KEY_BYTES_MAX];
	struct buffer value;
	key_list(&list_key, merchant, list, image->record);
	key_of_list(&k, ROW_ENTRY, &list_key);
	key_add_number(&k, ordinal);
	buffer_init_fixed(&value, memory, sizeof(memory));
	entry_row_encode(in, image->pk, &value);
	row_put(rows, key_get(&k), buffer_get(&value));
}

/* The record's row last: the record's texts may be slices of the row that it replaces. */
void image_apply(struct rows *rows, uint64_t merchant, struct instant now,
		 const struct image *image)
{
	const struct record_shape *shape = &record_shapes[image->table];
	const uint64_t *at = record_at_const(shape, image->record);
	uint64_t lists = shape->lists, some = image->fresh | image->kept;
	struct key k;
	if (image->uniques)
		apply_uniques(rows, merchant, image);
	for (unsigned i = 0; some >> i; i++, lists &= lists - 1) {
		bool kept = image->kept >> i & 1;
		if (some >> i & 1)
			apply_entry(rows, merchant, image, (enum list)__builtin_ctzll(lists), at[i],
				    kept ? image->in[i] : now);
	}
	key_init(&k, ROW_RECORD, image->table, merchant);
	key_add_parts(&k, image->pk);
	row_put(rows, key_get(&k), image->value);
}

bool head_read(struct rows *rows, uint64_t merchant, struct head *ret)
{
	struct key k;
	struct text value;
	*ret = (struct head){0};
	key_head(&k, merchant);
	if (!row_get(rows, key_get(&k), &value))
		return false;
	must(head_decode(value, ret));
	return true;
}

bool head_take_ahead(struct text *in, int64_t *ret_ahead_ms)
{
	uint64_t ms;
	if (!varint_take(in, &ms) || ms == 0 || ms > (uint64_t)AHEAD_MS_MAX)
		return false;
	*ret_ahead_ms = (int64_t)ms;
	return true;
}

/* A clock that was never moved is left out, as in the entry. */
bool head_decode(struct text value, struct head *ret)
{
	ret->ahead_ms = 0;
	if (!varint_take(&value, &ret->number) || !zigzag_take(&value, &ret->instant.ms) ||
	    !varint_take(&value, &ret->next_number) || !varint_take(&value, &ret->slots))
		return false;
	if (value.size > sizeof(ret->hash) && !head_take_ahead(&value, &ret->ahead_ms))
		return false;
	if (value.size != sizeof(ret->hash))
		return false;
	memcpy(ret->hash, value.data, sizeof(ret->hash));
	return true;
}

void head_encode(const struct head *head, struct buffer *out)
{
	buffer_varint(out, head->number);
	buffer_zigzag(out, head->instant.ms);
	buffer_varint(out, head->next_number);
	buffer_varint(out, head->slots);
	if (head->ahead_ms)
		buffer_varint(out, (uint64_t)head->ahead_ms);
	buffer_add(out, head->hash, sizeof(head->hash));
}

void head_write(struct rows *rows, uint64_t merchant, const struct head *head)
{
	struct key k;
	uint8_t memory[HEAD_SIZE_MAX];
	struct buffer value;
	key_head(&k, merchant);
	buffer_init_fixed(&value, memory, sizeof(memory));
	head_encode(head, &value);
	row_put(rows, key_get(&k), buffer_get(&value));
}

/* --- sealing --- */

enum { SEALED_VERSION = 1, ABOUT_MAX = KEY_BYTES_MAX + 5 * VARINT_SIZE_MAX };

static struct text about(const struct seal_place *p, uint8_t memory[ABOUT_MAX])
{
	struct buffer b;
	buffer_init_fixed(&b, memory, ABOUT_MAX);
	buffer_varint(&b, p->merchant);
	buffer_varint(&b, p->table);
	buffer_slice(&b, p->pk);
	buffer_varint(&b, p->field);
	buffer_varint(&b, p->number);
	must(!b.full);
	return buffer_get(&b);
}

size_t field_seal(const uint8_t key[SEAL_KEY_SIZE], uint64_t slot, const struct seal_place *place,
		  struct text clear, uint8_t *out)
{
	uint8_t memory[ABOUT_MAX];
	size_t size = 0;
	out[size++] = SEALED_VERSION;
	size += varint_put(out + size, slot);
	seal(key, about(place, memory), clear, out + size);
	return size + clear.size + SEAL_OVERHEAD;
}

bool field_sealed_slot(struct text *sealed, uint64_t *ret_slot)
{
	uint64_t version;
	return varint_take(sealed, &version) && version == SEALED_VERSION &&
	       varint_take(sealed, ret_slot) && sealed->size > SEAL_OVERHEAD;
}

bool field_open(const uint8_t key[SEAL_KEY_SIZE], const struct seal_place *place,
		struct text sealed, uint8_t *out)
{
	uint8_t memory[ABOUT_MAX];
	return seal_open(key, about(place, memory), sealed, out);
}

/* --- operations --- */

static void begin_op(struct tx *tx, enum op op, unsigned id)
{
	tx->has_put = true;
	tx->op_count++;
	buffer_varint(&tx->ops, op);
	buffer_varint(&tx->ops, id);
}

/* The record's bytes with PERSONAL fields sealed, in tx->value. */
static struct text sealed_value(struct tx *tx, const struct image *image)
{
	const struct record_shape *shape = &record_shapes[image->table];
	struct seal_place place = {tx->merchant, tx->head.number, image->table, image->pk, 0};
	uint64_t slot = field_number(&shape->fields[shape->slot], image->record);
	uint8_t key[SEAL_KEY_SIZE];
	union record copy;
	size_t room = 0;
	memcpy(&copy, image->record, shape->size);
	for (unsigned i = 0; i < shape->field_count; i++)
		if (shape->fields[i].role == ROLE_PERSONAL &&
		    field_is_set(&shape->fields[i], &copy))
			room += field_text_of(&shape->fields[i], &copy).size + SEALED_MORE_MAX;
	if (room == 0)
		return image->value;
	buffer_clear(&tx->sealed);
	char *to = buffer_room(&tx->sealed, room);
	must(to);
	/* A record of somebody who was erased has no PERSONAL fields. */
	must(tx->keys->customer(tx->keys, tx->merchant, slot, key));
	for (unsigned i = 0; i < shape->field_count; i++) {
		const struct field *f = &shape->fields[i];
		struct text *t = field_text(f, &copy);
		if (f->role != ROLE_PERSONAL || t->size == 0)
			continue;
		place.field = i;
		size_t size = field_seal(key, slot, &place, *t, (uint8_t *)to);
		*t = (struct text){to, size};
		to += size;
	}
	secret_wipe(key, sizeof(key));
	record_encode(shape, &copy, &tx->value);
	return buffer_get(&tx->value);
}

/* A caller's credential and its merchant's clock: engine_credential_version. */
static bool is_cached(enum table table)
{
	return table == TABLE_CREDENTIAL || table == TABLE_MERCHANT;
}

/* What a courier has work with: the table's bit. */
static uint64_t outbox_of(enum table table)
{
	static const uint64_t tables =
	    UINT64_C(1) << TABLE_MERCHANT | UINT64_C(1) << TABLE_WEBHOOK |
	    UINT64_C(1) << TABLE_DELIVERY | UINT64_C(1) << TABLE_PROVIDER |
	    UINT64_C(1) << TABLE_ERRAND | UINT64_C(1) << TABLE_CAMPAIGN |
	    UINT64_C(1) << TABLE_MEMBER | UINT64_C(1) << TABLE_JOB;
	return tables & UINT64_C(1) << table;
}

void entry_add_put(struct tx *tx, const struct image *image)
{
	bool personal = record_shapes[image->table].personal;
	begin_op(tx, OP_PUT, image->table);
	buffer_slice(&tx->ops, image->pk);
	buffer_slice(&tx->ops, personal ? sealed_value(tx, image) : image->value);
	buffer_varint(&tx->ops, image->uniques);
	buffer_varint(&tx->ops, image->fresh);
	buffer_varint(&tx->ops, image->kept);
	for (unsigned i = 0; image->kept >> i; i++)
		if (image->kept >> i & 1)
			buffer_zigzag(&tx->ops, image->in[i].ms);
	tx->wrote_credential |= is_cached(image->table);
	tx->wrote_origin |= image->table == TABLE_ORIGIN;
	tx->wrote_outbox |= outbox_of(image->table);
}

void entry_add_del(struct tx *tx, enum table table, struct text pk)
{
	begin_op(tx, OP_DEL, table);
	buffer_slice(&tx->ops, pk);
	tx->wrote_credential |= is_cached(table);
	tx->wrote_origin |= table == TABLE_ORIGIN;
}

static void add_sealed_drop(struct tx *tx, const struct unique_shape *u, const void *old,
			    struct text pk)
{
	const struct record_shape *shape = &record_shapes[u->table];
	struct text clear = field_text_of(&shape->fields[u->value], old);
	struct seal_place place = {tx->merchant, tx->head.number, u->table, pk, u->value};
	uint64_t slot = field_number(&shape->fields[shape->slot], old);
	uint8_t key[SEAL_KEY_SIZE];
	must(tx->keys->customer(tx->keys, tx->merchant, slot, key));
	buffer_clear(&tx->sealed);
	uint8_t *to = (uint8_t *)buffer_room(&tx->sealed, clear.size + SEALED_MORE_MAX);
	must(to);
	size_t size = field_seal(key, slot, &place, clear, to);
	secret_wipe(key, sizeof(key));
	buffer_slice(&tx->ops, pk);
	buffer_slice(&tx->ops, (struct text){(const char *)to, size});
}

void entry_add_unique_drop(struct tx *tx, enum unique unique, const void *old, struct text pk,
			   struct text parts)
{
	const struct unique_shape *u = &unique_shapes[unique];
	begin_op(tx, OP_UNIQUE_DROP, unique);
	if (record_shapes[u->table].fields[u->value].role == ROLE_PERSONAL)
		add_sealed_drop(tx, u, old, pk);
	else
		buffer_slice(&tx->ops, parts);
}

void entry_add_list_drop(struct tx *tx, enum list list, struct text parts)
{
	begin_op(tx, OP_LIST_DROP, list);
	buffer_slice(&tx->ops, parts);
}

void entry_add_state(struct tx *tx, enum list list, struct text owner, struct text value)
{
	begin_op(tx, OP_STATE, list);
	buffer_slice(&tx->ops, owner);
	buffer_slice(&tx->ops, value);
}

void entry_add_holes(struct tx *tx, enum list list, struct text parts, const struct text *value)
{
	begin_op(tx, value ? OP_HOLES : OP_HOLES_DROP, list);
	buffer_slice(&tx->ops, parts);
	if (value)
		buffer_slice(&tx->ops, *value);
}

void entry_envelope_add(struct buffer *out, const struct entry_envelope *e)
{
	buffer_varint(out, e->merchant);
	buffer_varint(out, e->number);
	buffer_zigzag(out, e->instant.ms);
	buffer_slice(out, e->actor);
	buffer_varint(out, e->command | (e->ahead_ms ? ENVELOPE_AHEAD : 0));
	if (e->ahead_ms)
		buffer_varint(out, (uint64_t)e->ahead_ms);
	buffer_varint(out, e->next_number);
	buffer_varint(out, e->op_count);
}

void entry_hash(const uint8_t prev[32], struct text entry, uint8_t ret_hash[32])
{
	struct text parts[] = {{(const char *)prev, 32}, entry};
	digest_parts(DIGEST_SHA256, parts, COUNT_OF(parts), ret_hash);
}
