/*
 * The descriptors, made from the rows of records.tbl.h by the preprocessor, and the loops over
 * them. A field's index comes from a struct that has one byte for each field: its offset there.
 */
#include "store/record.h"

#include "base/varint.h"

/* clang-format off */
#define R(name, NAME, id) struct name##_index { NAME##_FIELDS(F) };
#define F(kind, member, role) char member;
RECORDS(R)
#undef F
#undef R
#define INDEX(table, member) (uint8_t)offsetof(struct table##_index, member)

/* The FIELDS macros hand their F no table: one F for each. */
#define F_origin(kind, what, role)     OF(origin, kind, what, role)
#define F_merchant(kind, what, role)   OF(merchant, kind, what, role)
#define F_credential(kind, what, role) OF(credential, kind, what, role)
#define F_department(kind, what, role) OF(department, kind, what, role)
#define F_customer(kind, what, role)   OF(customer, kind, what, role)
#define F_template(kind, what, role)   OF(template, kind, what, role)
#define F_tally(kind, what, role)      OF(tally, kind, what, role)
#define F_holding(kind, what, role)    OF(holding, kind, what, role)
#define F_coupon(kind, what, role)     OF(coupon, kind, what, role)
#define F_campaign(kind, what, role)   OF(campaign, kind, what, role)
#define F_member(kind, what, role)     OF(member, kind, what, role)
#define F_request(kind, what, role)    OF(request, kind, what, role)
#define F_edition(kind, what, role)    OF(edition, kind, what, role)
#define F_purchase(kind, what, role)   OF(purchase, kind, what, role)
#define F_series(kind, what, role)     OF(series, kind, what, role)
#define F_webhook(kind, what, role) OF(webhook, kind, what, role)
#define F_notice(kind, what, role) OF(notice, kind, what, role)
#define F_delivery(kind, what, role) OF(delivery, kind, what, role)
#define F_provider(kind, what, role) OF(provider, kind, what, role)
#define F_errand(kind, what, role) OF(errand, kind, what, role)
#define F_lease(kind, what, role) OF(lease, kind, what, role)
#define F_job(kind, what, role) OF(job, kind, what, role)

/* The same for UNIQUES and LISTS. */
#define T_origin(name, id, table, when, last)     OF(origin, table, id)
#define T_merchant(name, id, table, when, last)   OF(merchant, table, id)
#define T_credential(name, id, table, when, last) OF(credential, table, id)
#define T_department(name, id, table, when, last) OF(department, table, id)
#define T_customer(name, id, table, when, last)   OF(customer, table, id)
#define T_template(name, id, table, when, last)   OF(template, table, id)
#define T_tally(name, id, table, when, last)      OF(tally, table, id)
#define T_holding(name, id, table, when, last)    OF(holding, table, id)
#define T_coupon(name, id, table, when, last)     OF(coupon, table, id)
#define T_campaign(name, id, table, when, last)   OF(campaign, table, id)
#define T_member(name, id, table, when, last)     OF(member, table, id)
#define T_request(name, id, table, when, last)    OF(request, table, id)
#define T_edition(name, id, table, when, last)    OF(edition, table, id)
#define T_purchase(name, id, table, when, last)   OF(purchase, table, id)
#define T_series(name, id, table, when, last)     OF(series, table, id)
#define T_webhook(name, id, table, when, last) OF(webhook, table, id)
#define T_notice(name, id, table, when, last) OF(notice, table, id)
#define T_delivery(name, id, table, when, last) OF(delivery, table, id)
#define T_provider(name, id, table, when, last) OF(provider, table, id)
#define T_errand(name, id, table, when, last) OF(errand, table, id)
#define T_lease(name, id, table, when, last) OF(lease, table, id)
#define T_job(name, id, table, when, last) OF(job, table, id)

#define OF(table, kind, member, role) \
	{#member, KIND_##kind, ROLE_##role, (uint16_t)offsetof(struct table, member)},
#define R(name, NAME, id) static const struct field name##_fields[] = { NAME##_FIELDS(F_##name) };
RECORDS(R)
#undef R
#undef OF

enum {
#define R(name, NAME, id) table_of_##name = id,
	RECORDS(R)
#undef R
};

/* Sums over a table's fields, and over all UNIQUES and LISTS rows. */
enum {
#define OF(table, kind, member, role) + (ROLE_##role == ROLE_KEY)
#define R(name, NAME, id) key_count_##name = 0 NAME##_FIELDS(F_##name),
	RECORDS(R)
#undef R
#undef OF
#define OF(table, kind, member, role) + (ROLE_##role == ROLE_PERSONAL)
#define R(name, NAME, id) personal_count_##name = 0 NAME##_FIELDS(F_##name),
	RECORDS(R)
#undef R
#undef OF
#define OF(table, kind, member, role) + (ROLE_##role == ROLE_SLOT) * INDEX(table, member)
#define R(name, NAME, id) slot_##name = 0 NAME##_FIELDS(F_##name),
	RECORDS(R)
#undef R
#undef OF
};

#define OWNER0 0, {0, 0}
#define OWNER1(table, a) 1, {INDEX(table, a), 0}
#define OWNER2(table, a, b) 2, {INDEX(table, a), INDEX(table, b)}

const struct unique_shape unique_shapes[UNIQUE_COUNT] = {
#define U(name, id, table, when, value) \
	[id] = {#name, table_of_##table, INDEX(table, when), INDEX(table, value)},
	UNIQUES(U)
#undef U
};
const struct list_shape list_shapes[LIST_COUNT] = {
#define L(name, id, table, when, owners) \
	[id] = {#name, table_of_##table, INDEX(table, when), owners},
	LISTS(L)
#undef L
};

enum {
#define OF(mine, table, id) + (table_of_##table == table_of_##mine)
#define R(name, NAME, id) list_count_##name = 0 LISTS(T_##name),
	RECORDS(R)
#undef R
#undef OF
};
#define OF(mine, table, id) | (uint64_t)(table_of_##table == table_of_##mine) << (id)
const struct record_shape record_shapes[TABLE_COUNT] = {
#define R(name_, NAME, id)                                                                         \
	[id] = {                                                                                   \
		.name = #name_,                                                                    \
		.fields = name_##_fields,                                                          \
		.uniques = 0 UNIQUES(T_##name_),                                                   \
		.lists = 0 LISTS(T_##name_),                                                       \
		.size = sizeof(struct name_),                                                      \
		.at = offsetof(struct name_, at),                                                  \
		.field_count = sizeof(struct name_##_index),                                       \
		.key_count = key_count_##name_,                                                    \
		.list_count = list_count_##name_,                                                  \
		.slot = slot_##name_,                                                              \
		.personal = personal_count_##name_ > 0,                                            \
		.clustered = ((0 LISTS(T_##name_)) >> LIST_CLUSTERED & 1) != 0,                    \
	},
	RECORDS(R)
#undef R
};
#undef OF
#define R(name, NAME, id)                                                                          \
	_Static_assert((int)list_count_##name <= (int)RECORD_LISTS_MAX, #name);                            \
	_Static_assert(personal_count_##name == 0 || slot_##name > 0, #name);
RECORDS(R)
#undef R
_Static_assert(UNIQUE_COUNT <= 64 && LIST_COUNT <= 64, "sets of them are 64 bits");
/* clang-format on */

bool field_is_set(const struct field *f, const void *record)
{
	if (field_is_text(f))
		return field_text_of(f, record).size != 0;
	if (f->kind == KIND_FLAG)
		return *((const bool *)record + f->offset);
	return field_number(f, record) != 0;
}

bool field_equal(const struct field *f, const void *a, const void *b)
{
	if (field_is_text(f))
		return text_equal(field_text_of(f, a), field_text_of(f, b));
	if (f->kind == KIND_FLAG)
		return field_is_set(f, a) == field_is_set(f, b);
	return field_number(f, a) == field_number(f, b);
}

bool unique_counts(enum unique unique, const void *record)
{
	const struct unique_shape *u = &unique_shapes[unique];
	const struct field *fields = record_shapes[u->table].fields;
	return field_is_set(&fields[u->when], record) && field_is_set(&fields[u->value], record);
}

/* A list of one text has no records without that text. */
bool list_counts(enum list list, const void *record)
{
	const struct list_shape *l = &list_shapes[list];
	const struct field *fields = record_shapes[l->table].fields;
	if (!field_is_set(&fields[l->when], record))
		return false;
	for (unsigned i = 0; i < l->owner_count; i++) {
		const struct field *f = &fields[l->owners[i]];
		if (field_is_text(f) && !field_is_set(f, record))
			return false;
	}
	return true;
}

static inline const char *pass_flag(const char *at, const char *end, bool *ret)
{
	uint64_t v;
	at = varint_pass(at, end, &v);
	if (!at || v > 1)
		return NULL;
	*ret = v != 0;
	return at;
}

/* Decoding is what reads do most: a function for each table, without a look at its descriptors. The
 * first `n` fields behind the key; the others are zeroed. */
/* clang-format off */
#define PASS_NUMBER(to)	varint_pass(at, end, &(to))
#define PASS_SIGNED(to)	zigzag_pass(at, end, &(to))
#define PASS_INSTANT(to)	zigzag_pass(at, end, &(to).ms)
#define PASS_MONEY(to)	 zigzag_pass(at, end, &(to).fen)
#define PASS_FLAG(to)	 pass_flag(at, end, &(to))
#define PASS_TEXT(to)	 slice_pass(at, end, &(to))
#define PASS_BYTES(to)	 slice_pass(at, end, &(to))
#define OF(table, kind, member, role)                                                              \
	if (ROLE_##role != ROLE_KEY) {                                                             \
		if (n-- == 0) {                                                                    \
			memset((char *)r + offsetof(struct table, member), 0,                              \
			       offsetof(struct table, at) - offsetof(struct table, member));       \
			return at;                                                                 \
		}                                                                                  \
		if (!(at = PASS_##kind(r->member)))                                                \
			return NULL;                                                               \
	}
#define R(name, NAME, id)                                                                          \
	static const char *pass_##name(const char *at, const char *end, uint64_t n, void *record)  \
	{                                                                                          \
		struct name *r = record;                                                           \
		NAME##_FIELDS(F_##name)                                                            \
		return at;                                                                         \
	}
RECORDS(R)
#undef R
#undef OF
/* clang-format on */

static const char *(*const passers[TABLE_COUNT])(const char *at, const char *end, uint64_t n,
						 void *record) = {
#define R(name, NAME, id) [id] = pass_##name,
    RECORDS(R)
#undef R
};

bool record_decode(const struct record_shape *shape, struct text value, void *record)
{
	uint64_t *places = record_at(shape, record), n;
	unsigned place = shape->clustered, fields = (unsigned)shape->field_count - shape->key_count;
	const char *at = value.data, *end = text_end(value);
	at = varint_pass(at, end, &n);
	if (!at || n > shape->list_count - place)
		return false;
	memset(places, 0, RECORD_LISTS_MAX * sizeof(*places));
	if (shape->clustered)
		places[0] = field_number(&shape->fields[shape->key_count - 1], record);
	for (n += place; place < n; place++)
		if (!(at = varint_pass(at, end, &places[place])))
			return false;
	at = varint_pass(at, end, &n);
	return at && n <= fields && passers[shape - record_shapes](at, end, n, record) == end;
}

static size_t put_field(const struct field *f, const void *record, uint8_t *out)
{
	const char *from = (const char *)record + f->offset;
	switch ((enum field_kind)f->kind) {
	case KIND_TEXT:
	case KIND_BYTES: {
		struct text t = field_text_of(f, record);
		size_t size = varint_put(out, t.size);
		if (t.size)
			memcpy(out + size, t.data, t.size);
		return size + t.size;
	}
	case KIND_SIGNED:
	case KIND_INSTANT:
	case KIND_MONEY: {
		int64_t v = *(const int64_t *)(const void *)from;
		return varint_put(out, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
	}
	case KIND_FLAG:
		*out = *(const bool *)from;
		return 1;
	case KIND_NUMBER:
		break;
	}
	return varint_put(out, *(const uint64_t *)(const void *)from);
}

/* Where the fields that are worth writing end; *ret_size: room that is surely enough for them. */
static const struct field *fields_end(const struct record_shape *shape, const void *record,
				      size_t *ret_size)
{
	const struct field *begin = shape->fields + shape->key_count;
	const struct field *end = shape->fields + shape->field_count;
	while (end > begin && !field_is_set(end - 1, record))
		end--;
	*ret_size = (size_t)(end - begin) * VARINT_SIZE_MAX;
	for (const struct field *f = begin; f < end; f++)
		if (field_is_text(f))
			*ret_size += field_text_of(f, record).size;
	return end;
}

void record_encode(const struct record_shape *shape, const void *record, struct buffer *out)
{
	const uint64_t *at = record_at_const(shape, record);
	unsigned place = shape->clustered, places = shape->list_count;
	size_t size;
	const struct field *f = shape->fields + shape->key_count;
	const struct field *end = fields_end(shape, record, &size);
	while (places > place && at[places - 1] == 0)
		places--;
	buffer_clear(out);
	uint8_t *to = (uint8_t *)buffer_room(out, size + (2 + RECORD_LISTS_MAX) * VARINT_SIZE_MAX);
	if (!to)
		return;
	uint8_t *begin = to;
	to += varint_put(to, places - place);
	for (; place < places; place++)
		to += varint_put(to, at[place]);
	to += varint_put(to, (uint64_t)(end - f));
	for (; f < end; f++)
		to += put_field(f, record, to);
	out->size = (size_t)(to - begin);
}
