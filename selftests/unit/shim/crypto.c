// SPDX-License-Identifier: GPL-2.0
/* The kernel's library cryptography, on libsodium and OpenSSL. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include <crypto/algapi.h>
#include <crypto/blake2s.h>
#include <crypto/chacha.h>
#include <crypto/chacha20poly1305.h>
#include <crypto/curve25519.h>
#include <crypto/poly1305.h>
#include <linux/random.h>

static void must(bool ok)
{
	if (!ok)
		abort();
}

int crypto_memneq(const void *a, const void *b, size_t size)
{
	return sodium_memcmp(a, b, size) != 0;
}

void blake2s_init(struct blake2s_state *state, size_t out_len)
{
	must(out_len == 32);
	state->mac = NULL;
	state->digest = EVP_MD_CTX_new();
	state->out_len = out_len;
	must(EVP_DigestInit_ex(state->digest, EVP_blake2s256(), NULL));
}

static EVP_MAC *blake2smac;

static void fetch_blake2smac(void)
{
	blake2smac = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
	must(blake2smac);
}

void blake2s_init_key(struct blake2s_state *state, size_t out_len, const void *key, size_t key_len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &out_len),
		OSSL_PARAM_construct_end(),
	};

	pthread_once(&once, fetch_blake2smac);
	state->digest = NULL;
	state->mac = EVP_MAC_CTX_new(blake2smac);
	state->out_len = out_len;
	must(EVP_MAC_init(state->mac, key, key_len, parameters));
}

void blake2s_update(struct blake2s_state *state, const u8 *in, size_t in_len)
{
	if (state->mac)
		must(EVP_MAC_update(state->mac, in, in_len));
	else
		must(EVP_DigestUpdate(state->digest, in, in_len));
}

void blake2s_final(struct blake2s_state *state, u8 *out)
{
	if (state->mac)
		must(EVP_MAC_final(state->mac, out, NULL, state->out_len));
	else
		must(EVP_DigestFinal_ex(state->digest, out, NULL));
	EVP_MAC_CTX_free(state->mac);
	EVP_MD_CTX_free(state->digest);
	explicit_bzero(state, sizeof(*state));
}

void blake2s(u8 *out, const u8 *in, const u8 *key, size_t out_len, size_t in_len, size_t key_len)
{
	struct blake2s_state state;

	if (key_len)
		blake2s_init_key(&state, out_len, key, key_len);
	else
		blake2s_init(&state, out_len);
	blake2s_update(&state, in, in_len);
	blake2s_final(&state, out);
}

/* The kernel's 64-bit nonce is the last eight bytes of RFC 8439's. */
static void wide_nonce(u8 wide[12], u64 nonce)
{
	nonce = htole64(nonce);
	memset(wide, 0, 4);
	memcpy(wide + 4, &nonce, 8);
}

void chacha20poly1305_encrypt(u8 *dst, const u8 *src, size_t src_len, const u8 *ad, size_t ad_len,
			      u64 nonce, const u8 *key)
{
	u8 wide[12];

	wide_nonce(wide, nonce);
	must(!crypto_aead_chacha20poly1305_ietf_encrypt(dst, NULL, src, src_len, ad, ad_len, NULL,
							wide, key));
}

bool chacha20poly1305_decrypt(u8 *dst, const u8 *src, size_t src_len, const u8 *ad, size_t ad_len,
			      u64 nonce, const u8 *key)
{
	u8 wide[12];

	wide_nonce(wide, nonce);
	return !crypto_aead_chacha20poly1305_ietf_decrypt(dst, NULL, NULL, src, src_len, ad, ad_len,
							  wide, key);
}

void xchacha20poly1305_encrypt(u8 *dst, const u8 *src, size_t src_len, const u8 *ad, size_t ad_len,
			       const u8 *nonce, const u8 *key)
{
	must(!crypto_aead_xchacha20poly1305_ietf_encrypt(dst, NULL, src, src_len, ad, ad_len, NULL,
							 nonce, key));
}

bool xchacha20poly1305_decrypt(u8 *dst, const u8 *src, size_t src_len, const u8 *ad, size_t ad_len,
			       const u8 *nonce, const u8 *key)
{
	return !crypto_aead_xchacha20poly1305_ietf_decrypt(dst, NULL, NULL, src, src_len, ad,
							   ad_len, nonce, key);
}

void chacha_init(u32 *state, const u32 *key, const u8 *iv)
{
	static const char constant[] = "expand 32-byte k";

	for (int i = 0; i < 4; i++) {
		memcpy(&state[i], constant + 4 * i, 4);
		memcpy(&state[12 + i], iv + 4 * i, 4);
		state[i] = le32toh(state[i]);
		state[12 + i] = le32toh(state[12 + i]);
	}
	memcpy(&state[4], key, CHACHA_KEY_SIZE);
}

/*
 * libsodium makes the key stream only, and so the sanitizer sees each access to
 * the caller's buffers.
 */
void chacha20_crypt(u32 *state, u8 *dst, const u8 *src, unsigned int bytes)
{
	u8 key[CHACHA_KEY_SIZE], nonce[12], stream[CHACHA_BLOCK_SIZE];
	u32 words[CHACHA_STATE_WORDS];

	for (int i = 0; i < CHACHA_STATE_WORDS; i++)
		words[i] = htole32(state[i]);
	memcpy(key, &words[4], sizeof(key));
	memcpy(nonce, &words[13], sizeof(nonce));
	for (unsigned int i = 0; i < bytes; i++) {
		if (i % CHACHA_BLOCK_SIZE == 0) {
			memset(stream, 0, sizeof(stream));
			must(!crypto_stream_chacha20_ietf_xor_ic(stream, stream, sizeof(stream),
								 nonce, state[12]++, key));
		}
		dst[i] = src[i] ^ stream[i % CHACHA_BLOCK_SIZE];
	}
}

void poly1305_init(struct poly1305_desc_ctx *ctx, const u8 *key)
{
	must(!crypto_onetimeauth_poly1305_init(&ctx->state, key));
}

void poly1305_update(struct poly1305_desc_ctx *ctx, const u8 *in, unsigned int len)
{
	u8 copy[1024];

	/* The sanitizer watches the copying. */
	for (unsigned int part; len; in += part, len -= part) {
		part = len < sizeof(copy) ? len : sizeof(copy);
		memcpy(copy, in, part);
		must(!crypto_onetimeauth_poly1305_update(&ctx->state, copy, part));
	}
}

void poly1305_final(struct poly1305_desc_ctx *ctx, u8 *tag)
{
	must(!crypto_onetimeauth_poly1305_final(&ctx->state, tag));
	explicit_bzero(ctx, sizeof(*ctx));
}

bool curve25519(u8 *shared, const u8 *secret, const u8 *point)
{
	/* Refused by libsodium, computed by the kernel: to the same end. */
	if (!crypto_scalarmult(shared, secret, point))
		return true;
	memset(shared, 0, 32);
	return false;
}

bool curve25519_generate_public(u8 *public, const u8 *secret)
{
	if (sodium_is_zero(secret, 32))
		return false;
	return !crypto_scalarmult_base(public, secret);
}

void curve25519_clamp_secret(u8 *secret)
{
	secret[0] &= 248;
	secret[31] = (secret[31] & 127) | 64;
}

void curve25519_generate_secret(u8 *secret)
{
	get_random_bytes(secret, 32);
	curve25519_clamp_secret(secret);
}
