/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_BITOPS_H
#define WARREN_SHIM_LINUX_BITOPS_H

#include <linux/kernel.h>

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline u32 rol32(u32 x, unsigned int by)
{
	return x << (by & 31) | x >> (-by & 31);
}

static inline void __set_bit(unsigned long bit, unsigned long *map)
{
	map[bit / BITS_PER_LONG] |= 1UL << bit % BITS_PER_LONG;
}

static inline bool __test_and_set_bit(unsigned long bit, unsigned long *map)
{
	bool was = map[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & 1;

	__set_bit(bit, map);
	return was;
}

#endif
