/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Curve25519 keys and preshared keys: 32 bytes, written as 44 characters of
 * base64. Nothing here takes a time that depends on a key's value.
 */
#ifndef WARREN_LIB_KEY_H
#define WARREN_LIB_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define WARREN_KEY_BYTES  32
#define WARREN_KEY_BASE64 45 /* characters of base64 and the zero */
#define WARREN_KEY_HEX	  65

/**
 * warren_key_from_base64() - read a key
 * @key: where to, untouched on failure
 * @text: exactly 44 characters of canonical base64, zero-terminated
 *
 * Return: 0, or -1 if @text is anything else.
 */
int warren_key_from_base64(uint8_t key[WARREN_KEY_BYTES], const char *text);

/**
 * warren_key_to_base64() - write a key
 * @text: where to
 * @key: the key
 *
 * Return: @text.
 */
char *warren_key_to_base64(char text[WARREN_KEY_BASE64], const uint8_t key[WARREN_KEY_BYTES]);

/**
 * warren_key_from_hex() - read a key as the cross-platform interface writes it
 * @key: where to, untouched on failure
 * @text: exactly 64 hexadecimal digits, zero-terminated
 *
 * Return: 0, or -1 if @text is anything else.
 */
int warren_key_from_hex(uint8_t key[WARREN_KEY_BYTES], const char *text);

/**
 * warren_key_to_hex() - write a key as the cross-platform interface does
 * @text: where to
 * @key: the key
 *
 * Return: @text.
 */
char *warren_key_to_hex(char text[WARREN_KEY_HEX], const uint8_t key[WARREN_KEY_BYTES]);

/**
 * warren_key_from_file() - read a key from a file of its own
 * @key: where to
 * @path: the file: one key, white space around it; an empty file is the zero key
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_key_from_file(uint8_t key[WARREN_KEY_BYTES], const char *path, struct warren_error *err);

/**
 * warren_key_read() - read a key from an open file
 * @key: where to
 * @fd: descriptor, not closed here; read to its end
 * @name: its name, for the error
 * @err: filled on failure
 *
 * Return: 0 or -1, as warren_key_from_file().
 */
int warren_key_read(uint8_t key[WARREN_KEY_BYTES], int fd, const char *name,
		    struct warren_error *err);

/**
 * warren_key_generate() - make a private key, clamped as RFC 7748 section 5 says
 * @key: where to
 */
void warren_key_generate(uint8_t key[WARREN_KEY_BYTES]);

/**
 * warren_key_random() - make a preshared key: 32 random bytes
 * @key: where to
 */
void warren_key_random(uint8_t key[WARREN_KEY_BYTES]);

/**
 * warren_key_public() - the public key of a private one
 * @pub: where to
 * @priv: the private key
 */
void warren_key_public(uint8_t pub[WARREN_KEY_BYTES], const uint8_t priv[WARREN_KEY_BYTES]);

/**
 * warren_key_is_zero() - whether a key is the one that means "none"
 * @key: the key
 *
 * Return: true if all bytes are zero.
 */
bool warren_key_is_zero(const uint8_t key[WARREN_KEY_BYTES]);

/**
 * warren_key_equal() - compare two keys
 * @a: one
 * @b: the other
 *
 * Return: true if they are the same.
 */
bool warren_key_equal(const uint8_t a[WARREN_KEY_BYTES], const uint8_t b[WARREN_KEY_BYTES]);

/**
 * warren_key_wipe() - overwrite memory that held a secret
 * @data: the memory
 * @size: its bytes
 */
void warren_key_wipe(void *data, size_t size);

#endif /* WARREN_LIB_KEY_H */
