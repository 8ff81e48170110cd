/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_ASM_FPU_API_H
#define WARREN_SHIM_ASM_FPU_API_H

/* Whether the system saves these __builtin_cpu_supports() knows, too. */
#define XFEATURE_MASK_SSE	       0
#define XFEATURE_MASK_YMM	       0
#define XFEATURE_MASK_AVX512	       0
#define cpu_has_xfeatures(which, name) true

static inline void kernel_fpu_begin(void)
{
}

static inline void kernel_fpu_end(void)
{
}

#endif
