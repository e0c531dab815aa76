/*
 * Providers: whom a merchant's templates leave their coupons to. One record for each endpoint, an
 * URL with an app_key, so that all templates of it share a credential and a circuit breaker:
 *
 *   closed --PROVIDER_FAILURES_MAX failures in a row--> open --its time is over--> probing
 *     ^----------------------- a usable answer -------------------------------------|  |
 *                                                open for twice as long <-- a failure --+
 *
 * Providers are never deleted: errands and coupons name them. One that came in a file has no secret
 * until somebody says it, and is not called so long: what it is to be asked waits.
 */
#pragma once

#include "domain/notice.h"

struct provider_plan {
	uint64_t number; /* 0: none */
	struct provider provider;
	struct text secret, access_token; /* in clear, to be kept */
	bool has_secret, has_token;
};
/* Decisions. `known`: the number of the one that the template has; 0: none. */
CHECKED enum fault provider_plan(struct tx *tx, const struct env *env,
				 const struct provider_given *given, uint64_t known,
				 struct provider_plan *ret);
/* A put, if there is something to keep. */
void provider_put(struct tx *tx, const struct env *env, struct provider_plan *plan);
CHECKED enum fault provider_get(struct tx *tx, uint64_t number, struct provider *ret);
/* Secrets in clear. DATA_DAMAGED. */
CHECKED enum fault provider_open(struct tx *tx, const struct env *env, struct provider *p);
/* What a call to it says of it. They tell what is worth telling (decisions); the caller puts the
 * record if it has changed. trouble: a few words. */
CHECKED enum fault provider_answered(const struct env *env, struct provider *p, struct notices *n,
				     bool *ret_changed);
CHECKED enum fault provider_failed(const struct env *env, struct provider *p, struct text trouble,
				   struct notices *n, bool *ret_changed);
