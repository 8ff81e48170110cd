// SPDX-License-Identifier: GPL-2.0
#include "key.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

/* All ones if low <= c <= high, else zero, without a branch. */
static uint32_t in_range(uint32_t c, uint32_t low, uint32_t high)
{
	return -(((low - 1 - c) & (c - high - 1)) >> 31);
}

/* The six bits a character stands for; bit 6 is set if it stands for none. */
static uint32_t six_bits(unsigned char c)
{
	uint32_t upper = in_range(c, 'A', 'Z'), lower = in_range(c, 'a', 'z');
	uint32_t digit = in_range(c, '0', '9'), plus = in_range(c, '+', '+');
	uint32_t slash = in_range(c, '/', '/');

	return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (digit & (c - '0' + 52)) |
	       (plus & 62) | (slash & 63) | (~(upper | lower | digit | plus | slash) & 64);
}

/* Not libsodium's decoder: it takes bytes above 127 for characters of base64. */
int warren_key_from_base64(uint8_t key[WARREN_KEY_BYTES], const char *text)
{
	uint8_t tmp[WARREN_KEY_BYTES + 1];
	uint32_t wrong, bits = 0;
	size_t i, n = 0;

	if (strnlen(text, WARREN_KEY_BASE64) != WARREN_KEY_BASE64 - 1)
		return -1;
	wrong = ~in_range((unsigned char)text[43], '=', '=');
	for (i = 0; i < 44; i++) {
		/* The last character is the padding and stands for zeroes. */
		uint32_t six = i < 43 ? six_bits(text[i]) : 0;

		wrong |= six & 64;
		bits = bits << 6 | (six & 63);
		if (i % 4 == 3) {
			tmp[n++] = bits >> 16;
			tmp[n++] = bits >> 8;
			tmp[n++] = bits;
		}
	}
	/* Two bits more than 32 bytes have: they must be zero. */
	wrong |= tmp[WARREN_KEY_BYTES];
	if (!wrong)
		memcpy(key, tmp, WARREN_KEY_BYTES);
	sodium_memzero(tmp, sizeof(tmp));
	return wrong ? -1 : 0;
}

char *warren_key_to_base64(char text[WARREN_KEY_BASE64], const uint8_t key[WARREN_KEY_BYTES])
{
	return sodium_bin2base64(text, WARREN_KEY_BASE64, key, WARREN_KEY_BYTES,
				 sodium_base64_VARIANT_ORIGINAL);
}

int warren_key_from_hex(uint8_t key[WARREN_KEY_BYTES], const char *text)
{
	uint8_t tmp[WARREN_KEY_BYTES];
	const char *end;
	size_t len;
	int ret = -1;

	if (strnlen(text, WARREN_KEY_HEX) == WARREN_KEY_HEX - 1 &&
	    !sodium_hex2bin(tmp, sizeof(tmp), text, WARREN_KEY_HEX - 1, NULL, &len, &end) &&
	    len == sizeof(tmp) && !*end) {
		memcpy(key, tmp, sizeof(tmp));
		ret = 0;
	}
	sodium_memzero(tmp, sizeof(tmp));
	return ret;
}

char *warren_key_to_hex(char text[WARREN_KEY_HEX], const uint8_t key[WARREN_KEY_BYTES])
{
	return sodium_bin2hex(text, WARREN_KEY_HEX, key, WARREN_KEY_BYTES);
}

int warren_key_read(uint8_t key[WARREN_KEY_BYTES], int fd, const char *name,
		    struct warren_error *err)
{
	char buf[256];
	size_t len = 0, start = 0;
	ssize_t got;
	int ret = 0;

	do {
		got = read(fd, buf + len, sizeof(buf) - 1 - len);
		if (got < 0 && errno != EINTR) {
			ret = warren_error_errno(err, WARREN_E_FILE, errno, "cannot read \"%s\"",
						 name);
			goto out;
		}
		len += got > 0 ? got : 0;
	} while (got && len < sizeof(buf) - 1);
	while (len && isspace((unsigned char)buf[len - 1]))
		len--;
	buf[len] = '\0';
	while (start < len && isspace((unsigned char)buf[start]))
		start++;
	if (start == len)
		memset(key, 0, WARREN_KEY_BYTES);
	else if (strlen(buf) != len || warren_key_from_base64(key, buf + start))
		ret = warren_error_set(err, WARREN_E_VALUE,
				       "it must hold one key of 44 base64 characters, as genkey "
				       "and genpsk print it, or nothing",
				       "\"%s\" does not hold a key", name);
out:
	sodium_memzero(buf, sizeof(buf));
	return ret;
}

int warren_key_from_file(uint8_t key[WARREN_KEY_BYTES], const char *path, struct warren_error *err)
{
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return warren_error_errno(err, WARREN_E_FILE, errno, "cannot open \"%s\"", path);
	ret = warren_key_read(key, fd, path, err);
	close(fd);
	return ret;
}

void warren_key_generate(uint8_t key[WARREN_KEY_BYTES])
{
	randombytes_buf(key, WARREN_KEY_BYTES);
	key[0] &= 248;
	key[31] = (key[31] & 127) | 64;
}

void warren_key_random(uint8_t key[WARREN_KEY_BYTES])
{
	randombytes_buf(key, WARREN_KEY_BYTES);
}

void warren_key_public(uint8_t pub[WARREN_KEY_BYTES], const uint8_t priv[WARREN_KEY_BYTES])
{
	/* The base point has full order: this cannot fail. */
	(void)crypto_scalarmult_curve25519_base(pub, priv);
}

bool warren_key_is_zero(const uint8_t key[WARREN_KEY_BYTES])
{
	return sodium_is_zero(key, WARREN_KEY_BYTES);
}

bool warren_key_equal(const uint8_t a[WARREN_KEY_BYTES], const uint8_t b[WARREN_KEY_BYTES])
{
	return !sodium_memcmp(a, b, WARREN_KEY_BYTES);
}

void warren_key_wipe(void *data, size_t size)
{
	sodium_memzero(data, size);
}
