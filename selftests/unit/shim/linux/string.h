/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_STRING_H
#define WARREN_SHIM_LINUX_STRING_H

#include <linux/types.h>
#include <string.h>

static inline void memzero_explicit(void *buffer, size_t len)
{
	explicit_bzero(buffer, len);
}

#endif
