// SPDX-License-Identifier: GPL-2.0
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/simd.h>
#include <linux/init.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include "../crypto.h"
#include "../x86.h"
#include "units.h"

#define CHECKED 1424

static DEFINE_STATIC_KEY_FALSE(use_any);
static DEFINE_STATIC_KEY_FALSE(use_avx512);

static enum warren_x86_unit __init unit_of_processor(void)
{
	if (!boot_cpu_has(X86_FEATURE_AVX2) || !boot_cpu_has(X86_FEATURE_BMI2) ||
	    !cpu_has_xfeatures(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM, NULL))
		return WARREN_X86_NONE;
	if (!boot_cpu_has(X86_FEATURE_AVX512VL) ||
	    !cpu_has_xfeatures(XFEATURE_MASK_AVX512, NULL))
		return WARREN_X86_AVX2;
	return WARREN_X86_AVX512;
}

static void __init choose(enum warren_x86_unit unit)
{
	if (unit == WARREN_X86_AVX512)
		static_branch_enable(&use_avx512);
	else
		static_branch_disable(&use_avx512);
	if (unit)
		static_branch_enable(&use_any);
	else
		static_branch_disable(&use_any);
}

static const u8 key[WARREN_KEY_SIZE] __initconst = { 0x57, 0xff, 0x80 };
static u8 plain[CHECKED] __initdata, opened[CHECKED] __initdata;
static u8 want[CHECKED + WARREN_TAG_SIZE] __initdata;

/* Does it do what the library does, for messages that are authenticated together? */
static bool __init four_agree(size_t len)
{
	static u8 got[WARREN_X86_FOUR][CHECKED + WARREN_TAG_SIZE] __initdata;
	static struct warren_x86_begun begun[WARREN_X86_FOUR] __initdata;
	static const u64 nonces[] __initconst = { 0, 1, 2, 3 };
	struct warren_x86_one_time one_time[WARREN_X86_FOUR];
	bool good[WARREN_X86_FOUR], ok = true;
	u8 *packets[WARREN_X86_FOUR];
	int i;

	if (!warren_x86_begin())
		return false;
	for (i = 0; i < WARREN_X86_FOUR; i++) {
		packets[i] = got[i];
		warren_x86_seal(got[i], 0, plain, len, nonces[i], key,
				&one_time[i]);
	}
	warren_x86_tag(packets, WARREN_X86_FOUR, len, one_time);
	warren_x86_end();
	for (i = 0; i < WARREN_X86_FOUR; i++) {
		warren_seal(want, plain, len, NULL, 0, nonces[i], key);
		ok = ok && !memcmp(got[i], want, len + WARREN_TAG_SIZE);
	}
	if (!len)
		return ok;

	/* All of them are good but one. */
	got[len % WARREN_X86_FOUR][len] ^= 1;
	if (!warren_x86_begin())
		return false;
	warren_x86_check_four(begun, good, (const u8 *const *)packets, len,
			      nonces, key);
	for (i = 0; i < WARREN_X86_FOUR; i++) {
		ok = ok && good[i] == (i != len % WARREN_X86_FOUR);
		if (!good[i])
			continue;
		warren_x86_decrypt(&begun[i], opened, got[i], len);
		ok = ok && !memcmp(opened, plain, len);
	}
	warren_x86_end();
	return ok;
}

/* And in general? */
static bool __init agrees(size_t len)
{
	static u8 got[CHECKED + WARREN_TAG_SIZE] __initdata;
	u64 nonce = ~(u64)len;
	size_t head = len / 16;
	bool ok;
	size_t i;

	for (i = 0; i < len; i++)
		plain[i] = i % 5 ? 0xff : i;
	memcpy(got, plain, head);
	warren_seal(want, plain, len, NULL, 0, nonce, key);
	if (!warren_x86_begin())
		return false;
	warren_x86_seal(got, head, plain + head, len, nonce, key, NULL);
	ok = !memcmp(got, want, len + WARREN_TAG_SIZE) &&
	     warren_x86_open(opened, got, len, nonce, key) &&
	     !memcmp(opened, plain, len);
	got[len] ^= 1;
	ok = ok && !warren_x86_open(opened, got, len, nonce, key);
	warren_x86_end();
	return ok && four_agree(len);
}

enum warren_x86_unit __init warren_x86_init(enum warren_x86_unit most)
{
	/* Each way of making key stream and of authenticating. */
	static const size_t lengths[] = { 0, 1, 64, 100, 200, 300, CHECKED };
	enum warren_x86_unit unit;
	int i;

	for (unit = min(most, unit_of_processor()); unit; unit--) {
		choose(unit);
		for (i = 0; i < ARRAY_SIZE(lengths) && agrees(lengths[i]); i++)
			;
		if (i == ARRAY_SIZE(lengths))
			return unit;
		pr_warn("%s gives wrong results for messages of %zu bytes and is not used\n",
			unit == WARREN_X86_AVX512 ? "AVX-512" : "AVX2",
			lengths[i]);
	}
	choose(WARREN_X86_NONE);
	return WARREN_X86_NONE;
}

bool warren_x86_present(void)
{
	return static_branch_likely(&use_any);
}

bool warren_x86_begin(void)
{
	if (!static_branch_likely(&use_any) || unlikely(!may_use_simd()))
		return false;
	kernel_fpu_begin();
	return true;
}

void warren_x86_end(void)
{
	kernel_fpu_end();
}

void warren_x86_seal(u8 *packet, size_t head, const u8 *rest, size_t len,
		     u64 nonce, const u8 key[WARREN_KEY_SIZE],
		     struct warren_x86_one_time *one_time)
{
	if (static_branch_unlikely(&use_avx512))
		warren_avx512_seal(packet, head, rest, len, nonce, key,
				   one_time);
	else
		warren_avx2_seal(packet, head, rest, len, nonce, key, one_time);
}

void warren_x86_tag(u8 *const *packets, unsigned int count, size_t len,
		    struct warren_x86_one_time *one_time)
{
	if (static_branch_unlikely(&use_avx512))
		warren_avx512_tag(packets, count, len, one_time);
	else
		warren_avx2_tag(packets, count, len, one_time);
}

bool warren_x86_open(u8 *to, const u8 *from, size_t len, u64 nonce,
		     const u8 key[WARREN_KEY_SIZE])
{
	if (static_branch_unlikely(&use_avx512))
		return warren_avx512_open(to, from, len, nonce, key);
	return warren_avx2_open(to, from, len, nonce, key);
}

void warren_x86_check_four(struct warren_x86_begun *begun, bool *good,
			   const u8 *const *from, size_t len, const u64 *nonces,
			   const u8 key[WARREN_KEY_SIZE])
{
	if (static_branch_unlikely(&use_avx512))
		warren_avx512_check_four(begun, good, from, len, nonces, key);
	else
		warren_avx2_check_four(begun, good, from, len, nonces, key);
}

void warren_x86_decrypt(struct warren_x86_begun *begun, u8 *to, const u8 *from,
			size_t len)
{
	if (static_branch_unlikely(&use_avx512))
		warren_avx512_decrypt(begun, to, from, len);
	else
		warren_avx2_decrypt(begun, to, from, len);
}
