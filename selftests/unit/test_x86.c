// SPDX-License-Identifier: GPL-2.0
/* Which vector unit is chosen, when one of them gives wrong results. */
#include <string.h>

#include "aead.h"
#include "ktap.h"
#include "x86.h"
#include "x86/units.h"

enum fault {
	NONE,
	SEALS_WRONGLY,
	TAGS_WRONGLY,
	TAGS_FOUR_WRONGLY,
	OPENS_WRONGLY,
	BELIEVES_ALL,
	DECRYPTS_WRONGLY,
	BELIEVES_ALL_FOUR,
};

/* Of messages of this length. */
static enum fault avx2_fault, avx512_fault;
static size_t fault_len;

/* Each part of the module calls these instead, by the linker's --wrap. */
#define UNIT(name)                                                                                 \
	void __real_warren_##name##_seal(u8 *packet, size_t head, const u8 *rest, size_t len,      \
					 u64 nonce, const u8 *key,                                 \
					 struct warren_x86_one_time *one_time);                    \
	void __real_warren_##name##_tag(u8 *const *packets, unsigned int count, size_t len,        \
					struct warren_x86_one_time *one_time);                     \
	bool __real_warren_##name##_open(u8 *to, const u8 *from, size_t len, u64 nonce,            \
					 const u8 *key);                                           \
	void __real_warren_##name##_check_four(struct warren_x86_begun *begun, bool *good,         \
					       const u8 *const *from, size_t len,                  \
					       const u64 *nonces, const u8 *key);                  \
	void __real_warren_##name##_decrypt(struct warren_x86_begun *begun, u8 *to,                \
					    const u8 *from, size_t len);                           \
	void __wrap_warren_##name##_seal(u8 *packet, size_t head, const u8 *rest, size_t len,      \
					 u64 nonce, const u8 *key,                                 \
					 struct warren_x86_one_time *one_time)                     \
	{                                                                                          \
		__real_warren_##name##_seal(packet, head, rest, len, nonce, key, one_time);        \
		if (len == fault_len && name##_fault == SEALS_WRONGLY)                             \
			packet[len - 1] ^= 0x80;                                                   \
		if (len == fault_len && name##_fault == TAGS_WRONGLY)                              \
			packet[len + WARREN_TAG_SIZE - 1] ^= 0x80;                                 \
	}                                                                                          \
	void __wrap_warren_##name##_tag(u8 *const *packets, unsigned int count, size_t len,        \
					struct warren_x86_one_time *one_time)                      \
	{                                                                                          \
		__real_warren_##name##_tag(packets, count, len, one_time);                         \
		if (len == fault_len && name##_fault == TAGS_FOUR_WRONGLY)                         \
			packets[count - 1][len] ^= 1;                                              \
	}                                                                                          \
	bool __wrap_warren_##name##_open(u8 *to, const u8 *from, size_t len, u64 nonce,            \
					 const u8 *key)                                            \
	{                                                                                          \
		bool good = __real_warren_##name##_open(to, from, len, nonce, key);                \
                                                                                                   \
		if (len != fault_len)                                                              \
			return good;                                                               \
		if (name##_fault == OPENS_WRONGLY)                                                 \
			to[0] ^= 1;                                                                \
		return good || name##_fault == BELIEVES_ALL;                                       \
	}                                                                                          \
	void __wrap_warren_##name##_check_four(struct warren_x86_begun *begun, bool *good,         \
					       const u8 *const *from, size_t len,                  \
					       const u64 *nonces, const u8 *key)                   \
	{                                                                                          \
		__real_warren_##name##_check_four(begun, good, from, len, nonces, key);            \
		if (len == fault_len && name##_fault == BELIEVES_ALL_FOUR)                         \
			memset(good, true, WARREN_X86_FOUR);                                       \
	}                                                                                          \
	void __wrap_warren_##name##_decrypt(struct warren_x86_begun *begun, u8 *to,                \
					    const u8 *from, size_t len)                            \
	{                                                                                          \
		__real_warren_##name##_decrypt(begun, to, from, len);                              \
		if (len == fault_len && name##_fault == DECRYPTS_WRONGLY)                          \
			to[len - 1] ^= 1;                                                          \
	}

UNIT(avx2)
UNIT(avx512)

static bool has(enum warren_x86_unit unit)
{
	avx2_fault = avx512_fault = NONE;
	if (warren_x86_init(unit) == unit)
		return true;
	ktap_note("this processor has no such unit");
	return false;
}

TEST(no_unit_when_none_is_wanted)
{
	CHECK(warren_x86_init(WARREN_X86_NONE) == WARREN_X86_NONE);
	CHECK(!warren_aead_begin());
}

TEST(a_unit_with_a_fault_is_not_used)
{
	if (!has(WARREN_X86_AVX2))
		return;
	for (enum fault fault = SEALS_WRONGLY; fault <= BELIEVES_ALL_FOUR; fault++) {
		avx2_fault = fault;
		fault_len = 1424;
		CHECK(warren_x86_init(WARREN_X86_AVX2) == WARREN_X86_NONE);
		CHECK(!warren_aead_begin());
		fault_len = 64;
		CHECK(warren_x86_init(WARREN_X86_AVX2) == WARREN_X86_NONE);
	}
	avx2_fault = NONE;
	CHECK(warren_x86_init(WARREN_X86_AVX2) == WARREN_X86_AVX2);
	CHECK(warren_aead_begin());
}

TEST(the_next_best_is_used_instead)
{
	if (!has(WARREN_X86_AVX512))
		return;
	avx512_fault = TAGS_WRONGLY;
	fault_len = 300;
	CHECK(warren_x86_init(WARREN_X86_AVX512) == WARREN_X86_AVX2);
	avx2_fault = SEALS_WRONGLY;
	CHECK(warren_x86_init(WARREN_X86_AVX512) == WARREN_X86_NONE);
}
