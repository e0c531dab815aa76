/*
 * Leases: which courier works at what. One runs out by itself, so that nothing stays leased by who
 * died; it is taken and prolonged by commands like any other, so that of two exactly one has it.
 */
#include "domain/check.h"

static bool is_taken(const struct env *env, const struct lease *lease)
{
	return lease->owner && lease->until.ms > env->now.ms;
}

enum fault lease_take(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct lease_take_cmd *c = cmd;
	struct lease_take_ret *r = ret;
	struct lease lease = {.kind = c->kind, .of = c->of};
	bool found;
	must(c->owner && c->lease_ms && c->lease_ms <= LEASE_MS_MAX);
	TRY(store_get(tx, TABLE_LEASE, &lease, &found));
	*r = (struct lease_take_ret){.mine = !is_taken(env, &lease) || lease.owner == c->owner ||
					     c->alone,
				     .until = lease.until};
	if (!r->mine)
		return OK;
	lease.owner = c->owner;
	lease.until = r->until = (struct instant){env->now.ms + (int64_t)c->lease_ms};
	store_put(tx, TABLE_LEASE, &lease);
	return OK;
}

enum fault lease_drop(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct lease_drop_cmd *c = cmd;
	struct lease_drop_ret *r = ret;
	struct lease lease = {.kind = c->kind, .of = c->of};
	bool found;
	(void)env;
	*r = (struct lease_drop_ret){0};
	TRY(store_get(tx, TABLE_LEASE, &lease, &found));
	if (found && lease.owner == c->owner)
		store_del(tx, TABLE_LEASE, &lease);
	return OK;
}

enum fault lease_check(struct tx *tx, const struct env *env, enum lease_kind kind, uint64_t of,
		       uint64_t owner)
{
	struct lease lease = {.kind = kind, .of = of};
	bool found;
	TRY(store_get(tx, TABLE_LEASE, &lease, &found));
	return found && is_taken(env, &lease) && lease.owner == owner ? OK : FAULT_LEASE_LOST;
}
