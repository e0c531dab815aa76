/* A record of the ledger as a JSON object. What is sealed is not opened. */
#include "base/crypto.h"
#include "base/json.h"
#include "base/moment.h"
#include "store/engine.h"
#include "store/record.h"

static const uint64_t EXACT_MAX = UINT64_C(1) << 53; /* what readers of JSON hold exactly */

static void add_number(struct buffer *b, uint64_t number)
{
	bool exact = number <= EXACT_MAX;
	if (!exact)
		buffer_byte(b, '"');
	buffer_uint64(b, number);
	if (!exact)
		buffer_byte(b, '"');
}

static void add_hex(struct buffer *b, struct text bytes)
{
	buffer_byte(b, '"');
	char *to = buffer_room(b, 2 * bytes.size);
	if (to) {
		hex_lower((const uint8_t *)bytes.data, bytes.size, to);
		b->size += 2 * bytes.size;
	}
	buffer_byte(b, '"');
}

static void add_instant(struct buffer *b, struct instant i)
{
	if (instant_is_none(i)) {
		buffer_text(b, TEXT("null"));
		return;
	}
	buffer_byte(b, '"');
	buffer_moment_second(b, i);
	buffer_byte(b, '"');
}

static void add_value(struct buffer *b, const struct field *f, const void *record)
{
	const void *at = (const char *)record + f->offset;
	if ((f->role == ROLE_PERSONAL || f->role == ROLE_SECRET) && field_is_set(f, record)) {
		buffer_text(b, TEXT("\"(sealed)\""));
		return;
	}
	switch ((enum field_kind)f->kind) {
	case KIND_NUMBER:
		add_number(b, field_number(f, record));
		return;
	case KIND_SIGNED:
		buffer_int64(b, *(const int64_t *)at);
		return;
	case KIND_FLAG:
		buffer_text(b, *(const bool *)at ? TEXT("true") : TEXT("false"));
		return;
	case KIND_INSTANT:
		add_instant(b, *(const struct instant *)at);
		return;
	case KIND_MONEY:
		buffer_int64(b, ((const struct money *)at)->fen);
		return;
	case KIND_TEXT:
		buffer_json_text(b, field_text_of(f, record));
		return;
	case KIND_BYTES:
		add_hex(b, field_text_of(f, record));
		return;
	}
}

void ledger_image_json(const struct ledger_image *image, struct buffer *out)
{
	const struct record_shape *shape = &record_shapes[image->table];
	buffer_byte(out, '{');
	for (unsigned i = 0; i < shape->field_count; i++) {
		buffer_format(out, "%s\"%s\": ", i ? ", " : "", shape->fields[i].name);
		add_value(out, &shape->fields[i], image->record);
	}
	buffer_byte(out, '}');
}

const char *ledger_image_table(const struct ledger_image *image)
{
	return record_shapes[image->table].name;
}
