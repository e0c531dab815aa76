/* Arena and buffer: caps, the sticky full mark. Varint: order, one form per number. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/varint.h"
#include "test.h"

static uint64_t random_state = 20150806;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void test_arena(void)
{
	struct arena a;
	arena_init(&a, 64 * 1024);
	CHECK(arena_take(&a, 0) != NULL);
	for (size_t size = 1; size < 300; size++) {
		char *memory = arena_take(&a, size);
		CHECK(memory && (uintptr_t)memory % 16 == 0);
		memset(memory, 0xAA, size);
	}
	uint64_t *zeroed = ARENA_ARRAY(&a, uint64_t, 40);
	CHECK(zeroed && zeroed[0] == 0 && zeroed[39] == 0);
	CHECK_TEXT(arena_text(&a, TEXT("copy")), "copy");
	CHECK_TEXT(arena_format(&a, "%d-%s", 7, "x"), "7-x");
	CHECK_INT(arena_format(&a, "%600d", 7).size, 600);
	CHECK_INT(arena_text(&a, TEXT_NONE).size, 0);
	CHECK(!a.full && a.taken <= a.taken_max);
	CHECK(!arena_take(&a, 64 * 1024) && a.full);
	CHECK(!arena_take(&a, 1) && arena_text(&a, TEXT("x")).data == NULL);
	CHECK(arena_format(&a, "%400d", 7).data == NULL);
	arena_reset(&a);
	CHECK(!a.full && a.taken == 0 && arena_take(&a, 1));
	CHECK(!arena_take(&a, SIZE_MAX) && !arena_take(&a, SIZE_MAX - 8) && a.full);
	arena_release(&a);
	CHECK(!arena_take(&a, 1));
}

/* What is taken never passes the cap, and nearly all of the cap can be had. */
static void test_arena_cap(void)
{
	for (unsigned round = 0; round < 200; round++) {
		struct arena a;
		size_t cap = 1 + random_next() % 300000, had = 0, size = 0;
		arena_init(&a, cap);
		for (;;) {
			size = 1 + random_next() % (round % 2 ? 4000 : 60);
			char *memory = arena_take(&a, size);
			if (!memory)
				break;
			memset(memory, 1, size);
			had += size;
		}
		CHECK(a.taken <= cap && a.full && had <= cap);
		CHECK(had > cap / 4 || cap < 20000);
		arena_release(&a);
	}
}

static void test_arena_lent(void)
{
	char memory[257];
	struct arena a;
	arena_init_lent(&a, memory + 1, 256, 4096);
	char *first = arena_take(&a, 100);
	CHECK(first > memory && first + 100 <= memory + 257 && a.taken == 0);
	CHECK(arena_take(&a, 500) && a.taken > 0);
	arena_reset(&a);
	CHECK(arena_take(&a, 10) == first && a.taken == 0);
	arena_release(&a);
	arena_init_lent(&a, memory, 3, 0);
	CHECK(!arena_take(&a, 1) && a.full);
	arena_release(&a);
}

static void test_buffer(void)
{
	struct buffer b;
	buffer_init(&b, 1000);
	buffer_text(&b, TEXT("a="));
	buffer_int64(&b, INT64_MIN);
	buffer_byte(&b, ' ');
	buffer_int64(&b, INT64_MAX);
	buffer_byte(&b, ' ');
	buffer_uint64(&b, UINT64_MAX);
	CHECK_TEXT(buffer_get(&b),
		   "a=-9223372036854775808 9223372036854775807 18446744073709551615");
	buffer_clear(&b);
	for (int64_t value = 1; value < INT64_MAX / 10; value *= 10) {
		char want[64];
		buffer_clear(&b);
		buffer_int64(&b, -value);
		buffer_int64(&b, value - 1);
		snprintf(want, sizeof(want), "%lld%lld", (long long)-value, (long long)value - 1);
		CHECK_TEXT(buffer_get(&b), want);
	}
	buffer_clear(&b);
	buffer_format(&b, "%s %d", "x", 12);
	CHECK_TEXT(buffer_get(&b), "x 12");
	buffer_format(&b, "%996d", 1);
	CHECK(b.size == 1000 && !b.full);
	buffer_byte(&b, 'x');
	CHECK(b.full && b.size == 1000);
	CHECK(!buffer_room(&b, 1));
	buffer_clear(&b);
	CHECK(!b.full && buffer_room(&b, 1000) && !buffer_room(&b, 1001) && b.full);
	CHECK(!buffer_room(&b, SIZE_MAX));
	buffer_add(&b, "x", 1);
	CHECK_INT(b.size, 0);
	buffer_release(&b);
}

static void test_buffer_fixed(void)
{
	char memory[8];
	struct buffer b;
	buffer_init_fixed(&b, memory, sizeof(memory));
	buffer_text(&b, TEXT("1234567"));
	buffer_format(&b, "%d", 8);
	CHECK_TEXT(buffer_get(&b), "12345678");
	CHECK(!b.full);
	buffer_int64(&b, 9);
	CHECK(b.full && b.size == 8);
	buffer_release(&b);
	buffer_init_fixed(&b, memory, 0);
	buffer_add(&b, NULL, 0);
	CHECK(!b.full);
	buffer_byte(&b, 'x');
	CHECK(b.full);
}

/* The numbers next to every border between forms, and random ones of every length. */
static size_t fill_numbers(uint64_t *out, size_t max)
{
	static const uint64_t borders[] = {0, 240, 241, 2287, 2288, 67823, 67824, 255, 256, 65536};
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(borders); i++) {
		for (uint64_t near = 0; near < 3; near++)
			out[n++] = borders[i] + near - (borders[i] ? 1 : 0);
	}
	for (unsigned bits = 1; bits <= 64; bits++) {
		out[n++] = UINT64_MAX >> (64 - bits);
		out[n++] = UINT64_C(1) << (bits - 1);
	}
	while (n < max) {
		out[n] = random_next() >> (random_next() % 64);
		n++;
	}
	return n;
}

static void test_varint_order(void)
{
	static uint64_t numbers[4000];
	size_t n = fill_numbers(numbers, COUNT_OF(numbers));
	unsigned wrong = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t x = numbers[i], y = numbers[random_next() % n], read;
		uint8_t left[VARINT_SIZE_MAX], right[VARINT_SIZE_MAX];
		struct text a = {(const char *)left, varint_put(left, x)};
		struct text b = {(const char *)right, varint_put(right, y)};
		int order = text_compare(a, b);
		wrong += (order < 0) != (x < y) || (order == 0) != (x == y);
		wrong += !text_starts_with(a, b) != (x != y);
		wrong += !varint_take(&a, &read) || read != x || a.size != 0;
	}
	CHECK_INT(wrong, 0);
}

/* Any bytes at all: what is read is what would have been written. */
static void test_varint_canonical(void)
{
	unsigned wrong = 0, accepted = 0;
	for (unsigned round = 0; round < 400000; round++) {
		uint8_t in[VARINT_SIZE_MAX], out[VARINT_SIZE_MAX];
		for (size_t i = 0; i < sizeof(in); i++)
			in[i] = random_next() % 3 ? (uint8_t)random_next() : 0;
		in[0] |= round % 2 ? 0xF0 : 0;
		struct text t = {(const char *)in, random_next() % (sizeof(in) + 1)}, before = t;
		uint64_t value;
		if (!varint_take(&t, &value)) {
			wrong += t.data != before.data || t.size != before.size;
			continue;
		}
		accepted++;
		size_t used = before.size - t.size;
		wrong += varint_put(out, value) != used || memcmp(in, out, used) != 0;
	}
	CHECK_INT(wrong, 0);
	CHECK(accepted > 1000);
}

static void test_varint_forms(void)
{
	static const struct {
		uint64_t value;
		size_t size;
	} rows[] = {{0, 1},	    {240, 1},	     {241, 2},	     {2287, 2},
		    {2288, 3},	    {67823, 3},	     {67824, 4},     {0xFFFFFF, 4},
		    {0x1000000, 5}, {UINT32_MAX, 5}, {UINT64_MAX, 9}};
	uint8_t out[VARINT_SIZE_MAX];
	uint64_t value = 7;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK_INT(varint_put(out, rows[i].value), rows[i].size);
	struct text overlong = TEXT("\xfa\x01\x08\xef"), cut = TEXT("\xff\x01\x02"),
		    none = TEXT_NONE;
	CHECK(!varint_take(&overlong, &value) && !varint_take(&cut, &value));
	CHECK(!varint_take(&none, &value) && value == 7);
}

static void test_zigzag_and_slices(void)
{
	static const int64_t values[] = {0, -1, 1, -120, 120, INT64_MIN, INT64_MAX};
	struct buffer b;
	buffer_init(&b, 4096);
	for (size_t i = 0; i < COUNT_OF(values); i++)
		buffer_zigzag(&b, values[i]);
	buffer_slice(&b, TEXT("abc"));
	buffer_slice(&b, TEXT_NONE);
	struct text in = buffer_get(&b), slice;
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		int64_t value = 5;
		CHECK(zigzag_take(&in, &value) && value == values[i]);
	}
	CHECK(slice_take(&in, &slice) && text_equal(slice, TEXT("abc")));
	CHECK(slice_take(&in, &slice) && slice.size == 0 && in.size == 0);
	CHECK(!slice_take(&in, &slice));
	struct text lying = TEXT("\x05"
				 "abcd"),
		    huge = TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff"
				"a");
	CHECK(!slice_take(&lying, &slice) && lying.size == 5 && !slice_take(&huge, &slice));
	buffer_release(&b);
}

int main(void)
{
	test_arena();
	test_arena_cap();
	test_arena_lent();
	test_buffer();
	test_buffer_fixed();
	test_varint_order();
	test_varint_canonical();
	test_varint_forms();
	test_zigzag_and_slices();
	return test_end();
}
