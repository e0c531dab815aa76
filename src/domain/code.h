/*
 * Codes that the server makes: 12 characters that nobody can guess or continue, without a row of
 * their own. A keyed permutation of 60 bits turns the coupon's id (52 bits, then 8 zero bits) into
 * the code, and back; only one in 256 codes of this form leads to an id at all.
 */
#pragma once

#include "domain/domain.h"

enum { CODE_SIZE = 12 };
/* Derived at its first use: most coupons have a code of their own and need none. */
struct code_key {
	uint8_t bytes[16];
	struct tx *tx; /* not NULL: the bytes are still to be made */
};
/* The merchant's. Callers that walk many coupons ask once. */
struct code_key code_key(struct tx *tx);
void code_write(struct code_key *key, uint64_t id, char out[CODE_SIZE]);
/* false: no code that code_write could have made. */
CHECKED bool code_read(struct code_key *key, struct text code, uint64_t *ret_id);
/* coupon_code with the key at hand. */
struct text code_of(struct code_key *key, struct arena *a, const struct coupon *c);
/* Of a promise: the code it had before its provider gave it another, which goes on leading to it.
 */
struct text code_first(struct code_key *key, struct arena *a, const struct coupon *c);
/* A code that the server has made or may yet make for another coupon. */
bool code_is_reserved(const struct env *env, struct code_key *key, struct text code);
