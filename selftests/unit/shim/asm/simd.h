/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_ASM_SIMD_H
#define WARREN_SHIM_ASM_SIMD_H

#define may_use_simd() true

#endif
