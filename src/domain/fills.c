/* See campaign.h: what campaign.fill keeps, fill after fill, FILL_NUMBERS varints each. */
#include "base/varint.h"
#include "domain/campaign.h"
#include "domain/check.h"

enum { FILL_NUMBERS = 10 };
_Static_assert(sizeof(struct fill) == FILL_NUMBERS * sizeof(uint64_t), "a fill is its numbers");

enum fault fills_read(const struct env *env, const struct campaign *c, struct fill **ret,
		      unsigned *ret_n)
{
	uint64_t *numbers;
	unsigned n;
	TRY(numbers_read(env, c->fill, &numbers, &n));
	struct fill *fills = ARENA_ARRAY(env->arena, struct fill, n / FILL_NUMBERS + 1);
	ROOM(fills);
	if (n % FILL_NUMBERS)
		return FAULT_DATA_DAMAGED;
	if (n)
		memcpy(fills, numbers, n * sizeof(*numbers));
	*ret = fills;
	*ret_n = n / FILL_NUMBERS;
	return OK;
}

void fills_write(const struct env *env, struct campaign *c, const struct fill *fills, unsigned n)
{
	c->fill = n ? numbers_write(env, (const uint64_t *)fills, n * FILL_NUMBERS) : TEXT_NONE;
}

enum fault fills_add(struct tx *tx, const struct env *env, struct campaign *c,
		     const struct fill *fill)
{
	struct fill *fills;
	unsigned n;
	TRY(fills_read(env, c, &fills, &n));
	/* It begins anew. */
	for (unsigned i = 0; i < n; i++)
		if (fill->kind <= FILL_NEW_REGISTER_REWARDS && fills[i].kind == fill->kind) {
			fills[i] = *fill;
			fills_write(env, c, fills, n);
			return OK;
		}
	if (n >= FILLS_MAX)
		return refuse(tx, FAULT_LIMIT_REACHED, TEXT("fill"), TEXT_NONE);
	struct fill *more = ARENA_ARRAY(env->arena, struct fill, n + 1);
	ROOM(more);
	if (n)
		memcpy(more, fills, n * sizeof(*more));
	more[n] = *fill;
	fills_write(env, c, more, n + 1);
	return OK;
}

enum fault fills_clear(const struct env *env, struct campaign *c)
{
	struct fill *fills;
	unsigned n, kept = 0;
	TRY(fills_read(env, c, &fills, &n));
	for (unsigned i = 0; i < n; i++)
		if (fills[i].kind == FILL_NEW_REGISTER_REWARDS)
			fills[kept++] = fills[i];
	fills_write(env, c, fills, kept);
	return OK;
}
