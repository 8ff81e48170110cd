// SPDX-License-Identifier: GPL-2.0
#include <asm/byteorder.h>
#include <crypto/poly1305.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "aead.h"
#include "compat/chacha.h"
#include "crypto.h"

static_assert(WARREN_AEAD_ROOM == CHACHA_BLOCK_SIZE);

/* Starts at block 0, that of the authenticator's key. */
static void start(warren_chacha_state *state, u64 nonce, const u8 *key)
{
	__le64 iv[2] = { 0, cpu_to_le64(nonce) };
	u32 words[CHACHA_KEY_SIZE / sizeof(u32)];
	int i;

	memcpy(words, key, sizeof(words));
	for (i = 0; i < ARRAY_SIZE(words); i++)
		le32_to_cpus(&words[i]);
	chacha_init(WARREN_CHACHA(*state), words, (const u8 *)iv);
	memzero_explicit(words, sizeof(words));
}

static void crypt(warren_chacha_state *state, u8 *to, const u8 *from,
		  unsigned int len)
{
	chacha20_crypt(WARREN_CHACHA(*state), to, from, len);
}

/* Key stream is what a place became, less what it was. */
static void take_key(u8 key[POLY1305_KEY_SIZE], const u8 *now, const u8 *was)
{
	int i;

	for (i = 0; i < POLY1305_KEY_SIZE; i += sizeof(u64)) {
		u64 a, b;

		memcpy(&a, now + i, sizeof(a));
		memcpy(&b, was + i, sizeof(b));
		a ^= b;
		memcpy(key + i, &a, sizeof(a));
	}
}

/* What the tag is of, behind the text: zeros up to a block, and the sizes. */
static size_t write_end(u8 *to, size_t len)
{
	size_t zeros = -len & (POLY1305_BLOCK_SIZE - 1);
	__le64 sizes[2] = { 0, cpu_to_le64(len) };

	memset(to, 0, zeros);
	memcpy(to + zeros, sizes, sizeof(sizes));
	return zeros + sizeof(sizes);
}

/* The tag of @len bytes of cipher text, without additional data. */
static void authenticate(u8 tag[POLY1305_DIGEST_SIZE], const u8 *text,
			 size_t len, u8 key[POLY1305_KEY_SIZE])
{
	u8 end[2 * POLY1305_BLOCK_SIZE];
	size_t rest = len % POLY1305_BLOCK_SIZE;
	struct poly1305_desc_ctx ctx;

	poly1305_init(&ctx, key);
	poly1305_update(&ctx, text, len - rest);
	memcpy(end, text + len - rest, rest);
	poly1305_update(&ctx, end, rest + write_end(end + rest, len));
	poly1305_final(&ctx, tag);
	memzero_explicit(key, POLY1305_KEY_SIZE);
}

/* These two are apart as some kernels clear a function's variables on each call. */
static noinline void seal_by_library(u8 *packet, size_t len, u64 nonce,
				     const u8 *key)
{
	u8 *before = packet - WARREN_AEAD_ROOM;
	u8 saved[WARREN_AEAD_ROOM], one_time[POLY1305_KEY_SIZE];
	struct poly1305_desc_ctx ctx;
	warren_chacha_state state;

	start(&state, nonce, key);
	memcpy(saved, before, sizeof(saved));
	crypt(&state, before, before, sizeof(saved) + len);
	take_key(one_time, before, saved);
	memcpy(before, saved, sizeof(saved));
	memzero_explicit(&state, sizeof(state));

	/* All at once, as each call costs: the end goes where the tag will be. */
	poly1305_init(&ctx, one_time);
	poly1305_update(&ctx, packet, len + write_end(packet + len, len));
	poly1305_final(&ctx, packet + len);
	memzero_explicit(one_time, sizeof(one_time));
}

/* Aside in one vector operation: the key's block, and as much as this. */
#define ASIDE (3 * CHACHA_BLOCK_SIZE)

/*
 * Without room: the first blocks aside, of a short packet all, as a single block
 * left over would cost as much as eight. Nothing is written to @to unless the tag
 * is right.
 */
static bool open_apart(warren_chacha_state *state, u8 *to, const u8 *from,
		       size_t len)
{
	u8 blocks[CHACHA_BLOCK_SIZE + ASIDE], tag[POLY1305_DIGEST_SIZE];
	size_t first = len <= ASIDE ? len : CHACHA_BLOCK_SIZE;
	bool good;

	memset(blocks, 0, CHACHA_BLOCK_SIZE + 1);
	memcpy(blocks + CHACHA_BLOCK_SIZE, from, first);
	/* More than one block, or it would not be a vector operation. */
	crypt(state, blocks, blocks, CHACHA_BLOCK_SIZE + (first ?: 1));
	authenticate(tag, from, len, blocks);
	good = warren_equal(tag, from + len, sizeof(tag));
	if (good) {
		memcpy(to, blocks + CHACHA_BLOCK_SIZE, first);
		if (len > first)
			crypt(state, to + first, from + first, len - first);
	}
	memzero_explicit(blocks, CHACHA_BLOCK_SIZE);
	return good;
}

static noinline bool open_by_library(u8 *to, const u8 *from, size_t len,
				     bool room, u64 nonce, const u8 *key)
{
	u8 one_time[POLY1305_KEY_SIZE], tag[POLY1305_DIGEST_SIZE];
	warren_chacha_state state;
	bool good;

	start(&state, nonce, key);
	if (room) {
		crypt(&state, to - WARREN_AEAD_ROOM, from - WARREN_AEAD_ROOM,
		      WARREN_AEAD_ROOM + len);
		take_key(one_time, to - WARREN_AEAD_ROOM,
			 from - WARREN_AEAD_ROOM);
		authenticate(tag, from, len, one_time);
		good = warren_equal(tag, from + len, sizeof(tag));
	} else {
		good = open_apart(&state, to, from, len);
	}
	memzero_explicit(&state, sizeof(state));
	return good;
}

void warren_aead_tag(struct warren_aead_untagged *untagged)
{
	if (untagged->count)
		warren_x86_tag(untagged->packets, untagged->count,
			       untagged->len, untagged->one_time);
	untagged->count = 0;
}

/* The place for a message's authenticator's key, while it lacks its tag. */
static struct warren_x86_one_time *
wait_for_tag(struct warren_aead_untagged *untagged, u8 *packet, size_t len)
{
	if (untagged->count == WARREN_X86_FOUR || untagged->len != len)
		warren_aead_tag(untagged);
	untagged->len = len;
	untagged->packets[untagged->count] = packet;
	return &untagged->one_time[untagged->count++];
}

void warren_aead_seal(bool vector, u8 *packet, size_t head, const u8 *rest,
		      size_t len, u64 nonce, const u8 key[WARREN_KEY_SIZE],
		      struct warren_aead_untagged *untagged)
{
	if (likely(vector)) {
		warren_x86_seal(packet, head, rest, len, nonce, key,
				untagged ? wait_for_tag(untagged, packet, len) :
					   NULL);
		return;
	}
	if (rest != packet + head)
		memcpy(packet + head, rest, len - head);
	seal_by_library(packet, len, nonce, key);
}

bool warren_aead_open(bool vector, u8 *to, const u8 *from, size_t len,
		      bool room, u64 nonce, const u8 key[WARREN_KEY_SIZE])
{
	len -= WARREN_TAG_SIZE;
	if (likely(vector))
		return warren_x86_open(to, from, len, nonce, key);
	return open_by_library(to, from, len, room, nonce, key);
}

void warren_aead_check_four(struct warren_aead_checked *checked,
			    const u8 *const *from, size_t len,
			    const u64 *nonces, const u8 key[WARREN_KEY_SIZE])
{
	warren_x86_check_four(checked->begun, checked->good, from,
			      len - WARREN_TAG_SIZE, nonces, key);
}

bool warren_aead_decrypt(struct warren_aead_checked *checked, unsigned int i,
			 u8 *to, const u8 *from, size_t len)
{
	if (unlikely(!checked->good[i]))
		return false;
	warren_x86_decrypt(&checked->begun[i], to, from, len - WARREN_TAG_SIZE);
	checked->good[i] = false;
	return true;
}

void warren_aead_forget(struct warren_aead_checked *checked)
{
	int i;

	for (i = 0; i < WARREN_X86_FOUR; i++) {
		if (unlikely(checked->good[i]))
			memzero_explicit(&checked->begun[i],
					 sizeof(checked->begun[i]));
		checked->good[i] = false;
	}
}
