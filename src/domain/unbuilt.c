/* Goes away as its commands are built. */
#include "domain/domain.h"

__attribute__((weak)) enum fault merchant_change(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault credential_change(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault customer_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault template_make(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault template_change(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault template_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault coupon_grant(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault coupon_change(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault coupon_redeem(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault coupon_reverse(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault coupon_show(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault coupon_check(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault coupon_qualify(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault coupon_page(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault purchase_get(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault hold_sweep(struct tx *tx, const struct env *env, const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}
