// SPDX-License-Identifier: GPL-2.0
/*
 * The authenticator of module/x86/ with keys of one's choice, which no message has:
 * the vectors of RFC 8439, appendix A.3, whose carries go far, and libsodium.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium/crypto_onetimeauth_poly1305.h>

#include "ktap.h"

#include "x86/poly1305.h"

#define LONGEST (32 * LANES_BLOCK)

/* As many blocks as @lanes in vectors, the others one by one. */
static void authenticate(u8 *tag, const u8 *text, size_t len, size_t lanes, const u8 *key)
{
	struct poly poly;

	poly_start(&poly, key);
	if (lanes)
		poly_lanes(&poly, text, lanes);
	if (len > lanes)
		poly_blocks(&poly, text + lanes, (len - lanes) / POLY_BLOCK);
	poly_end(&poly, tag, key + POLY_BLOCK);
}

static bool right(const u8 *text, size_t len, const u8 *key)
{
	u8 want[16], tag[16];

	crypto_onetimeauth_poly1305(want, text, len, key);
	for (size_t lanes = 0; lanes <= len; lanes += LANES_BLOCK) {
		authenticate(tag, text, len, lanes, key);
		if (memcmp(tag, want, sizeof(tag)))
			return false;
	}
	return true;
}

static bool there(void)
{
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
		return true;
	ktap_note("this processor has no AVX2 and BMI2");
	return false;
}

/* A key with the given r and s, and the blocks of a text: what it has to give. */
struct vector {
	u8 r[16], s[16];
	u8 blocks[4][16];
	int count;
	u8 tag[16];
};

#define ALL_ONES                                                                                   \
	{                                                                                          \
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255     \
	}

static const struct vector vectors[] = {
	{.r = {2}, .blocks = {ALL_ONES}, .count = 1, .tag = {3}},
	{.r = {2}, .s = ALL_ONES, .blocks = {{2}}, .count = 1, .tag = {3}},
	{.r = {1},
	 .blocks = {ALL_ONES,
		    {0xf0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		     255},
		    {0x11}},
	 .count = 3,
	 .tag = {5}},
	{.r = {1},
	 .blocks = {ALL_ONES,
		    {0xfb, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254,
		     254},
		    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
	 .count = 3,
	 .tag = {0}},
	{.r = {2},
	 .blocks = {{0xfd, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		     255}},
	 .count = 1,
	 .tag = {0xfa, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}},
	{.r = {1, 0, 0, 0, 0, 0, 0, 0, 4},
	 .blocks = {{0xe3, 0x35, 0x94, 0xd7, 0x50, 0x5e, 0x43, 0xb9},
		    {0x33, 0x94, 0xd7, 0x50, 0x5e, 0x43, 0x79, 0xcd, 1},
		    {0},
		    {1}},
	 .count = 4,
	 .tag = {0x14, 0, 0, 0, 0, 0, 0, 0, 0x55}},
	{.r = {1, 0, 0, 0, 0, 0, 0, 0, 4},
	 .blocks = {{0xe3, 0x35, 0x94, 0xd7, 0x50, 0x5e, 0x43, 0xb9},
		    {0x33, 0x94, 0xd7, 0x50, 0x5e, 0x43, 0x79, 0xcd, 1},
		    {0}},
	 .count = 3,
	 .tag = {0x13}},
};

TEST(vectors_of_rfc_8439)
{
	if (!there())
		return;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *v = &vectors[i];
		u8 key[32], tag[16];

		memcpy(key, v->r, 16);
		memcpy(key + 16, v->s, 16);
		authenticate(tag, v->blocks[0], v->count * POLY_BLOCK, 0, key);
		CHECK(!memcmp(tag, v->tag, sizeof(tag)));
		CHECK(right(v->blocks[0], v->count * POLY_BLOCK, key));
	}
}

static void every_split(u8 filling, u8 key_byte)
{
	u8 *text = malloc(LONGEST), key[32];

	if (!text)
		abort();
	memset(text, filling, LONGEST);
	memset(key, key_byte, sizeof(key));
	for (size_t len = 0; len <= LONGEST; len += POLY_BLOCK)
		if (!CHECK(right(text, len, key)))
			break;
	free(text);
}

/* The largest numbers there are: where limbs would overflow. */
TEST(nothing_but_ones)
{
	if (there())
		every_split(0xff, 0xff);
}

TEST(extremes_of_text_and_key)
{
	if (!there())
		return;
	every_split(0x00, 0xff);
	every_split(0xff, 0x00);
	every_split(0xfe, 0x03);
}

TEST(any_text_and_key)
{
	u8 text[24 * LANES_BLOCK], key[32];

	if (!there())
		return;
	srandom(1);
	for (int round = 0; round < 300; round++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = random();
		for (size_t i = 0; i < sizeof(key); i++)
			key[i] = random();
		EXPECT(right(text, (size_t)random() % sizeof(text) & -POLY_BLOCK, key));
	}
}
