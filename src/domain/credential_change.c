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

void credential_copy(const struct env *env, struct credential *c)
{
	struct text *texts[] = {&c->name, &c->trusted, &c->label};
	c->secret = c->token = TEXT_NONE;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		*texts[i] = arena_text(env->arena, *texts[i]);
}

static enum fault check(struct tx *tx, const struct credential_change_cmd *c)
{
	must(store_merchant(tx) == 0);
	TRY(check_given(tx, TEXT("name"), c->name));
	return credential_check_limits(tx, c->has_calls_per_s ? c->calls_per_s : 0,
				       c->has_burst ? c->burst : 0);
}

static void change(const struct credential_change_cmd *c, struct credential *known)
{
	known->revoked |= c->revoke;
	if (c->has_expires)
		known->expires = c->expires;
	if (c->has_calls_per_s)
		known->calls_per_s = c->calls_per_s;
	if (c->has_burst)
		known->burst = c->burst;
}

enum fault credential_change(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct credential_change_cmd *c = cmd;
	struct credential_change_ret *r = ret;
	struct credential known = {.dialect = c->dialect, .name = c->name};
	uint64_t key_number;
	bool found;
	TRY(check(tx, c));
	store_want(tx, TABLE_CREDENTIAL, &known);
	TRY(credential_again(tx, env, COMMAND_credential_change, &c->request, &r->credential,
			     &key_number, &found));
	if (found)
		return OK;
	TRY(store_get(tx, TABLE_CREDENTIAL, &known, &found));
	if (!found || (c->owner && known.owner != c->owner))
		return refuse(tx, FAULT_CREDENTIAL_UNKNOWN, TEXT("name"), TEXT_NONE);
	change(c, &known);
	r->credential = known;
	credential_copy(env, &r->credential);
	store_put(tx, TABLE_CREDENTIAL, &known);
	credential_remember(tx, env, COMMAND_credential_change, &c->request, &r->credential, 0);
	return OK;
}

enum fault credential_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct credential_get_cmd *c = cmd;
	struct credential_get_ret *r = ret;
	bool found;
	(void)env;
	must(store_merchant(tx) == 0);
	TRY(check_given(tx, TEXT("name"), c->name));
	r->credential = (struct credential){.dialect = c->dialect, .name = c->name};
	TRY(store_get(tx, TABLE_CREDENTIAL, &r->credential, &found));
	if (!found || r->credential.owner != c->owner)
		return refuse(tx, FAULT_CREDENTIAL_UNKNOWN, TEXT("name"), TEXT_NONE);
	return OK;
}
