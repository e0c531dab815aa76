/* Short lists of numbers inside a record: a campaign's departments and prizes. */
#include "base/varint.h"
#include "domain/campaign.h"
#include "domain/check.h"

/* A varint has at least one byte. */
enum fault numbers_read(const struct env *env, struct text bytes, uint64_t **ret, unsigned *ret_n)
{
	uint64_t *numbers = ARENA_ARRAY(env->arena, uint64_t, bytes.size + 1);
	unsigned n = 0;
	ROOM(numbers);
	while (bytes.size && varint_take(&bytes, &numbers[n]))
		n++;
	*ret = numbers;
	*ret_n = n;
	return bytes.size ? FAULT_DATA_DAMAGED : OK;
}

struct text numbers_write(const struct env *env, const uint64_t *numbers, unsigned n)
{
	struct buffer out;
	size_t size = (size_t)n * VARINT_SIZE_MAX;
	char *memory = arena_take(env->arena, size + 1);
	must(memory); /* at most a kilobyte */
	buffer_init_fixed(&out, memory, size);
	for (unsigned i = 0; i < n; i++)
		buffer_varint(&out, numbers[i]);
	return buffer_get(&out);
}

unsigned numbers_add(uint64_t *numbers, unsigned n, uint64_t number)
{
	for (unsigned i = 0; i < n; i++)
		if (numbers[i] == number)
			return n;
	numbers[n] = number;
	return n + 1;
}
