/*
 * Digests, MACs, spellings of bytes (hex, base64), secrets and random bytes.
 *
 * HMAC is made of two plain digests (RFC 2104) rather than EVP_MAC: EVP_MAC must be given each
 * caller's key anew, which costs twice as much as the whole (measured: 430 against 720 ns for
 * SHA-1 of 100 bytes). Short parts are gathered before they go to EVP_DigestUpdate, as a call
 * of it costs more than ten bytes' digest.
 */
#include "base/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sys/random.h>

enum { DIGEST_COUNT = DIGEST_SHA256 + 1, HMAC_BLOCK_SIZE = 64, GATHER_SIZE = 512 };

static const struct {
	const char *name;
	size_t size;
} kinds[DIGEST_COUNT] = {
    [DIGEST_MD5] = {"MD5", 16},
    [DIGEST_SHA1] = {"SHA1", 20},
    [DIGEST_SHA256] = {"SHA256", 32},
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_end;
static EVP_MD *fetched[DIGEST_COUNT];

/* One context per kind and thread; freed when the thread ends. */
struct contexts {
	EVP_MD_CTX *of[DIGEST_COUNT];
};
static __thread struct contexts contexts;

static void free_contexts(void *memory)
{
	struct contexts *mine = memory;
	for (size_t i = 0; i < DIGEST_COUNT; i++) {
		EVP_MD_CTX_free(mine->of[i]);
		mine->of[i] = NULL;
	}
}

static void fetch(void)
{
	must(pthread_key_create(&at_thread_end, free_contexts) == 0);
	for (size_t i = 0; i < DIGEST_COUNT; i++) {
		fetched[i] = EVP_MD_fetch(NULL, kinds[i].name, NULL);
		must(fetched[i] && (size_t)EVP_MD_get_size(fetched[i]) == kinds[i].size);
	}
}

static __attribute__((noinline)) EVP_MD_CTX *make_context(enum digest d)
{
	pthread_once(&once, fetch);
	must(pthread_setspecific(at_thread_end, &contexts) == 0);
	contexts.of[d] = EVP_MD_CTX_new();
	must(contexts.of[d]);
	return contexts.of[d];
}

static EVP_MD_CTX *context(enum digest d)
{
	must((unsigned)d < DIGEST_COUNT);
	return contexts.of[d] ? contexts.of[d] : make_context(d);
}

size_t digest_size(enum digest d)
{
	must((unsigned)d < DIGEST_COUNT);
	return kinds[d].size;
}

/* A digest under way: bytes that wait for the next update. */
struct gather {
	EVP_MD_CTX *context;
	size_t size;
	uint8_t bytes[GATHER_SIZE];
};

static void gather_begin(struct gather *g, enum digest d)
{
	g->context = context(d);
	g->size = 0;
	must(EVP_DigestInit_ex2(g->context, fetched[d], NULL) == 1);
}

static void gather_flush(struct gather *g)
{
	if (g->size)
		must(EVP_DigestUpdate(g->context, g->bytes, g->size) == 1);
	g->size = 0;
}

static void gather_add(struct gather *g, const void *data, size_t size)
{
	if (size > GATHER_SIZE - g->size)
		gather_flush(g);
	if (size > GATHER_SIZE) {
		must(EVP_DigestUpdate(g->context, data, size) == 1);
	} else if (size) {
		memcpy(g->bytes + g->size, data, size);
		g->size += size;
	}
}

static void gather_parts(struct gather *g, const struct text *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		gather_add(g, parts[i].data, parts[i].size);
}

static void gather_end(struct gather *g, uint8_t *out)
{
	gather_flush(g);
	must(EVP_DigestFinal_ex(g->context, out, NULL) == 1);
}

void digest_parts(enum digest d, const struct text *parts, size_t n, uint8_t *out)
{
	struct gather g;
	gather_begin(&g, d);
	gather_parts(&g, parts, n);
	gather_end(&g, out);
}

static void add_pad(struct gather *g, const uint8_t key[HMAC_BLOCK_SIZE], uint8_t pad)
{
	uint8_t block[HMAC_BLOCK_SIZE];
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ pad;
	gather_add(g, block, sizeof(block));
	OPENSSL_cleanse(block, sizeof(block));
}

void hmac_parts(enum digest d, struct text key, const struct text *parts, size_t n, uint8_t *out)
{
	struct gather g;
	uint8_t block[HMAC_BLOCK_SIZE] = {0};
	if (key.size > sizeof(block))
		digest_parts(d, &key, 1, block);
	else if (key.size)
		memcpy(block, key.data, key.size);
	gather_begin(&g, d);
	add_pad(&g, block, 0x36);
	gather_parts(&g, parts, n);
	gather_end(&g, out);
	gather_begin(&g, d);
	add_pad(&g, block, 0x5c);
	gather_add(&g, out, digest_size(d));
	gather_end(&g, out);
	OPENSSL_cleanse(g.bytes, HMAC_BLOCK_SIZE);
	OPENSSL_cleanse(block, sizeof(block));
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
	unsigned different = 0;
	if (hex.size % 2 || hex.size / 2 != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned high = hex_digit(hex.data[2 * i]), low = hex_digit(hex.data[2 * i + 1]);
		different |= ((high | low) & 0xF0) | ((high << 4 | low) ^ bytes[i]);
	}
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

/* The digit's value, 64 when it is none. */
static unsigned base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four digits, the last `padding` of them '='; the bits that padding leaves over must be zero. */
static bool base64_group(const char *at, size_t padding, unsigned *ret_group)
{
	unsigned group = 0;
	for (size_t i = 0; i < 4; i++) {
		unsigned digit = i < 4 - padding ? base64_digit(at[i]) : 0;
		if (digit > 63)
			return false;
		group = group << 6 | digit;
	}
	*ret_group = group;
	return (group & ((1U << 8 * padding) - 1)) == 0;
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
