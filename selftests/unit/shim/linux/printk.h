/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_PRINTK_H
#define WARREN_SHIM_LINUX_PRINTK_H

#include <stdio.h>

#define pr_warn(...) fprintf(stderr, __VA_ARGS__)

#endif
