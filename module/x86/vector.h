/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Vectors of 32 bytes, in the compiler's own notation: which instructions it
 * makes of them, and of how many registers, the flags of the file say.
 */
#ifndef WARREN_X86_VECTOR_H
#define WARREN_X86_VECTOR_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

typedef u8 bytes __attribute__((vector_size(32)));
typedef u32 words __attribute__((vector_size(32)));
typedef u64 quads __attribute__((vector_size(32)));
typedef u32 words_anywhere
	__attribute__((vector_size(32), may_alias)) __aligned(1);

#ifdef __clang__
#define LANES(x, ...) __builtin_shufflevector(x, x, __VA_ARGS__)
#define LANES_OF_TWO(x, y, ...) __builtin_shufflevector(x, y, __VA_ARGS__)
#else
#define LANES(x, ...) __builtin_shuffle(x, (typeof(x)){ __VA_ARGS__ })
#define LANES_OF_TWO(x, y, ...) \
	__builtin_shuffle(x, y, (typeof(x)){ __VA_ARGS__ })
#endif

static __always_inline words load(const u8 *from)
{
	return *(const words_anywhere *)from;
}

/* 16 bytes of each of two places; the compilers would not do it in memory. */
static __always_inline words load_two(const u8 *low, const u8 *high)
{
	words x;

	asm("vmovdqu	%[low], %x[x]\n\t"
	    "vinserti128	$1, %[high], %[x], %[x]"
	    : [x] "=&x"(x)
	    : [low] "m"(*(const char (*)[16])low),
	      [high] "m"(*(const char (*)[16])high));
	return x;
}

static __always_inline void store(u8 *to, words x)
{
	*(words_anywhere *)to = x;
}

static __always_inline u64 load_u64(const u8 *from)
{
	u64 x;

	memcpy(&x, from, sizeof(x));
	return x;
}

static __always_inline void store_u64(u8 *to, u64 x)
{
	memcpy(to, &x, sizeof(x));
}

static __always_inline u32 load_u32(const u8 *from)
{
	u32 x;

	memcpy(&x, from, sizeof(x));
	return x;
}

static __always_inline void store_u32(u8 *to, u32 x)
{
	memcpy(to, &x, sizeof(x));
}

static __always_inline words all(u32 x)
{
	return (words){ x, x, x, x, x, x, x, x };
}

static __always_inline words twice(const u32 *x)
{
	return (words){ x[0], x[1], x[2], x[3], x[0], x[1], x[2], x[3] };
}

#define ROTATE(x, by) ((x) << (by) | (x) >> (32 - (by)))

/* AVX2 rotates by whole bytes in one instruction, AVX-512 by any number. */
static __always_inline words rotate16(words x)
{
#ifdef __AVX512VL__
	return ROTATE(x, 16);
#else
	return (words)LANES((bytes)x,
			    2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
			    18, 19, 16, 17, 22, 23, 20, 21, 26, 27, 24, 25, 30, 31, 28, 29);
#endif
}

static __always_inline words rotate8(words x)
{
#ifdef __AVX512VL__
	return ROTATE(x, 8);
#else
	return (words)LANES((bytes)x,
			    3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14,
			    19, 16, 17, 18, 23, 20, 21, 22, 27, 24, 25, 26, 31, 28, 29, 30);
#endif
}

/* To memory, whatever the compiler would rather keep in a register. */
static __always_inline void put_aside(words *memory, words x)
{
#ifdef __AVX512VL__
	*memory = x;	/* it has registers enough */
#else
	asm("vmovdqa	%1, %0" : "=m"(*memory) : "x"(x));
#endif
}

static __always_inline words unpack_low(words x, words y)
{
	return LANES_OF_TWO(x, y, 0, 8, 1, 9, 4, 12, 5, 13);
}

static __always_inline words unpack_high(words x, words y)
{
	return LANES_OF_TWO(x, y, 2, 10, 3, 11, 6, 14, 7, 15);
}

static __always_inline words unpack_low64(words x, words y)
{
	return (words)LANES_OF_TWO((quads)x, (quads)y, 0, 4, 2, 6);
}

static __always_inline words unpack_high64(words x, words y)
{
	return (words)LANES_OF_TWO((quads)x, (quads)y, 1, 5, 3, 7);
}

static __always_inline words low_halves(words x, words y)
{
	return (words)LANES_OF_TWO((quads)x, (quads)y, 0, 1, 4, 5);
}

static __always_inline words high_halves(words x, words y)
{
	return (words)LANES_OF_TWO((quads)x, (quads)y, 2, 3, 6, 7);
}

/* Wipes secrets, of a multiple of 32 bytes; memzero_explicit() is slow at few. */
static __always_inline void wipe(void *secret, size_t size)
{
	size_t i;

#pragma GCC unroll 32
	for (i = 0; i < size; i += sizeof(words))
		store((u8 *)secret + i, (words){});
	barrier_data(secret);
}

/* x * y, of the low halves of each lane; the compilers have no notation for it. */
static __always_inline quads multiple(quads x, const quads *y)
{
	quads product;

	asm("vpmuludq	%[y], %[x], %[product]"
	    : [product] "=v"(product)
	    : [x] "v"(x), [y] "m"(*y));
	return product;
}

/*
 * Adds x * y, of the low halves of each lane. In one piece, or the compilers compute
 * all the products before the first sum, and run out of registers.
 */
static __always_inline void add_multiple(quads *sum, quads x, const quads *y)
{
	quads product;

	asm("vpmuludq	%[y], %[x], %[product]\n\t"
	    "vpaddq	%[product], %[sum], %[sum]"
	    : [sum] "+v"(*sum), [product] "=&v"(product)
	    : [x] "v"(x), [y] "m"(*y));
}

#endif /* WARREN_X86_VECTOR_H */
