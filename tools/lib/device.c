// SPDX-License-Identifier: GPL-2.0
#include "device.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* realloc() would leave a copy of the keys behind. */
static void *grow(void *old, size_t used, size_t *room, size_t size)
{
	size_t wanted = *room ? *room * 2 : 4;
	void *new;

	new = reallocarray(NULL, wanted, size);
	if (!new)
		return NULL;
	if (used) {
		memcpy(new, old, used * size);
		warren_key_wipe(old, used * size);
	}
	free(old);
	*room = wanted;
	return new;
}

void warren_device_init(struct warren_device *dev, const char *name)
{
	memset(dev, 0, sizeof(*dev));
	snprintf(dev->name, sizeof(dev->name), "%s", name);
}

void warren_device_free(struct warren_device *dev)
{
	size_t i;

	for (i = 0; i < dev->peers_n; i++) {
		free(dev->peers[i].allowedips);
		free(dev->peers[i].endpoint_name);
		free(dev->peers[i].stats);
	}
	if (dev->peers)
		warren_key_wipe(dev->peers, dev->peers_n * sizeof(*dev->peers));
	free(dev->peers);
	warren_key_wipe(dev, sizeof(*dev));
}

bool warren_device_is_bound(const struct warren_device *dev)
{
	return dev->bind[0] || dev->bind4.s_addr || !IN6_IS_ADDR_UNSPECIFIED(&dev->bind6);
}

struct warren_peer *warren_device_add_peer(struct warren_device *dev)
{
	struct warren_peer *peer;

	if (dev->peers_n == dev->peers_room) {
		peer = grow(dev->peers, dev->peers_n, &dev->peers_room, sizeof(*peer));
		if (!peer)
			return NULL;
		dev->peers = peer;
	}
	peer = &dev->peers[dev->peers_n++];
	memset(peer, 0, sizeof(*peer));
	return peer;
}

struct warren_allowedip *warren_device_add_allowedip(struct warren_peer *peer,
						     const struct warren_prefix *prefix)
{
	struct warren_allowedip *ip;

	if (peer->allowedips_n == peer->allowedips_room) {
		ip = grow(peer->allowedips, peer->allowedips_n, &peer->allowedips_room,
			  sizeof(*ip));
		if (!ip)
			return NULL;
		peer->allowedips = ip;
	}
	ip = &peer->allowedips[peer->allowedips_n++];
	memset(ip, 0, sizeof(*ip));
	ip->prefix = *prefix;
	return ip;
}

static int later_first(const void *a, const void *b)
{
	const struct warren_peer *x = *(const struct warren_peer *const *)a;
	const struct warren_peer *y = *(const struct warren_peer *const *)b;

	if (x->handshake_sec != y->handshake_sec)
		return x->handshake_sec > y->handshake_sec ? -1 : 1;
	if (x->handshake_nsec != y->handshake_nsec)
		return x->handshake_nsec > y->handshake_nsec ? -1 : 1;
	/* One array: the address is the device's order. */
	return x < y ? -1 : x > y;
}

const struct warren_peer **warren_device_order(const struct warren_device *dev)
{
	const struct warren_peer **order;
	size_t i;

	order = calloc(dev->peers_n ? dev->peers_n : 1, sizeof(*order));
	if (!order)
		return NULL;
	for (i = 0; i < dev->peers_n; i++)
		order[i] = &dev->peers[i];
	if (dev->peers_n)
		qsort(order, dev->peers_n, sizeof(*order), later_first);
	return order;
}

bool warren_device_name_ok(const char *name)
{
	const char *c;

	if (!*name || strlen(name) >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (c = name; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
			return false;
	return true;
}
