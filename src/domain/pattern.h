/*
 * Codes by a template's pattern: prefix, then `length` characters of a charset, then perhaps a
 * check digit of the same charset.
 *
 * The characters are a keyed permutation of a counter over all charset^length values: a Feistel
 * network over the next power of four, walked until the value lies inside (under 4 steps on
 * average). No two counters give one code, and without the key one code says nothing of the next:
 * somebody who guesses meets one of n issued codes with probability n / charset^length per try.
 *
 * The check digit is the sum of the characters' places in the charset, weighted 1, 2, 3 .., modulo
 * the charset's size: it finds most slips of a hand before a till asks.
 */
#pragma once

#include "domain/domain.h"

enum {
	PATTERN_LENGTH_MAX = 32,
	PATTERN_PREFIX_MAX = 16,
	PATTERN_CHARSET_MIN = 8,
	PATTERN_CHARSET_MAX = 64,
};
struct pattern {
	struct text prefix, charset;
	unsigned length;
	bool check;
	unsigned __int128 space; /* codes there are, at most 2^120 */
	unsigned half_bits;	 /* of the Feistel network */
};
/* false: no pattern of its own. */
bool pattern_of_template(const struct template *t, struct pattern *ret);
/* PARAMETER_INVALID with the field: characters that are no visible ASCII or come twice, bounds, or
 * under CODE_ENTROPY_BITS_MIN bits or over 120. */
CHECKED enum fault pattern_check(struct tx *tx, const struct template *t);
/* Where the counter of these codes is kept. A restored store begins another series: what it gave
 * out after the backup is nobody's to give out again. */
struct text pattern_tag(struct tx *tx, const struct env *env, const struct pattern *p);
/* The code of a counter's value, 0 .. space - 1; key: 16 bytes. Arena; TEXT_NONE when full. */
struct text pattern_code(const struct pattern *p, const uint8_t key[16], uint64_t number,
			 struct arena *a);
