/* Signatures that anybody can check with a public key, and keys derived for them. */
#pragma once

#include "base/base.h"

enum { ED25519_KEY_SIZE = 32, ED25519_SIGNATURE_SIZE = 64, ED25519_PEM_SIZE = 113 };

/* HKDF-SHA256, its first 32 bytes. */
void hkdf_sha256(struct text secret, struct text salt, struct text info, uint8_t out[32]);

/* seed: the private key. */
void ed25519_public(const uint8_t seed[ED25519_KEY_SIZE], uint8_t ret_public[ED25519_KEY_SIZE]);
void ed25519_sign(const uint8_t seed[ED25519_KEY_SIZE], struct text message,
		  uint8_t ret_signature[ED25519_SIGNATURE_SIZE]);
CHECKED bool ed25519_verify(const uint8_t public[ED25519_KEY_SIZE], struct text message,
			    const uint8_t signature[ED25519_SIGNATURE_SIZE]);

/* As the openssl command reads and writes them; no NUL behind. */
void ed25519_pem_write(const uint8_t public[ED25519_KEY_SIZE], char out[ED25519_PEM_SIZE]);
CHECKED bool ed25519_pem_read(struct text pem, uint8_t ret_public[ED25519_KEY_SIZE]);
