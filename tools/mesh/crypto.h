/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The primitives under the protocols. libsodium gives X25519, the AEAD, the NaCl box and random
 * bytes; BLAKE2s, which it does not have, comes from OpenSSL.
 */
#ifndef MESH_CRYPTO_H
#define MESH_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESH_KEY_SIZE	32
#define MESH_HASH_SIZE	32
#define MESH_TAG_SIZE	16
#define MESH_NONCE_SIZE 24 /* of a box */

/* Must be called once before anything else; ends the process when a primitive is missing. */
void mesh_crypto_init(void);

void mesh_crypto_random(void *out, size_t len);
void mesh_crypto_wipe(void *p, size_t len);
/* Constant time. */
bool mesh_crypto_equal(const void *a, const void *b, size_t len);

/* BLAKE2s-256 of @a followed by @b (RFC 7693, unkeyed). */
void mesh_crypto_hash(uint8_t out[MESH_HASH_SIZE], const void *a, size_t alen, const void *b,
		      size_t blen);

/**
 * mesh_crypto_hkdf() - HKDF with HMAC-BLAKE2s and empty info (RFC 5869)
 * @first: first 32 bytes of output
 * @second: next 32 bytes
 * @salt: 32 bytes; may be the same memory as @first
 * @ikm: input key material, may be NULL when @len is 0
 * @len: its length
 */
void mesh_crypto_hkdf(uint8_t first[32], uint8_t second[32], const uint8_t salt[32],
		      const void *ikm, size_t len);

/**
 * mesh_crypto_dh() - X25519 (RFC 7748)
 *
 * Return: false when the result is all zeros (a low-order public key).
 */
bool mesh_crypto_dh(uint8_t out[32], const uint8_t priv[32], const uint8_t pub[32]);
void mesh_crypto_public(uint8_t pub[32], const uint8_t priv[32]);

/* ChaCha20-Poly1305 (RFC 8439). @out has room for @len + 16 bytes. */
void mesh_crypto_seal(uint8_t *out, const uint8_t key[32], const uint8_t nonce[12], const void *ad,
		      size_t adlen, const void *in, size_t len);
/* @len counts the tag. Return: false when it does not authenticate. */
bool mesh_crypto_open(uint8_t *out, const uint8_t key[32], const uint8_t nonce[12], const void *ad,
		      size_t adlen, const uint8_t *in, size_t len);

/*
 * The NaCl box (X25519, XSalsa20-Poly1305). @shared comes from mesh_crypto_box_key(), once for a
 * pair of keys. The sealed form is the 16-byte tag and then the text.
 */
bool mesh_crypto_box_key(uint8_t shared[32], const uint8_t pub[32], const uint8_t priv[32]);
void mesh_crypto_box_seal(uint8_t *out, const uint8_t shared[32],
			  const uint8_t nonce[MESH_NONCE_SIZE], const void *in, size_t len);
bool mesh_crypto_box_open(uint8_t *out, const uint8_t shared[32],
			  const uint8_t nonce[MESH_NONCE_SIZE], const uint8_t *in, size_t len);

#endif /* MESH_CRYPTO_H */
