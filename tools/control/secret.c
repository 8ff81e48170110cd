// SPDX-License-Identifier: GPL-2.0
#include "secret.h"
#include "text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SECRET_SIZE 32

static void hash_of(uint8_t hash[SECRET_HASH], const uint8_t secret[SECRET_SIZE])
{
	crypto_hash_sha256(hash, secret, SECRET_SIZE);
}

void control_secret_new(const char *kind, char text[SECRET_TEXT], char prefix[SECRET_PREFIX + 1],
			uint8_t hash[SECRET_HASH])
{
	uint8_t secret[SECRET_SIZE];
	int n;

	control_secret_id(prefix, SECRET_PREFIX);
	randombytes_buf(secret, sizeof(secret));
	hash_of(hash, secret);
	n = snprintf(text, SECRET_TEXT, "wrk-%.6s-%s-", kind, prefix);
	mesh_text_hex(text + n, secret, sizeof(secret));
	sodium_memzero(secret, sizeof(secret));
}

bool control_secret_parse(const char *kind, const char *text, char prefix[SECRET_PREFIX + 1],
			  uint8_t hash[SECRET_HASH])
{
	uint8_t secret[SECRET_SIZE];
	char head[16];
	int n = snprintf(head, sizeof(head), "wrk-%.6s-", kind);

	if (strlen(text) != (size_t)n + SECRET_PREFIX + 1 + 2 * SECRET_SIZE ||
	    memcmp(text, head, (size_t)n) || text[n + SECRET_PREFIX] != '-')
		return false;
	memcpy(prefix, text + n, SECRET_PREFIX);
	prefix[SECRET_PREFIX] = 0;
	if (!mesh_text_unhex(secret, text + n + SECRET_PREFIX + 1, SECRET_SIZE))
		return false;
	hash_of(hash, secret);
	sodium_memzero(secret, sizeof(secret));
	return true;
}

bool control_secret_equal(const uint8_t a[SECRET_HASH], const uint8_t b[SECRET_HASH])
{
	return sodium_memcmp(a, b, SECRET_HASH) == 0;
}

void control_secret_id(char *out, unsigned int n)
{
	uint8_t random[32];

	randombytes_buf(random, sizeof(random));
	mesh_text_hex(out, random, n / 2);
}
