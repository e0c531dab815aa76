/*
 * Digests, MACs, spellings of bytes (hex, base64), secrets and random bytes.
 *
 * HMAC is made of two plain digests (RFC 2104), and these are OpenSSL's low-level calls: EVP asks
 * for engines, providers and fetches at every digest, which costs a short text more than its
 * digest does.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* what 3.0 says of the low-level calls */

#include "base/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <sys/random.h>

enum { HMAC_BLOCK_SIZE = 64 };

size_t digest_size(enum digest d)
{
	static const size_t sizes[] = {
	    [DIGEST_MD5] = MD5_DIGEST_LENGTH,
	    [DIGEST_SHA1] = SHA_DIGEST_LENGTH,
	    [DIGEST_SHA256] = SHA256_DIGEST_LENGTH,
	};
	must((unsigned)d < COUNT_OF(sizes));
	return sizes[d];
}

/* A digest under way. */
struct running {
	enum digest kind;
	union {
		MD5_CTX md5;
		SHA_CTX sha1;
		SHA256_CTX sha256;
	};
};

static void begin(struct running *r, enum digest d)
{
	r->kind = d;
	switch (d) {
	case DIGEST_MD5:
		MD5_Init(&r->md5);
		break;
	case DIGEST_SHA1:
		SHA1_Init(&r->sha1);
		break;
	case DIGEST_SHA256:
		SHA256_Init(&r->sha256);
		break;
	}
}

static void add(struct running *r, const void *data, size_t size)
{
	if (size == 0)
		return;
	switch (r->kind) {
	case DIGEST_MD5:
		MD5_Update(&r->md5, data, size);
		break;
	case DIGEST_SHA1:
		SHA1_Update(&r->sha1, data, size);
		break;
	case DIGEST_SHA256:
		SHA256_Update(&r->sha256, data, size);
		break;
	}
}

static void end(struct running *r, uint8_t *out)
{
	switch (r->kind) {
	case DIGEST_MD5:
		MD5_Final(out, &r->md5);
		break;
	case DIGEST_SHA1:
		SHA1_Final(out, &r->sha1);
		break;
	case DIGEST_SHA256:
		SHA256_Final(out, &r->sha256);
		break;
	}
}

/* Short parts are put together first: an update costs more than a few bytes do. */
static void add_parts(struct running *r, const struct text *parts, size_t n)
{
	char some[256];
	size_t size = 0;
	for (size_t i = 0; i < n; i++) {
		if (parts[i].size > sizeof(some) - size) {
			add(r, some, size);
			size = 0;
		}
		if (parts[i].size > sizeof(some)) {
			add(r, parts[i].data, parts[i].size);
		} else if (parts[i].size) {
			memcpy(some + size, parts[i].data, parts[i].size);
			size += parts[i].size;
		}
	}
	add(r, some, size);
}

void digest_parts(enum digest d, const struct text *parts, size_t n, uint8_t *out)
{
	struct running r;
	begin(&r, d);
	add_parts(&r, parts, n);
	end(&r, out);
}

/* ---- HMAC (RFC 2104): two digests, each with a block before it that the key alone makes */

static void words_get(const struct running *r, uint32_t words[8])
{
	switch (r->kind) {
	case DIGEST_MD5:
		memcpy(words, (MD5_LONG[]){r->md5.A, r->md5.B, r->md5.C, r->md5.D},
		       4 * sizeof(*words));
		break;
	case DIGEST_SHA1:
		memcpy(words,
		       (SHA_LONG[]){r->sha1.h0, r->sha1.h1, r->sha1.h2, r->sha1.h3, r->sha1.h4},
		       5 * sizeof(*words));
		break;
	case DIGEST_SHA256:
		memcpy(words, r->sha256.h, 8 * sizeof(*words));
		break;
	}
}

/* As if the block had just been added. */
static void begin_behind(struct running *r, enum digest d, const uint32_t words[8])
{
	enum { BLOCK_BITS = 8 * HMAC_BLOCK_SIZE };
	begin(r, d);
	switch (d) {
	case DIGEST_MD5:
		r->md5.A = words[0], r->md5.B = words[1];
		r->md5.C = words[2], r->md5.D = words[3];
		r->md5.Nl = BLOCK_BITS;
		break;
	case DIGEST_SHA1:
		r->sha1.h0 = words[0], r->sha1.h1 = words[1], r->sha1.h2 = words[2];
		r->sha1.h3 = words[3], r->sha1.h4 = words[4];
		r->sha1.Nl = BLOCK_BITS;
		break;
	case DIGEST_SHA256:
		memcpy(r->sha256.h, words, 8 * sizeof(*words));
		r->sha256.Nl = BLOCK_BITS;
		break;
	}
}

static void pad(enum digest d, const uint8_t *key, uint8_t with, uint32_t words[8])
{
	struct running r;
	uint8_t block[HMAC_BLOCK_SIZE];
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ with;
	begin(&r, d);
	add(&r, block, sizeof(block));
	words_get(&r, words);
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(&r, sizeof(r));
}

void hmac_key_make(enum digest d, struct text secret, struct hmac_key *ret)
{
	uint8_t key[HMAC_BLOCK_SIZE] = {0};
	if (secret.size > sizeof(key))
		digest_parts(d, &secret, 1, key);
	else if (secret.size)
		memcpy(key, secret.data, secret.size);
	ret->kind = d;
	pad(d, key, 0x36, ret->inner);
	pad(d, key, 0x5c, ret->outer);
	OPENSSL_cleanse(key, sizeof(key));
}

void hmac_of(const struct hmac_key *key, const struct text *parts, size_t n, uint8_t *out)
{
	struct running r;
	begin_behind(&r, key->kind, key->inner);
	add_parts(&r, parts, n);
	end(&r, out);
	begin_behind(&r, key->kind, key->outer);
	add(&r, out, digest_size(key->kind));
	end(&r, out);
}

void hmac_parts(enum digest d, struct text secret, const struct text *parts, size_t n, uint8_t *out)
{
	struct hmac_key key;
	hmac_key_make(d, secret, &key);
	hmac_of(&key, parts, n, out);
	OPENSSL_cleanse(&key, sizeof(key));
}

static void put_hex(const uint8_t *bytes, size_t n, const char *digits, char *out)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
}

void hex_upper(const uint8_t *bytes, size_t n, char *out)
{
	put_hex(bytes, n, "0123456789ABCDEF", out);
}

void hex_lower(const uint8_t *bytes, size_t n, char *out)
{
	put_hex(bytes, n, "0123456789abcdef", out);
}

/* The digit's value, 0xFF when it is none. No branch and no table: hex may be a secret. */
static unsigned hex_digit(char c)
{
	unsigned byte = (uint8_t)c, number = byte - '0', letter = (byte | 0x20) - 'a';
	unsigned is_number = -(unsigned)(number < 10), is_letter = -(unsigned)(letter < 6);
	return (number & is_number) | ((letter + 10) & is_letter) |
	       (0xFF & ~(is_number | is_letter));
}

bool hex_read(struct text hex, uint8_t *out, size_t n)
{
	unsigned wrong = 0;
	if (hex.size % 2 || hex.size / 2 != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned high = hex_digit(hex.data[2 * i]), low = hex_digit(hex.data[2 * i + 1]);
		wrong |= (high | low) & 0xF0;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return wrong == 0;
}

bool hex_matches(struct text hex, const uint8_t *bytes, size_t n)
{
	char want[2 * DIGEST_SIZE_MAX];
	unsigned different = 0;
	if (hex.size % 2 || hex.size / 2 != n)
		return false;
	must(n <= DIGEST_SIZE_MAX);
	hex_lower(bytes, n, want);
	/* 0x20 makes letters small and leaves digits; what has neither 0x20 nor 0x40 is neither. */
	for (size_t i = 0; i < hex.size; i++)
		different |= (unsigned)((hex.data[i] | 0x20) ^ want[i]) | !(hex.data[i] & 0x60);
	return different == 0;
}

bool secret_equal(struct text a, struct text b)
{
	return a.size == b.size && (a.size == 0 || CRYPTO_memcmp(a.data, b.data, a.size) == 0);
}

void secret_wipe(void *memory, size_t size)
{
	if (size)
		OPENSSL_cleanse(memory, size);
}

size_t base64_size(size_t n)
{
	return (n + 2) / 3 * 4;
}

void base64_write(const uint8_t *bytes, size_t n, char *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3, out += 4) {
		unsigned second = i + 1 < n ? bytes[i + 1] : 0,
			 third = i + 2 < n ? bytes[i + 2] : 0;
		unsigned group = (unsigned)bytes[i] << 16 | second << 8 | third;
		out[0] = digits[group >> 18];
		out[1] = digits[group >> 12 & 63];
		out[2] = i + 1 < n ? digits[group >> 6 & 63] : '=';
		out[3] = i + 2 < n ? digits[group & 63] : '=';
	}
}

/* The digit's value, 64 or more when it is none. */
static unsigned base64_digit(char c)
{
	static const uint8_t values[256] =
	    {
		['A'] = 128, 129, 130,	       131,	    132, 133, 134,	   135, 136, 137,
		138,	     139, 140,	       141,	    142, 143, 144,	   145, 146, 147,
		148,	     149, 150,	       151,	    152, 153, ['a'] = 154, 155, 156, 157,
		158,	     159, 160,	       161,	    162, 163, 164,	   165, 166, 167,
		168,	     169, 170,	       171,	    172, 173, 174,	   175, 176, 177,
		178,	     179, ['0'] = 180, 181,	    182, 183, 184,	   185, 186, 187,
		188,	     189, ['+'] = 190, ['/'] = 191,
	    };
	return values[(uint8_t)c] ^ 128U; /* what the table leaves out becomes 128 */
}

/* Four digits, the last `padding` of them '='; the bits that padding leaves over must be zero. */
static bool base64_group(const char *at, size_t padding, unsigned *ret_group)
{
	unsigned first = base64_digit(at[0]), second = base64_digit(at[1]);
	unsigned third = padding < 2 ? base64_digit(at[2]) : 0;
	unsigned fourth = padding < 1 ? base64_digit(at[3]) : 0;
	unsigned group = first << 18 | second << 12 | third << 6 | fourth;
	*ret_group = group;
	return (first | second | third | fourth) < 64 && (group & ((1U << 8 * padding) - 1)) == 0;
}

bool base64_read(struct text t, uint8_t *out, size_t out_max, size_t *ret_size)
{
	size_t padding = 0;
	if (t.size % 4)
		return false;
	while (padding < 2 && t.size && t.data[t.size - 1 - padding] == '=')
		padding++;
	size_t size = t.size / 4 * 3 - padding;
	if (size > out_max)
		return false;
	for (size_t i = 0, at = 0; i < t.size; i += 4) {
		unsigned group;
		if (!base64_group(t.data + i, i + 4 == t.size ? padding : 0, &group))
			return false;
		for (unsigned shift = 16; at < size && shift < 24; shift -= 8)
			out[at++] = (uint8_t)(group >> shift);
	}
	*ret_size = size;
	return true;
}

/* The kernel's generator: nothing to seed, nothing that a fork could repeat. */
void random_bytes(void *out, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = getrandom((char *)out + done, n - done, 0);
		must(got > 0 || errno == EINTR);
		done += got > 0 ? (size_t)got : 0;
	}
}
