/* See pg_array.h. All numbers are big-endian; an array's header is 20 bytes, filled in last. */
#include "store/pg_array.h"

enum { ARRAY_HEADER = 20, MS_PER_S = 1000 };

/* PostgreSQL counts microseconds from 2000 on. */
static const int64_t year_2000_ms = INT64_C(946684800000);
static const int64_t instant_min_us = INT64_C(-211813488000000000);
static const int64_t instant_end_us = INT64_C(9223371331200000000);

const char *column_type(enum column_kind kind)
{
	static const char *const types[] = {
#define COLUMN(name, type, oid) type,
	    COLUMN_KINDS(COLUMN)
#undef COLUMN
	};
	return types[kind];
}

static uint32_t column_oid(enum column_kind kind)
{
	static const uint32_t oids[] = {
#define COLUMN(name, type, oid) oid,
	    COLUMN_KINDS(COLUMN)
#undef COLUMN
	};
	return oids[kind];
}

static void write_bytes(uint64_t number, unsigned size, char *out)
{
	for (unsigned i = 0; i < size; i++)
		out[i] = (char)(number >> (size - 1 - i) * 8 & 255);
}

static uint64_t read_bytes(struct text bytes)
{
	uint64_t number = 0;
	for (size_t i = 0; i < bytes.size; i++)
		number = number << 8 | (uint8_t)bytes.data[i];
	return number;
}

void bigint_write(int64_t number, char out[8])
{
	write_bytes((uint64_t)number, 8, out);
}

/* --- instants --- */

static bool to_microseconds(int64_t ms, int64_t *ret_us)
{
	*ret_us = ms;
	if (ms == INT64_MAX || ms == INT64_MIN)
		return true;
	return !__builtin_sub_overflow(ms, year_2000_ms, ret_us) &&
	       !__builtin_mul_overflow(*ret_us, MS_PER_S, ret_us) && *ret_us >= instant_min_us &&
	       *ret_us < instant_end_us;
}

static int64_t from_microseconds(int64_t us)
{
	if (us == INT64_MAX || us == INT64_MIN)
		return us;
	int64_t ms = us / MS_PER_S - (us % MS_PER_S < 0);
	return ms + year_2000_ms;
}

bool instant_fits(int64_t ms)
{
	int64_t us;
	return to_microseconds(ms, &us);
}

/* --- arrays --- */

void array_init(struct pg_array *a, size_t bytes_max)
{
	buffer_init(&a->bytes, bytes_max);
	array_clear(a);
}

void array_release(struct pg_array *a)
{
	buffer_release(&a->bytes);
}

void array_clear(struct pg_array *a)
{
	static const char header[ARRAY_HEADER];
	buffer_clear(&a->bytes);
	buffer_add(&a->bytes, header, sizeof(header));
	a->count = 0;
	a->has_null = false;
}

static void add_number(struct buffer *out, uint64_t number, unsigned size)
{
	char *to = buffer_room(out, 4 + (size_t)size);
	must(to);
	write_bytes(size, 4, to);
	write_bytes(number, size, to + 4);
	out->size += 4 + (size_t)size;
}

static void add_text(struct buffer *out, struct text t)
{
	char size[4];
	write_bytes(t.size, 4, size);
	buffer_add(out, size, sizeof(size));
	buffer_text(out, t);
	must(!out->full);
}

static void add_instant(struct buffer *out, int64_t ms)
{
	int64_t us;
	must(to_microseconds(ms, &us));
	add_number(out, (uint64_t)us, 8);
}

void array_add(struct pg_array *a, enum column_kind kind, const struct pg_value *v)
{
	a->count++;
	a->has_null |= v->null;
	value_write(&a->bytes, kind, v);
}

void value_write(struct buffer *out, enum column_kind kind, const struct pg_value *v)
{
	if (v->null) {
		buffer_add(out, "\xff\xff\xff\xff", 4);
		must(!out->full);
		return;
	}
	switch (kind) {
	case COLUMN_BIGINT:
		add_number(out, (uint64_t)v->number, 8);
		return;
	case COLUMN_SMALLINT:
		add_number(out, (uint64_t)v->number, 2);
		return;
	case COLUMN_BOOLEAN:
		add_number(out, (uint64_t)v->number, 1);
		return;
	case COLUMN_INSTANT:
		add_instant(out, v->number);
		return;
	case COLUMN_TEXT:
	case COLUMN_BYTEA:
		add_text(out, v->text);
		return;
	}
}

struct text array_end(struct pg_array *a, enum column_kind kind)
{
	char *header = a->bytes.data;
	write_bytes(1, 4, header); /* dimensions */
	write_bytes(a->has_null, 4, header + 4);
	write_bytes(column_oid(kind), 4, header + 8);
	write_bytes(a->count, 4, header + 12);
	write_bytes(1, 4, header + 16); /* the first one's index */
	return buffer_get(&a->bytes);
}

bool array_first(const struct pg_array *a, struct text *ret)
{
	const char *at = a->bytes.data + ARRAY_HEADER;
	uint64_t size = read_bytes((struct text){at, 4});
	*ret = (struct text){at + 4, size};
	return size != UINT32_MAX;
}

/* --- reading --- */

static bool read_number(struct text bytes, size_t size, int64_t *ret)
{
	*ret = (int64_t)read_bytes(bytes);
	return bytes.size == size;
}

bool value_read(enum column_kind kind, struct text bytes, struct pg_value *ret)
{
	*ret = (struct pg_value){0};
	switch (kind) {
	case COLUMN_BIGINT:
		return read_number(bytes, 8, &ret->number);
	case COLUMN_SMALLINT:
		return read_number(bytes, 2, &ret->number);
	case COLUMN_BOOLEAN:
		return read_number(bytes, 1, &ret->number);
	case COLUMN_INSTANT:
		if (!read_number(bytes, 8, &ret->number))
			return false;
		ret->number = from_microseconds(ret->number);
		return true;
	case COLUMN_TEXT:
	case COLUMN_BYTEA:
		ret->text = bytes;
		return true;
	}
	return false;
}
