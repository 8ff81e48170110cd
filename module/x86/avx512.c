// SPDX-License-Identifier: GPL-2.0
#include "cipher.h"
#include "units.h"

void warren_avx512_seal(u8 *packet, size_t head, const u8 *rest, size_t len,
		   u64 nonce, const u8 *key)
{
	cipher_seal(packet, head, rest, len, nonce, key);
}

bool warren_avx512_open(u8 *to, const u8 *from, size_t len, u64 nonce,
		      const u8 *key)
{
	return cipher_open(to, from, len, nonce, key);
}
