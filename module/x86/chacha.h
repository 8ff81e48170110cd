/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ChaCha20 (RFC 8439, section 2.3, with a 64-bit nonce) in vectors of 32 bytes.
 * Included by each file that is compiled for some kind of vector unit; all of
 * it works between kernel_fpu_begin() and kernel_fpu_end() only.
 *
 * Many blocks are best computed with a vector for each of the 16 words, of
 * eight blocks at once: nothing has to change its lane in between. With few
 * blocks that would waste lanes; there a vector holds a row, of two blocks.
 */
#ifndef WARREN_X86_CHACHA_H
#define WARREN_X86_CHACHA_H

#include <linux/bitops.h>
#include <linux/string.h>
#include <linux/types.h>
#include "vector.h"

#define BLOCK 64
#define MANY 8

/*
 * What the next block is made of; word 12 counts. The first round mixes four
 * columns, and three of them are the same in each block.
 */
struct chacha {
	u32 state[16];
	u32 mixed[16];		/* columns 1 to 3; for chacha_many() */
};

static __always_inline void chacha_start(struct chacha *chacha, u64 nonce,
					 const u8 *key)
{
	memcpy(chacha->state, "expand 32-byte k", 16);
	memcpy(chacha->state + 4, key, 32);
	chacha->state[12] = 0;
	chacha->state[13] = 0;
	memcpy(chacha->state + 14, &nonce, sizeof(nonce));
}

static __always_inline void quarter_round(words *a, words *b, words *c,
					  words *d)
{
	*a += *b;
	*d = rotate16(*d ^ *a);
	*c += *d;
	*b = ROTATE(*b ^ *c, 12);
	*a += *b;
	*d = rotate8(*d ^ *a);
	*c += *d;
	*b = ROTATE(*b ^ *c, 7);
}

/* Before the first chacha_many(). */
static __always_inline void chacha_mix(struct chacha *chacha)
{
	int i;

#pragma GCC unroll 3
	for (i = 1; i < 4; i++) {
		u32 a = chacha->state[i], b = chacha->state[4 + i];
		u32 c = chacha->state[8 + i], d = chacha->state[12 + i];

		a += b;
		d = rol32(d ^ a, 16);
		c += d;
		b = rol32(b ^ c, 12);
		a += b;
		d = rol32(d ^ a, 8);
		c += d;
		b = rol32(b ^ c, 7);
		chacha->mixed[i] = a;
		chacha->mixed[4 + i] = b;
		chacha->mixed[8 + i] = c;
		chacha->mixed[12 + i] = d;
	}
}

/* Of what were word i of blocks 0 to 7 makes the eight words of block i. */
static __always_inline void transpose(words *x)
{
	words pair[8], quad[8];
	int i;

#pragma GCC unroll 4
	for (i = 0; i < 4; i++) {
		pair[2 * i] = unpack_low(x[2 * i], x[2 * i + 1]);
		pair[2 * i + 1] = unpack_high(x[2 * i], x[2 * i + 1]);
	}
#pragma GCC unroll 2
	for (i = 0; i < 8; i += 4) {
		quad[i] = unpack_low64(pair[i], pair[i + 2]);
		quad[i + 1] = unpack_high64(pair[i], pair[i + 2]);
		quad[i + 2] = unpack_low64(pair[i + 1], pair[i + 3]);
		quad[i + 3] = unpack_high64(pair[i + 1], pair[i + 3]);
	}
#pragma GCC unroll 4
	for (i = 0; i < 4; i++) {
		x[i] = low_halves(quad[i], quad[i + 4]);
		x[i + 4] = high_halves(quad[i], quad[i + 4]);
	}
}

/*
 * AVX2 has as many registers as there are words, and a rotation takes one more.
 * Words 8 and 11 take turns in memory, where the one is not wanted.
 */
struct aside {
	words x8, x11;
};

static __always_inline void columns(words *x, struct aside *aside)
{
	quarter_round(&x[0], &x[4], &x[8], &x[12]);
	quarter_round(&x[1], &x[5], &x[9], &x[13]);
	quarter_round(&x[2], &x[6], &x[10], &x[14]);
	put_aside(&aside->x8, x[8]);
	x[11] = aside->x11;
	quarter_round(&x[3], &x[7], &x[11], &x[15]);
}

static __always_inline void diagonals(words *x, struct aside *aside)
{
	quarter_round(&x[0], &x[5], &x[10], &x[15]);
	quarter_round(&x[1], &x[6], &x[11], &x[12]);
	put_aside(&aside->x11, x[11]);
	x[8] = aside->x8;
	quarter_round(&x[2], &x[7], &x[8], &x[13]);
	quarter_round(&x[3], &x[4], &x[9], &x[14]);
}

/* The next eight blocks: xored into @from, or as they are if that is NULL. */
static noinline void chacha_many(struct chacha *chacha, u8 *to, const u8 *from)
{
	const u32 *state = chacha->state;
	struct aside aside;
	words x[16];
	int i;

#pragma GCC unroll 16
	for (i = 0; i < 16; i++)
		x[i] = all(i % 4 ? chacha->mixed[i] : state[i]);
	x[12] += (words){ 0, 1, 2, 3, 4, 5, 6, 7 };

	quarter_round(&x[0], &x[4], &x[8], &x[12]);
	put_aside(&aside.x8, x[8]);
	diagonals(x, &aside);
	for (i = 1; i < 10; i++) {
		columns(x, &aside);
		diagonals(x, &aside);
	}
	x[11] = aside.x11;

	x[12] += (words){ 0, 1, 2, 3, 4, 5, 6, 7 };
#pragma GCC unroll 16
	for (i = 0; i < 16; i++)
		x[i] += all(state[i]);
	transpose(x);
	transpose(x + 8);
#pragma GCC unroll 8
	for (i = 0; i < MANY; i++, to += BLOCK) {
		if (from) {
			x[i] ^= load(from + i * BLOCK);
			x[i + 8] ^= load(from + i * BLOCK + 32);
		}
		store(to, x[i]);
		store(to + 32, x[i + 8]);
	}
	chacha->state[12] += MANY;
}

/* Turns three rows by one, two and three words; in the other order, back again. */
static __always_inline void turn(words *one, words *two, words *three)
{
	*one = LANES(*one, 1, 2, 3, 0, 5, 6, 7, 4);
	*two = LANES(*two, 2, 3, 0, 1, 6, 7, 4, 5);
	*three = LANES(*three, 3, 0, 1, 2, 7, 4, 5, 6);
}

/* Rows of 2 * @pairs blocks, as they are; @pairs is known when it is compiled. */
static __always_inline void chacha_rows(struct chacha *chacha, u8 *to,
					const int pairs)
{
	const u32 *state = chacha->state;
	words a[2], b[2], c[2], d[2], rows[3], last[2];
	int i, j;

#pragma GCC unroll 3
	for (i = 0; i < 3; i++)
		rows[i] = twice(state + 4 * i);
	last[0] = twice(state + 12) + (words){ 0, 0, 0, 0, 1 };
	last[1] = last[0] + (words){ 2, 0, 0, 0, 2 };
#pragma GCC unroll 2
	for (j = 0; j < pairs; j++) {
		a[j] = rows[0];
		b[j] = rows[1];
		c[j] = rows[2];
		d[j] = last[j];
	}
	for (i = 0; i < 10; i++) {
#pragma GCC unroll 2
		for (j = 0; j < pairs; j++)
			quarter_round(&a[j], &b[j], &c[j], &d[j]);
#pragma GCC unroll 2
		for (j = 0; j < pairs; j++)
			turn(&b[j], &c[j], &d[j]);
#pragma GCC unroll 2
		for (j = 0; j < pairs; j++)
			quarter_round(&a[j], &b[j], &c[j], &d[j]);
#pragma GCC unroll 2
		for (j = 0; j < pairs; j++)
			turn(&d[j], &c[j], &b[j]);
	}
#pragma GCC unroll 2
	for (j = 0; j < pairs; j++, to += 2 * BLOCK) {
		a[j] += rows[0];
		b[j] += rows[1];
		c[j] += rows[2];
		d[j] += last[j];
		store(to, low_halves(a[j], b[j]));
		store(to + 32, low_halves(c[j], d[j]));
		store(to + BLOCK, high_halves(a[j], b[j]));
		store(to + BLOCK + 32, high_halves(c[j], d[j]));
	}
	chacha->state[12] += 2 * pairs;
}

static noinline void chacha_two(struct chacha *chacha, u8 *to)
{
	chacha_rows(chacha, to, 1);
}

static noinline void chacha_four(struct chacha *chacha, u8 *to)
{
	chacha_rows(chacha, to, 2);
}

/* At least @len bytes of the key stream, which are MANY blocks at most. */
static void chacha_stream(struct chacha *chacha, u8 *to, size_t len)
{
	if (len <= 2 * BLOCK)
		chacha_two(chacha, to);
	else if (len <= 4 * BLOCK)
		chacha_four(chacha, to);
	else
		chacha_many(chacha, to, NULL);
}

static void xor(u8 *to, const u8 *from, const u8 *stream, size_t len)
{
	size_t i = 0;

#pragma GCC unroll 4
	for (; i + sizeof(words) <= len; i += sizeof(words))
		store(to + i, load(from + i) ^ load(stream + i));
	for (; i + sizeof(u64) <= len; i += sizeof(u64))
		store_u64(to + i, load_u64(from + i) ^ load_u64(stream + i));
	if (len - i >= sizeof(u32)) {
		store_u32(to + i, load_u32(from + i) ^ load_u32(stream + i));
		i += sizeof(u32);
	}
	for (; i < len; i++)
		to[i] = from[i] ^ stream[i];
}

#endif /* WARREN_X86_CHACHA_H */
