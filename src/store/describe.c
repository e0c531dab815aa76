/* An entry as text for a person: one line for each operation. What is sealed is not opened. */
#include "base/crypto.h"
#include "base/varint.h"
#include "store/engine.h"
#include "store/entry.h"
#include "store/file.h"
#include "store/list.h"

enum { LINE_BYTES_MAX = 4 * RECORD_BYTES_MAX };

static void add_hex(struct buffer *b, struct text bytes)
{
	char *to = buffer_room(b, 2 * bytes.size);
	if (!to)
		return;
	hex_lower((const uint8_t *)bytes.data, bytes.size, to);
	b->size += 2 * bytes.size;
}

static void add_value(struct buffer *b, const struct field *f, const void *record)
{
	const char *at = (const char *)record + f->offset;
	if (f->role == ROLE_PERSONAL || f->role == ROLE_SECRET) {
		buffer_text(b, TEXT("(sealed)"));
		return;
	}
	switch ((enum field_kind)f->kind) {
	case KIND_NUMBER:
		buffer_uint64(b, field_number(f, record));
		return;
	case KIND_SIGNED:
		buffer_int64(b, *(const int64_t *)(const void *)at);
		return;
	case KIND_FLAG:
		buffer_text(b, TEXT("yes"));
		return;
	case KIND_INSTANT:
		buffer_int64(b, ((const struct instant *)(const void *)at)->ms);
		return;
	case KIND_MONEY:
		buffer_int64(b, ((const struct money *)(const void *)at)->fen);
		return;
	case KIND_TEXT:
		buffer_text(b, field_text_of(f, record));
		return;
	case KIND_BYTES:
		add_hex(b, field_text_of(f, record));
		return;
	}
}

/* Key fields always, the others when they are set. */
static void add_fields(struct buffer *b, const struct record_shape *shape, const void *record,
		       unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct field *f = &shape->fields[i];
		if (i >= shape->key_count && !field_is_set(f, record))
			continue;
		buffer_format(b, " %s=", f->name);
		add_value(b, f, record);
	}
}

/* The parts of a unique value or of an owner, and the numbers behind: folded texts in hex. */
static void add_parts(struct buffer *b, struct text parts)
{
	buffer_byte(b, ' ');
	add_hex(b, parts);
}

static bool add_put(struct buffer *b, const struct entry_op *op, union record *record)
{
	const struct record_shape *shape = &record_shapes[op->id];
	if (!key_read_record(shape, op->parts, record) ||
	    (op->op == OP_PUT && !record_decode(shape, op->value, record)))
		return false;
	buffer_format(b, "%s %s", op->op == OP_PUT ? "put" : "delete", shape->name);
	add_fields(b, shape, record, op->op == OP_PUT ? shape->field_count : shape->key_count);
	return true;
}

static bool add_state(struct buffer *b, const struct entry_op *op)
{
	struct ordinals o;
	if (!ordinals_decode(op->value, &o))
		return false;
	buffer_format(b, "list %s", list_shapes[op->id].name);
	add_parts(b, op->parts);
	buffer_text(b, TEXT(" count="));
	buffer_uint64(b, o.count);
	buffer_text(b, TEXT(" first="));
	buffer_uint64(b, o.first);
	buffer_text(b, TEXT(" next="));
	buffer_uint64(b, o.next);
	return true;
}

static bool add_op(struct buffer *b, const struct entry_op *op, union record *record)
{
	switch (op->op) {
	case OP_PUT:
	case OP_DEL:
		return add_put(b, op, record);
	case OP_UNIQUE_DROP:
		buffer_format(b, "drop %s", unique_shapes[op->id].name);
		if (op->sealed)
			buffer_text(b, TEXT(" (sealed)"));
		else
			add_parts(b, op->parts);
		return true;
	case OP_LIST_DROP:
		buffer_format(b, "leave %s", list_shapes[op->id].name);
		add_parts(b, op->parts);
		return true;
	case OP_STATE:
		return add_state(b, op);
	case OP_HOLES:
	case OP_HOLES_DROP:
		buffer_format(b, "%s %s", op->op == OP_HOLES ? "holes" : "no holes",
			      list_shapes[op->id].name);
		add_parts(b, op->parts);
		return true;
	}
	return false;
}

static bool count_ops(struct text ops, uint64_t n, unsigned *ret_rows, unsigned *ret_coupons)
{
	struct entry_op op;
	*ret_rows = *ret_coupons = 0;
	for (; n > 0; n--) {
		if (!entry_op_take(&ops, &op))
			return false;
		(*ret_rows)++;
		*ret_coupons += op.op == OP_PUT && op.id == TABLE_COUPON;
	}
	return ops.size == 0;
}

bool entry_describe(struct arena *a, struct text entry, struct ledger_entry *ret)
{
	struct entry_envelope e;
	struct entry_op op;
	struct buffer line;
	unsigned coupons;
	bool ok = true;
	if (!entry_envelope_take(&entry, &e))
		return false;
	*ret = (struct ledger_entry){.merchant = e.merchant,
				     .number = e.number,
				     .instant = e.instant,
				     .actor = e.actor,
				     .command = e.command};
	if (!count_ops(entry, e.op_count, &ret->row_count, &coupons))
		return false;
	struct text *rows = ARENA_ARRAY(a, struct text, ret->row_count);
	uint64_t *ids = ARENA_ARRAY(a, uint64_t, coupons);
	if (!rows || !ids)
		return false;
	buffer_init(&line, LINE_BYTES_MAX);
	for (unsigned i = 0; ok && i < ret->row_count; i++) {
		union record record;
		buffer_clear(&line);
		ok = entry_op_take(&entry, &op) && add_op(&line, &op, &record) && !line.full;
		rows[i] = ok ? arena_text(a, buffer_get(&line)) : TEXT_NONE;
		if (ok && op.op == OP_PUT && op.id == TABLE_COUPON)
			ids[ret->coupon_count++] = record.coupon.id;
	}
	buffer_release(&line);
	ret->rows = rows;
	ret->coupons = ids;
	return ok && !a->full;
}

static const char *row_name(struct text key)
{
	static const char *const kinds[ROW_KIND_COUNT] = {
	    [ROW_HEAD] = "head", [ROW_RECORD] = "record",    [ROW_UNIQUE] = "unique value",
	    [ROW_LIST] = "list", [ROW_ENTRY] = "list entry", [ROW_HOLES] = "list holes"};
	unsigned kind = key.size ? (uint8_t)key.data[0] : 0;
	return kind < ROW_KIND_COUNT && kinds[kind] ? kinds[kind] : "row";
}

static const char *table_name(struct text key)
{
	unsigned table = key.size > 1 && key.data[0] == ROW_RECORD ? (uint8_t)key.data[1] : 0;
	return table < TABLE_COUNT && record_shapes[table].name ? record_shapes[table].name : "";
}

char *key_describe(struct text key, const char *what)
{
	char hex[2 * KEY_BYTES_MAX];
	uint32_t merchant = 0;
	if (key.size > KEY_BYTES_MAX)
		key.size = KEY_BYTES_MAX;
	hex_lower((const uint8_t *)key.data, key.size, hex);
	for (size_t i = 2; i < 6 && i < key.size; i++)
		merchant = merchant << 8 | (uint8_t)key.data[i];
	return text_print("%s %s of merchant %u %s (key %.*s)", row_name(key), table_name(key),
			  merchant, what, (int)(2 * key.size), hex);
}
