/* Records to bytes and back, what the descriptors say, and the order and size of keys. */
#include "base/limits.h"
#include "store/together.h"
#include "store_fixture.h"

#include <limits.h>

static void shapes_are_sound(void)
{
	for (unsigned t = 1; t < TABLE_COUNT; t++) {
		const struct record_shape *s = &record_shapes[t];
		CHECK(s->name && s->key_count > 0 && s->field_count > s->key_count);
		CHECK_INT(__builtin_popcountll(s->lists), s->list_count);
		for (unsigned i = 0; i < s->field_count; i++) {
			const struct field *f = &s->fields[i];
			CHECK((f->role == ROLE_KEY) == (i < s->key_count));
			if (f->role == ROLE_KEY)
				CHECK(f->kind == KIND_NUMBER || field_is_text(f));
			if (f->role == ROLE_PERSONAL)
				CHECK(s->slot > 0 && field_is_text(f));
			if (f->role == ROLE_SECRET)
				CHECK(field_is_text(f));
			if (f->role == ROLE_SLOT)
				CHECK(f->kind == KIND_NUMBER && s->slot == i);
		}
	}
	/* A value that is looked up is a number or a text; only PERSONAL values may be sealed. */
	for (unsigned u = 1; u < UNIQUE_COUNT; u++) {
		const struct record_shape *s = &record_shapes[unique_shapes[u].table];
		const struct field *f = &s->fields[unique_shapes[u].value];
		CHECK(s->uniques >> u & 1);
		CHECK(f->kind == KIND_NUMBER || field_is_text(f));
		CHECK(f->role != ROLE_SECRET && f->role != ROLE_KEY);
		/* A wiped field must take its unique value along. */
		CHECK(s->fields[unique_shapes[u].when].role != ROLE_PERSONAL);
	}
	for (unsigned l = 1; l < LIST_COUNT; l++) {
		const struct list_shape *list = &list_shapes[l];
		const struct record_shape *s = &record_shapes[list->table];
		CHECK(s->lists >> l & 1);
		CHECK(s->fields[list->when].role != ROLE_PERSONAL);
		for (unsigned i = 0; i < list->owner_count; i++) {
			const struct field *f = &s->fields[list->owners[i]];
			CHECK(f->kind == KIND_NUMBER || field_is_text(f));
			CHECK(f->role != ROLE_PERSONAL && f->role != ROLE_SECRET);
		}
	}
	CHECK_INT(list_place(LIST_WALLET), 0);
	CHECK_INT(list_place(LIST_COUPONS_BY_CHANNEL), 2);
	CHECK(record_shapes[TABLE_COUPON].clustered);
	CHECK(!record_shapes[TABLE_CAMPAIGN].clustered);
	CHECK_TEXT(text_of(record_shapes[TABLE_CUSTOMER].fields[1].name), "key_slot");
}

static void fill(struct random *r, const struct record_shape *s, union record *record)
{
	static const uint64_t edges[] = {0,    1,     240,   241,	 2287,
					 2288, 67823, 67824, UINT32_MAX, UINT64_MAX};
	static char bytes[3000];
	memset(bytes, 'x', sizeof(bytes));
	memset(record, 0, sizeof(*record));
	for (unsigned i = 0; i < s->field_count; i++) {
		const struct field *f = &s->fields[i];
		char *at = (char *)record + f->offset;
		uint64_t number =
		    random_below(r, 3) ? edges[random_below(r, COUNT_OF(edges))] : random_next(r);
		if (field_is_text(f))
			*field_text(f, record) =
			    (struct text){bytes, random_below(r, 4) ? random_below(r, 90) : 0};
		else if (f->kind == KIND_FLAG)
			*(bool *)at = number & 1;
		else
			memcpy(at, &number, sizeof(number));
	}
	uint64_t *ordinals = record_at(s, record);
	for (unsigned i = s->clustered; i < s->list_count; i++)
		ordinals[i] = random_below(r, 2) ? random_below(r, 100000) : 0;
	if (s->clustered)
		ordinals[0] = field_number(&s->fields[s->key_count - 1], record);
}

static bool same(const struct record_shape *s, const union record *a, const union record *b)
{
	for (unsigned i = 0; i < s->field_count; i++)
		if (!field_equal(&s->fields[i], a, b))
			return false;
	return memcmp(record_at_const(s, a), record_at_const(s, b),
		      sizeof(uint64_t) * RECORD_LISTS_MAX) == 0;
}

static void round_trip(uint64_t seed)
{
	struct random r = {seed};
	struct buffer value, again;
	buffer_init(&value, RECORD_BYTES_MAX);
	buffer_init(&again, RECORD_BYTES_MAX);
	for (unsigned i = 0; i < 20000; i++) {
		enum table table = (enum table)(1 + random_below(&r, TABLE_COUNT - 1));
		const struct record_shape *s = &record_shapes[table];
		union record record, back;
		struct key k;
		fill(&r, s, &record);
		memset(&back, 0xAA, sizeof(back));
		key_record(&k, 3, table, &record);
		record_encode(s, &record, &value);
		if (!CHECK(k.size <= KEY_BYTES_MAX && key_read_record(s, key_rest(&k), &back) &&
			   record_decode(s, buffer_get(&value), &back) &&
			   same(s, &record, &back))) {
			fprintf(stderr, "     seed %llu, round %u\n", (unsigned long long)seed, i);
			break;
		}
		record_encode(s, &back, &again);
		CHECK(text_equal(buffer_get(&value), buffer_get(&again)));
	}
	buffer_release(&value);
	buffer_release(&again);
}

static void versions(void)
{
	const struct record_shape *s = &record_shapes[TABLE_COUPON];
	struct coupon c = {.customer = 1, .ordinal = 4},
		      back = {.ordinal = 4, .attribute = TEXT("old"), .end = {5}};
	/* nothing set: no ordinals, no fields */
	CHECK(record_decode(s, (struct text){"\0\0", 2}, &back));
	CHECK(back.attribute.size == 0 && back.end.ms == 0 && back.at[0] == 4);
	struct buffer b;
	buffer_init(&b, 100);
	record_encode(s, &c, &b);
	CHECK(b.size == 2 && b.data[0] == 0 && b.data[1] == 0);
	/* one field more than this program knows */
	static const char known[2 + 20] = "\0\023", more[2 + 20] = "\0\024";
	CHECK(record_decode(s, (struct text){known, sizeof(known) - 1}, &back));
	CHECK(!record_decode(s, (struct text){more, sizeof(more)}, &back));
	CHECK(record_decode(s, (struct text){"\0\012\0\0\0\0\0\0\0\0\0\0", 12}, &back));
	/* cut, too long, too many ordinals, a flag of 2 */
	CHECK(!record_decode(s, (struct text){"\0\012\0\0\0\0\0\0\0\0\0", 11}, &back));
	CHECK(!record_decode(s, (struct text){"\0\0\0", 3}, &back));
	CHECK(!record_decode(s, (struct text){"\4\0\0\0\0\0", 6}, &back));
	CHECK(!record_decode(s, TEXT_NONE, &back));
	struct template t;
	CHECK(!record_decode(&record_shapes[TABLE_TEMPLATE], (struct text){"\0\1\2", 3}, &t));
	buffer_release(&b);
}

static void hostile_values(uint64_t seed)
{
	struct random r = {seed};
	char bytes[64];
	unsigned good = 0;
	for (unsigned i = 0; i < 200000; i++) {
		union record record = {0};
		size_t size = random_below(&r, sizeof(bytes));
		for (size_t j = 0; j < size; j++)
			bytes[j] =
			    (char)(random_below(&r, 3) ? random_below(&r, 12) : random_next(&r));
		const struct record_shape *s =
		    &record_shapes[1 + random_below(&r, TABLE_COUNT - 1)];
		char *exact =
		    malloc(size ? size : 1); /* so that the sanitizer sees a byte past it */
		memcpy(exact, bytes, size);
		good += record_decode(s, (struct text){exact, size}, &record);
		good += key_read_record(s, (struct text){exact, size}, &record);
		free(exact);
	}
	CHECK(good > 0);
}

static void keys(void)
{
	char *many = malloc(5000);
	struct key a, b;
	memset(many, 'a', 5000);
	struct credential c = {.dialect = UINT64_MAX, .name = {many, KEY_TEXT_MAX}};
	key_record(&a, UINT32_MAX, TABLE_CREDENTIAL, &c);
	CHECK(a.size <= KEY_BYTES_MAX);
	CHECK(key_read_record(&record_shapes[TABLE_CREDENTIAL], key_rest(&a), &c) &&
	      c.name.size == KEY_TEXT_MAX);
	/* folded: bounded, and equal only for equal texts */
	struct coupon long_channel = {.channel = {many, 5000}}, other = {.channel = {many, 4999}};
	key_list(&a, 1, LIST_COUPONS_BY_CHANNEL, &long_channel);
	key_list(&b, 1, LIST_COUPONS_BY_CHANNEL, &other);
	CHECK(a.size < 60 && !text_equal(key_get(&a), key_get(&b)));
	CHECK(key_check_list(ROW_LIST, LIST_COUPONS_BY_CHANNEL, key_rest(&a)));
	other.channel = (struct text){many, KEY_TEXT_MAX + 1};
	key_list(&b, 1, LIST_COUPONS_BY_CHANNEL, &other);
	CHECK(b.size == KEY_PREFIX_SIZE + 2 + 32);
	/* a record's key that would be folded cannot be read back */
	c.name = (struct text){many, KEY_TEXT_MAX + 1};
	key_record(&a, 1, TABLE_CREDENTIAL, &c);
	CHECK(!key_read_record(&record_shapes[TABLE_CREDENTIAL], key_rest(&a), &c));
	/* coupons of one wallet sort by ordinal, wallets stand apart */
	struct coupon x = {.customer = 240, .shelf = 0, .ordinal = 2287}, y = x;
	y.ordinal = 2288;
	key_record(&a, 1, TABLE_COUPON, &x);
	key_record(&b, 1, TABLE_COUPON, &y);
	CHECK(text_compare(key_get(&a), key_get(&b)) < 0);
	y = (struct coupon){.customer = 241, .ordinal = 1};
	key_record(&b, 1, TABLE_COUPON, &y);
	CHECK(text_compare(key_get(&a), key_get(&b)) < 0);
	key_record(&b, 2, TABLE_COUPON, &x);
	CHECK(text_compare(key_get(&a), key_get(&b)) < 0);
	free(many);
}

/* Her row begins the stretch of all that is hers; who has no number has no row. */
static void holders(const struct key places[8], uint64_t number)
{
	struct key holder;
	for (unsigned i = 0; i < 5; i++)
		if (CHECK(place_of_holder(key_get(&places[i]), &holder) == (i > 0 && number > 0)) &&
		    i > 0 && number > 0)
			CHECK(text_equal(key_get(&holder), key_get(&places[0])));
	for (unsigned i = 6; i < 8; i++)
		CHECK(!place_of_holder(key_get(&places[i]), &holder));
}

/* What is put together comes apart again, and a customer's rows are neighbours. */
static void together(uint64_t seed)
{
	struct random r = {seed};
	struct key keys[8], places[8], memory;
	for (unsigned round = 0; round < 2000; round++) {
		uint64_t number = round ? random_next(&r) >> random_below(&r, 64) : 0;
		struct customer customer = {.number = number};
		struct coupon coupon = {.customer = number, .ordinal = 1 + (random_next(&r) >> 40)};
		struct coupon other = {.customer = number + 1, .ordinal = 1};
		struct holding holding = {.customer = number, .template = random_next(&r) >> 50};
		uint64_t merchant = random_next(&r) >> 32;
		key_record(&keys[0], merchant, TABLE_CUSTOMER, &customer);
		key_list(&keys[1], merchant, LIST_WALLET, &coupon);
		key_of_list(&keys[2], ROW_HOLES, &keys[1]);
		key_add_number(&keys[2], 1);
		key_add_number(&keys[2], 7);
		key_record(&keys[3], merchant, TABLE_HOLDING, &holding);
		key_record(&keys[4], merchant, TABLE_COUPON, &coupon);
		key_record(&keys[5], merchant, TABLE_COUPON, &other);
		key_record(&keys[6], merchant, TABLE_TEMPLATE,
			   &(struct template){.number = number});
		key_head(&keys[7], merchant);
		for (unsigned i = 0; i < 8; i++) {
			struct text place = key_together(key_get(&keys[i]), &memory);
			places[i].size = place.size;
			memcpy(places[i].bytes, place.data, place.size);
			CHECK(text_equal(key_together(key_get(&places[i]), &memory),
					 key_get(&places[i])));
			CHECK(
			    text_equal(key_apart(key_get(&places[i]), &memory), key_get(&keys[i])));
			CHECK(row_is_counter(key_get(&places[i])) == (i == 1 || i == 2 || i == 7));
		}
		for (unsigned i = 1; i < 6 && number < UINT64_MAX; i++)
			CHECK(text_compare(key_get(&places[i - 1]), key_get(&places[i])) < 0);
		CHECK(text_equal(key_get(&places[6]), key_get(&keys[6])));
		holders(places, number);
	}
}

int main(void)
{
	shapes_are_sound();
	together(5);
	round_trip(1);
	round_trip(20261122);
	versions();
	hostile_values(3);
	keys();
	return test_end();
}
