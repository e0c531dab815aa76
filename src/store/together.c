/* The same bytes in another order, and one byte that says which rows of a customer. */
#include "store/together.h"

#include "base/varint.h"

/* In the order in which they stand. */
static const struct {
	uint8_t kind, id;
} together[] = {
    {ROW_RECORD, TABLE_CUSTOMER}, {ROW_LIST, LIST_WALLET},    {ROW_HOLES, LIST_WALLET},
    {ROW_RECORD, TABLE_HOLDING},  {ROW_RECORD, TABLE_COUPON},
};
enum { CUSTOMER_AT = KEY_PREFIX_SIZE };

/* Which one it is of the above, or as many as there are. Most rows are none, or coupons. */
static inline unsigned which_of(struct text key)
{
	unsigned i = COUNT_OF(together);
	while (i > 0 && (together[i - 1].kind != (uint8_t)key.data[0] ||
			 together[i - 1].id != (uint8_t)key.data[1]))
		i--;
	return i ? i - 1 : COUNT_OF(together);
}

static bool is_place(struct text key)
{
	return key.size > CUSTOMER_AT && key.data[0] == ROW_TOGETHER;
}

struct text key_together(struct text key, struct key *memory)
{
	unsigned which;
	if (key.size <= CUSTOMER_AT || (which = which_of(key)) == COUNT_OF(together))
		return key;
	size_t customer = varint_size((uint8_t)key.data[CUSTOMER_AT]);
	size_t rest_at = CUSTOMER_AT + customer;
	must(rest_at <= key.size && key.size < KEY_BYTES_MAX);
	memcpy(memory->bytes, key.data, rest_at);
	memory->bytes[0] = ROW_TOGETHER;
	memory->bytes[1] = 0;
	memory->bytes[rest_at] = (uint8_t)which;
	memcpy(memory->bytes + rest_at + 1, key.data + rest_at, key.size - rest_at);
	memory->size = key.size + 1;
	return key_get(memory);
}

static unsigned which_at(struct text place, size_t *ret_at)
{
	*ret_at = CUSTOMER_AT + varint_size((uint8_t)place.data[CUSTOMER_AT]);
	return *ret_at < place.size ? (uint8_t)place.data[*ret_at] : COUNT_OF(together);
}

struct text key_apart(struct text place, struct key *memory)
{
	size_t at;
	unsigned which;
	if (!is_place(place) || place.size > KEY_BYTES_MAX ||
	    (which = which_at(place, &at)) >= COUNT_OF(together))
		return place;
	memcpy(memory->bytes, place.data, at);
	memory->bytes[0] = together[which].kind;
	memory->bytes[1] = together[which].id;
	memcpy(memory->bytes + at, place.data + at + 1, place.size - at - 1);
	memory->size = place.size - 1;
	return key_get(memory);
}

bool place_of_holder(struct text place, struct key *ret)
{
	size_t at;
	if (!is_place(place) || place.data[CUSTOMER_AT] == 0 || which_at(place, &at) == 0)
		return false;
	memcpy(ret->bytes, place.data, at);
	ret->bytes[at] = 0;
	ret->size = at + 1;
	return true;
}

bool row_is_counter(struct text place)
{
	size_t at;
	if (!is_place(place))
		return row_is_written_often(place);
	unsigned which = which_at(place, &at);
	uint8_t kind = which < COUNT_OF(together) ? together[which].kind : 0;
	return kind == ROW_LIST || kind == ROW_HOLES;
}
