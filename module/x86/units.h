/* SPDX-License-Identifier: GPL-2.0 */
/* What is compiled for each vector unit; for what they do see ../x86.h. */
#ifndef WARREN_X86_UNITS_H
#define WARREN_X86_UNITS_H

#include <linux/types.h>
#include "../x86.h"

void warren_avx2_seal(u8 *packet, size_t head, const u8 *rest, size_t len,
		      u64 nonce, const u8 *key,
		      struct warren_x86_one_time *one_time);
void warren_avx2_tag(u8 *const *packets, unsigned int count, size_t len,
		     struct warren_x86_one_time *one_time);
bool warren_avx2_open(u8 *to, const u8 *from, size_t len, u64 nonce,
		      const u8 *key);
void warren_avx2_check_four(struct warren_x86_begun *begun, bool *good,
			    const u8 *const *from, size_t len,
			    const u64 *nonces, const u8 *key);
void warren_avx2_decrypt(struct warren_x86_begun *begun, u8 *to,
			 const u8 *from, size_t len);
void warren_avx512_seal(u8 *packet, size_t head, const u8 *rest, size_t len,
			u64 nonce, const u8 *key,
			struct warren_x86_one_time *one_time);
void warren_avx512_tag(u8 *const *packets, unsigned int count, size_t len,
		       struct warren_x86_one_time *one_time);
bool warren_avx512_open(u8 *to, const u8 *from, size_t len, u64 nonce,
			const u8 *key);
void warren_avx512_check_four(struct warren_x86_begun *begun, bool *good,
			    const u8 *const *from, size_t len,
			    const u64 *nonces, const u8 *key);
void warren_avx512_decrypt(struct warren_x86_begun *begun, u8 *to,
			 const u8 *from, size_t len);

#endif /* WARREN_X86_UNITS_H */
