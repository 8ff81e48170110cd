// SPDX-License-Identifier: GPL-2.0
#include "cipher.h"
#include "units.h"

void warren_avx2_seal(u8 *packet, size_t head, const u8 *rest, size_t len,
		 u64 nonce, const u8 *key, struct warren_x86_one_time *one_time)
{
	cipher_seal(packet, head, rest, len, nonce, key, one_time);
}

void warren_avx2_tag(u8 *const *packets, unsigned int count, size_t len,
		     struct warren_x86_one_time *one_time)
{
	cipher_tag(packets, count, len, one_time);
}

bool warren_avx2_open(u8 *to, const u8 *from, size_t len, u64 nonce,
		      const u8 *key)
{
	return cipher_open(to, from, len, nonce, key);
}

void warren_avx2_check_four(struct warren_x86_begun *begun, bool *good,
			    const u8 *const *from, size_t len,
			    const u64 *nonces, const u8 *key)
{
	cipher_check_four(begun, good, from, len, nonces, key);
}

void warren_avx2_decrypt(struct warren_x86_begun *begun, u8 *to,
			 const u8 *from, size_t len)
{
	cipher_decrypt(begun, to, from, len);
}
