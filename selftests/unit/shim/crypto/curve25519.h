/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_CRYPTO_CURVE25519_H
#define WARREN_SHIM_CRYPTO_CURVE25519_H

#include <linux/types.h>

bool curve25519(u8 *shared, const u8 *secret, const u8 *point);
bool curve25519_generate_public(u8 *public, const u8 *secret);
void curve25519_clamp_secret(u8 *secret);
void curve25519_generate_secret(u8 *secret);

#endif
