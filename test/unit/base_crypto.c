/*
 * Published vectors (RFC 1321, 2202, 4231, 5297, FIPS 197, the platforms' own documents), and
 * sealing against OpenSSL's AES-128-SIV. Threads come and go, so that a leak checker sees theirs.
 */
#include "base/crypto.h"
#include "base/ed25519.h"
#include "base/signing.h"
#include "test.h"

#include <openssl/evp.h>
#include <pthread.h>

static char hex_memory[4096];

static struct text hex_of(const uint8_t *bytes, size_t n)
{
	hex_lower(bytes, n, hex_memory);
	return (struct text){hex_memory, 2 * n};
}

static struct text digest_hex(enum digest d, struct text t)
{
	uint8_t out[DIGEST_SIZE_MAX];
	digest_parts(d, &t, 1, out);
	return hex_of(out, digest_size(d));
}

static struct text hmac_hex(enum digest d, struct text key, struct text t)
{
	uint8_t out[DIGEST_SIZE_MAX];
	hmac_parts(d, key, &t, 1, out);
	return hex_of(out, digest_size(d));
}

static void test_digests(void)
{
	CHECK_TEXT(digest_hex(DIGEST_MD5, TEXT_NONE), "d41d8cd98f00b204e9800998ecf8427e");
	CHECK_TEXT(digest_hex(DIGEST_MD5, TEXT("abc")), "900150983cd24fb0d6963f7d28e17f72");
	CHECK_TEXT(digest_hex(DIGEST_SHA1, TEXT("abc")),
		   "a9993e364706816aba3e25717850c26c9cd0d89d");
	CHECK_TEXT(digest_hex(DIGEST_SHA256, TEXT("abc")),
		   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_INT(digest_size(DIGEST_MD5), 16);
	CHECK_INT(digest_size(DIGEST_SHA1), 20);
	CHECK_INT(digest_size(DIGEST_SHA256), 32);
}

static void test_hmacs(void)
{
	char key[131];
	CHECK_TEXT(hmac_hex(DIGEST_MD5, TEXT("Jefe"), TEXT("what do ya want for nothing?")),
		   "750c783e6ab0b503eaa86e310a5db738");
	CHECK_TEXT(hmac_hex(DIGEST_SHA1, TEXT("Jefe"), TEXT("what do ya want for nothing?")),
		   "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	CHECK_TEXT(hmac_hex(DIGEST_SHA256, TEXT("Jefe"), TEXT("what do ya want for nothing?")),
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	CHECK_TEXT(hmac_hex(DIGEST_SHA256, (struct text){key, 131},
			    TEXT("Test Using Larger Than Block-Size Key - Hash Key First")),
		   "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	CHECK_TEXT(hmac_hex(DIGEST_SHA1, (struct text){key, 80},
			    TEXT("Test Using Larger Than Block-Size Key - Hash Key First")),
		   "aa4ae5e15272d00e95705637ce8a3b55ed402112");
	CHECK_TEXT(hmac_hex(DIGEST_MD5, TEXT_NONE, TEXT_NONE), "74e6f7298a9c2d168935f58c001bad88");
}

/* The platforms' documents. */
static void test_platforms(void)
{
	const struct text waiqin[] = {
	    TEXT("{\"org_id\":\"ORG001\",\"org_name\":\"南京掌控网络\",\"org_parent_id\":\"\","
		 "\"org_sequence\":001}"),
	    TEXT("|"), TEXT("BFCO0PAgIUgd50c0l6"), TEXT("|"), TEXT("20150806142836")};
	const struct text top[] = {
	    TEXT("helloworld"),
	    TEXT("app_key12345678fieldsnum_iid,title,nick,price,numformatjsonmethod"
		 "taobao.item.seller.getnum_iid11223344sessiontestsign_methodmd5"
		 "timestamp2016-01-01 12:00:00v2.0"),
	    TEXT("helloworld")};
	const struct text wjb[] = {TEXT("secret123"), TEXT("bar2baz3foo1"), TEXT("secret123")};
	uint8_t out[DIGEST_SIZE_MAX];
	digest_parts(DIGEST_MD5, waiqin, COUNT_OF(waiqin), out);
	CHECK(hex_matches(TEXT("74267bf0cae0998a719879ec9b3c7780"), out, 16));
	digest_parts(DIGEST_MD5, top, COUNT_OF(top), out);
	CHECK(hex_matches(TEXT("66987CB115214E59E6EC978214934FB8"), out, 16));
	digest_parts(DIGEST_MD5, wjb, COUNT_OF(wjb), out);
	CHECK(hex_matches(TEXT("DFF9B983C6E1C37B3683AE79D20480E6"), out, 16));
}

/* However the bytes are cut into parts, the digest is the same. */
static void test_parts(void)
{
	static char bytes[5000];
	struct text parts[64], whole = {bytes, sizeof(bytes)};
	uint8_t want[DIGEST_SIZE_MAX], have[DIGEST_SIZE_MAX], mac[DIGEST_SIZE_MAX];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 131 >> 3);
	digest_parts(DIGEST_SHA256, &whole, 1, want);
	hmac_parts(DIGEST_SHA1, TEXT("key"), &whole, 1, mac);
	for (size_t step = 80; step < 1200; step += 37) {
		size_t n = 0;
		for (size_t at = 0; at < sizeof(bytes); at += step) {
			size_t left = sizeof(bytes) - at;
			parts[n++] = (struct text){bytes + at, left < step ? left : step};
		}
		digest_parts(DIGEST_SHA256, parts, n, have);
		CHECK(memcmp(have, want, 32) == 0);
		hmac_parts(DIGEST_SHA1, TEXT("key"), parts, n, have);
		CHECK(memcmp(have, mac, 20) == 0);
	}
}

static void test_hex(void)
{
	const uint8_t bytes[] = {0x00, 0x7f, 0xab, 0xff};
	uint8_t out[4];
	char text[8];
	hex_upper(bytes, 4, text);
	CHECK(memcmp(text, "007FABFF", 8) == 0);
	CHECK(hex_read(TEXT("007fAbFf"), out, 4) && memcmp(out, bytes, 4) == 0);
	CHECK(hex_matches(TEXT("007FabfF"), bytes, 4) && !hex_matches(TEXT("007FabfE"), bytes, 4));
	CHECK(!hex_matches(TEXT("007Fab"), bytes, 4) && !hex_matches(TEXT_NONE, bytes, 4));
	CHECK(!hex_read(TEXT("007Fabf"), out, 4) && !hex_read(TEXT("007Fabff0"), out, 4));
	for (unsigned c = 0; c < 256; c++) {
		char pair[2] = {'0', (char)c};
		bool digit =
		    (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
		CHECK(hex_read((struct text){pair, 2}, out, 1) == digit);
		CHECK(!hex_matches((struct text){pair, 2}, (uint8_t[1]){0xFF}, 1));
	}
}

static void test_base64(void)
{
	static const struct {
		const char *clear, *text;
	} rows[] = {{"", ""},
		    {"f", "Zg=="},
		    {"fo", "Zm8="},
		    {"foo", "Zm9v"},
		    {"foob", "Zm9vYg=="},
		    {"fooba", "Zm9vYmE="},
		    {"foobar", "Zm9vYmFy"}};
	static const char *const wrong[] = {
	    "Z",    "Zg",   "Zg=",	"Zg===",  "Z===", "====", "Zh==",
	    "Zm9=", "Zm 9", "Zg==Zg==", "Zm9v\n", "-_==", "=m9v", "Zm=v"};
	uint8_t out[64];
	char text[64];
	size_t size;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct text clear = text_of(rows[i].clear), t = text_of(rows[i].text);
		base64_write((const uint8_t *)clear.data, clear.size, text);
		CHECK_TEXT(((struct text){text, base64_size(clear.size)}), rows[i].text);
		CHECK(base64_read(t, out, clear.size, &size) && size == clear.size);
		CHECK(memcmp(out, clear.data, size) == 0);
		CHECK(size == 0 || !base64_read(t, out, size - 1, &size));
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		CHECK(!base64_read(text_of(wrong[i]), out, sizeof(out), &size));
	uint8_t all[48];
	CHECK(base64_read(TEXT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
			  all, sizeof(all), &size) &&
	      size == 48 && all[0] == 0x00 && all[47] == 0xbf);
}

static void test_secrets(void)
{
	char memory[4] = "abc";
	CHECK(secret_equal(TEXT("abc"), TEXT("abc")) && !secret_equal(TEXT("abc"), TEXT("abd")));
	CHECK(!secret_equal(TEXT("abc"), TEXT("ab")) && secret_equal(TEXT_NONE, TEXT("")));
	secret_wipe(memory, sizeof(memory));
	CHECK(memory[0] == 0 && memory[2] == 0);
	secret_wipe(NULL, 0);
	uint8_t a[32] = {0}, b[32] = {0};
	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
}

static void test_aes(void)
{
	uint8_t key[16], in[16], out[16];
	CHECK(hex_read(TEXT("000102030405060708090a0b0c0d0e0f"), key, 16));
	CHECK(hex_read(TEXT("00112233445566778899aabbccddeeff"), in, 16));
	for (int round = 0; round < 2; round++) {
		aes_block(key, in, out);
		CHECK_TEXT(hex_of(out, 16), "69c4e0d86a7b0430d8cdb78070b4c55a");
	}
	CHECK(hex_read(TEXT("2b7e151628aed2a6abf7158809cf4f3c"), key, 16));
	CHECK(hex_read(TEXT("6bc1bee22e409f96e93d7e117393172a"), in, 16));
	aes_block(key, in, out);
	CHECK_TEXT(hex_of(out, 16), "3ad77bb40d7a3660a89ecaf32466ef97");
}

/* RFC 5297 A.1 */
static void test_seal_vector(void)
{
	uint8_t key[32], about[24], clear[14], sealed[30], opened[14];
	CHECK(hex_read(TEXT("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"),
		       key, 32));
	CHECK(hex_read(TEXT("101112131415161718191a1b1c1d1e1f2021222324252627"), about, 24));
	CHECK(hex_read(TEXT("112233445566778899aabbccddee"), clear, 14));
	struct text ad = {(char *)about, 24}, t = {(char *)sealed, 30};
	seal(key, ad, (struct text){(char *)clear, 14}, sealed);
	CHECK_TEXT(hex_of(sealed, 30),
		   "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c");
	CHECK(seal_open(key, ad, t, opened) && memcmp(opened, clear, 14) == 0);
	for (size_t bit = 0; bit < 8 * 30; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(!seal_open(key, ad, t, opened));
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CHECK(!seal_open(key, TEXT("else"), t, opened));
	CHECK(!seal_open(key, ad, (struct text){(char *)sealed, 15}, opened));
	CHECK(!seal_open(key, ad, TEXT_NONE, opened));
	seal(key, ad, TEXT_NONE, sealed);
	CHECK(seal_open(key, ad, (struct text){(char *)sealed, 16}, opened));
	CHECK(!seal_open(key, TEXT_NONE, (struct text){(char *)sealed, 16}, opened));
}

static void openssl_seal(const uint8_t *key, struct text about, struct text clear, uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-SIV", NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int size, clear_size = (int)clear.size;
	must(EVP_EncryptInit_ex2(context, cipher, key, NULL, NULL) == 1);
	must(EVP_EncryptUpdate(context, NULL, &size, (const uint8_t *)about.data,
			       (int)about.size) == 1);
	must(EVP_EncryptUpdate(context, out + 16, &size, (const uint8_t *)clear.data, clear_size) ==
	     1);
	must(EVP_EncryptFinal_ex(context, out + 16 + size, &size) == 1);
	must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out) == 1);
	EVP_CIPHER_CTX_free(context);
	EVP_CIPHER_free(cipher);
}

static void test_seal_against_openssl(void)
{
	uint8_t key[32], bytes[1500], have[1516], want[1516], opened[1500];
	for (size_t size = 1; size <= 1300; size += size < 100 ? 1 : 61) {
		if (size % 3)
			random_bytes(key, sizeof(key));
		random_bytes(bytes, sizeof(bytes));
		struct text about = {(char *)bytes + 1300, 1 + size * 7 % 150};
		struct text clear = {(char *)bytes, size};
		seal(key, about, clear, have);
		openssl_seal(key, about, clear, want);
		CHECK(memcmp(have, want, size + 16) == 0);
		CHECK(seal_open(key, about, (struct text){(char *)have, size + 16}, opened));
		CHECK(memcmp(opened, bytes, size) == 0);
	}
}

static void *in_thread(void *ret_wrong)
{
	uint8_t key[32] = {1}, out[64], opened[64];
	for (int round = 0; round < 200; round++) {
		const struct text t = TEXT("abc");
		key[0] = (uint8_t)round;
		hmac_parts(DIGEST_SHA256, TEXT("Jefe"), &t, 1, out);
		digest_parts(DIGEST_MD5, &t, 1, out);
		bool right = hex_matches(TEXT("900150983cd24fb0d6963f7d28e17f72"), out, 16);
		seal(key, TEXT("a"), t, out);
		right = seal_open(key, TEXT("a"), (struct text){(char *)out, 19}, opened) && right;
		aes_block(key, key, out);
		*(unsigned *)ret_wrong += !right;
	}
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[4];
	unsigned wrong[4] = {0};
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		must(pthread_create(&threads[i], NULL, in_thread, &wrong[i]) == 0);
	for (size_t i = 0; i < COUNT_OF(threads); i++) {
		pthread_join(threads[i], NULL);
		CHECK_INT(wrong[i], 0);
	}
}

/* RFC 5869, test cases 1 and 3: the first 32 bytes. */
static void test_hkdf(void)
{
	uint8_t secret[22], salt[13], info[10], out[32];
	memset(secret, 0x0b, sizeof(secret));
	CHECK(hex_read(TEXT("000102030405060708090a0b0c"), salt, sizeof(salt)));
	CHECK(hex_read(TEXT("f0f1f2f3f4f5f6f7f8f9"), info, sizeof(info)));
	struct text key = {(const char *)secret, sizeof(secret)};
	hkdf_sha256(key, (struct text){(const char *)salt, sizeof(salt)},
		    (struct text){(const char *)info, sizeof(info)}, out);
	CHECK_TEXT(hex_of(out, sizeof(out)),
		   "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
	hkdf_sha256(key, TEXT_NONE, TEXT_NONE, out);
	CHECK_TEXT(hex_of(out, sizeof(out)),
		   "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

/* RFC 8032, 7.1, tests 1 and 3. */
static void test_ed25519(void)
{
	static const struct {
		const char *seed, *public, *message, *signature;
		size_t size;
	} rows[] = {
	    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3"
	     "9701cf9b46bd25bf5f0595bbe24655141438e7a100b",
	     0},
	    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "\xaf\x82",
	     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f"
	     "760984dc6594a7c15e9716ed28dc027beceea1ec40a",
	     2},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint8_t seed[32], public[32], signature[64];
		char pem[ED25519_PEM_SIZE];
		struct text message = {rows[i].message, rows[i].size};
		CHECK(hex_read(text_of(rows[i].seed), seed, sizeof(seed)));
		ed25519_public(seed, public);
		CHECK_TEXT(hex_of(public, sizeof(public)), rows[i].public);
		ed25519_sign(seed, message, signature);
		CHECK_TEXT(hex_of(signature, sizeof(signature)), rows[i].signature);
		CHECK(ed25519_verify(public, message, signature));
		CHECK(!ed25519_verify(public, TEXT("x"), signature));
		signature[63] ^= 1;
		CHECK(!ed25519_verify(public, message, signature));
		ed25519_pem_write(public, pem);
		struct text text = {pem, sizeof(pem)};
		memset(seed, 0, sizeof(seed));
		CHECK(ed25519_pem_read(text, seed) && memcmp(seed, public, sizeof(seed)) == 0);
		CHECK(!ed25519_pem_read((struct text){pem, sizeof(pem) - 2}, seed));
		pem[30] ^= 1; /* of the algorithm's name */
		CHECK(!ed25519_pem_read(text, seed));
	}
	uint8_t none[32];
	CHECK(!ed25519_pem_read(TEXT_NONE, none));
	CHECK(!ed25519_pem_read(TEXT("-----BEGIN PUBLIC KEY-----"), none));
}

/* WangJuBao's own example string: secret123bar2baz3foo1secret123. */
static void test_signing(void)
{
	struct parameter given[] = {{TEXT("foo"), TEXT("1")},
				    {TEXT("sign"), TEXT("not signed")},
				    {TEXT("empty"), TEXT_NONE},
				    {TEXT("bar"), TEXT("2")},
				    {TEXT("baz"), TEXT("3")}};
	struct signed_call call = {.secret = TEXT("secret123"),
				   .parameters = given,
				   .n = COUNT_OF(given),
				   .without_empty = true};
	uint8_t md5[SIGNATURE_SIZE], other[SIGNATURE_SIZE];
	parameters_sort(given, COUNT_OF(given));
	CHECK_TEXT(given[0].name, "bar");
	signature_md5(&call, md5);
	CHECK(hex_matches(TEXT("DFF9B983C6E1C37B3683AE79D20480E6"), md5, sizeof(md5)));
	call.without_empty = false;
	signature_md5(&call, other);
	CHECK(memcmp(md5, other, sizeof(md5)) != 0);
	call.without_empty = true;
	call.body = TEXT("{}");
	signature_md5(&call, other);
	const struct text parts[] = {TEXT("secret123bar2baz3foo1{}secret123")};
	digest_parts(DIGEST_MD5, parts, 1, md5);
	CHECK(memcmp(md5, other, sizeof(md5)) == 0);
}

int main(void)
{
	test_signing();
	test_threads();
	test_digests();
	test_hmacs();
	test_platforms();
	test_parts();
	test_hex();
	test_base64();
	test_secrets();
	test_aes();
	test_seal_vector();
	test_seal_against_openssl();
	test_threads();
	test_hkdf();
	test_ed25519();
	return test_end();
}
