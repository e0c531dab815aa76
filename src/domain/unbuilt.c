/* Goes away as its commands are built. */
#include "domain/domain.h"

__attribute__((weak)) enum fault merchant_change(struct tx *tx, const struct env *env,
						 const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}

__attribute__((weak)) enum fault credential_change(struct tx *tx, const struct env *env,
						   const void *cmd, void *ret)
{
	(void)tx, (void)env, (void)cmd, (void)ret;
	return FAULT_BUSY;
}
