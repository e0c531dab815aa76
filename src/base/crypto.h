/*
 * Digests, MACs and sealing over OpenSSL's EVP (HMAC and SIV are put together here: digest.c and
 * seal.c say why). Algorithms are fetched once per process, contexts are kept per thread (a
 * one-shot call costs four times as much). Every function aborts on an OpenSSL fault: none of
 * them can fail on data.
 */
#pragma once

#include "base/base.h"

enum digest { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256 };
enum { DIGEST_SIZE_MAX = 32 };
size_t digest_size(enum digest d); /* 16, 20, 32 */

/* Over the concatenation of n parts. out has digest_size(d) bytes. */
void digest_parts(enum digest d, const struct text *parts, size_t n, uint8_t *out);
void hmac_parts(enum digest d, struct text key, const struct text *parts, size_t n, uint8_t *out);
/* What HMAC makes of a key alone, kept for who signs often with it. As secret as the key. */
struct hmac_key {
	enum digest kind;
	uint32_t inner[8], outer[8];
};
void hmac_key_make(enum digest d, struct text secret, struct hmac_key *ret);
void hmac_of(const struct hmac_key *key, const struct text *parts, size_t n, uint8_t *out);

void hex_upper(const uint8_t *bytes, size_t n, char *out); /* out has 2n bytes */
void hex_lower(const uint8_t *bytes, size_t n, char *out);
CHECKED bool hex_read(struct text hex, uint8_t *out, size_t n); /* exactly 2n digits, either case */
/* Hex text against bytes, either case, in constant time; false on another length. */
CHECKED bool hex_matches(struct text hex, const uint8_t *bytes, size_t n);
CHECKED bool secret_equal(struct text a, struct text b); /* constant time for equal sizes */
void secret_wipe(void *memory, size_t size);

/* Base64 with padding. out has base64_size(n). Reading is strict; returns false on anything else.
 */
size_t base64_size(size_t n);
void base64_write(const uint8_t *bytes, size_t n, char *out);
CHECKED bool base64_read(struct text t, uint8_t *out, size_t out_max, size_t *ret_size);

/* From the kernel: about half a microsecond, more than a short digest. */
void random_bytes(void *out, size_t n);

/*
 * AES-128-SIV (RFC 5297): deterministic authenticated sealing. key = 32 bytes. Sealed size is
 * size + SEAL_OVERHEAD. `about` is the associated data: it must be the same to open.
 */
enum { SEAL_KEY_SIZE = 32, SEAL_OVERHEAD = 16 };
void seal(const uint8_t key[SEAL_KEY_SIZE], struct text about, struct text clear, uint8_t *out);
CHECKED bool seal_open(const uint8_t key[SEAL_KEY_SIZE], struct text about, struct text sealed,
		       uint8_t *out);

/* One AES-128 block, for keyed permutations. */
void aes_block(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);
