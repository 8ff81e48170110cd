/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The AEAD of data messages in vectors: what avx2.c and avx512.c compile,
 * each for its own vector unit and under its own names.
 *
 * The authenticator's key is the start of the key stream, and costs nothing of
 * its own. A message is authenticated before anything of it is decrypted.
 */
#ifndef WARREN_X86_CIPHER_H
#define WARREN_X86_CIPHER_H

#include <linux/build_bug.h>
#include <linux/minmax.h>
#include "../x86.h"
#include "chacha.h"
#include "poly1305.h"

#define STREAM (MANY * BLOCK)

/* The start of a message's key stream, and where it goes on. */
struct cipher {
	u8 stream[BLOCK + STREAM];	/* block 0 is the authenticator's key */
	struct chacha chacha;
} __aligned(sizeof(words));

static __always_inline void cipher_start(struct cipher *cipher, size_t len,
					 u64 nonce, const u8 *key)
{
	chacha_start(&cipher->chacha, nonce, key);
	if (len > 3 * BLOCK)
		chacha_mix(&cipher->chacha);
	chacha_stream(&cipher->chacha, cipher->stream,
		      len < STREAM - BLOCK ? BLOCK + len : STREAM);
}

/* What comes next of a text: with what is left of the stream, then with more. */
static __always_inline void cipher_crypt(struct cipher *cipher, u8 *to,
					 const u8 *from, size_t len, size_t used)
{
	size_t first = min(len, STREAM - used);

	xor(to, from, cipher->stream + used, first);
	for (to += first, from += first, len -= first; len >= STREAM;
	     to += STREAM, from += STREAM, len -= STREAM)
		chacha_many(&cipher->chacha, to, from);
	if (len) {
		chacha_stream(&cipher->chacha, cipher->stream + BLOCK, len);
		xor(to, from, cipher->stream + BLOCK, len);
	}
}

/* The tag of @len bytes of cipher text, without additional data. */
static __always_inline void cipher_authenticate(const u8 *one_time, u8 *tag,
						const u8 *text, size_t len)
{
	size_t lanes = len < POLY_MANY ? 0 : len & -LANES_BLOCK;
	u64 last[2] = {}, sizes[2] = { 0, len };
	struct poly poly;
	size_t rest;

	BUILD_BUG_ON(sizeof(poly) % sizeof(words));

	poly_start(&poly, one_time);
	if (lanes)
		poly_lanes(&poly, text, lanes);
	text += lanes;
	rest = len - lanes;
	if (rest >= POLY_BLOCK)
		poly_blocks(&poly, text, rest / POLY_BLOCK);
	if (rest % POLY_BLOCK) {
		memcpy(last, text + (rest & -POLY_BLOCK), rest % POLY_BLOCK);
		poly_blocks(&poly, (u8 *)last, 1);
	}
	poly_blocks(&poly, (u8 *)sizes, 1);
	poly_end(&poly, tag, one_time + POLY_BLOCK);
	wipe(&poly, sizeof(poly));
}

/* For these see ../x86.h. */
static __always_inline void cipher_seal(u8 *packet, size_t head, const u8 *rest,
					size_t len, u64 nonce, const u8 *key,
					struct warren_x86_one_time *one_time)
{
	struct cipher cipher;

	if (unlikely(head > STREAM - BLOCK)) {
		memmove(packet + head, rest, len - head);
		rest = packet;
		head = 0;
	}
	cipher_start(&cipher, len, nonce, key);
	xor(packet, packet, cipher.stream + BLOCK, head);
	cipher_crypt(&cipher, packet + head, rest, len - head, BLOCK + head);
	if (one_time)
		store(one_time->key, load(cipher.stream));
	else
		cipher_authenticate(cipher.stream, packet + len, packet, len);
	wipe(&cipher, sizeof(cipher));
}

static __always_inline void cipher_tag(u8 *const *packets, unsigned int count,
				       size_t len,
				       struct warren_x86_one_time *one_time)
{
	u8 tags[WARREN_X86_FOUR][WARREN_TAG_SIZE];
	const u8 *keys[WARREN_X86_FOUR];
	unsigned int i;

	if (count == WARREN_X86_FOUR && len) {
#pragma GCC unroll 4
		for (i = 0; i < WARREN_X86_FOUR; i++)
			keys[i] = one_time[i].key;
		poly_four(tags, (const u8 *const *)packets, len, keys);
#pragma GCC unroll 4
		for (i = 0; i < WARREN_X86_FOUR; i++)
			memcpy(packets[i] + len, tags[i], WARREN_TAG_SIZE);
	} else {
		for (i = 0; i < count; i++)
			cipher_authenticate(one_time[i].key, packets[i] + len,
					    packets[i], len);
	}
	for (i = 0; i < count; i++)
		wipe(&one_time[i], sizeof(one_time[i]));
}

/* As warren_equal(), in a time that does not tell where they differ. */
static __always_inline bool same_tag(const u8 *tag, const u8 *other)
{
	return !((load_u64(tag) ^ load_u64(other)) |
		 (load_u64(tag + 8) ^ load_u64(other + 8)));
}

static __always_inline bool cipher_open(u8 *to, const u8 *from, size_t len,
					u64 nonce, const u8 *key)
{
	u8 tag[WARREN_TAG_SIZE];
	struct cipher cipher;
	bool good;

	cipher_start(&cipher, len, nonce, key);
	cipher_authenticate(cipher.stream, tag, from, len);
	good = same_tag(tag, from + len);
	if (good)
		cipher_crypt(&cipher, to, from, len, BLOCK);
	wipe(&cipher, sizeof(cipher));
	return good;
}

static __always_inline void
cipher_check_four(struct warren_x86_begun *begun, bool *good,
		  const u8 *const *from, size_t len, const u64 *nonces,
		  const u8 *key)
{
	u8 tags[WARREN_X86_FOUR][WARREN_TAG_SIZE];
	const u8 *keys[WARREN_X86_FOUR];
	int i;

	BUILD_BUG_ON(sizeof(struct cipher) != sizeof(*begun));

	for (i = 0; i < WARREN_X86_FOUR; i++) {
		struct cipher *cipher = (struct cipher *)&begun[i];

		cipher_start(cipher, len, nonces[i], key);
		keys[i] = cipher->stream;
	}
	poly_four(tags, from, len, keys);
	for (i = 0; i < WARREN_X86_FOUR; i++) {
		good[i] = same_tag(tags[i], from[i] + len);
		if (unlikely(!good[i]))
			wipe(&begun[i], sizeof(begun[i]));
	}
}

static __always_inline void cipher_decrypt(struct warren_x86_begun *begun,
					   u8 *to, const u8 *from, size_t len)
{
	cipher_crypt((struct cipher *)begun, to, from, len, BLOCK);
	wipe(begun, sizeof(*begun));
}

#endif /* WARREN_X86_CIPHER_H */
