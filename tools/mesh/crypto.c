// SPDX-License-Identifier: GPL-2.0
#include "crypto.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 64 /* of BLAKE2s, for HMAC */

static EVP_MD *blake2s;
static _Thread_local EVP_MD_CTX *hash_ctx;

static void die(const char *what)
{
	fprintf(stderr, "the cryptographic library does not offer %s\n", what);
	exit(1);
}

void mesh_crypto_init(void)
{
	if (blake2s)
		return;
	if (sodium_init() < 0)
		die("random numbers");
	blake2s = EVP_MD_fetch(NULL, "BLAKE2S-256", NULL);
	if (!blake2s)
		die("BLAKE2s");
}

void mesh_crypto_random(void *out, size_t len)
{
	randombytes_buf(out, len);
}

void mesh_crypto_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

bool mesh_crypto_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

static void hash3(uint8_t out[32], const void *a, size_t alen, const void *b, size_t blen,
		  const void *c, size_t clen)
{
	if (!hash_ctx)
		hash_ctx = EVP_MD_CTX_new();
	if (!hash_ctx || !EVP_DigestInit_ex2(hash_ctx, blake2s, NULL) ||
	    !EVP_DigestUpdate(hash_ctx, a, alen) || !EVP_DigestUpdate(hash_ctx, b, blen) ||
	    !EVP_DigestUpdate(hash_ctx, c, clen) || !EVP_DigestFinal_ex(hash_ctx, out, NULL))
		die("BLAKE2s");
}

void mesh_crypto_hash(uint8_t out[32], const void *a, size_t alen, const void *b, size_t blen)
{
	hash3(out, a, alen, b, blen, NULL, 0);
}

/* HMAC (RFC 2104) with a 32-byte key over @a followed by @b. */
static void hmac(uint8_t out[32], const uint8_t key[32], const void *a, size_t alen, const void *b,
		 size_t blen)
{
	uint8_t pad[BLOCK_SIZE], inner[32];

	for (int i = 0; i < BLOCK_SIZE; i++)
		pad[i] = (i < 32 ? key[i] : 0) ^ 0x36;
	hash3(inner, pad, sizeof(pad), a, alen, b, blen);
	for (int i = 0; i < BLOCK_SIZE; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	hash3(out, pad, sizeof(pad), inner, sizeof(inner), NULL, 0);
	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(inner, sizeof(inner));
}

void mesh_crypto_hkdf(uint8_t first[32], uint8_t second[32], const uint8_t salt[32],
		      const void *ikm, size_t len)
{
	uint8_t prk[32];

	hmac(prk, salt, ikm, len, NULL, 0);
	hmac(first, prk, "\x01", 1, NULL, 0);
	hmac(second, prk, first, 32, "\x02", 1);
	sodium_memzero(prk, sizeof(prk));
}

bool mesh_crypto_dh(uint8_t out[32], const uint8_t priv[32], const uint8_t pub[32])
{
	return crypto_scalarmult_curve25519(out, priv, pub) == 0;
}

void mesh_crypto_public(uint8_t pub[32], const uint8_t priv[32])
{
	crypto_scalarmult_curve25519_base(pub, priv);
}

void mesh_crypto_seal(uint8_t *out, const uint8_t key[32], const uint8_t nonce[12], const void *ad,
		      size_t adlen, const void *in, size_t len)
{
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, ad, adlen, NULL, nonce, key);
}

bool mesh_crypto_open(uint8_t *out, const uint8_t key[32], const uint8_t nonce[12], const void *ad,
		      size_t adlen, const uint8_t *in, size_t len)
{
	return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, len, ad, adlen, nonce,
							 key) == 0;
}

bool mesh_crypto_box_key(uint8_t shared[32], const uint8_t pub[32], const uint8_t priv[32])
{
	return crypto_box_beforenm(shared, pub, priv) == 0;
}

void mesh_crypto_box_seal(uint8_t *out, const uint8_t shared[32],
			  const uint8_t nonce[MESH_NONCE_SIZE], const void *in, size_t len)
{
	crypto_box_easy_afternm(out, in, len, nonce, shared);
}

bool mesh_crypto_box_open(uint8_t *out, const uint8_t shared[32],
			  const uint8_t nonce[MESH_NONCE_SIZE], const uint8_t *in, size_t len)
{
	return crypto_box_open_easy_afternm(out, in, len, nonce, shared) == 0;
}
