/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_CRYPTO_BLAKE2S_H
#define WARREN_SHIM_CRYPTO_BLAKE2S_H

/* In the form that kernels have before 6.19. */
#include <linux/types.h>

enum {
	BLAKE2S_BLOCK_SIZE = 64,
};

struct blake2s_state {
	struct evp_mac_ctx_st *mac;
	struct evp_md_ctx_st *digest;
	size_t out_len;
};

void blake2s_init(struct blake2s_state *state, size_t out_len);
void blake2s_init_key(struct blake2s_state *state, size_t out_len, const void *key, size_t key_len);
void blake2s_update(struct blake2s_state *state, const u8 *in, size_t in_len);
void blake2s_final(struct blake2s_state *state, u8 *out);
void blake2s(u8 *out, const u8 *in, const u8 *key, size_t out_len, size_t in_len, size_t key_len);

#endif
