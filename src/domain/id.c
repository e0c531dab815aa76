/*
 * Public ids: the store's epoch and a number of the merchant in one. The epoch is new at every
 * restore, so that what a lost hour gave out is never given out again.
 */
#include "domain/id.h"

/* 18 digits for every number below 2^52: a one, then at most 16 digits of the number. */
static const uint64_t PUBLIC_ID_BASE = UINT64_C(100000000000000000);

uint64_t public_number(const struct env *env, uint64_t number)
{
	must(number != 0 && number <= UINT32_MAX && env->epoch != 0 && env->epoch < 1U << 20);
	return env->epoch << 32 | number;
}

void public_id(uint64_t public_number, char out[PUBLIC_ID_SIZE])
{
	uint64_t value = PUBLIC_ID_BASE + public_number;
	for (unsigned i = PUBLIC_ID_SIZE; i > 0; i--) {
		out[i - 1] = (char)('0' + value % 10);
		value /= 10;
	}
}

bool public_id_read(struct text id, uint64_t *ret_public_number)
{
	uint64_t value;
	if (id.size != PUBLIC_ID_SIZE || !text_to_uint64(id, &value) || value <= PUBLIC_ID_BASE)
		return false;
	*ret_public_number = value - PUBLIC_ID_BASE;
	return true;
}

struct text id_text(const struct env *env, uint64_t number)
{
	char digits[PUBLIC_ID_SIZE];
	public_id(public_number(env, number), digits);
	return arena_text(env->arena, (struct text){digits, sizeof(digits)});
}
