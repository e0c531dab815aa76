/*
 * Reading entries: entry_apply turns one into rows without reading any. The bytes may be anything;
 * what is not exactly an entry is refused.
 *
 * A customer whose key was wiped comes back without PERSONAL fields, and without the unique values
 * that stood on them.
 */
#include "base/arena.h"
#include "base/varint.h"
#include "store/entry.h"
#include "store/list.h"

/* --- reading --- */

bool entry_envelope_take(struct text *in, struct entry_envelope *ret)
{
	uint64_t command;
	if (!varint_take(in, &ret->merchant) || ret->merchant > UINT32_MAX ||
	    !varint_take(in, &ret->number) || ret->number == 0 ||
	    !zigzag_take(in, &ret->instant.ms) || !slice_take(in, &ret->actor) ||
	    !varint_take(in, &command) || command >= 2 * ENVELOPE_AHEAD)
		return false;
	ret->command = (unsigned)command;
	ret->ahead_ms = 0;
	if ((command & ENVELOPE_AHEAD) && !head_take_ahead(in, &ret->ahead_ms))
		return false;
	if (!varint_take(in, &ret->next_number) || !varint_take(in, &ret->op_count))
		return false;
	return ret->next_number >= 1 && ret->next_number <= NEXT_NUMBER_MAX;
}

bool entry_envelope(struct text entry, uint64_t *ret_merchant, uint64_t *ret_number,
		    struct instant *ret_instant, struct text *ret_actor, unsigned *ret_command)
{
	struct entry_envelope e;
	if (!entry_envelope_take(&entry, &e))
		return false;
	*ret_merchant = e.merchant;
	*ret_number = e.number;
	*ret_instant = e.instant;
	*ret_actor = e.actor;
	*ret_command = e.command;
	return true;
}

/* Bits beyond the table's lists and unique values are refused, and a clustered list's: it has no
 * entry rows. */
static bool take_bits(struct text *in, const struct record_shape *shape, struct entry_op *ret)
{
	if (!varint_take(in, &ret->uniques) || !varint_take(in, &ret->fresh) ||
	    !varint_take(in, &ret->kept))
		return false;
	uint64_t lists = ret->fresh | ret->kept;
	if (ret->uniques >> __builtin_popcountll(shape->uniques) || lists >> shape->list_count ||
	    (shape->clustered && (lists & 1)) || (ret->fresh & ret->kept))
		return false;
	for (unsigned i = 0; ret->kept >> i; i++)
		if ((ret->kept >> i & 1) && !zigzag_take(in, &ret->in[i].ms))
			return false;
	return true;
}

static bool take_table_op(struct text *in, struct entry_op *ret)
{
	union record record;
	if (ret->id < 1 || ret->id >= TABLE_COUNT)
		return false;
	const struct record_shape *shape = &record_shapes[ret->id];
	if (!slice_take(in, &ret->parts) || !key_read_record(shape, ret->parts, &record))
		return false;
	return ret->op == OP_DEL || (slice_take(in, &ret->value) && take_bits(in, shape, ret));
}

static bool take_unique_op(struct text *in, struct entry_op *ret)
{
	union record record;
	if (ret->id < 1 || ret->id >= UNIQUE_COUNT || !slice_take(in, &ret->parts))
		return false;
	const struct unique_shape *u = &unique_shapes[ret->id];
	const struct record_shape *shape = &record_shapes[u->table];
	ret->sealed = shape->fields[u->value].role == ROLE_PERSONAL;
	if (ret->sealed)
		return key_read_record(shape, ret->parts, &record) && slice_take(in, &ret->value);
	return key_check_unique((enum unique)ret->id, ret->parts);
}

static bool take_list_op(struct text *in, struct entry_op *ret)
{
	enum row_kind kind = ret->op == OP_LIST_DROP ? ROW_ENTRY
			     : ret->op == OP_STATE   ? ROW_LIST
						     : ROW_HOLES;
	if (ret->id < 1 || ret->id >= LIST_COUNT || !slice_take(in, &ret->parts) ||
	    !key_check_list(kind, (enum list)ret->id, ret->parts))
		return false;
	if (ret->op == OP_LIST_DROP || ret->op == OP_HOLES_DROP)
		return true;
	return slice_take(in, &ret->value);
}

bool entry_op_take(struct text *in, struct entry_op *ret)
{
	uint64_t op, id;
	*ret = (struct entry_op){0};
	if (!varint_take(in, &op) || !varint_take(in, &id) || op < OP_PUT || op > OP_HOLES_DROP ||
	    id > UINT8_MAX)
		return false;
	ret->op = (enum op)op;
	ret->id = (unsigned)id;
	switch (ret->op) {
	case OP_PUT:
	case OP_DEL:
		return take_table_op(in, ret);
	case OP_UNIQUE_DROP:
		return take_unique_op(in, ret);
	case OP_LIST_DROP:
	case OP_STATE:
	case OP_HOLES:
	case OP_HOLES_DROP:
		return take_list_op(in, ret);
	}
	return false;
}

/* --- applying --- */

struct applier {
	struct rows *rows;
	struct keyring *keys;
	struct entry_envelope entry;
	struct arena arena; /* of one operation */
	uint64_t slots;	    /* the highest that was seen */
};

static void see_slot(struct applier *a, uint64_t slot)
{
	a->keys->slot_seen(a->keys, a->entry.merchant, slot);
	a->slots = slot > a->slots ? slot : a->slots;
}

static void *take_memory(struct applier *a, size_t size)
{
	void *memory = arena_take(&a->arena, size);
	must(memory);
	return memory;
}

/* *ret is empty when the slot was wiped. */
static bool unseal(struct applier *a, const struct seal_place *place, struct text sealed,
		   struct text *ret)
{
	uint8_t key[SEAL_KEY_SIZE];
	uint64_t slot;
	*ret = TEXT_NONE;
	if (!field_sealed_slot(&sealed, &slot))
		return false;
	see_slot(a, slot);
	if (!a->keys->customer(a->keys, a->entry.merchant, slot, key))
		return true;
	uint8_t *clear = take_memory(a, sealed.size);
	bool ok = field_open(key, place, sealed, clear);
	secret_wipe(key, sizeof(key));
	*ret = (struct text){(const char *)clear, sealed.size - SEAL_OVERHEAD};
	return ok;
}

/* Opens the record's PERSONAL fields and makes its row from them. */
static bool unseal_record(struct applier *a, const struct entry_op *op, union record *record,
			  struct image *image)
{
	const struct record_shape *shape = &record_shapes[op->id];
	struct seal_place place = {a->entry.merchant, a->entry.number, (enum table)op->id,
				   op->parts, 0};
	struct buffer value;
	for (unsigned i = 0; i < shape->field_count; i++) {
		const struct field *f = &shape->fields[i];
		struct text *t = field_text(f, record);
		place.field = i;
		if (f->role == ROLE_PERSONAL && t->size && !unseal(a, &place, *t, t))
			return false;
	}
	size_t numbers = (size_t)shape->field_count + RECORD_LISTS_MAX + 2;
	size_t room = op->value.size + numbers * VARINT_SIZE_MAX;
	buffer_init_fixed(&value, take_memory(a, room), room);
	record_encode(shape, record, &value);
	must(!value.full);
	image->value = buffer_get(&value);
	return true;
}

/* A new unique value must be one; a PERSONAL one that was wiped is left out. */
static bool check_uniques(const struct record_shape *shape, const union record *record,
			  struct image *image)
{
	uint64_t all = shape->uniques;
	for (unsigned i = 0; image->uniques >> i; i++, all &= all - 1) {
		enum unique unique = (enum unique)__builtin_ctzll(all);
		if ((image->uniques >> i & 1) == 0 || unique_counts(unique, record))
			continue;
		if (shape->fields[unique_shapes[unique].value].role != ROLE_PERSONAL)
			return false;
		image->uniques &= ~(UINT64_C(1) << i);
	}
	return true;
}

static bool check_lists(const struct record_shape *shape, const union record *record,
			uint64_t entered)
{
	const uint64_t *at = record_at_const(shape, record);
	uint64_t all = shape->lists;
	for (unsigned i = 0; entered >> i; i++, all &= all - 1)
		if ((entered >> i & 1) &&
		    (!list_counts((enum list)__builtin_ctzll(all), record) || at[i] == 0))
			return false;
	return true;
}

static bool apply_put(struct applier *a, const struct entry_op *op)
{
	const struct record_shape *shape = &record_shapes[op->id];
	union record record;
	struct image image = {.table = (enum table)op->id,
			      .record = &record,
			      .pk = op->parts,
			      .value = op->value,
			      .uniques = op->uniques,
			      .fresh = op->fresh,
			      .kept = op->kept};
	memcpy(image.in, op->in, sizeof(image.in));
	if (!key_read_record(shape, op->parts, &record) ||
	    !record_decode(shape, op->value, &record))
		return false;
	if (shape->slot)
		see_slot(a, field_number(&shape->fields[shape->slot], &record));
	if (shape->personal && !unseal_record(a, op, &record, &image))
		return false;
	if (!check_uniques(shape, &record, &image) ||
	    !check_lists(shape, &record, image.fresh | image.kept))
		return false;
	struct instant in = {a->entry.instant.ms + a->entry.ahead_ms};
	image_apply(a->rows, a->entry.merchant, in, &image);
	return true;
}

static bool apply_unique_drop(struct applier *a, const struct entry_op *op)
{
	const struct unique_shape *u = &unique_shapes[op->id];
	struct key k;
	struct text clear;
	key_init(&k, ROW_UNIQUE, op->id, a->entry.merchant);
	if (op->sealed) {
		struct seal_place place = {a->entry.merchant, a->entry.number, (enum table)u->table,
					   op->parts, u->value};
		if (!unseal(a, &place, op->value, &clear))
			return false;
		if (clear.size == 0)
			return true;
		key_add_text(&k, clear);
	} else {
		key_add_parts(&k, op->parts);
	}
	row_del(a->rows, key_get(&k));
	return true;
}

static bool check_holes(const struct entry_op *op)
{
	struct text parts = op->parts;
	uint64_t level;
	return key_skip_owner((enum list)op->id, &parts) && varint_take(&parts, &level) &&
	       level <= HOLES_LEVELS_MAX && holes_check((unsigned)level, op->value);
}

static bool put_row(struct applier *a, enum row_kind kind, const struct entry_op *op)
{
	struct key k;
	key_init(&k, kind, op->id, a->entry.merchant);
	key_add_parts(&k, op->parts);
	row_put(a->rows, key_get(&k), op->value);
	return true;
}

static bool del_row(struct applier *a, enum row_kind kind, const struct entry_op *op)
{
	struct key k;
	key_init(&k, kind, op->id, a->entry.merchant);
	key_add_parts(&k, op->parts);
	row_del(a->rows, key_get(&k));
	return true;
}

static bool apply_op(struct applier *a, const struct entry_op *op)
{
	struct ordinals ordinals;
	switch (op->op) {
	case OP_PUT:
		return apply_put(a, op);
	case OP_UNIQUE_DROP:
		return apply_unique_drop(a, op);
	case OP_DEL:
		return del_row(a, ROW_RECORD, op);
	case OP_LIST_DROP:
		return del_row(a, ROW_ENTRY, op);
	case OP_HOLES_DROP:
		return del_row(a, ROW_HOLES, op);
	case OP_STATE:
		return ordinals_decode(op->value, &ordinals) && put_row(a, ROW_LIST, op);
	case OP_HOLES:
		return check_holes(op) && put_row(a, ROW_HOLES, op);
	}
	return false;
}

static bool apply_ops(struct applier *a, struct text ops)
{
	struct entry_op op;
	bool ok = true;
	for (uint64_t n = a->entry.op_count; ok && n > 0; n--) {
		ok = entry_op_take(&ops, &op) && apply_op(a, &op);
		arena_reset(&a->arena);
	}
	return ok && ops.size == 0;
}

static bool follows(const struct entry_envelope *e, const struct head *prev)
{
	return e->number == prev->number + 1 && e->instant.ms >= prev->instant.ms &&
	       e->ahead_ms >= prev->ahead_ms && e->next_number >= prev->next_number;
}

bool entry_apply_hashed(struct rows *rows, struct keyring *keys, struct text entry,
			const uint8_t hash[32], struct head *head)
{
	char memory[4096];
	struct applier a = {.rows = rows, .keys = keys, .slots = head->slots};
	struct text rest = entry;
	if (!entry_envelope_take(&rest, &a.entry) || !follows(&a.entry, head))
		return false;
	arena_init_lent(&a.arena, memory, sizeof(memory), 2 * (size_t)ENTRY_BYTES_MAX);
	bool ok = entry.size <= ENTRY_BYTES_MAX && apply_ops(&a, rest);
	arena_release(&a.arena);
	if (!ok)
		return false;
	*head = (struct head){.number = a.entry.number,
			      .instant = a.entry.instant,
			      .next_number = a.entry.next_number,
			      .slots = a.slots,
			      .ahead_ms = a.entry.ahead_ms};
	memcpy(head->hash, hash, sizeof(head->hash));
	head_write(rows, a.entry.merchant, head);
	return true;
}

bool entry_apply(struct rows *rows, struct keyring *keys, struct text entry,
		 const struct head *prev, struct head *ret_head)
{
	uint8_t hash[32];
	struct head head = *prev;
	entry_hash(prev->hash, entry, hash);
	if (!entry_apply_hashed(rows, keys, entry, hash, &head))
		return false;
	*ret_head = head;
	return true;
}
