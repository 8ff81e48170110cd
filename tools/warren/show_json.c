// SPDX-License-Identifier: GPL-2.0
/*
 * Devices as JSON. The names and types below are a promise to programs: things
 * may be added, nothing is renamed or taken away. warren(8) lists them.
 */
#include "show.h"

#include <arpa/inet.h>

#include "../lib/addr.h"
#include "../lib/stats.h"

static const char *kind_name(enum warren_kind kind)
{
	static const char *const names[] = {"warren", "wireguard", "userspace"};

	return names[kind];
}

static void key(struct warren_json *json, const char *name, const uint8_t k[WARREN_KEY_BYTES],
		bool has)
{
	char text[WARREN_KEY_BASE64];

	warren_json_string(json, name, has ? warren_key_to_base64(text, k) : NULL);
	warren_key_wipe(text, sizeof(text));
}

/* Whether there is a secret is always told, the secret only when asked for. */
static void secret(struct warren_json *json, const char *name, const char *has_name,
		   const uint8_t k[WARREN_KEY_BYTES], bool has, bool keys)
{
	warren_json_bool(json, has_name, has);
	if (keys)
		key(json, name, k, has);
}

/* All that there are, also those that are 0. */
static void show_stats(struct warren_json *json, const uint64_t *stats)
{
	unsigned int i;

	if (!stats) {
		warren_json_string(json, "stats", NULL);
		return;
	}
	warren_json_open(json, "stats", '{');
	for (i = 1; i < WARREN_STATS_N; i++)
		warren_json_number(json, warren_stats_name(i), stats[i]);
	warren_json_close(json, '}');
}

static void show_peer(struct warren_json *json, const struct warren_peer *peer, bool stats,
		      bool keys)
{
	char text[WARREN_ADDR_ENDPOINT];
	size_t i;

	warren_json_open(json, NULL, '{');
	key(json, "public_key", peer->public_key, true);
	secret(json, "preshared_key", "has_preshared_key", peer->preshared_key,
	       peer->has_preshared_key, keys);
	warren_json_string(json, "endpoint",
			   peer->endpoint.addr.sa_family == AF_UNSPEC
				   ? NULL
				   : warren_addr_print_endpoint(text, &peer->endpoint));
	warren_json_open(json, "allowed_ips", '[');
	for (i = 0; i < peer->allowedips_n; i++)
		warren_json_string(json, NULL,
				   warren_addr_print_prefix(text, &peer->allowedips[i].prefix));
	warren_json_close(json, ']');
	warren_json_number(json, "latest_handshake",
			   peer->handshake_sec > 0 ? peer->handshake_sec : 0);
	warren_json_number(json, "rx_bytes", peer->rx_bytes);
	warren_json_number(json, "tx_bytes", peer->tx_bytes);
	warren_json_number(json, "persistent_keepalive", peer->keepalive);
	if (stats)
		show_stats(json, peer->stats);
	warren_json_close(json, '}');
}

void show_json(struct warren_json *json, const struct warren_device *dev, bool keys)
{
	char text[INET6_ADDRSTRLEN];
	size_t i;

	warren_json_open(json, NULL, '{');
	warren_json_string(json, "name", dev->name);
	warren_json_number(json, "index", dev->ifindex);
	warren_json_string(json, "kind", kind_name(dev->kind));
	key(json, "public_key", dev->public_key, dev->has_public_key);
	secret(json, "private_key", "has_private_key", dev->private_key, dev->has_private_key,
	       keys);
	warren_json_number(json, "listen_port", dev->listen_port);
	warren_json_number(json, "fwmark", dev->fwmark);
	warren_json_string(json, "bind", dev->bind[0] ? dev->bind : NULL);
	warren_json_open(json, "bind_addresses", '[');
	if (dev->bind4.s_addr)
		warren_json_string(json, NULL, inet_ntop(AF_INET, &dev->bind4, text, sizeof(text)));
	if (!IN6_IS_ADDR_UNSPECIFIED(&dev->bind6))
		warren_json_string(json, NULL,
				   inet_ntop(AF_INET6, &dev->bind6, text, sizeof(text)));
	warren_json_close(json, ']');
	warren_json_open(json, "peers", '[');
	for (i = 0; i < dev->peers_n; i++)
		show_peer(json, &dev->peers[i], dev->want_stats, keys);
	warren_json_close(json, ']');
	warren_json_close(json, '}');
}
