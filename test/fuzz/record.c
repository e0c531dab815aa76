/*
 * The first byte says which table; what follows is a record's value, and its key, and numbers. What
 * can be read is written as the same again.
 */
#include "base/varint.h"
#include "fuzz/lib/fuzz.h"
#include "store/keys.h"
#include "store/record.h"

static void numbers_check(struct text in)
{
	uint64_t value;
	uint8_t bytes[VARINT_SIZE_MAX];
	for (struct text rest = in; rest.size;) {
		struct text at = rest;
		if (!varint_take(&rest, &value)) {
			must(rest.data == at.data && rest.size == at.size);
			break;
		}
		size_t size = varint_put(bytes, value);
		must(size == at.size - rest.size && memcmp(bytes, at.data, size) == 0);
	}
	struct text slice;
	while (slice_take(&in, &slice))
		text_touch(slice);
}

static void record_check(const struct record_shape *shape, struct text value)
{
	union record record = {0}, again = {0};
	struct buffer out, twice;
	if (!record_decode(shape, value, &record))
		return;
	buffer_init(&out, RECORD_BYTES_MAX);
	buffer_init(&twice, RECORD_BYTES_MAX);
	record_encode(shape, &record, &out);
	must(!out.full && out.size <= value.size);
	must(record_decode(shape, buffer_get(&out), &again));
	for (unsigned i = shape->key_count; i < shape->field_count; i++)
		must(field_equal(&shape->fields[i], &record, &again));
	must(memcmp(record_at(shape, &record), record_at(shape, &again),
		    RECORD_LISTS_MAX * sizeof(uint64_t)) == 0);
	record_encode(shape, &again, &twice);
	must(text_equal(buffer_get(&out), buffer_get(&twice)));
	buffer_release(&out);
	buffer_release(&twice);
}

static void key_check(const struct record_shape *shape, struct text parts)
{
	union record record = {0};
	if (!key_read_record(shape, parts, &record))
		return;
	for (unsigned i = 0; i < shape->key_count; i++)
		if (field_is_text(&shape->fields[i]))
			text_touch(*field_text(&shape->fields[i], &record));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct text rest = {(const char *)data + 1, size - 1};
	const struct record_shape *shape = &record_shapes[1 + data[0] % (TABLE_COUNT - 1)];
	numbers_check(rest);
	record_check(shape, rest);
	key_check(shape, rest);
	return 0;
}
