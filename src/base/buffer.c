/*
 * The growing row of bytes. Every writer asks for room once and then fills it; the way that
 * grows is kept apart, so that the usual way is one comparison (in the header).
 */
#include "base/buffer.h"

#include <stdarg.h>

enum { BUFFER_SIZE_MIN = 256, DIGITS_MAX = 20 };

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
				  "25262728293031323334353637383940414243444546474849"
				  "50515253545556575859606162636465666768697071727374"
				  "75767778798081828384858687888990919293949596979899";

void buffer_init(struct buffer *b, size_t capacity_max)
{
	*b = (struct buffer){.capacity_max = capacity_max};
}

void buffer_init_fixed(struct buffer *b, void *memory, size_t size)
{
	*b = (struct buffer){.data = memory, .capacity = size, .capacity_max = size, .lent = true};
}

void buffer_release(struct buffer *b)
{
	if (!b->lent)
		free(b->data);
	*b = (struct buffer){0};
}

void buffer_clear(struct buffer *b)
{
	b->size = 0;
	b->full = false;
}

char *buffer_grow(struct buffer *b, size_t n)
{
	if (b->full || b->lent || b->size > b->capacity_max || n > b->capacity_max - b->size)
		goto full;
	size_t capacity = b->capacity > b->capacity_max / 2 ? b->capacity_max : b->capacity * 2;
	if (capacity < b->size + n)
		capacity = b->size + n;
	if (capacity < BUFFER_SIZE_MIN && b->capacity_max >= BUFFER_SIZE_MIN)
		capacity = BUFFER_SIZE_MIN;
	char *data = realloc(b->data, capacity ? capacity : 1);
	if (!data)
		goto full;
	b->data = data;
	b->capacity = capacity;
	return data + b->size;
full:
	b->full = true;
	return NULL;
}

/* Writes the digits so that they end before `end`; returns where they begin. */
static char *put_digits(char *end, uint64_t value)
{
	while (value >= 100) {
		end -= 2;
		memcpy(end, digit_pairs + 2 * (value % 100), 2);
		value /= 100;
	}
	if (value >= 10) {
		end -= 2;
		memcpy(end, digit_pairs + 2 * value, 2);
		return end;
	}
	*--end = (char)('0' + value);
	return end;
}

void buffer_uint64(struct buffer *b, uint64_t value)
{
	char digits[DIGITS_MAX], *end = digits + sizeof(digits);
	char *begin = put_digits(end, value);
	buffer_add(b, begin, (size_t)(end - begin));
}

void buffer_int64(struct buffer *b, int64_t value)
{
	char digits[DIGITS_MAX + 1], *end = digits + sizeof(digits);
	char *begin = put_digits(end, value < 0 ? -(uint64_t)value : (uint64_t)value);
	if (value < 0)
		*--begin = '-';
	buffer_add(b, begin, (size_t)(end - begin));
}

void buffer_format(struct buffer *b, const char *format, ...)
{
	char small[256];
	va_list args;
	va_start(args, format);
	int size = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	must(size >= 0);
	if ((size_t)size < sizeof(small)) {
		buffer_add(b, small, (size_t)size);
		return;
	}
	/* vsnprintf puts a NUL behind, which a lent buffer may have no byte for. */
	char *large = malloc((size_t)size + 1);
	if (!large) {
		b->full = true;
		return;
	}
	va_start(args, format);
	vsnprintf(large, (size_t)size + 1, format, args);
	va_end(args);
	buffer_add(b, large, (size_t)size);
	free(large);
}
