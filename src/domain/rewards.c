/*
 * Rewards: the templates that a campaign's members are issued, with counts. In the record by the
 * templates' numbers, outside by their ids.
 */
#include "base/varint.h"
#include "domain/campaign.h"
#include "domain/check.h"
#include "domain/template.h"

enum fault rewards_read(const struct env *env, struct text bytes, struct rewarded **ret,
			unsigned *ret_n)
{
	uint64_t *numbers;
	unsigned n;
	TRY(numbers_read(env, bytes, &numbers, &n));
	struct rewarded *rewards = ARENA_ARRAY(env->arena, struct rewarded, n / 2 + 1);
	ROOM(rewards);
	for (unsigned i = 0; i < n / 2; i++)
		rewards[i] = (struct rewarded){numbers[2 * i], numbers[2 * i + 1]};
	*ret = rewards;
	*ret_n = n / 2;
	return n % 2 ? FAULT_DATA_DAMAGED : OK;
}

static struct text write(const struct env *env, const struct rewarded *rewards, unsigned n)
{
	uint64_t numbers[2 * REWARDS_MAX];
	for (unsigned i = 0; i < n; i++) {
		numbers[2 * i] = rewards[i].template;
		numbers[2 * i + 1] = rewards[i].count;
	}
	return n ? numbers_write(env, numbers, 2 * n) : TEXT_NONE;
}

/* One template named twice is one reward. */
static struct rewarded *place_of(struct rewarded *rewards, unsigned *n, uint64_t template)
{
	for (unsigned i = 0; i < *n; i++)
		if (rewards[i].template == template)
			return &rewards[i];
	rewards[*n] = (struct rewarded){.template = template};
	return &rewards[(*n)++];
}

static bool is_count(uint64_t count)
{
	return count >= 1 && count <= REWARD_COUNT_MAX;
}

enum fault rewards_find(struct tx *tx, const struct env *env, struct text field,
			const struct reward *rewards, unsigned n, struct text *ret)
{
	struct rewarded found[REWARDS_MAX];
	unsigned count = 0;
	if (n > REWARDS_MAX)
		return refuse(tx, FAULT_TOO_MANY, field, TEXT_NONE);
	for (unsigned i = 0; i < n; i++) {
		struct template t;
		if (!is_count(rewards[i].count))
			return refuse(tx, FAULT_PARAMETER_INVALID, field, TEXT_NONE);
		TRY(template_find(tx, rewards[i].template_id, field, &t));
		struct rewarded *place = place_of(found, &count, t.number);
		place->count += rewards[i].count;
		if (!is_count(place->count))
			return refuse(tx, FAULT_PARAMETER_INVALID, field, TEXT_NONE);
	}
	*ret = write(env, found, count);
	return OK;
}

void rewards_want(struct tx *tx, const struct plan *plan)
{
	for (unsigned i = 0; i < plan->reward_count && i < REWARDS_MAX; i++)
		template_want(tx, plan->rewards[i].template_id);
	for (unsigned i = 0; i < plan->register_reward_count && i < REWARDS_MAX; i++)
		template_want(tx, plan->register_rewards[i].template_id);
}

static enum fault show(struct tx *tx, const struct env *env, struct text bytes, struct reward **ret,
		       unsigned *ret_n)
{
	struct rewarded *rewards;
	TRY(rewards_read(env, bytes, &rewards, ret_n));
	*ret = ARENA_ARRAY(env->arena, struct reward, *ret_n + 1);
	ROOM(*ret);
	for (unsigned i = 0; i < *ret_n; i++)
		store_want(tx, TABLE_TEMPLATE, &(struct template){.number = rewards[i].template});
	for (unsigned i = 0; i < *ret_n; i++) {
		struct template t = {.number = rewards[i].template};
		TRY(get_named(tx, TABLE_TEMPLATE, &t));
		(*ret)[i] = (struct reward){t.template_id, rewards[i].count};
	}
	return OK;
}

enum fault rewards_show(struct tx *tx, const struct env *env, const struct campaign *c,
			struct campaign_rewards *ret)
{
	*ret = (struct campaign_rewards){0};
	TRY(show(tx, env, c->rewards, &ret->rewards, &ret->reward_count));
	return show(tx, env, c->register_rewards, &ret->register_rewards,
		    &ret->register_reward_count);
}

enum fault campaign_templates(const struct env *env, const struct campaign *c, struct text *ret)
{
	const struct text both[] = {c->rewards, c->register_rewards};
	uint64_t numbers[PRIZES_MAX + 2 * REWARDS_MAX], *prizes;
	unsigned n;
	TRY(numbers_read(env, c->prizes, &prizes, &n));
	if (n > PRIZES_MAX)
		return FAULT_DATA_DAMAGED;
	if (n)
		memcpy(numbers, prizes, n * sizeof(*numbers));
	for (unsigned k = 0; k < COUNT_OF(both); k++) {
		struct rewarded *rewards;
		unsigned count;
		TRY(rewards_read(env, both[k], &rewards, &count));
		if (count > REWARDS_MAX)
			return FAULT_DATA_DAMAGED;
		for (unsigned i = 0; i < count; i++)
			n = numbers_add(numbers, n, rewards[i].template);
	}
	*ret = numbers_write(env, numbers, n);
	return OK;
}
