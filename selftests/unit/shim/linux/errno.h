/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_ERRNO_H
#define WARREN_SHIM_LINUX_ERRNO_H

#include_next <linux/errno.h>

#endif
