// SPDX-License-Identifier: GPL-2.0
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define RETRIES_DEFAULT 15
#define WAIT_FIRST	1.0
#define WAIT_GROWTH	1.2
#define WAIT_MOST	20.0

size_t warren_addr_size(uint16_t family)
{
	return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

const uint8_t *warren_addr_bytes(const struct warren_prefix *prefix)
{
	return (const uint8_t *)&prefix->ip6;
}

static unsigned int bits_of(uint16_t family)
{
	return 8 * warren_addr_size(family);
}

int warren_addr_parse_number(uint32_t *value, const char *text, uint32_t max)
{
	uint64_t n = 0;
	const char *c;

	for (c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			return -1;
		n = n * 10 + (*c - '0');
		if (n > max)
			return -1;
	}
	if (c == text)
		return -1;
	*value = n;
	return 0;
}

int warren_addr_parse_ip(struct warren_prefix *prefix, const char *text)
{
	struct warren_prefix p = {};

	if (strchr(text, ':')) {
		p.family = AF_INET6;
		if (inet_pton(AF_INET6, text, &p.ip6) != 1)
			return -1;
	} else {
		p.family = AF_INET;
		if (inet_pton(AF_INET, text, &p.ip4) != 1)
			return -1;
	}
	p.cidr = bits_of(p.family);
	*prefix = p;
	return 0;
}

int warren_addr_parse_prefix(struct warren_prefix *prefix, const char *text,
			     struct warren_error *err)
{
	const char *slash = strchr(text, '/');
	char ip[INET6_ADDRSTRLEN];
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint32_t cidr;

	if (len >= sizeof(ip))
		goto no_address;
	memcpy(ip, text, len);
	ip[len] = '\0';
	if (warren_addr_parse_ip(prefix, ip))
		goto no_address;
	if (!slash)
		return 0;
	if (warren_addr_parse_number(&cidr, slash + 1, bits_of(prefix->family)))
		return warren_error_set(err, WARREN_E_VALUE,
					prefix->family == AF_INET
						? "use /0 to /32 after an IPv4 address"
						: "use /0 to /128 after an IPv6 address",
					"\"%s\" has a prefix length that cannot be", text);
	prefix->cidr = cidr;
	return 0;

no_address:
	return warren_error_set(err, WARREN_E_VALUE,
				"write an IPv4 or IPv6 address with an optional prefix length, "
				"such as 10.0.0.0/8 or fd00::/64",
				"\"%s\" is not an IP address", text);
}

bool warren_addr_mask(struct warren_prefix *prefix)
{
	uint8_t *bytes = (uint8_t *)&prefix->ip6;
	size_t i, size = warren_addr_size(prefix->family);
	bool changed = false;

	for (i = 0; i < size; i++) {
		int left = (int)prefix->cidr - 8 * (int)i;
		uint8_t mask = left >= 8 ? 0xff : left <= 0 ? 0 : (uint8_t)(0xff00 >> left);

		changed |= bytes[i] & ~mask;
		bytes[i] &= mask;
	}
	return changed;
}

bool warren_addr_covers(const struct warren_prefix *outer, const struct warren_prefix *inner)
{
	struct warren_prefix a = *outer, b = *inner;

	if (a.family != b.family || a.cidr > b.cidr)
		return false;
	b.cidr = a.cidr;
	warren_addr_mask(&a);
	warren_addr_mask(&b);
	return !memcmp(warren_addr_bytes(&a), warren_addr_bytes(&b), warren_addr_size(a.family));
}

int warren_addr_compare(const struct warren_prefix *a, const struct warren_prefix *b)
{
	int ret;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	ret = memcmp(warren_addr_bytes(a), warren_addr_bytes(b), warren_addr_size(a->family));
	return ret ? ret : (int)a->cidr - (int)b->cidr;
}

char *warren_addr_print_prefix(char text[WARREN_ADDR_PREFIX], const struct warren_prefix *prefix)
{
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(prefix->family, warren_addr_bytes(prefix), ip, sizeof(ip));
	snprintf(text, WARREN_ADDR_PREFIX, "%s/%u", ip, prefix->cidr);
	return text;
}

char *warren_addr_print_endpoint(char text[WARREN_ADDR_ENDPOINT],
				 const union warren_endpoint *endpoint)
{
	bool six = endpoint->addr.sa_family == AF_INET6;
	char host[INET6_ADDRSTRLEN + 1 + IFNAMSIZ];

	/* With a scope an address has a % and the interface's name or index. */
	if (getnameinfo(&endpoint->addr, six ? sizeof(endpoint->in6) : sizeof(endpoint->in), host,
			sizeof(host), NULL, 0, NI_NUMERICHOST))
		snprintf(host, sizeof(host), "?");
	snprintf(text, WARREN_ADDR_ENDPOINT, six ? "[%s]:%u" : "%s:%u", host,
		 ntohs(six ? endpoint->in6.sin6_port : endpoint->in.sin_port));
	return text;
}

/* Splits "HOST:PORT" at the last colon into new strings in one block. */
static char *split_endpoint(const char *text, char **host, char **port)
{
	char *copy = strdup(text), *colon;

	if (!copy)
		return NULL;
	*host = copy;
	colon = strrchr(copy, ':');
	*port = NULL;
	if (*copy == '[') {
		char *end = strchr(copy, ']');

		if (!end || (end[1] && end[1] != ':'))
			return copy;
		*host = copy + 1;
		*end = '\0';
		colon = end[1] ? end + 1 : NULL;
	}
	if (colon) {
		*colon = '\0';
		*port = colon + 1;
	}
	return copy;
}

static int lookup(union warren_endpoint *endpoint, const char *host, const char *port, int flags)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
		.ai_protocol = IPPROTO_UDP,
		.ai_flags = flags | AI_NUMERICSERV,
	};
	struct addrinfo *list, *a;
	int ret;

	ret = getaddrinfo(host, port, &hints, &list);
	if (ret)
		return ret;
	ret = EAI_NONAME;
	for (a = list; a; a = a->ai_next) {
		if (a->ai_family == AF_INET && a->ai_addrlen == sizeof(endpoint->in))
			memcpy(&endpoint->in, a->ai_addr, sizeof(endpoint->in));
		else if (a->ai_family == AF_INET6 && a->ai_addrlen == sizeof(endpoint->in6))
			memcpy(&endpoint->in6, a->ai_addr, sizeof(endpoint->in6));
		else
			continue;
		ret = 0;
		break;
	}
	freeaddrinfo(list);
	return ret;
}

int warren_addr_parse_endpoint(struct warren_peer *peer, const char *text, struct warren_error *err)
{
	static const char remedy[] =
		"write HOST:PORT, such as 192.0.2.1:51820, [2001:db8::1]:51820 or "
		"vpn.example.org:51820";
	union warren_endpoint endpoint = {};
	char *copy, *host, *port;
	uint32_t number;
	int ret = 0;

	copy = split_endpoint(text, &host, &port);
	if (!copy)
		return warren_error_nomem(err);
	if (!port) {
		ret = warren_error_set(err, WARREN_E_VALUE, remedy, "\"%s\" has no port", text);
	} else if (warren_addr_parse_number(&number, port, 65535) || !number) {
		ret = warren_error_set(err, WARREN_E_VALUE, remedy,
				       "the port of \"%s\" is not a number from 1 to 65535", text);
	} else if (!*host || strpbrk(host, " \t[]/,")) {
		ret = warren_error_set(err, WARREN_E_VALUE, remedy, "\"%s\" has no host", text);
	} else if (!lookup(&endpoint, host, port, AI_NUMERICHOST)) {
		free(peer->endpoint_name);
		peer->endpoint_name = NULL;
		peer->endpoint = endpoint;
	} else if (strchr(host, ':')) {
		ret = warren_error_set(err, WARREN_E_VALUE, remedy,
				       "\"%s\" does not begin with an IPv6 address", text);
	} else {
		char *name = strdup(text);

		if (name) {
			free(peer->endpoint_name);
			peer->endpoint_name = name;
			memset(&peer->endpoint, 0, sizeof(peer->endpoint));
		} else {
			ret = warren_error_nomem(err);
		}
	}
	free(copy);
	return ret;
}

bool warren_addr_same_endpoint(const union warren_endpoint *a, const union warren_endpoint *b)
{
	if (a->addr.sa_family != b->addr.sa_family)
		return false;
	if (a->addr.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr &&
		       a->in.sin_port == b->in.sin_port;
	return !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) &&
	       a->in6.sin6_port == b->in6.sin6_port && a->in6.sin6_scope_id == b->in6.sin6_scope_id;
}

int warren_addr_retries(const char *text)
{
	uint32_t n;

	if (!text)
		return RETRIES_DEFAULT;
	if (!strcmp(text, "infinity"))
		return -1;
	return warren_addr_parse_number(&n, text, 1000000) ? RETRIES_DEFAULT : (int)n;
}

static void wait_seconds(double seconds)
{
	struct timespec left = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
	};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

int warren_addr_resolve_peer(struct warren_peer *peer, int retries, struct warren_error *err)
{
	char *copy, *host, *port;
	double wait = WAIT_FIRST;
	int ret;

	warren_error_place(err, err->file, peer->endpoint_line, "Endpoint");
	copy = split_endpoint(peer->endpoint_name, &host, &port);
	if (!copy)
		return warren_error_nomem(err);
	for (;;) {
		ret = lookup(&peer->endpoint, host, port, 0);
		if ((ret != EAI_AGAIN && ret != EAI_SYSTEM) || !retries)
			break;
		if (retries > 0)
			retries--;
		warren_error_warn(err, NULL,
				  "cannot resolve \"%s\": %s; trying again in %.2f seconds", host,
				  gai_strerror(ret), wait);
		wait_seconds(wait);
		wait = wait * WAIT_GROWTH < WAIT_MOST ? wait * WAIT_GROWTH : WAIT_MOST;
	}
	if (ret)
		ret = warren_error_set(err, WARREN_E_RESOLVE,
				       "correct the name, make name resolution work, or write the "
				       "address itself",
				       "cannot resolve \"%s\": %s", host, gai_strerror(ret));
	free(copy);
	return ret;
}

int warren_addr_resolve(struct warren_device *dev, int retries, struct warren_error *err)
{
	size_t i;

	for (i = 0; i < dev->peers_n; i++)
		if (dev->peers[i].endpoint_name &&
		    warren_addr_resolve_peer(&dev->peers[i], retries, err))
			return -1;
	return 0;
}

int warren_addr_parse_port(uint16_t *port, const char *text, struct warren_error *err)
{
	uint32_t n;

	if (warren_addr_parse_number(&n, text, 65535))
		return warren_error_set(err, WARREN_E_VALUE,
					"use a UDP port from 1 to 65535, or 0 to have one chosen",
					"\"%s\" is not a port", text);
	*port = n;
	return 0;
}

int warren_addr_parse_fwmark(uint32_t *mark, const char *text, struct warren_error *err)
{
	if (!strcasecmp(text, "off")) {
		*mark = 0;
		return 0;
	}
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		size_t digits = strspn(text + 2, "0123456789abcdefABCDEF");

		if (digits >= 1 && digits <= 8 && !text[2 + digits]) {
			*mark = strtoul(text + 2, NULL, 16);
			return 0;
		}
	} else if (!warren_addr_parse_number(mark, text, UINT32_MAX)) {
		return 0;
	}
	return warren_error_set(err, WARREN_E_VALUE,
				"use 1 to 4294967295, 0x1 to 0xffffffff, or \"off\"",
				"\"%s\" is not a firewall mark", text);
}

int warren_addr_parse_bind(struct warren_device *dev, const char *text, struct warren_error *err)
{
	bool off = !strcasecmp(text, "off");

	if (!off && !warren_device_name_ok(text))
		return warren_error_set(err, WARREN_E_VALUE,
					"use the name of an interface or a VRF, or \"off\"",
					"\"%s\" cannot be the name of an interface", text);
	dev->has_bind = true;
	snprintf(dev->bind, sizeof(dev->bind), "%s", off ? "" : text);
	return 0;
}

static int parse_bind_one(struct warren_device *dev, const char *text, size_t len)
{
	struct warren_prefix ip;
	char one[INET6_ADDRSTRLEN];

	if (len >= sizeof(one))
		return -1;
	memcpy(one, text, len);
	one[len] = '\0';
	if (warren_addr_parse_ip(&ip, one))
		return -1;
	if (ip.family == AF_INET) {
		if (dev->bind4.s_addr || !ip.ip4.s_addr)
			return -1;
		dev->bind4 = ip.ip4;
	} else {
		if (!IN6_IS_ADDR_UNSPECIFIED(&dev->bind6) || IN6_IS_ADDR_UNSPECIFIED(&ip.ip6))
			return -1;
		dev->bind6 = ip.ip6;
	}
	return 0;
}

int warren_addr_parse_bind_address(struct warren_device *dev, const char *text,
				   struct warren_error *err)
{
	const char *from = text;
	size_t len;

	dev->has_bind_address = true;
	memset(&dev->bind4, 0, sizeof(dev->bind4));
	memset(&dev->bind6, 0, sizeof(dev->bind6));
	if (!strcasecmp(text, "off"))
		return 0;
	for (;; from += len + 1) {
		from += strspn(from, " \t");
		len = strcspn(from, ", \t");
		if (parse_bind_one(dev, from, len))
			return warren_error_set(
				err, WARREN_E_VALUE,
				"use one IPv4 address, one IPv6 address, both with a "
				"comma between, or \"off\"",
				"\"%s\" is not what a device can be bound to", text);
		len += strspn(from + len, " \t");
		if (!from[len])
			return 0;
	}
}

char *warren_addr_print_bind_address(char text[WARREN_ADDR_BIND], const struct warren_device *dev)
{
	size_t len = 0;

	text[0] = '\0';
	if (dev->bind4.s_addr)
		inet_ntop(AF_INET, &dev->bind4, text, INET_ADDRSTRLEN);
	len = strlen(text);
	if (IN6_IS_ADDR_UNSPECIFIED(&dev->bind6))
		return text;
	if (len)
		len += sprintf(text + len, ", ");
	inet_ntop(AF_INET6, &dev->bind6, text + len, WARREN_ADDR_BIND - len);
	return text;
}

int warren_addr_parse_keepalive(uint16_t *seconds, const char *text, struct warren_error *err)
{
	uint32_t n = 0;

	if (strcasecmp(text, "off") && warren_addr_parse_number(&n, text, 65535))
		return warren_error_set(err, WARREN_E_VALUE,
					"use 1 to 65535 seconds, or \"off\"; 25 keeps most NAT "
					"mappings alive",
					"\"%s\" is not a keepalive interval", text);
	*seconds = n;
	return 0;
}

static int parse_allowedip(struct warren_peer *peer, const char *text, bool *incremental,
			   struct warren_error *err)
{
	struct warren_allowedip *ip;
	struct warren_prefix prefix;
	bool remove = false;

	if (incremental && (*text == '+' || *text == '-')) {
		*incremental = true;
		remove = *text == '-';
		text++;
	}
	if (warren_addr_parse_prefix(&prefix, text, err))
		return -1;
	if (warren_addr_mask(&prefix)) {
		char masked[WARREN_ADDR_PREFIX];

		warren_error_warn(err, NULL, "\"%s\" has bits set after its prefix: taken as %s",
				  text, warren_addr_print_prefix(masked, &prefix));
	}
	ip = warren_device_add_allowedip(peer, &prefix);
	if (!ip)
		return warren_error_nomem(err);
	ip->remove = remove;
	ip->line = err->line;
	return 0;
}

int warren_addr_parse_allowedips(struct warren_peer *peer, const char *text, bool *incremental,
				 struct warren_error *err)
{
	const char *from = text + strspn(text, " \t");
	char item[64];

	if (!*from)
		return 0;
	for (;;) {
		size_t len = strcspn(from, ","), use;

		from += strspn(from, " \t");
		len = strcspn(from, ",");
		for (use = len; use && strchr(" \t", from[use - 1]); use--)
			;
		if (use >= sizeof(item))
			return warren_error_set(err, WARREN_E_VALUE,
						"put commas between the addresses",
						"\"%.60s...\" is not an IP address", from);
		memcpy(item, from, use);
		item[use] = '\0';
		if (parse_allowedip(peer, item, incremental, err))
			return -1;
		if (!from[len])
			return 0;
		from += len + 1;
	}
}
