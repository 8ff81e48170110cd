// SPDX-License-Identifier: GPL-2.0
#include "text.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void mesh_text_hex(char *out, const uint8_t *in, size_t len)
{
	sodium_bin2hex(out, len * 2 + 1, in, len);
}

bool mesh_text_unhex(uint8_t *out, const char *in, size_t len)
{
	int bad = 0;

	for (size_t i = 0; i < 2 * len; i++) {
		int c = (uint8_t)in[i], v;

		/* Arithmetic, no look-up: the digits may be a private key. */
		v = ((('0' - 1 - c) & (c - '9' - 1)) >> 8) & (c - '0' + 1);
		v += ((('a' - 1 - c) & (c - 'f' - 1)) >> 8) & (c - 'a' + 11);
		v += ((('A' - 1 - c) & (c - 'F' - 1)) >> 8) & (c - 'A' + 11);
		bad |= v - 1;
		v = (v - 1) & 15;
		out[i / 2] = i & 1 ? (uint8_t)(out[i / 2] | v) : (uint8_t)(v << 4);
	}
	return bad >= 0;
}

void mesh_text_base64(char *out, const uint8_t *in, size_t len)
{
	sodium_bin2base64(out, (len + 2) / 3 * 4 + 1, in, len, sodium_base64_VARIANT_ORIGINAL);
}

int mesh_text_unbase64(uint8_t *out, size_t max, const char *in, size_t len)
{
	size_t n;
	const char *end;

	/* The library takes bytes outside ASCII for digits. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)in[i] >= 0x80)
			return -1;
	if (sodium_base642bin(out, max, in, len, NULL, &n, &end, sodium_base64_VARIANT_ORIGINAL) ||
	    end != in + len)
		return -1;
	return (int)n;
}

void mesh_text_time(char out[MESH_TIME_TEXT], int64_t t)
{
	time_t tt = t;
	struct tm tm;

	if (!t || !gmtime_r(&tt, &tm) || tm.tm_year > 9999 - 1900)
		strcpy(out, "0001-01-01T00:00:00Z");
	else
		strftime(out, MESH_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static bool digits(const char **in, int n, int *value)
{
	*value = 0;
	for (; n; n--, (*in)++) {
		if (**in < '0' || **in > '9')
			return false;
		*value = *value * 10 + (**in - '0');
	}
	return true;
}

static bool literal(const char **in, char c)
{
	return *(*in)++ == c;
}

bool mesh_text_untime(int64_t *out, const char *in)
{
	int year, mon, day, hour, min, sec, oh = 0, om = 0, sign = 0;
	struct tm tm = {0};
	int64_t t;

	if (!digits(&in, 4, &year) || !literal(&in, '-') || !digits(&in, 2, &mon) ||
	    !literal(&in, '-') || !digits(&in, 2, &day) || !literal(&in, 'T') ||
	    !digits(&in, 2, &hour) || !literal(&in, ':') || !digits(&in, 2, &min) ||
	    !literal(&in, ':') || !digits(&in, 2, &sec))
		return false;
	if (*in == '.') {
		const char *start = ++in;

		in += strspn(in, "0123456789");
		if (in == start || in - start > 9)
			return false;
	}
	if (*in == '+' || *in == '-') {
		sign = *in++ == '+' ? 1 : -1;
		if (!digits(&in, 2, &oh) || !literal(&in, ':') || !digits(&in, 2, &om))
			return false;
	} else if (*in++ != 'Z') {
		return false;
	}
	if (*in || mon < 1 || mon > 12 || day < 1 || day > 31 || hour > 23 || min > 59 ||
	    sec > 60 || oh > 23 || om > 59)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = mon - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = min;
	tm.tm_sec = sec;
	t = (int64_t)timegm(&tm) - sign * (oh * 3600 + om * 60);
	if (year == 1)
		t = 0;
	else if (t < 1)
		t = 1;
	*out = t;
	return true;
}

struct mesh_ip mesh_text_ip4(uint32_t v)
{
	struct mesh_ip ip = {.b = {[10] = 0xff, [11] = 0xff}, .family = 4};

	v = htonl(v);
	memcpy(ip.b + 12, &v, 4);
	return ip;
}

struct mesh_ip mesh_text_ip16(const uint8_t b[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct mesh_ip ip;

	memcpy(ip.b, b, 16);
	ip.family = memcmp(b, mapped, 12) ? 6 : 4;
	return ip;
}

const uint8_t *mesh_text_ipbytes(const struct mesh_ip *ip)
{
	return ip->family == 4 ? ip->b + 12 : ip->b;
}

void mesh_text_ip(char out[MESH_ADDR_TEXT], const struct mesh_ip *ip)
{
	if (!ip->family || !inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, mesh_text_ipbytes(ip),
				      out, MESH_ADDR_TEXT))
		out[0] = 0;
}

bool mesh_text_unip(struct mesh_ip *ip, const char *in)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, in, b) == 1) {
		*ip = mesh_text_ip4(0);
		memcpy(ip->b + 12, b, 4);
		return true;
	}
	if (inet_pton(AF_INET6, in, b) != 1)
		return false;
	*ip = mesh_text_ip16(b);
	return true;
}

/* Whether the first @bits bits agree. */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	return !memcmp(a, b, whole) && (!rest || !((a[whole] ^ b[whole]) >> (8 - rest)));
}

bool mesh_text_contains(const struct mesh_prefix *p, const struct mesh_ip *ip)
{
	return p->ip.family == ip->family &&
	       same_bits(mesh_text_ipbytes(&p->ip), mesh_text_ipbytes(ip), p->bits);
}

bool mesh_text_overlaps(const struct mesh_prefix *a, const struct mesh_prefix *b)
{
	return mesh_text_contains(a->bits < b->bits ? a : b, a->bits < b->bits ? &b->ip : &a->ip);
}

bool mesh_text_prefix_same(const struct mesh_prefix *a, const struct mesh_prefix *b)
{
	return a->bits == b->bits && mesh_text_contains(a, &b->ip);
}

void mesh_text_prefix(char out[MESH_ADDR_TEXT], const struct mesh_prefix *p)
{
	char ip[MESH_ADDR_TEXT];

	mesh_text_ip(ip, &p->ip);
	snprintf(out, MESH_ADDR_TEXT, "%.*s/%u", MESH_ADDR_TEXT - 8, ip, p->bits);
}

/* A decimal number of at most @max, without sign, space or leading zeros. */
static bool number(unsigned int *out, const char *in, unsigned int max)
{
	unsigned int v = 0;

	if (!*in || (*in == '0' && in[1]))
		return false;
	for (; *in; in++) {
		if (*in < '0' || *in > '9')
			return false;
		v = v * 10 + (unsigned int)(*in - '0');
		if (v > max)
			return false;
	}
	*out = v;
	return true;
}

bool mesh_text_unprefix(struct mesh_prefix *p, const char *in)
{
	const char *slash = strchr(in, '/');
	char ip[MESH_ADDR_TEXT];
	unsigned int bits, max;
	const uint8_t *b;

	if (!slash) {
		if (!mesh_text_unip(&p->ip, in))
			return false;
		p->bits = p->ip.family == 4 ? 32 : 128;
		return true;
	}
	if (slash - in >= MESH_ADDR_TEXT)
		return false;
	memcpy(ip, in, (size_t)(slash - in));
	ip[slash - in] = 0;
	if (!mesh_text_unip(&p->ip, ip))
		return false;
	max = p->ip.family == 4 ? 32 : 128;
	if (!number(&bits, slash + 1, max))
		return false;
	p->bits = (uint8_t)bits;
	b = mesh_text_ipbytes(&p->ip);
	for (unsigned int i = bits; i < max; i++)
		if (b[i / 8] & (0x80 >> (i % 8)))
			return false;
	return true;
}

void mesh_text_addrport(char out[MESH_ADDR_TEXT], const struct mesh_addrport *ap)
{
	char ip[MESH_ADDR_TEXT];

	mesh_text_ip(ip, &ap->ip);
	snprintf(out, MESH_ADDR_TEXT, ap->ip.family == 6 ? "[%.*s]:%u" : "%.*s:%u",
		 MESH_ADDR_TEXT - 10, ip, ap->port);
}

bool mesh_text_unaddrport(struct mesh_addrport *ap, const char *in)
{
	const char *colon = strrchr(in, ':');
	bool bracket = in[0] == '[';
	char ip[MESH_ADDR_TEXT];
	unsigned int port;
	size_t len;

	if (!colon || !number(&port, colon + 1, 65535))
		return false;
	len = (size_t)(colon - in);
	if (bracket) {
		if (len < 2 || in[len - 1] != ']')
			return false;
		in++;
		len -= 2;
	}
	if (len >= sizeof(ip))
		return false;
	memcpy(ip, in, len);
	ip[len] = 0;
	/* An IPv6 address must stand in brackets, an IPv4 one must not. */
	if (!mesh_text_unip(&ap->ip, ip) || (strchr(ip, ':') != NULL) != bracket)
		return false;
	ap->port = (uint16_t)port;
	return true;
}

size_t mesh_text_utf8(const char *text)
{
	const uint8_t *s = (const uint8_t *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80	     ? 1
		   : s[0] >> 5 == 6  ? 2
		   : s[0] >> 4 == 14 ? 3
		   : s[0] >> 3 == 30 ? 4
				     : 0;
	uint32_t c;

	if (n < 2)
		return n;
	c = s[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
}

void mesh_text_repair(char *text)
{
	while (*text) {
		size_t n = mesh_text_utf8(text);

		if (!n)
			*text = '?';
		text += n ? n : 1;
	}
}
