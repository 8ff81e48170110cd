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

/*
 * Four texts, each with memory for no more than its tag behind it, have the tags that they
 * have with zeros up to a block and the block of sizes. @keys: of 32 bytes each.
 */
static bool four_right(const u8 *const *from, size_t len, const u8 *keys)
{
	size_t padded = (len + POLY_BLOCK - 1) & -POLY_BLOCK;
	u8 *texts[4], want[16], tags[4][POLY_BLOCK];
	const u8 *with[4];
	bool ok = true;

	for (int i = 0; i < 4; i++) {
		texts[i] = malloc(len + POLY_BLOCK);
		if (!texts[i])
			abort();
		memcpy(texts[i], from[i], len);
		memset(texts[i] + len, 0xff, POLY_BLOCK);
		with[i] = keys + 32 * i;
	}
	poly_four(tags, (const u8 *const *)texts, len, with);
	for (int i = 0; i < 4; i++) {
		u64 sizes[2] = {0, len};
		u8 *whole = calloc(1, padded + POLY_BLOCK);

		if (!whole)
			abort();
		memcpy(whole, from[i], len);
		memcpy(whole + padded, sizes, sizeof(sizes));
		crypto_onetimeauth_poly1305(want, whole, padded + POLY_BLOCK, with[i]);
		ok = ok && !memcmp(tags[i], want, sizeof(want));
		free(whole);
		free(texts[i]);
	}
	return ok;
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

/* Texts and keys of nothing but one byte each, and not the same in all the lanes. */
TEST(extremes_of_four)
{
	static const u8 bytes[] = {0xff, 0x00, 0xfe, 0x03};
	u8 texts[4][8 * POLY_BLOCK], keys[4][32];
	const u8 *from[4];

	if (!there())
		return;
	for (int turn = 0; turn < 64; turn++) {
		for (int i = 0; i < 4; i++) {
			memset(texts[i], bytes[turn < 16 ? turn % 4 : (turn + i) % 4],
			       sizeof(texts[i]));
			memset(keys[i], bytes[turn < 16 ? turn / 4 : (turn / 4 + i) % 4], 32);
			from[i] = texts[i];
		}
		for (size_t len = 1; len <= sizeof(texts[0]); len++)
			EXPECT(four_right(from, len, keys[0]));
	}
}

/*
 * Sums around the modulus p, where it has to be taken off. With r = 1 blocks and sizes just
 * add up, here to p - 1, p, p + 4 and 2^130. With r = 2 the last multiplication makes
 * 2p - 2, 2p + 2, 2p + 6 and 2^131 out of p - 1, p + 1, p + 3 and 2^130.
 */
TEST(four_sums_at_the_modulus)
{
	static const u8 r[4][32] = {{1}, {1}, {1}, {1}}, twice[4][32] = {{2}, {2}, {2}, {2}};
	static const u64 sums[4][4] = {
		{-6ULL, -33ULL}, {-5ULL, -33ULL}, {-1ULL, -33ULL}, {0, -32ULL}};
	static const u64 halves[4][2] = {
		{-3ULL, ~0ULL / 2 - 8},
		{-2ULL, ~0ULL / 2 - 8},
		{-1ULL, ~0ULL / 2 - 8},
		{0, ~0ULL / 2 - 7},
	};
	const u8 *from[4];

	if (!there())
		return;
	for (int i = 0; i < 4; i++)
		from[i] = (const u8 *)sums[i];
	CHECK(four_right(from, 32, r[0]));
	for (int i = 0; i < 4; i++)
		from[i] = (const u8 *)halves[i];
	CHECK(four_right(from, 16, twice[0]));
}

TEST(four_long_texts_of_nothing_but_ones)
{
	u8 *text = malloc(65536), keys[4][32];
	const u8 *from[] = {text, text, text, text};

	if (!text)
		abort();
	memset(text, 0xff, 65536);
	memset(keys, 0xff, sizeof(keys));
	if (there())
		for (size_t len = 65500; len <= 65536; len++)
			EXPECT(four_right(from, len, keys[0]));
	free(text);
}

TEST(any_four_texts_and_keys)
{
	u8 texts[4][1500], keys[4][32];
	const u8 *from[4];

	if (!there())
		return;
	srandom(2);
	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < 4; i++) {
			for (size_t j = 0; j < sizeof(texts[i]); j++)
				texts[i][j] = random();
			for (size_t j = 0; j < sizeof(keys[i]); j++)
				keys[i][j] = random();
			from[i] = texts[i];
		}
		EXPECT(four_right(from, 1 + random() % sizeof(texts[0]), keys[0]));
	}
}
