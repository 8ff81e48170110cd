// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses and names for new nodes. Both families get the same host number, the lowest free one,
 * so that 100.64.0.7 and fd7a:115c:a1e0::7 are one device.
 */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct mesh_key address_key(const struct mesh_ip *ip)
{
	struct mesh_key k = {{0}};

	memcpy(k.b, ip->b, sizeof(ip->b));
	return k;
}

/* Whether a prefix has this host number, and the address. */
static bool nth(const struct mesh_prefix *p, uint64_t offset, struct mesh_ip *ip)
{
	unsigned int host_bits = (p->ip.family == 4 ? 32 : 128) - p->bits;

	if (host_bits < 64 && offset >> host_bits)
		return false;
	/* The last address of an IPv4 prefix is its broadcast address. */
	if (p->ip.family == 4 && offset == ((uint64_t)1 << host_bits) - 1)
		return false;
	*ip = p->ip;
	for (int i = 15; i >= 8; i--, offset >>= 8)
		ip->b[i] |= (uint8_t)offset;
	return true;
}

/* Addresses that clients use for themselves. */
static bool reserved(const struct mesh_ip *ip)
{
	static const char *const ranges[] = {"100.100.100.100/32", "100.115.92.0/23",
					     "fd7a:115c:a1e0::53/128"};
	struct mesh_prefix p;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (mesh_text_unprefix(&p, ranges[i]) && mesh_text_contains(&p, ip))
			return true;
	return false;
}

static bool usable(struct control_state *st, const struct mesh_ip *ip)
{
	struct mesh_key k = address_key(ip);

	return !reserved(ip) && !control_index_get(&st->by_address, &k);
}

int control_address_take(struct control_state *st, struct mesh_ip *ip4, struct mesh_ip *ip6,
			 struct mesh_error *err)
{
	const struct mesh_prefix *v4 = &st->config->v4, *v6 = &st->config->v6;

	for (uint64_t n = st->next_offset ? st->next_offset : 1;; n++) {
		memset(ip4, 0, sizeof(*ip4));
		memset(ip6, 0, sizeof(*ip6));
		if ((v4->ip.family && !nth(v4, n, ip4)) || (v6->ip.family && !nth(v6, n, ip6))) {
			mesh_error_set(err,
				       "no free address left; use a larger \"addresses\" prefix");
			return -ENOSPC;
		}
		if ((!v4->ip.family || usable(st, ip4)) && (!v6->ip.family || usable(st, ip6))) {
			st->next_offset = n;
			return 0;
		}
	}
}

void control_address_hold(struct control_state *st, struct control_node *node)
{
	const struct mesh_ip *ips[] = {&node->ip4, &node->ip6};

	for (int i = 0; i < 2; i++) {
		struct mesh_key k = address_key(ips[i]);

		if (ips[i]->family)
			control_index_set(&st->by_address, &k, node);
	}
}

void control_address_drop(struct control_state *st, struct control_node *node)
{
	const struct mesh_ip *ips[] = {&node->ip4, &node->ip6};

	for (int i = 0; i < 2; i++) {
		struct mesh_key k = address_key(ips[i]);

		if (ips[i]->family)
			control_index_remove(&st->by_address, &k);
	}
	st->next_offset = 1;
}

bool control_address_is_label(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n && !name[n] && n <= 63 && name[0] != '-' && name[n - 1] != '-';
}

static struct mesh_key name_key(const char *name)
{
	struct mesh_key k;

	mesh_crypto_hash(k.b, name, strlen(name), NULL, 0);
	return k;
}

void control_address_name(struct control_state *st, const char *hostname, char out[64])
{
	char base[56];
	size_t n = 0;
	struct mesh_key k;

	/* "Ann's MacBook.local" becomes "ann-s-macbook". */
	for (const char *p = hostname; *p && *p != '.' && n < sizeof(base) - 1; p++) {
		char c = *p;

		if (c >= 'A' && c <= 'Z')
			c += 32;
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			c = '-';
		if (c != '-' || (n && base[n - 1] != '-'))
			base[n++] = c;
	}
	while (n && base[n - 1] == '-')
		n--;
	base[n] = 0;
	if (!n)
		strcpy(base, "node");
	snprintf(out, 64, "%s", base);
	for (unsigned int i = 1; k = name_key(out), control_index_get(&st->by_name, &k); i++)
		snprintf(out, 64, "%.*s-%u", (int)sizeof(base), base, i);
}
