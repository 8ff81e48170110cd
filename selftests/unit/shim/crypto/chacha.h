/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_CRYPTO_CHACHA_H
#define WARREN_SHIM_CRYPTO_CHACHA_H

/* In the form that kernels have before 6.16. */
#include <linux/types.h>

enum {
	CHACHA_KEY_SIZE = 32,
	CHACHA_BLOCK_SIZE = 64,
	CHACHA_STATE_WORDS = 16,
};

void chacha_init(u32 *state, const u32 *key, const u8 *iv);
void chacha20_crypt(u32 *state, u8 *dst, const u8 *src, unsigned int bytes);

#endif
