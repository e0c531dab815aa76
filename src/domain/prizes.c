/*
 * Prizes: the templates that a campaign names, and the count of campaigns that name a template. A
 * template with a count cannot be deleted.
 */
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/template.h"

enum fault prizes_read(struct tx *tx, const struct env *env, const uint64_t *template_ids,
		       unsigned n, struct text *ret_prizes)
{
	uint64_t numbers[PRIZES_MAX];
	unsigned count = 0;
	if (n > PRIZES_MAX)
		return refuse(tx, FAULT_TOO_MANY, TEXT("prizes"), TEXT_NONE);
	for (unsigned i = 0; i < n; i++)
		template_want(tx, template_ids[i]);
	for (unsigned i = 0; i < n; i++) {
		struct template t;
		TRY(template_find(tx, template_ids[i], TEXT("prizes.coupon_id"), &t));
		count = numbers_add(numbers, count, t.number);
	}
	*ret_prizes = numbers_write(env, numbers, count);
	return OK;
}

static bool has(const uint64_t *numbers, unsigned n, uint64_t number)
{
	for (unsigned i = 0; i < n; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/* The tallies of those in `some` that are not in `others`, up or down by one. */
static enum fault add_uses(struct tx *tx, struct uses *uses, const uint64_t *some, unsigned n,
			   const uint64_t *others, unsigned other_n, bool up)
{
	for (unsigned i = 0; i < n; i++) {
		if (has(others, other_n, some[i]))
			continue;
		struct tally *tally = &uses->rows[uses->n++];
		TRY(tally_get(tx, TALLY_USES, some[i], tally));
		must(up || tally->count > 0);
		tally->count += up ? 1 : UINT64_MAX;
	}
	return OK;
}

static void want_uses(struct tx *tx, const uint64_t *templates, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		store_want(tx, TABLE_TALLY,
			   &(struct tally){.kind = TALLY_USES, .of = templates[i]});
}

enum fault uses_change(struct tx *tx, const struct env *env, struct text before, struct text after,
		       struct uses *ret)
{
	uint64_t *old, *new;
	unsigned old_n, new_n;
	*ret = (struct uses){0};
	TRY(numbers_read(env, before, &old, &old_n));
	TRY(numbers_read(env, after, &new, &new_n));
	ret->rows = ARENA_ARRAY(env->arena, struct tally, old_n + new_n + 1);
	ROOM(ret->rows);
	want_uses(tx, old, old_n);
	want_uses(tx, new, new_n);
	TRY(add_uses(tx, ret, old, old_n, new, new_n, false));
	return add_uses(tx, ret, new, new_n, old, old_n, true);
}

void uses_put(struct tx *tx, struct uses *uses)
{
	for (unsigned i = 0; i < uses->n; i++)
		store_put(tx, TABLE_TALLY, &uses->rows[i]);
}
