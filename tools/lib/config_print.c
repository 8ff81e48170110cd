// SPDX-License-Identifier: GPL-2.0
#include "config.h"

#include <inttypes.h>

static void print_key(FILE *out, const char *name, const uint8_t key[WARREN_KEY_BYTES])
{
	char text[WARREN_KEY_BASE64];

	fprintf(out, "%s = %s\n", name, warren_key_to_base64(text, key));
	warren_key_wipe(text, sizeof(text));
}

static void print_peer(FILE *out, const struct warren_peer *peer)
{
	char text[WARREN_ADDR_ENDPOINT];
	size_t i;

	fputs("[Peer]\n", out);
	print_key(out, "PublicKey", peer->public_key);
	if (peer->has_preshared_key)
		print_key(out, "PresharedKey", peer->preshared_key);
	for (i = 0; i < peer->allowedips_n; i++)
		fprintf(out, "%s%s", i ? ", " : "AllowedIPs = ",
			warren_addr_print_prefix(text, &peer->allowedips[i].prefix));
	if (i)
		fputs("\n", out);
	if (peer->endpoint_name)
		fprintf(out, "Endpoint = %s\n", peer->endpoint_name);
	else if (peer->endpoint.addr.sa_family != AF_UNSPEC)
		fprintf(out, "Endpoint = %s\n", warren_addr_print_endpoint(text, &peer->endpoint));
	if (peer->keepalive)
		fprintf(out, "PersistentKeepalive = %u\n", peer->keepalive);
}

void warren_config_print_dns(FILE *out, const struct warren_config *config)
{
	size_t i;

	for (i = 0; i < config->dns.n + config->search.n; i++)
		fprintf(out, "%s%s", i ? ", " : "DNS = ",
			i < config->dns.n ? config->dns.s[i] : config->search.s[i - config->dns.n]);
	if (i)
		fputs("\n", out);
}

void warren_config_print_rest(FILE *out, const struct warren_device *dev)
{
	char text[WARREN_ADDR_BIND];
	size_t i;

	if (dev->listen_port)
		fprintf(out, "ListenPort = %u\n", dev->listen_port);
	if (dev->fwmark)
		fprintf(out, "FwMark = 0x%" PRIx32 "\n", dev->fwmark);
	if (dev->bind[0])
		fprintf(out, "Bind = %s\n", dev->bind);
	if (warren_addr_print_bind_address(text, dev)[0])
		fprintf(out, "BindAddress = %s\n", text);
	if (dev->has_private_key)
		print_key(out, "PrivateKey", dev->private_key);
	fputs("\n", out);
	for (i = 0; i < dev->peers_n; i++) {
		if (i)
			fputs("\n", out);
		print_peer(out, &dev->peers[i]);
	}
}

void warren_config_print(FILE *out, const struct warren_device *dev)
{
	fputs("[Interface]\n", out);
	warren_config_print_rest(out, dev);
}
