/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_KERNEL_H
#define WARREN_SHIM_LINUX_KERNEL_H

#include <linux/minmax.h>
#include <linux/types.h>

#define ARRAY_SIZE(a)			    (sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d)		    (((n) + (d)-1) / (d))
#define container_of(pointer, type, member) ((type *)((uintptr_t)(pointer)-offsetof(type, member)))

#endif
