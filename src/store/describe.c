/* An entry as text for a person: one line for each operation. What is sealed is not opened. */
#include "base/crypto.h"
#include "base/varint.h"
#include "store/engine.h"
#include "store/entry.h"
#include "base/file.h"
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

static bool is_image(const struct entry_op *op)
{
	return op->op == OP_PUT || op->op == OP_DEL;
}

static bool count_ops(struct text ops, uint64_t n, struct ledger_entry *ret)
{
	struct entry_op op;
	for (; n > 0; n--) {
		if (!entry_op_take(&ops, &op))
			return false;
		ret->row_count++;
		ret->coupon_count += op.op == OP_PUT && op.id == TABLE_COUPON;
		ret->image_count += is_image(&op);
	}
	return ops.size == 0;
}

/* The key's texts of a deletion, and all of a put, are slices of the entry. */
static bool add_image(struct arena *a, const struct entry_op *op, const union record *record,
		      struct ledger_image *ret)
{
	size_t size = record_shapes[op->id].size;
	void *copy = arena_take(a, size);
	if (!copy)
		return false;
	memcpy(copy, record, size);
	*ret = (struct ledger_image){(enum table)op->id, op->op == OP_DEL, copy};
	return true;
}

/* Lines and images of the operations; the arrays have room. */
static bool describe_ops(struct arena *a, struct text ops, unsigned n, struct text *rows,
			 struct ledger_image *images)
{
	struct entry_op op;
	struct buffer line;
	bool ok = true;
	buffer_init(&line, LINE_BYTES_MAX);
	for (unsigned i = 0; ok && i < n; i++) {
		union record record = {0};
		buffer_clear(&line);
		ok = entry_op_take(&ops, &op) && add_op(&line, &op, &record) && !line.full;
		rows[i] = ok ? arena_text(a, buffer_get(&line)) : TEXT_NONE;
		ok = ok && (!is_image(&op) || add_image(a, &op, &record, images++));
	}
	buffer_release(&line);
	return ok && !a->full;
}

bool entry_describe(struct arena *a, struct text entry, struct ledger_entry *ret)
{
	struct entry_envelope e;
	unsigned coupons = 0;
	if (!entry_envelope_take(&entry, &e))
		return false;
	*ret = (struct ledger_entry){.merchant = e.merchant,
				     .number = e.number,
				     .instant = e.instant,
				     .ahead_ms = e.ahead_ms,
				     .actor = e.actor,
				     .command = e.command};
	if (!count_ops(entry, e.op_count, ret))
		return false;
	struct text *rows = ARENA_ARRAY(a, struct text, ret->row_count);
	uint64_t *ids = ARENA_ARRAY(a, uint64_t, ret->coupon_count);
	struct ledger_image *images = ARENA_ARRAY(a, struct ledger_image, ret->image_count);
	if (!rows || !ids || !images || !describe_ops(a, entry, ret->row_count, rows, images))
		return false;
	for (unsigned i = 0; i < ret->image_count; i++)
		if (images[i].table == TABLE_COUPON && !images[i].gone)
			ids[coupons++] = ((const struct coupon *)images[i].record)->id;
	ret->rows = rows;
	ret->coupons = ids;
	ret->images = images;
	return true;
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
