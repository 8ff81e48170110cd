/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Poly1305 (RFC 8439, section 2.5) of whole blocks, as those of an AEAD all are.
 * Included by each file that is compiled for some kind of vector unit; all of
 * it works between kernel_fpu_begin() and kernel_fpu_end() only.
 *
 * Many blocks of one text go through four lanes, each of which has every fourth:
 * then a step multiplies by r to the fourth, and at the end the lanes are multiplied
 * by r to the fourth, third, second and first. Of four texts of one length each has
 * a lane of its own, and its own r there: then there are no powers to compute and
 * no lanes to add. Numbers there are of five limbs of 26 bits, elsewhere of three
 * limbs of 64 bits, the last of which is small.
 */
#ifndef WARREN_X86_POLY1305_H
#define WARREN_X86_POLY1305_H

#include <linux/types.h>
#include "vector.h"

#define POLY_BLOCK 16
#define LANES_BLOCK ((size_t)4 * POLY_BLOCK)
/* Fewer bytes are not worth the powers of r. */
#define POLY_MANY (5 * LANES_BLOCK)
#define LIMB_MASK ((1ULL << 26) - 1)
/* What the RFC clears of r. */
#define R_MASK_LOW 0x0ffffffc0fffffff
#define R_MASK_HIGH 0x0ffffffc0ffffffc

struct poly {
	u64 h[3];
	u64 r[2], s;	/* s: r[1] * 5 / 4, which is whole, as r is clamped */
	u64 unused[2];
};

static __always_inline void poly_start(struct poly *poly, const u8 *key)
{
	*poly = (struct poly){
		.r = { load_u64(key) & R_MASK_LOW,
		       load_u64(key + 8) & R_MASK_HIGH },
	};
	poly->s = poly->r[1] + (poly->r[1] >> 2);
}

/*
 * h = h * r, modulo 2^130 - 5 but not fully: h2 becomes 4 at most, and has to be
 * 6 at most before.
 */
#define POLY_MULTIPLY						\
	"movq	%[r0], %%rdx\n\t"				\
	"mulx	%[h0], %[d0], %[d1]\n\t"			\
	"mulx	%[h1], %[t0], %[d2]\n\t"			\
	"movq	%[h2], %[t1]\n\t"				\
	"imulq	%%rdx, %[t1]\n\t"				\
	"addq	%[t0], %[d1]\n\t"				\
	"adcq	%[t1], %[d2]\n\t"				\
	"movq	%[r1], %%rdx\n\t"				\
	"mulx	%[h0], %[t0], %[t1]\n\t"			\
	"addq	%[t0], %[d1]\n\t"				\
	"adcq	%[t1], %[d2]\n\t"				\
	"movq	%[s], %%rdx\n\t"				\
	"mulx	%[h1], %[h0], %[h1]\n\t"			\
	"imulq	%%rdx, %[h2]\n\t"				\
	"addq	%[h2], %[h1]\n\t"				\
	"addq	%[d0], %[h0]\n\t"				\
	"adcq	%[d1], %[h1]\n\t"				\
	"adcq	$0, %[d2]\n\t"					\
	"movq	%[d2], %[h2]\n\t"				\
	"movq	%[d2], %[t0]\n\t"				\
	"andl	$3, %k[h2]\n\t"					\
	"andq	$-4, %[d2]\n\t"					\
	"shrq	$2, %[t0]\n\t"					\
	"addq	%[t0], %[d2]\n\t"				\
	"addq	%[d2], %[h0]\n\t"				\
	"adcq	$0, %[h1]\n\t"					\
	"adcq	$0, %[h2]\n\t"

static __always_inline void poly_multiply(struct poly *poly)
{
	u64 d0, d1, d2, t0, t1;

	asm(POLY_MULTIPLY
	    : [h0] "+&r"(poly->h[0]), [h1] "+&r"(poly->h[1]), [h2] "+&r"(poly->h[2]),
	      [d0] "=&r"(d0), [d1] "=&r"(d1), [d2] "=&r"(d2), [t0] "=&r"(t0),
	      [t1] "=&r"(t1)
	    : [r0] "m"(poly->r[0]), [r1] "m"(poly->r[1]), [s] "m"(poly->s)
	    : "rdx", "cc");
}

/* @count blocks, at least one. */
static __always_inline void poly_blocks(struct poly *poly, const u8 *from,
					size_t count)
{
	u64 h0 = poly->h[0], h1 = poly->h[1], h2 = poly->h[2];
	u64 d0, d1, d2, t0, t1;

	do {
		asm("addq	%[m0], %[h0]\n\t"
		    "adcq	%[m1], %[h1]\n\t"
		    "adcq	$1, %[h2]\n\t"
		    POLY_MULTIPLY
		    : [h0] "+&r"(h0), [h1] "+&r"(h1), [h2] "+&r"(h2),
		      [d0] "=&r"(d0), [d1] "=&r"(d1), [d2] "=&r"(d2),
		      [t0] "=&r"(t0), [t1] "=&r"(t1)
		    : [r0] "m"(poly->r[0]), [r1] "m"(poly->r[1]),
		      [s] "m"(poly->s), [m0] "m"(*(const char (*)[8])from),
		      [m1] "m"(*(const char (*)[8])(from + 8))
		    : "rdx", "cc");
		from += POLY_BLOCK;
	} while (--count);
	poly->h[0] = h0;
	poly->h[1] = h1;
	poly->h[2] = h2;
}

/* Four numbers of 130 bits, by their 64-bit limbs. */
static __always_inline void split(quads *limbs, quads low, quads high, quads top)
{
	limbs[0] = low & LIMB_MASK;
	limbs[1] = low >> 26 & LIMB_MASK;
	limbs[2] = (low >> 52 | high << 12) & LIMB_MASK;
	limbs[3] = high >> 14 & LIMB_MASK;
	limbs[4] = high >> 40 | top;
}

/* Four blocks, each with the bit behind its bytes. */
static __always_inline void split_blocks(quads *limbs, quads low, quads high)
{
	split(limbs, low, high, (quads){} + (1 << 24));
}

/* A factor, and five times that: what is 2^130 or more comes in again so often. */
struct factor {
	quads r[5], s[5];
};

static __always_inline void factor_prepare(struct factor *factor)
{
	int i;

#pragma GCC unroll 5
	for (i = 1; i < 5; i++)
		factor->s[i] = factor->r[i] + (factor->r[i] << 2);
}

/* That of limb @j which belongs to limb @i of the product. */
static __always_inline const quads *part(const struct factor *factor, int i,
					 int j)
{
	return j <= i ? &factor->r[i - j] : &factor->s[5 + i - j];
}

/*
 * h * factor, not reduced: limbs of 59 bits for factors of 27 and 29 bits, and
 * two added are of 60.
 */
static __always_inline void set_product(quads *product, const quads *h,
					const struct factor *factor)
{
	int i, j;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++) {
		product[i] = multiple(h[0], part(factor, i, 0));
#pragma GCC unroll 4
		for (j = 1; j < 5; j++)
			add_multiple(&product[i], h[j], part(factor, i, j));
	}
}

static __always_inline void add_product(quads *sum, const quads *h,
					const struct factor *factor)
{
	int i, j;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++) {
#pragma GCC unroll 5
		for (j = 0; j < 5; j++)
			add_multiple(&sum[i], h[j], part(factor, i, j));
	}
}

#define CARRY(d, from, to)                  \
	do {                                \
		(d)[to] += (d)[from] >> 26; \
		(d)[from] &= LIMB_MASK;     \
	} while (0)

/* To limbs of 26 bits and little more, in an order that goes two ways at once. */
static __always_inline void carry_limbs(quads *d)
{
	quads over;

	CARRY(d, 3, 4);
	CARRY(d, 0, 1);
	over = d[4] >> 26;
	d[4] &= LIMB_MASK;
	d[0] += over + (over << 2);
	CARRY(d, 1, 2);
	CARRY(d, 0, 1);
	CARRY(d, 2, 3);
	CARRY(d, 3, 4);
}

/* The sum of the lanes, as three limbs of 64 bits. */
static __always_inline void add_lanes(u64 *h, const quads *d)
{
	unsigned __int128 sum;
	u64 limb[5];
	int i;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		limb[i] = d[i][0] + d[i][1] + d[i][2] + d[i][3];
#pragma GCC unroll 4
	for (i = 0; i < 4; i++) {
		limb[i + 1] += limb[i] >> 26;
		limb[i] &= LIMB_MASK;
	}
	limb[0] += (limb[4] >> 26) * 5;
	limb[4] &= LIMB_MASK;
	sum = limb[0] + (limb[1] << 26) + ((unsigned __int128)limb[2] << 52);
	h[0] = sum;
	sum = (sum >> 64) + (limb[3] << 14) +
	      ((unsigned __int128)limb[4] << 40);
	h[1] = sum;
	h[2] = sum >> 64;
}

/* The next blocks, one for each lane. */
static __always_inline void take_blocks(quads *limbs, const u8 *from)
{
	words first = load(from), second = load(from + 32);

	split_blocks(limbs, (quads)unpack_low64(first, second),
		     (quads)unpack_high64(first, second));
}

static __always_inline void add_limbs(quads *h, const quads *more)
{
	int i;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		h[i] += more[i];
}

/* The first blocks of all, @len bytes in units of LANES_BLOCK. */
static noinline void poly_lanes(struct poly *poly, const u8 *from, size_t len)
{
	struct factor lanes, fourth, eighth;
	quads h[5], d[5];
	const u8 *end = from + len;
	u64 power[3][4];
	int i;

	/* In the order of take_blocks(): 4, 2, 3, 1. */
	poly->h[0] = power[0][3] = poly->r[0];
	poly->h[1] = power[1][3] = poly->r[1];
	poly->h[2] = power[2][3] = 0;
#pragma GCC unroll 3
	for (i = 1; i < 4; i++) {
		const int lane = i == 1 ? 1 : i == 2 ? 2 : 0;

		poly_multiply(poly);
		power[0][lane] = poly->h[0];
		power[1][lane] = poly->h[1];
		power[2][lane] = poly->h[2] << 24;
	}
	split(lanes.r, (quads)load((u8 *)power[0]), (quads)load((u8 *)power[1]),
	      (quads)load((u8 *)power[2]));
	factor_prepare(&lanes);
#pragma GCC unroll 5
	for (i = 0; i < 5; i++) {
		fourth.r[i] = LANES(lanes.r[i], 0, 0, 0, 0);
		fourth.s[i] = LANES(lanes.s[i], 0, 0, 0, 0);
	}
	set_product(eighth.r, fourth.r, &fourth);
	carry_limbs(eighth.r);
	factor_prepare(&eighth);

	take_blocks(h, from);
	from += LANES_BLOCK;
	if ((end - from) % (2 * LANES_BLOCK)) {
		set_product(d, h, &fourth);
		carry_limbs(d);
		take_blocks(h, from);
		add_limbs(h, d);
		from += LANES_BLOCK;
	}
	for (; from < end; from += 2 * LANES_BLOCK) {
		set_product(d, h, &eighth);
		take_blocks(h, from);
		add_product(d, h, &fourth);
		carry_limbs(d);
		take_blocks(h, from + LANES_BLOCK);
		add_limbs(h, d);
	}
	set_product(d, h, &lanes);
	add_lanes(poly->h, d);
}

/* Takes the rest of the key, and gives the tag. */
static __always_inline void poly_end(struct poly *poly, u8 *tag, const u8 *key)
{
	unsigned __int128 sum;
	u64 low, high, mask;

	/* Less 2^130 - 5, if it is not smaller. */
	sum = (unsigned __int128)poly->h[0] + 5;
	low = sum;
	sum = (sum >> 64) + poly->h[1];
	high = sum;
	mask = -((poly->h[2] + (u64)(sum >> 64)) >> 2 != 0);
	low = (low & mask) | (poly->h[0] & ~mask);
	high = (high & mask) | (poly->h[1] & ~mask);

	sum = (unsigned __int128)low + load_u64(key);
	store_u64(tag, sum);
	store_u64(tag + 8, high + load_u64(key + 8) + (u64)(sum >> 64));
}

/* 16 bytes of each of four texts, a text in each lane. */
static __always_inline void load_four(quads *low, quads *high,
				      const u8 *const *texts, size_t offset)
{
	words even = load_two(texts[0] + offset, texts[2] + offset);
	words odd = load_two(texts[1] + offset, texts[3] + offset);

	*low = (quads)unpack_low64(even, odd);
	*high = (quads)unpack_high64(even, odd);
}

static __always_inline void take_four(quads *limbs, const u8 *const *texts,
				      size_t offset)
{
	quads low, high;

	load_four(&low, &high, texts, offset);
	split_blocks(limbs, low, high);
}

/* The same of each lane as poly_end(), from limbs that carry_limbs() made. */
static __always_inline void end_four(u8 (*tags)[POLY_BLOCK], quads *h,
				     const u8 *const *keys)
{
	quads low, high, more_low, more_high, over = h[0] + 5;
	words even, odd;
	int i;

#pragma GCC unroll 4
	for (i = 1; i < 5; i++)
		over = h[i] + (over >> 26);
	over >>= 26;
	h[0] += over + (over << 2);
#pragma GCC unroll 4
	for (i = 0; i < 4; i++)
		CARRY(h, i, i + 1);
	low = h[0] | h[1] << 26 | h[2] << 52;
	high = h[2] >> 12 | h[3] << 14 | h[4] << 40;

	load_four(&more_low, &more_high, keys, POLY_BLOCK);
	low += more_low;
	high += more_high - (quads)(low < more_low);
	even = unpack_low64((words)low, (words)high);
	odd = unpack_high64((words)low, (words)high);
	store(tags[0], low_halves(even, odd));
	store(tags[2], high_halves(even, odd));
}

/*
 * The tags of four texts of @len bytes, at least one, each with its own key. Zeros
 * count up to the end of the last block, and then the block of sizes. What lies behind
 * a text is read up to that end, but does not count: a message's tag is there.
 */
static noinline void poly_four(u8 (*tags)[POLY_BLOCK], const u8 *const *texts,
			       size_t len, const u8 *const *keys)
{
	size_t offset = 0, last = (len - 1) & -POLY_BLOCK;
	unsigned int unused = 8 * (last + POLY_BLOCK - len);
	quads low, high, h[5] = {}, d[5];
	struct factor r, square;
	const u64 ones = ~0;

	load_four(&low, &high, keys, 0);
	split(r.r, low & R_MASK_LOW, high & R_MASK_HIGH, (quads){});
	factor_prepare(&r);
	set_product(square.r, r.r, &r);
	carry_limbs(square.r);
	factor_prepare(&square);

	/* Two at a time, and after them the last with the sizes; an odd one is first. */
	if (last & POLY_BLOCK) {
		take_four(h, texts, 0);
		offset = POLY_BLOCK;
	}
	for (; offset < last; offset += 2 * POLY_BLOCK) {
		set_product(d, h, &square);
		take_four(h, texts, offset);
		add_product(d, h, &r);
		carry_limbs(d);
		take_four(h, texts, offset + POLY_BLOCK);
		add_limbs(h, d);
	}
	set_product(d, h, &square);
	load_four(&low, &high, texts, last);
	if (unused < 64) {
		high &= ones >> unused;
	} else {
		high = (quads){};
		low &= ones >> (unused - 64);
	}
	split_blocks(h, low, high);
	add_product(d, h, &r);
	carry_limbs(d);
	split_blocks(h, (quads){}, (quads){} + len);
	add_limbs(h, d);
	set_product(d, h, &r);
	carry_limbs(d);
	end_four(tags, d, keys);
	wipe(&r, sizeof(r));
	wipe(&square, sizeof(square));
}

#endif /* WARREN_X86_POLY1305_H */
