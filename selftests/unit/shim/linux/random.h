/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_RANDOM_H
#define WARREN_SHIM_LINUX_RANDOM_H

#include <linux/types.h>

void get_random_bytes(void *buffer, size_t len);

#endif
