/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_ASM_CPUFEATURE_H
#define WARREN_SHIM_ASM_CPUFEATURE_H

#define X86_FEATURE_AVX2     "avx2"
#define X86_FEATURE_AVX512VL "avx512vl"
#define X86_FEATURE_BMI2     "bmi2"

#define boot_cpu_has(feature) !!__builtin_cpu_supports(feature)

#endif
