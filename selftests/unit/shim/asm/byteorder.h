/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_ASM_BYTEORDER_H
#define WARREN_SHIM_ASM_BYTEORDER_H

#include_next <asm/byteorder.h>
#include <linux/types.h>

#define cpu_to_le64(x)	htole64(x)
#define le32_to_cpus(p) ((void)(*(p) = le32toh(*(p))))

#endif
