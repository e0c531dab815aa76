/* Making keys, and reading the parts that come back from rows and from the ledger. */
#include "store/keys.h"

#include "base/crypto.h"
#include "base/varint.h"

void key_init(struct key *k, enum row_kind kind, unsigned id, uint64_t merchant)
{
	must(merchant <= UINT32_MAX);
	k->bytes[0] = (uint8_t)kind;
	k->bytes[1] = (uint8_t)id;
	k->bytes[2] = (uint8_t)(merchant >> 24);
	k->bytes[3] = (uint8_t)(merchant >> 16);
	k->bytes[4] = (uint8_t)(merchant >> 8);
	k->bytes[5] = (uint8_t)merchant;
	k->size = KEY_PREFIX_SIZE;
}

void key_add_number(struct key *k, uint64_t number)
{
	must(k->size + VARINT_SIZE_MAX <= KEY_BYTES_MAX);
	k->size += varint_put(k->bytes + k->size, number);
}

void key_add_parts(struct key *k, struct text parts)
{
	must(parts.size <= KEY_BYTES_MAX - k->size);
	if (parts.size)
		memcpy(k->bytes + k->size, parts.data, parts.size);
	k->size += parts.size;
}

void key_add_text(struct key *k, struct text t)
{
	uint8_t folded[DIGEST_SIZE_MAX];
	key_add_number(k, t.size);
	if (t.size > KEY_TEXT_MAX) {
		digest_parts(DIGEST_SHA256, &t, 1, folded);
		t = (struct text){(const char *)folded, sizeof(folded)};
	}
	key_add_parts(k, t);
}

static void add_field(struct key *k, const struct field *f, const void *record)
{
	if (field_is_text(f))
		key_add_text(k, field_text_of(f, record));
	else
		key_add_number(k, field_number(f, record));
}

static bool is_customers(enum row_kind kind, unsigned id)
{
	if (kind == ROW_RECORD)
		return id == TABLE_HOLDING || id == TABLE_COUPON;
	return (kind == ROW_LIST || kind == ROW_ENTRY || kind == ROW_HOLES) &&
	       (id == LIST_WALLET || id == LIST_ALIASES);
}

uint64_t key_customer(struct text key)
{
	struct text rest = {key.data + KEY_PREFIX_SIZE, key.size - KEY_PREFIX_SIZE};
	enum row_kind kind = (enum row_kind)(uint8_t)key.data[0];
	uint64_t customer;
	return is_customers(kind, (uint8_t)key.data[1]) && varint_take(&rest, &customer) ? customer
											 : 0;
}

void key_head(struct key *k, uint64_t merchant)
{
	key_init(k, ROW_HEAD, 0, merchant);
}

void key_record(struct key *k, uint64_t merchant, enum table table, const void *record)
{
	const struct record_shape *shape = &record_shapes[table];
	key_init(k, ROW_RECORD, table, merchant);
	for (unsigned i = 0; i < shape->key_count; i++)
		add_field(k, &shape->fields[i], record);
}

void key_unique(struct key *k, uint64_t merchant, enum unique unique, const void *record)
{
	const struct unique_shape *u = &unique_shapes[unique];
	key_init(k, ROW_UNIQUE, unique, merchant);
	add_field(k, &record_shapes[u->table].fields[u->value], record);
}

void key_list(struct key *k, uint64_t merchant, enum list list, const void *owner)
{
	const struct list_shape *l = &list_shapes[list];
	must(owner || l->owner_count == 0);
	key_init(k, ROW_LIST, list, merchant);
	for (unsigned i = 0; i < l->owner_count; i++)
		add_field(k, &record_shapes[l->table].fields[l->owners[i]], owner);
}

void key_of_list(struct key *k, enum row_kind kind, const struct key *list)
{
	memcpy(k->bytes, list->bytes, list->size);
	k->size = list->size;
	k->bytes[0] = (uint8_t)kind;
}

/* Moves *rest over a literal text; one that should be folded is refused. */
static bool take_literal(struct text *rest, struct text *ret)
{
	return slice_take(rest, ret) && ret->size <= KEY_TEXT_MAX;
}

bool key_read_record(const struct record_shape *shape, struct text rest, void *record)
{
	for (const struct field *f = shape->fields; f < shape->fields + shape->key_count; f++) {
		char *to = (char *)record + f->offset;
		if (field_is_text(f) ? !take_literal(&rest, (struct text *)(void *)to)
				     : !varint_take(&rest, (uint64_t *)(void *)to))
			return false;
	}
	return rest.size == 0;
}

bool key_named(struct key *k, uint64_t merchant, enum table table, struct text parts, void *record)
{
	if (parts.size > KEY_BYTES_MAX - KEY_PREFIX_SIZE ||
	    !key_read_record(&record_shapes[table], parts, record))
		return false;
	key_init(k, ROW_RECORD, table, merchant);
	key_add_parts(k, parts);
	return true;
}

static bool skip_part(struct text *rest, const struct field *f)
{
	uint64_t size;
	if (!varint_take(rest, &size))
		return false;
	if (!field_is_text(f))
		return true;
	if (size > KEY_TEXT_MAX)
		size = digest_size(DIGEST_SHA256);
	if (size > rest->size)
		return false;
	*rest = (struct text){rest->data + size, rest->size - (size_t)size};
	return true;
}

bool key_check_unique(enum unique unique, struct text rest)
{
	const struct unique_shape *u = &unique_shapes[unique];
	return skip_part(&rest, &record_shapes[u->table].fields[u->value]) && rest.size == 0;
}

bool key_skip_owner(enum list list, struct text *parts)
{
	const struct list_shape *l = &list_shapes[list];
	for (unsigned i = 0; i < l->owner_count; i++)
		if (!skip_part(parts, &record_shapes[l->table].fields[l->owners[i]]))
			return false;
	return true;
}

bool key_check_list(enum row_kind kind, enum list list, struct text rest)
{
	unsigned numbers = kind == ROW_HOLES ? 2 : kind == ROW_ENTRY;
	uint64_t number;
	if (!key_skip_owner(list, &rest))
		return false;
	for (; numbers > 0; numbers--)
		if (!varint_take(&rest, &number))
			return false;
	return rest.size == 0;
}
