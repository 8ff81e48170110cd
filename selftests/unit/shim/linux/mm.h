/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_MM_H
#define WARREN_SHIM_LINUX_MM_H

#include <linux/slab.h>

#endif
