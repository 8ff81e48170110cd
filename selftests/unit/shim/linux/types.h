/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_TYPES_H
#define WARREN_SHIM_LINUX_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
typedef unsigned int gfp_t;

#define U64_MAX UINT64_MAX

#define __packed __attribute__((packed))
#if __has_attribute(nonstring)
#define __nonstring __attribute__((nonstring))
#else
#define __nonstring
#endif
#define __maybe_unused __attribute__((unused))
#define __rcu
#define __force
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define cpu_to_le32(x) htole32(x)
#define le32_to_cpu(x) le32toh(x)
#define cpu_to_be32(x) htobe32(x)
#define be32_to_cpu(x) be32toh(x)
#define cpu_to_be64(x) htobe64(x)
#define be64_to_cpu(x) be64toh(x)
#include <endian.h>

#define BITS_PER_LONG (8 * (int)sizeof(long))

#endif
