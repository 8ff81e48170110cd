/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_CRYPTO_CHACHA20POLY1305_H
#define WARREN_SHIM_CRYPTO_CHACHA20POLY1305_H

#include <linux/types.h>

void chacha20poly1305_encrypt(u8 *dst, const u8 *src, size_t src_len, const u8 *ad, size_t ad_len,
			      u64 nonce, const u8 *key);
bool chacha20poly1305_decrypt(u8 *dst, const u8 *src, size_t src_len, const u8 *ad, size_t ad_len,
			      u64 nonce, const u8 *key);
void xchacha20poly1305_encrypt(u8 *dst, const u8 *src, size_t src_len, const u8 *ad, size_t ad_len,
			       const u8 *nonce, const u8 *key);
bool xchacha20poly1305_decrypt(u8 *dst, const u8 *src, size_t src_len, const u8 *ad, size_t ad_len,
			       const u8 *nonce, const u8 *key);

#endif
