/* See same.h. */
#include "store/same.h"

bool row_has_personal(struct text key)
{
	unsigned table = key.size > 1 && key.data[0] == ROW_RECORD ? (uint8_t)key.data[1] : 0;
	return table > 0 && table < TABLE_COUNT && record_shapes[table].personal;
}

/* A record's PERSONAL members are out of `value`, when its key is wiped; false: it is not. */
static bool take_personal(const struct wiped_keys *w, struct text key, struct text value,
			  struct buffer *out)
{
	enum table table = (enum table)key.data[1];
	const struct record_shape *shape = &record_shapes[table];
	union record record = {0};
	if (!record_decode(shape, value, &record) ||
	    !w->is_wiped(w->context, key_merchant(key),
			 field_number(&shape->fields[shape->slot], &record)))
		return false;
	store_forget(table, &record);
	record_encode(shape, &record, out);
	return !out->full;
}

bool row_is_same(const struct wiped_keys *w, struct text key, struct text a, struct text b)
{
	struct buffer left, right;
	if (text_equal(a, b))
		return true;
	if (!row_has_personal(key))
		return false;
	buffer_init(&left, RECORD_BYTES_MAX);
	buffer_init(&right, RECORD_BYTES_MAX);
	bool same = take_personal(w, key, a, &left) && take_personal(w, key, b, &right) &&
		    text_equal(buffer_get(&left), buffer_get(&right));
	buffer_release(&left);
	buffer_release(&right);
	return same;
}
