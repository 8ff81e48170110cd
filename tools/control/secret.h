/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tokens that are shown once and stored hashed: "wrk-auth-<12 hex>-<64 hex>". The first number
 * finds the record, the second is the secret, 256 random bits, so that one SHA-256 is enough of a
 * hash.
 */
#ifndef CONTROL_SECRET_H
#define CONTROL_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#define SECRET_PREFIX 12
#define SECRET_HASH   32
#define SECRET_TEXT   96

/**
 * control_secret_new() - make a token
 * @kind: "auth", "api"
 * @text: what is shown
 * @prefix: what finds it
 * @hash: what is stored
 */
void control_secret_new(const char *kind, char text[SECRET_TEXT], char prefix[SECRET_PREFIX + 1],
			uint8_t hash[SECRET_HASH]);

/* Splits a token that somebody presents. Return: false when it does not look like one. */
bool control_secret_parse(const char *kind, const char *text, char prefix[SECRET_PREFIX + 1],
			  uint8_t hash[SECRET_HASH]);

/* Constant time. */
bool control_secret_equal(const uint8_t a[SECRET_HASH], const uint8_t b[SECRET_HASH]);

/* A random identifier of @n hexadecimal digits (even). */
void control_secret_id(char *out, unsigned int n);

#endif /* CONTROL_SECRET_H */
