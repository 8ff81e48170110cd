// SPDX-License-Identifier: GPL-2.0
#include "stun.h"

#include <errno.h>
#include <string.h>

#define HEADER		20
#define COOKIE		0x2112a442u
#define BINDING_REQUEST 0x0001
#define BINDING_SUCCESS 0x0101
#define FINGERPRINT_XOR 0x5354554eu

enum attribute {
	ATTR_MAPPED = 0x0001,
	ATTR_XOR_MAPPED = 0x0020,
	ATTR_XOR_MAPPED_OLD = 0x8020,
	ATTR_SOFTWARE = 0x8022,
	ATTR_FINGERPRINT = 0x8028,
};

static const char software[8] = "tailnode";

/* CRC-32 of RFC 8489 section 14.7 (the one of zlib), bit by bit: the input is 32 bytes. */
static uint32_t crc32(const uint8_t *p, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (; len; len--, p++) {
		crc ^= *p;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

bool mesh_stun_is(const uint8_t *in, size_t len)
{
	return len >= HEADER && !(in[0] & 0xc0) && mesh_be32(in + 4) == COOKIE;
}

static uint8_t *put_attr(uint8_t *p, uint16_t type, const void *data, uint16_t len)
{
	mesh_put16(p, type);
	mesh_put16(p + 2, len);
	memcpy(p + 4, data, len);
	return p + 4 + len;
}

static void put_header(uint8_t *p, uint16_t type, uint16_t len, const uint8_t *txid)
{
	mesh_put16(p, type);
	mesh_put16(p + 2, len);
	mesh_put32(p + 4, COOKIE);
	memcpy(p + 8, txid, MESH_STUN_TXID);
}

void mesh_stun_request(uint8_t out[MESH_STUN_REQUEST_SIZE], const uint8_t txid[MESH_STUN_TXID])
{
	uint8_t crc[4], *p;

	put_header(out, BINDING_REQUEST, MESH_STUN_REQUEST_SIZE - HEADER, txid);
	p = put_attr(out + HEADER, ATTR_SOFTWARE, software, sizeof(software));
	mesh_put32(crc, crc32(out, (size_t)(p - out)) ^ FINGERPRINT_XOR);
	put_attr(p, ATTR_FINGERPRINT, crc, sizeof(crc));
}

/*
 * Steps to the attribute at @*p. Return: false at the end or for one that does not fit (@*p then is
 * not @end).
 */
static bool next_attr(const uint8_t **p, const uint8_t *end, uint16_t *type, const uint8_t **data,
		      uint16_t *len)
{
	size_t padded;

	if (end - *p < 4)
		return false;
	*type = mesh_be16(*p);
	*len = mesh_be16(*p + 2);
	*data = *p + 4;
	padded = (*len + 3u) & ~3u;
	if ((size_t)(end - *data) < padded)
		return false;
	*p = *data + padded;
	return true;
}

static bool header_ok(const uint8_t *in, size_t len, uint16_t type)
{
	return mesh_stun_is(in, len) && mesh_be16(in) == type && mesh_be16(in + 2) == len - HEADER;
}

int mesh_stun_parse_request(const uint8_t *in, size_t len, uint8_t txid[MESH_STUN_TXID])
{
	const uint8_t *p = in + HEADER, *end = in + len, *data, *at = p;
	bool ours = false, checked = false;
	uint16_t type, alen;

	if (!header_ok(in, len, BINDING_REQUEST))
		return -EBADMSG;
	while (next_attr(&p, end, &type, &data, &alen)) {
		if (type == ATTR_SOFTWARE && alen == sizeof(software))
			ours = !memcmp(data, software, alen);
		/* The fingerprint covers what is before it, and must be last. */
		checked = type == ATTR_FINGERPRINT && alen == 4 &&
			  mesh_be32(data) == (crc32(in, (size_t)(at - in)) ^ FINGERPRINT_XOR);
		at = p;
	}
	if (p != end || !ours || !checked)
		return -EBADMSG;
	memcpy(txid, in + 8, MESH_STUN_TXID);
	return 0;
}

/* XORs an address with the cookie and the transaction, which directly follow each other. */
static void xor_address(uint8_t *ip, size_t n, const uint8_t *header)
{
	for (size_t i = 0; i < n; i++)
		ip[i] ^= header[4 + i];
}

size_t mesh_stun_response(uint8_t out[MESH_STUN_MAX_RESPONSE], const uint8_t txid[MESH_STUN_TXID],
			  const struct mesh_addrport *from)
{
	size_t n = from->ip.family == 4 ? 4 : 16;
	uint8_t value[20];

	put_header(out, BINDING_SUCCESS, (uint16_t)(8 + n), txid);
	value[0] = 0;
	value[1] = from->ip.family == 4 ? 1 : 2;
	mesh_put16(value + 2, from->port ^ (COOKIE >> 16));
	memcpy(value + 4, mesh_text_ipbytes(&from->ip), n);
	xor_address(value + 4, n, out);
	put_attr(out + HEADER, ATTR_XOR_MAPPED, value, (uint16_t)(4 + n));
	return HEADER + 8 + n;
}

static bool parse_address(const uint8_t *data, uint16_t len, bool xored, const uint8_t *header,
			  struct mesh_addrport *out)
{
	size_t n = len == 8 && data[1] == 1 ? 4 : len == 20 && data[1] == 2 ? 16 : 0;
	uint8_t ip[16] = {[10] = 0xff, [11] = 0xff};
	uint8_t *at = n == 4 ? ip + 12 : ip;

	if (!n)
		return false;
	out->port = mesh_be16(data + 2);
	memcpy(at, data + 4, n);
	if (xored) {
		out->port ^= COOKIE >> 16;
		xor_address(at, n, header);
	}
	out->ip = mesh_text_ip16(ip);
	return true;
}

int mesh_stun_parse_response(const uint8_t *in, size_t len, uint8_t txid[MESH_STUN_TXID],
			     struct mesh_addrport *mapped)
{
	const uint8_t *p = in + HEADER, *end = in + len, *data;
	bool plain = false, xored = false;
	struct mesh_addrport ap;
	uint16_t type, alen;

	if (!header_ok(in, len, BINDING_SUCCESS))
		return -EBADMSG;
	while (next_attr(&p, end, &type, &data, &alen)) {
		bool is_xor = type == ATTR_XOR_MAPPED || type == ATTR_XOR_MAPPED_OLD;

		if (is_xor && !xored && parse_address(data, alen, true, in, &ap)) {
			*mapped = ap;
			xored = true;
		} else if (type == ATTR_MAPPED && !xored && !plain &&
			   parse_address(data, alen, false, in, &ap)) {
			*mapped = ap;
			plain = true;
		}
	}
	if (p != end || (!plain && !xored))
		return -EBADMSG;
	memcpy(txid, in + 8, MESH_STUN_TXID);
	return 0;
}
