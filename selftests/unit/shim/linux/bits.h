/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_BITS_H
#define WARREN_SHIM_LINUX_BITS_H

#include <linux/types.h>

#endif
