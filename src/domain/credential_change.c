/*
 * Changes what a credential may do: when it ends, how much it may ask for. Revoking is for good.
 * What callers prove who they are with never changes: a new credential is added, and the old one
 * ends.
 */
#include "domain/check.h"
#include "domain/credential.h"

enum fault credential_check_limits(struct tx *tx, uint64_t calls_per_s, uint64_t burst)
{
	if (calls_per_s > CALLS_PER_S_MAX)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("calls_per_s"), TEXT_NONE);
	if (burst > BURST_MAX)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("burst"), TEXT_NONE);
	return OK;
}

static void keep_texts(const struct env *env, struct credential *c)
{
	struct text *texts[] = {&c->name, &c->secret, &c->token, &c->trusted, &c->label};
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		*texts[i] = arena_text(env->arena, *texts[i]);
}

enum fault credential_change(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct credential_change_cmd *c = cmd;
	struct credential_change_ret *r = ret;
	struct credential known = {.dialect = c->dialect, .name = c->name};
	bool found;
	must(store_merchant(tx) == 0);
	TRY(check_given(tx, TEXT("name"), c->name));
	if (c->has_limits)
		TRY(credential_check_limits(tx, c->calls_per_s, c->burst));
	TRY(store_get(tx, TABLE_CREDENTIAL, &known, &found));
	if (!found || (c->owner && known.owner != c->owner))
		return refuse(tx, FAULT_CREDENTIAL_UNKNOWN, TEXT("name"), TEXT_NONE);
	keep_texts(env, &known);
	known.revoked |= c->revoke;
	if (c->has_expires)
		known.expires = c->expires;
	if (c->has_limits) {
		known.calls_per_s = c->calls_per_s;
		known.burst = c->burst;
	}
	r->credential = known;
	store_put(tx, TABLE_CREDENTIAL, &known);
	return OK;
}
