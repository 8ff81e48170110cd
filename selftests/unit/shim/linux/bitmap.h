/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_BITMAP_H
#define WARREN_SHIM_LINUX_BITMAP_H

#include <linux/bitops.h>
#include <string.h>

static inline void bitmap_zero(unsigned long *map, unsigned int bits)
{
	memset(map, 0, DIV_ROUND_UP(bits, BITS_PER_LONG) * sizeof(long));
}

static inline void bitmap_clear(unsigned long *map, unsigned int start, unsigned int bits)
{
	for (unsigned int i = start; i < start + bits; i++)
		map[i / BITS_PER_LONG] &= ~(1UL << i % BITS_PER_LONG);
}

#endif
