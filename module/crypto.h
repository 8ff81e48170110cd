/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The primitives, from the kernel's own library, under the names the protocol
 * has for them (paper, section 5.4). Nothing else in Warren calls the library.
 */
#ifndef WARREN_CRYPTO_H
#define WARREN_CRYPTO_H

#include <crypto/algapi.h>
#include <crypto/chacha20poly1305.h>
#include <crypto/curve25519.h>
#include <linux/string.h>
#include "compat/blake2s.h"
#include "messages.h"

/* HASH and MAC: BLAKE2s, keyed when @key_len is not 0. */
static inline void warren_blake2s(u8 *out, size_t out_len, const u8 *key,
				  size_t key_len, const void *in, size_t in_len)
{
	warren_compat_blake2s(out, out_len, key, key_len, in, in_len);
}

/* HASH of what comes in pieces; the context is wiped by _final. */
static inline void warren_blake2s_init(warren_blake2s_ctx *ctx, size_t out_len)
{
	blake2s_init(ctx, out_len);
}

static inline void warren_blake2s_init_key(warren_blake2s_ctx *ctx,
					   size_t out_len, const u8 *key,
					   size_t key_len)
{
	blake2s_init_key(ctx, out_len, key, key_len);
}

static inline void warren_blake2s_update(warren_blake2s_ctx *ctx,
					 const void *in, size_t in_len)
{
	blake2s_update(ctx, in, in_len);
}

static inline void warren_blake2s_final(warren_blake2s_ctx *ctx, u8 *out)
{
	blake2s_final(ctx, out);
}

/* AEAD, sealing: @dst has room for @len + WARREN_TAG_SIZE; may be @src. */
static inline void warren_seal(u8 *dst, const u8 *src, size_t len,
			       const u8 *ad, size_t ad_len, u64 nonce,
			       const u8 key[WARREN_KEY_SIZE])
{
	chacha20poly1305_encrypt(dst, src, len, ad, ad_len, nonce, key);
}

/* AEAD, opening: @len counts the tag; @dst may be @src. False if forged. */
static inline bool warren_open(u8 *dst, const u8 *src, size_t len,
			       const u8 *ad, size_t ad_len, u64 nonce,
			       const u8 key[WARREN_KEY_SIZE])
{
	return chacha20poly1305_decrypt(dst, src, len, ad, ad_len, nonce, key);
}

/* XAEAD, for cookies. */
static inline void warren_xseal(u8 *dst, const u8 *src, size_t len,
				const u8 *ad, size_t ad_len,
				const u8 nonce[WARREN_COOKIE_NONCE_SIZE],
				const u8 key[WARREN_KEY_SIZE])
{
	xchacha20poly1305_encrypt(dst, src, len, ad, ad_len, nonce, key);
}

static inline bool warren_xopen(u8 *dst, const u8 *src, size_t len,
				const u8 *ad, size_t ad_len,
				const u8 nonce[WARREN_COOKIE_NONCE_SIZE],
				const u8 key[WARREN_KEY_SIZE])
{
	return xchacha20poly1305_decrypt(dst, src, len, ad, ad_len, nonce, key);
}

/* DH. False when the result would be zero: @public_key is of low order. */
static inline bool warren_dh(u8 shared[WARREN_KEY_SIZE],
			     const u8 private_key[WARREN_KEY_SIZE],
			     const u8 public_key[WARREN_KEY_SIZE])
{
	return curve25519(shared, private_key, public_key);
}

static inline bool warren_dh_public(u8 public_key[WARREN_KEY_SIZE],
				    const u8 private_key[WARREN_KEY_SIZE])
{
	return curve25519_generate_public(public_key, private_key);
}

static inline void warren_dh_clamp(u8 private_key[WARREN_KEY_SIZE])
{
	curve25519_clamp_secret(private_key);
}

static inline void warren_dh_generate(u8 private_key[WARREN_KEY_SIZE])
{
	curve25519_generate_secret(private_key);
}

/* Whether two secrets are equal, in a time that does not tell where they differ. */
static inline bool warren_equal(const void *a, const void *b, size_t len)
{
	return !crypto_memneq(a, b, len);
}

#endif /* WARREN_CRYPTO_H */
