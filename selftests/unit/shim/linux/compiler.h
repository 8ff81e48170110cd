/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_COMPILER_H
#define WARREN_SHIM_LINUX_COMPILER_H

#define barrier_data(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")
#define noinline	      __attribute__((noinline))
#define __aligned(x)	      __attribute__((aligned(x)))

#endif
