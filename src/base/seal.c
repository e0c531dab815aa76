/*
 * AES-128-SIV (RFC 5297) and single AES blocks, on OpenSSL's AES-128-ECB.
 *
 * The mode is put together here and not taken as EVP's "AES-128-SIV": that one makes new
 * contexts for each key (4.7 us a seal against 0.6 us, and most seals have a key of their own,
 * their customer's), cannot seal an empty text, and before 3.0.10 left out empty associated
 * data (CVE-2023-2975). The bytes are the same; the unit test compares the two.
 *
 * Each thread keeps the last sealing key and the last block key with their AES contexts.
 */
#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

enum { BLOCK = 16, CTR_BLOCKS = 32 };

/* AES under one key. */
struct aes {
	EVP_CIPHER_CTX *context;
	bool keyed;
	uint8_t key[BLOCK];
};

static __thread struct {
	struct aes single;	     /* aes_block's */
	struct aes mac, counter;     /* the halves of the last sealing key */
	uint8_t whole[BLOCK];	     /* CMAC: masks the last block when it is whole */
	uint8_t part[BLOCK];	     /* CMAC: when it is padded */
	uint8_t zero_doubled[BLOCK]; /* where S2V begins: dbl(CMAC(zeros)) */
} mine;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_thread_end;
static EVP_CIPHER *fetched;

static void free_mine(void *unused)
{
	(void)unused;
	EVP_CIPHER_CTX_free(mine.single.context);
	EVP_CIPHER_CTX_free(mine.mac.context);
	EVP_CIPHER_CTX_free(mine.counter.context);
	OPENSSL_cleanse(&mine, sizeof(mine));
}

static void fetch(void)
{
	must(pthread_key_create(&at_thread_end, free_mine) == 0);
	fetched = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	must(fetched);
}

/* Returns whether the key is another one than before. */
static bool aes_set_key(struct aes *aes, const uint8_t key[BLOCK])
{
	if (aes->keyed && CRYPTO_memcmp(aes->key, key, BLOCK) == 0)
		return false;
	if (!aes->context) {
		pthread_once(&once, fetch);
		must(pthread_setspecific(at_thread_end, &mine) == 0);
		aes->context = EVP_CIPHER_CTX_new();
		must(aes->context);
	}
	/* What it is set to once, it stays. */
	must(EVP_EncryptInit_ex2(aes->context, aes->keyed ? NULL : fetched, key, NULL, NULL) == 1);
	if (!aes->keyed)
		EVP_CIPHER_CTX_set_padding(aes->context, 0);
	memcpy(aes->key, key, BLOCK);
	aes->keyed = true;
	return true;
}

static void aes_run(struct aes *aes, const uint8_t *in, uint8_t *out, size_t blocks)
{
	int size;
	must(EVP_EncryptUpdate(aes->context, out, &size, in, (int)(blocks * BLOCK)) == 1);
	must((size_t)size == blocks * BLOCK);
}

void aes_block(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
	aes_set_key(&mine.single, key);
	aes_run(&mine.single, in, out, 1);
}

static void xor_into(uint8_t *to, const uint8_t *with, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] ^= with[i];
}

/* Multiplication by x in GF(2^128), "dbl" of RFC 5297 2.3. in and out may be the same. */
static void doubled(const uint8_t in[BLOCK], uint8_t out[BLOCK])
{
	unsigned carry = in[0] >> 7;
	for (size_t i = 0; i < BLOCK - 1; i++)
		out[i] = (uint8_t)(in[i] << 1 | in[i + 1] >> 7);
	out[BLOCK - 1] = (uint8_t)((unsigned)in[BLOCK - 1] << 1 ^ (0x87 & -carry));
}

/* The end of a CMAC (RFC 4493): its last block of up to 16 bytes. */
static void cmac_tail(uint8_t chain[BLOCK], const uint8_t *last, size_t size)
{
	xor_into(chain, last, size);
	if (size < BLOCK)
		chain[size] ^= 0x80;
	xor_into(chain, size < BLOCK ? mine.part : mine.whole, BLOCK);
	aes_run(&mine.mac, chain, chain, 1);
}

/* Chains whole blocks; returns how many bytes that took, always leaving a last one (or a part)
 * of more than `keep` bytes, unless there is less altogether. */
static size_t cmac_chain(uint8_t chain[BLOCK], struct text t, size_t keep)
{
	size_t done = 0;
	for (; t.size - done > keep; done += BLOCK) {
		xor_into(chain, (const uint8_t *)t.data + done, BLOCK);
		aes_run(&mine.mac, chain, chain, 1);
	}
	return done;
}

static void cmac(struct text t, uint8_t out[BLOCK])
{
	memset(out, 0, BLOCK);
	size_t done = cmac_chain(out, t, BLOCK);
	cmac_tail(out, t.size ? (const uint8_t *)t.data + done : NULL, t.size - done);
}

static void set_key(const uint8_t key[SEAL_KEY_SIZE])
{
	static const uint8_t zeros[BLOCK];
	aes_set_key(&mine.counter, key + BLOCK);
	if (!aes_set_key(&mine.mac, key))
		return;
	aes_run(&mine.mac, zeros, mine.whole, 1);
	doubled(mine.whole, mine.whole);
	doubled(mine.whole, mine.part);
	cmac((struct text){(const char *)zeros, BLOCK}, mine.zero_doubled);
	doubled(mine.zero_doubled, mine.zero_doubled);
}

/* S2V of RFC 5297 2.4 over two texts: the tag, which is also where the counter begins. */
static void tag_of(struct text about, struct text clear, uint8_t tag[BLOCK])
{
	uint8_t d[BLOCK], chain[BLOCK] = {0}, last[2 * BLOCK];
	cmac(about, d);
	xor_into(d, mine.zero_doubled, BLOCK);
	if (clear.size < BLOCK) {
		doubled(d, d);
		xor_into(d, (const uint8_t *)clear.data, clear.size);
		d[clear.size] ^= 0x80;
		cmac((struct text){(const char *)d, BLOCK}, tag);
		return;
	}
	/* d goes into the last 16 bytes, which may lie across two blocks: at most 31 are kept. */
	size_t done = cmac_chain(chain, clear, 2 * BLOCK - 1), left = clear.size - done;
	memcpy(last, clear.data + done, left);
	xor_into(last + left - BLOCK, d, BLOCK);
	if (left > BLOCK) {
		xor_into(chain, last, BLOCK);
		aes_run(&mine.mac, chain, chain, 1);
		cmac_tail(chain, last + BLOCK, left - BLOCK);
	} else {
		cmac_tail(chain, last, left);
	}
	memcpy(tag, chain, BLOCK);
	OPENSSL_cleanse(last, sizeof(last));
}

static void count_up(uint8_t counter[BLOCK])
{
	for (size_t i = BLOCK; i-- > 0 && ++counter[i] == 0;)
		continue;
}

/* AES in counter mode from the tag (two bits of it cleared, RFC 5297 2.6). in and out may be the
 * same memory. */
static void counter_mode(const uint8_t tag[BLOCK], const uint8_t *in, size_t size, uint8_t *out)
{
	uint8_t counter[BLOCK], stream[CTR_BLOCKS * BLOCK];
	memcpy(counter, tag, BLOCK);
	counter[8] &= 0x7F;
	counter[12] &= 0x7F;
	for (size_t done = 0; done < size;) {
		size_t part = size - done < sizeof(stream) ? size - done : sizeof(stream);
		size_t blocks = (part + BLOCK - 1) / BLOCK;
		for (size_t i = 0; i < blocks; i++) {
			memcpy(stream + i * BLOCK, counter, BLOCK);
			count_up(counter);
		}
		aes_run(&mine.counter, stream, stream, blocks);
		for (size_t i = 0; i < part; i++)
			out[done + i] = in[done + i] ^ stream[i];
		OPENSSL_cleanse(stream, blocks * BLOCK);
		done += part;
	}
}

void seal(const uint8_t key[SEAL_KEY_SIZE], struct text about, struct text clear, uint8_t *out)
{
	set_key(key);
	tag_of(about, clear, out);
	counter_mode(out, (const uint8_t *)clear.data, clear.size, out + SEAL_OVERHEAD);
}

bool seal_open(const uint8_t key[SEAL_KEY_SIZE], struct text about, struct text sealed,
	       uint8_t *out)
{
	uint8_t tag[BLOCK];
	if (sealed.size < SEAL_OVERHEAD)
		return false;
	const uint8_t *bytes = (const uint8_t *)sealed.data;
	size_t size = sealed.size - SEAL_OVERHEAD;
	set_key(key);
	counter_mode(bytes, bytes + SEAL_OVERHEAD, size, out);
	tag_of(about, (struct text){(const char *)out, size}, tag);
	if (CRYPTO_memcmp(tag, bytes, SEAL_OVERHEAD) == 0)
		return true;
	OPENSSL_cleanse(out, size);
	return false;
}
