/* SPDX-License-Identifier: GPL-2.0 */
/* BLAKE2s: the state is called a context, and arguments moved, since 6.19. */
#ifndef WARREN_COMPAT_BLAKE2S_H
#define WARREN_COMPAT_BLAKE2S_H

#include <crypto/blake2s.h>

#ifdef WARREN_HAVE_BLAKE2S_CTX
typedef struct blake2s_ctx warren_blake2s_ctx;

static inline void warren_compat_blake2s(u8 *out, size_t out_len,
					 const u8 *key, size_t key_len,
					 const u8 *in, size_t in_len)
{
	blake2s(key, key_len, in, in_len, out, out_len);
}
#else
typedef struct blake2s_state warren_blake2s_ctx;

static inline void warren_compat_blake2s(u8 *out, size_t out_len,
					 const u8 *key, size_t key_len,
					 const u8 *in, size_t in_len)
{
	blake2s(out, in, key, out_len, in_len, key_len);
}
#endif

#endif /* WARREN_COMPAT_BLAKE2S_H */
