/*
 * Where a merchant's ledger stands. Changes a merchant: its zone, and a sandbox's clock. What is a
 * sandbox was decided when the merchant was made (merchant_add): a command of the store itself sees
 * no other merchant's ledger, and a clock that only ever goes ahead must not come upon one that is
 * in earnest.
 */
#include "domain/check.h"

/* UTC-12:00 and UTC+14:00, as minutes ahead of UTC+8. */
static const int64_t ZONE_MIN = -20 * 60, ZONE_MAX = 6 * 60;

bool merchant_zone_valid(int64_t from_utc8)
{
	return from_utc8 >= ZONE_MIN && from_utc8 <= ZONE_MAX;
}

static enum fault check_change(struct tx *tx, const struct merchant_change_cmd *c,
			       const struct merchant *merchant)
{
	if (c->has_zone && !merchant_zone_valid(c->from_utc8))
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("zone"), TEXT_NONE);
	if (c->make_sandbox && !merchant->sandbox)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("sandbox"), TEXT_NONE);
	if (c->advance_ms < 0)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("advance_ms"), TEXT_NONE);
	if (c->advance_ms > 0 && !merchant->sandbox)
		return FAULT_SANDBOX_WANTED;
	if (c->advance_ms > AHEAD_MS_MAX - merchant->clock_ms)
		return refuse(tx, FAULT_PARAMETER_INVALID, TEXT("advance_ms"), TEXT_NONE);
	return OK;
}

enum fault ledger_head(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	struct ledger_head_ret *r = ret;
	(void)env;
	(void)cmd;
	*r = (struct ledger_head_ret){0};
	return store_head(tx, &r->number, &r->instant, r->hash);
}

enum fault merchant_change(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	const struct merchant_change_cmd *c = cmd;
	struct merchant_change_ret *r = ret;
	struct merchant merchant = {.number = c->number};
	bool found;
	must(store_merchant(tx) == 0);
	TRY(store_get(tx, TABLE_MERCHANT, &merchant, &found));
	if (!found || !c->number)
		return refuse(tx, FAULT_MERCHANT_UNKNOWN, TEXT("merchant"), TEXT_NONE);
	TRY(check_change(tx, c, &merchant));
	int64_t zone = c->has_zone ? c->from_utc8 : merchant.from_utc8;
	merchant.name = arena_text(env->arena, merchant.name);
	if (zone != merchant.from_utc8 || c->advance_ms) {
		merchant.from_utc8 = zone;
		merchant.clock_ms += c->advance_ms;
		merchant.revision++;
		store_put(tx, TABLE_MERCHANT, &merchant);
	}
	r->merchant = merchant;
	return OK;
}
