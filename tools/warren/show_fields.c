// SPDX-License-Identifier: GPL-2.0
#include "show.h"

#include <inttypes.h>
#include <string.h>

#include "../lib/addr.h"

static void key(FILE *out, const uint8_t k[WARREN_KEY_BYTES], bool has)
{
	char text[WARREN_KEY_BASE64];

	fputs(has ? warren_key_to_base64(text, k) : "(none)", out);
	warren_key_wipe(text, sizeof(text));
}

static void fwmark(FILE *out, const struct warren_device *dev)
{
	if (dev->fwmark)
		fprintf(out, "0x%" PRIx32, dev->fwmark);
	else
		fputs("off", out);
}

static void endpoint(FILE *out, const struct warren_peer *peer)
{
	char text[WARREN_ADDR_ENDPOINT];

	fputs(peer->endpoint.addr.sa_family == AF_UNSPEC
		      ? "(none)"
		      : warren_addr_print_endpoint(text, &peer->endpoint),
	      out);
}

static void allowedips(FILE *out, const struct warren_peer *peer, char between)
{
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	if (!peer->allowedips_n)
		fputs("(none)", out);
	for (i = 0; i < peer->allowedips_n; i++) {
		if (i)
			fputc(between, out);
		fputs(warren_addr_print_prefix(text, &peer->allowedips[i].prefix), out);
	}
}

static void keepalive(FILE *out, const struct warren_peer *peer)
{
	if (peer->keepalive)
		fprintf(out, "%u", peer->keepalive);
	else
		fputs("off", out);
}

static void transfer(FILE *out, const struct warren_peer *peer)
{
	fprintf(out, "%" PRIu64 "\t%" PRIu64, peer->rx_bytes, peer->tx_bytes);
}

static void handshake(FILE *out, const struct warren_peer *peer)
{
	fprintf(out, "%" PRId64, peer->handshake_sec);
}

static void device_public_key(FILE *out, const struct warren_device *dev)
{
	key(out, dev->public_key, dev->has_public_key);
}

static void device_private_key(FILE *out, const struct warren_device *dev)
{
	key(out, dev->private_key, dev->has_private_key);
}

static void listen_port(FILE *out, const struct warren_device *dev)
{
	fprintf(out, "%u", dev->listen_port);
}

static void dump_device(FILE *out, const struct warren_device *dev)
{
	device_private_key(out, dev);
	fputc('\t', out);
	device_public_key(out, dev);
	fputc('\t', out);
	listen_port(out, dev);
	fputc('\t', out);
	fwmark(out, dev);
}

static void preshared_key(FILE *out, const struct warren_peer *peer)
{
	key(out, peer->preshared_key, peer->has_preshared_key);
}

static void allowedips_spaced(FILE *out, const struct warren_peer *peer)
{
	allowedips(out, peer, ' ');
}

static void no_more(FILE *out, const struct warren_peer *peer)
{
	(void)out;
	(void)peer;
}

static void dump_peer(FILE *out, const struct warren_peer *peer)
{
	preshared_key(out, peer);
	fputc('\t', out);
	endpoint(out, peer);
	fputc('\t', out);
	allowedips(out, peer, ',');
	fputc('\t', out);
	handshake(out, peer);
	fputc('\t', out);
	transfer(out, peer);
	fputc('\t', out);
	keepalive(out, peer);
}

static const struct field {
	const char *name;
	void (*device)(FILE *out, const struct warren_device *dev);
	void (*peer)(FILE *out, const struct warren_peer *peer);
} fields[] = {
	{"public-key", device_public_key, NULL},
	{"private-key", device_private_key, NULL},
	{"listen-port", listen_port, NULL},
	{"fwmark", fwmark, NULL},
	{"peers", NULL, no_more},
	{"preshared-keys", NULL, preshared_key},
	{"endpoints", NULL, endpoint},
	{"allowed-ips", NULL, allowedips_spaced},
	{"latest-handshakes", NULL, handshake},
	{"transfer", NULL, transfer},
	{"persistent-keepalive", NULL, keepalive},
	{"dump", dump_device, dump_peer},
};

static void print(FILE *out, const struct warren_device *dev, const struct field *field,
		  bool with_name)
{
	/* wg names the interface once before the endpoints, not on each line. */
	bool once = field->peer == endpoint;
	size_t i;

	if (with_name && (field->device || once))
		fprintf(out, "%s\t", dev->name);
	if (field->device) {
		field->device(out, dev);
		fputc('\n', out);
	}
	for (i = 0; field->peer && i < dev->peers_n; i++) {
		const struct warren_peer *peer = &dev->peers[i];

		if (with_name && !once)
			fprintf(out, "%s\t", dev->name);
		key(out, peer->public_key, true);
		if (field->peer != no_more)
			fputc('\t', out);
		field->peer(out, peer);
		fputc('\n', out);
	}
}

int show_field(FILE *out, const struct warren_device *dev, const char *field, bool with_name)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!strcmp(fields[i].name, field)) {
			if (out)
				print(out, dev, &fields[i], with_name);
			return 0;
		}
	return -1;
}
