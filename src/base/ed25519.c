/* Ed25519 (RFC 8032) by OpenSSL, HKDF (RFC 5869) from HMAC, and keys as PEM (RFC 8410). */
#include "base/ed25519.h"

#include <openssl/evp.h>

#include "base/crypto.h"

void hkdf_sha256(struct text secret, struct text salt, struct text info, uint8_t out[32])
{
	uint8_t extracted[DIGEST_SIZE_MAX];
	struct text parts[] = {info, TEXT("\001")};
	hmac_parts(DIGEST_SHA256, salt, &secret, 1, extracted);
	hmac_parts(DIGEST_SHA256, (struct text){(const char *)extracted, sizeof(extracted)}, parts,
		   2, out);
	secret_wipe(extracted, sizeof(extracted));
}

static EVP_PKEY *private_key(const uint8_t seed[ED25519_KEY_SIZE])
{
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY_SIZE);
	must(key);
	return key;
}

void ed25519_public(const uint8_t seed[ED25519_KEY_SIZE], uint8_t ret_public[ED25519_KEY_SIZE])
{
	EVP_PKEY *key = private_key(seed);
	size_t size = ED25519_KEY_SIZE;
	must(EVP_PKEY_get_raw_public_key(key, ret_public, &size) == 1 && size == ED25519_KEY_SIZE);
	EVP_PKEY_free(key);
}

void ed25519_sign(const uint8_t seed[ED25519_KEY_SIZE], struct text message,
		  uint8_t ret_signature[ED25519_SIGNATURE_SIZE])
{
	EVP_PKEY *key = private_key(seed);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = ED25519_SIGNATURE_SIZE;
	must(context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
	     EVP_DigestSign(context, ret_signature, &size, (const uint8_t *)message.data,
			    message.size) == 1 &&
	     size == ED25519_SIGNATURE_SIZE);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
}

bool ed25519_verify(const uint8_t public[ED25519_KEY_SIZE], struct text message,
		    const uint8_t signature[ED25519_SIGNATURE_SIZE])
{
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, ED25519_KEY_SIZE);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	must(context);
	bool good = key && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestVerify(context, signature, ED25519_SIGNATURE_SIZE,
				     (const uint8_t *)message.data, message.size) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return good;
}

/* SubjectPublicKeyInfo with the algorithm Ed25519; the key follows. */
static const uint8_t spki[12] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const char pem_begin[] = "-----BEGIN PUBLIC KEY-----\n";
static const char pem_end[] = "-----END PUBLIC KEY-----\n";
enum { SPKI_SIZE = sizeof(spki) + ED25519_KEY_SIZE, SPKI_BASE64 = 60 };
_Static_assert(ED25519_PEM_SIZE == sizeof(pem_begin) - 1 + SPKI_BASE64 + 1 + sizeof(pem_end) - 1,
	       "one line of base64");

void ed25519_pem_write(const uint8_t public[ED25519_KEY_SIZE], char out[ED25519_PEM_SIZE])
{
	uint8_t bytes[SPKI_SIZE];
	memcpy(bytes, spki, sizeof(spki));
	memcpy(bytes + sizeof(spki), public, ED25519_KEY_SIZE);
	must(base64_size(sizeof(bytes)) == SPKI_BASE64);
	memcpy(out, pem_begin, sizeof(pem_begin) - 1);
	out += sizeof(pem_begin) - 1;
	base64_write(bytes, sizeof(bytes), out);
	out[SPKI_BASE64] = '\n';
	memcpy(out + SPKI_BASE64 + 1, pem_end, sizeof(pem_end) - 1);
}

bool ed25519_pem_read(struct text pem, uint8_t ret_public[ED25519_KEY_SIZE])
{
	struct text begin = {pem_begin, sizeof(pem_begin) - 2}; /* any end of line */
	struct text end = {pem_end, sizeof(pem_end) - 2};
	uint8_t bytes[SPKI_SIZE];
	size_t size;
	pem = text_trim(pem);
	if (!text_starts_with(pem, begin) || pem.size < begin.size + end.size ||
	    !text_equal((struct text){pem.data + pem.size - end.size, end.size}, end))
		return false;
	struct text middle =
	    text_trim((struct text){pem.data + begin.size, pem.size - begin.size - end.size});
	if (!base64_read(middle, bytes, sizeof(bytes), &size) || size != sizeof(bytes) ||
	    memcmp(bytes, spki, sizeof(spki)) != 0)
		return false;
	memcpy(ret_public, bytes + sizeof(spki), ED25519_KEY_SIZE);
	return true;
}
