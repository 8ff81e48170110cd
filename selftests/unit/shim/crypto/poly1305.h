/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_CRYPTO_POLY1305_H
#define WARREN_SHIM_CRYPTO_POLY1305_H

#include <linux/types.h>
#include <sodium/crypto_onetimeauth_poly1305.h>

enum {
	POLY1305_BLOCK_SIZE = 16,
	POLY1305_KEY_SIZE = 32,
	POLY1305_DIGEST_SIZE = 16,
};

struct poly1305_desc_ctx {
	crypto_onetimeauth_poly1305_state state;
};

void poly1305_init(struct poly1305_desc_ctx *ctx, const u8 *key);
void poly1305_update(struct poly1305_desc_ctx *ctx, const u8 *in, unsigned int len);
void poly1305_final(struct poly1305_desc_ctx *ctx, u8 *tag);

#endif
