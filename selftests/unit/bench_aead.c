// SPDX-License-Identifier: GPL-2.0
/*
 * What a message costs on this processor, in nanoseconds: with each vector unit, and
 * with OpenSSL, whose assembler is of the same kind as the kernel's. The best of
 * many short rounds counts, as the machine may have other work.
 */
#include <linux/minmax.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aead.h"
#include "crypto.h"
#include "x86.h"

#define ROUNDS	 200
#define MESSAGES 200
#define APART	 2048

static const size_t lengths[] = {0, 64, 96, 256, 576, 1360, 1420};
static const u8 key[WARREN_KEY_SIZE] = "a key of thirty-two bytes, no \x80\xff";
static u8 packet[WARREN_AEAD_ROOM + WARREN_X86_FOUR * APART], plain[APART];
static EVP_CIPHER_CTX *encrypt, *decrypt;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_aead: %s failed\n", what);
	exit(1);
}

static void seal(u8 *to, size_t len, u64 nonce)
{
	bool vector = warren_aead_begin();

	warren_aead_seal(vector, to, 0, plain, len, nonce, key, NULL);
	warren_aead_end(vector);
}

/* As in a batch: each fourth message brings the tags of all four. */
static void seal_in_row(u8 *to, size_t len, u64 nonce)
{
	static struct warren_aead_untagged untagged;
	unsigned int following = -(nonce + 1) % WARREN_X86_FOUR;
	bool vector = warren_aead_begin();

	warren_aead_seal(vector, to + following * APART, 0, plain, len, nonce, key, &untagged);
	if (!following)
		warren_aead_tag(&untagged);
	warren_aead_end(vector);
}

static void open(const u8 *from, size_t len, u64 nonce)
{
	bool vector = warren_aead_begin();

	must(warren_aead_open(vector, plain, from, len + WARREN_TAG_SIZE, false, nonce, key),
	     "opening");
	warren_aead_end(vector);
}

static void seal_by_openssl(u8 *to, size_t len, u64 nonce)
{
	u8 iv[12] = {};
	int done, end;

	memcpy(iv + 4, &nonce, sizeof(nonce));
	must(EVP_EncryptInit_ex(encrypt, NULL, NULL, NULL, iv) &&
		     EVP_EncryptUpdate(encrypt, to, &done, plain, len) &&
		     EVP_EncryptFinal_ex(encrypt, to + done, &end) &&
		     EVP_CIPHER_CTX_ctrl(encrypt, EVP_CTRL_AEAD_GET_TAG, WARREN_TAG_SIZE, to + len),
	     "OpenSSL");
}

static void open_by_openssl(const u8 *from, size_t len, u64 nonce)
{
	u8 iv[12] = {};
	int done, end;

	memcpy(iv + 4, &nonce, sizeof(nonce));
	must(EVP_DecryptInit_ex(decrypt, NULL, NULL, NULL, iv) &&
		     EVP_CIPHER_CTX_ctrl(decrypt, EVP_CTRL_AEAD_SET_TAG, WARREN_TAG_SIZE,
					 (void *)(from + len)) &&
		     EVP_DecryptUpdate(decrypt, plain, &done, from, len) &&
		     EVP_DecryptFinal_ex(decrypt, plain + done, &end),
	     "OpenSSL");
}

/* One and the same message, authenticated four times at once; an empty one is alone. */
static void open_in_row(const u8 *from, size_t len, u64 nonce)
{
	static struct warren_aead_checked checked;
	static unsigned int opened;
	unsigned int i = opened++ % WARREN_X86_FOUR;
	bool vector = warren_aead_begin();

	len += WARREN_TAG_SIZE;
	if (!i && len > WARREN_TAG_SIZE) {
		const u8 *const all[WARREN_X86_FOUR] = {from, from, from, from};
		const u64 nonces[WARREN_X86_FOUR] = {nonce, nonce, nonce, nonce};

		warren_aead_check_four(&checked, all, len, nonces, key);
	}
	must(len > WARREN_TAG_SIZE ? warren_aead_decrypt(&checked, i, plain, from, len)
				   : warren_aead_open(vector, plain, from, len, false, nonce, key),
	     "opening");
	warren_aead_end(vector);
}

static u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static void measure(const char *name, void (*sealer)(u8 *to, size_t len, u64 nonce),
		    void (*opener)(const u8 *from, size_t len, u64 nonce))
{
	u8 *to = packet + WARREN_AEAD_ROOM;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		u64 sealing = U64_MAX, opening = U64_MAX;
		size_t len = lengths[i];

		for (int round = 0; round < ROUNDS; round++) {
			u64 start = now(), middle, end;

			for (u64 nonce = 0; nonce < MESSAGES; nonce++)
				sealer(to, len, nonce);
			middle = now();
			for (int n = 0; n < MESSAGES; n++)
				opener(to, len, MESSAGES - 1);
			end = now();
			opening = min(opening, end - middle);
			sealing = min(sealing, middle - start);
		}
		printf("%-12s %5zu %8.0f %8.0f\n", name, len, (double)sealing / MESSAGES,
		       (double)opening / MESSAGES);
	}
}

int main(void)
{
	static const char *const names[][2] = {
		[WARREN_X86_AVX2] = {"AVX2", "AVX2, row"},
		[WARREN_X86_AVX512] = {"AVX-512", "AVX-512, row"},
	};

	encrypt = EVP_CIPHER_CTX_new();
	decrypt = EVP_CIPHER_CTX_new();
	must(encrypt && decrypt &&
		     EVP_EncryptInit_ex(encrypt, EVP_chacha20_poly1305(), NULL, key, NULL) &&
		     EVP_DecryptInit_ex(decrypt, EVP_chacha20_poly1305(), NULL, key, NULL),
	     "OpenSSL");
	printf("%-12s %5s %8s %8s\n", "", "bytes", "sealing", "opening");
	measure("OpenSSL", seal_by_openssl, open_by_openssl);
	for (enum warren_x86_unit unit = WARREN_X86_AVX2; unit <= WARREN_X86_AVX512; unit++)
		if (warren_x86_init(unit) == unit) {
			measure(names[unit][0], seal, open);
			measure(names[unit][1], seal_in_row, open_in_row);
		}
}
