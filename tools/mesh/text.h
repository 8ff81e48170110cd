/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text forms that the protocols share: base64, hexadecimal, times, addresses.
 */
#ifndef MESH_TEXT_H
#define MESH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* @out has room for 2 * @len + 1. Lower case. */
void mesh_text_hex(char *out, const uint8_t *in, size_t len);
/* Reads exactly 2 * @len digits, in constant time. */
bool mesh_text_unhex(uint8_t *out, const char *in, size_t len);

/* Standard base64 with padding; @out has room for (@len + 2) / 3 * 4 + 1. */
void mesh_text_base64(char *out, const uint8_t *in, size_t len);
/**
 * mesh_text_unbase64() - read standard base64
 * @out: room for @max bytes
 * @in: text, padded
 * @len: its length
 *
 * Return: the number of bytes, or -1 when it is malformed or longer than @max.
 */
int mesh_text_unbase64(uint8_t *out, size_t max, const char *in, size_t len);

/* Length of the UTF-8 sequence at @text, 0 for a malformed one. */
size_t mesh_text_utf8(const char *text);
/* Puts "?" for what is no UTF-8, as a text may be that was cut off. */
void mesh_text_repair(char *text);

/* RFC 3339 in UTC; time 0 stands for "no time" and is written as year 1. */
#define MESH_TIME_TEXT 24
void mesh_text_time(char out[MESH_TIME_TEXT], int64_t unix_seconds);
/* Any offset and fraction; the fraction is dropped. The year 1 gives 0, other times before 1970 1.
 */
bool mesh_text_untime(int64_t *unix_seconds, const char *in);

/* An address: IPv4 is kept in the last four bytes of the ::ffff:0:0/96 form. */
struct mesh_ip {
	uint8_t b[16];
	uint8_t family; /* 4, 6, or 0 for none */
};

struct mesh_prefix {
	struct mesh_ip ip;
	uint8_t bits; /* of its own family */
};

struct mesh_addrport {
	struct mesh_ip ip;
	uint16_t port;
};

#define MESH_ADDR_TEXT 64

void mesh_text_ip(char out[MESH_ADDR_TEXT], const struct mesh_ip *ip);
bool mesh_text_unip(struct mesh_ip *ip, const char *in);
void mesh_text_prefix(char out[MESH_ADDR_TEXT], const struct mesh_prefix *p);
/* A bare address is a prefix of full length. Host bits must be zero, as clients insist on it. */
bool mesh_text_unprefix(struct mesh_prefix *p, const char *in);
void mesh_text_addrport(char out[MESH_ADDR_TEXT], const struct mesh_addrport *ap);
bool mesh_text_unaddrport(struct mesh_addrport *ap, const char *in);

struct mesh_ip mesh_text_ip4(uint32_t host_order);
/* Unwraps ::ffff:a.b.c.d. */
struct mesh_ip mesh_text_ip16(const uint8_t b[16]);
/* The four bytes of an IPv4 address, the sixteen of an IPv6 one. */
const uint8_t *mesh_text_ipbytes(const struct mesh_ip *ip);

bool mesh_text_contains(const struct mesh_prefix *p, const struct mesh_ip *ip);
/* Whether the two share an address. */
bool mesh_text_overlaps(const struct mesh_prefix *a, const struct mesh_prefix *b);
bool mesh_text_prefix_same(const struct mesh_prefix *a, const struct mesh_prefix *b);

#endif /* MESH_TEXT_H */
