/*
 * What adding and changing a credential have in common. A caller's request number of either is kept
 * with what its answer shows, so that a repeat shows the same after later changes.
 */
#pragma once

#include "domain/domain.h"

/* PARAMETER_INVALID "calls_per_s", "burst". */
CHECKED enum fault credential_check_limits(struct tx *tx, uint64_t calls_per_s, uint64_t burst);
/* Its texts as copies in the arena, without secrets. */
void credential_copy(const struct env *env, struct credential *c);
/* The record's name of a native key. A guess at a digest is as good as a guess at the key, which is
 * long: no salt is needed. */
struct text credential_name(struct tx *tx, const struct env *env, uint64_t dialect,
			    struct text name);
/* A key: 200 bits of what only the store's master key can make of `seed`, its owner and a number.
 */
struct text credential_key(struct tx *tx, const struct env *env, uint64_t owner, struct text seed,
			   uint64_t number);

/* The answer that was given under the number. key_number: the key's; 0: none was made. */
CHECKED enum fault credential_again(struct tx *tx, const struct env *env, enum command command,
				    const struct request_number *request, struct credential *ret,
				    uint64_t *ret_key_number, bool *ret_found);
/* A put. */
void credential_remember(struct tx *tx, const struct env *env, enum command command,
			 const struct request_number *request, const struct credential *c,
			 uint64_t key_number);
