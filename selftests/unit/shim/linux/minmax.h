/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_MINMAX_H
#define WARREN_SHIM_LINUX_MINMAX_H

#define min(a, b)	  ((a) < (b) ? (a) : (b))
#define max(a, b)	  ((a) > (b) ? (a) : (b))
#define min3(a, b, c)	  min(min(a, b), c)
#define min_t(type, a, b) min((type)(a), (type)(b))
#define swap(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) swapped = (a);                                                       \
		(a) = (b);                                                                         \
		(b) = swapped;                                                                     \
	} while (0)

#endif
