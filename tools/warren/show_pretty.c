// SPDX-License-Identifier: GPL-2.0
#include "show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/addr.h"
#include "../lib/stats.h"

#define RESET  "\033[0m"
#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define CYAN   "\033[36m"

struct page {
	FILE *out;
	const struct show_style *style;
};

struct show_style show_style(void)
{
	const char *colour = getenv("WG_COLOR_MODE"), *hide = getenv("WG_HIDE_KEYS");
	struct show_style style = {.colour = isatty(STDOUT_FILENO), .now = time(NULL)};

	if (colour && !strcmp(colour, "always"))
		style.colour = true;
	else if (colour && !strcmp(colour, "never"))
		style.colour = false;
	style.keys = hide && !strcmp(hide, "never");
	return style;
}

static void colour(const struct page *p, const char *code)
{
	if (p->style->colour)
		fputs(code, p->out);
}

static void coloured(const struct page *p, const char *code, const char *text)
{
	colour(p, code);
	fputs(text, p->out);
	colour(p, RESET);
}

static void label(const struct page *p, const char *text)
{
	fputs("  ", p->out);
	coloured(p, BOLD, text);
	fputs(": ", p->out);
}

/* "interface: wg0" and "peer: KEY" */
static void head(const struct page *p, const char *code, const char *what, const char *which)
{
	colour(p, code);
	coloured(p, BOLD, what);
	fputs(": ", p->out);
	coloured(p, code, which);
	fputs("\n", p->out);
}

static void secret(const struct page *p, const char *what, const uint8_t key[WARREN_KEY_BYTES])
{
	char text[WARREN_KEY_BASE64];

	label(p, what);
	fprintf(p->out, "%s\n", p->style->keys ? warren_key_to_base64(text, key) : "(hidden)");
	warren_key_wipe(text, sizeof(text));
}

/* "1 hour, 2 minutes, 3 seconds" */
static void duration(const struct page *p, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *one, *many;
	} units[] = {
		{365 * 24 * 3600, "year", "years"},
		{24 * 3600, "day", "days"},
		{3600, "hour", "hours"},
		{60, "minute", "minutes"},
		{1, "second", "seconds"},
	};
	const char *between = "";
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		uint64_t n = seconds / units[i].seconds;

		if (!n)
			continue;
		seconds %= units[i].seconds;
		fprintf(p->out, "%s%" PRIu64 " ", between, n);
		coloured(p, CYAN, n == 1 ? units[i].one : units[i].many);
		between = ", ";
	}
}

static void amount(const struct page *p, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	while (unit + 1 < sizeof(units) / sizeof(*units) && bytes >> (10 * (unit + 1)))
		unit++;
	if (!unit)
		fprintf(p->out, "%" PRIu64 " ", bytes);
	else
		fprintf(p->out, "%.2f ", (double)bytes / (double)(1ULL << (10 * unit)));
	coloured(p, CYAN, units[unit]);
}

static void allowedips(const struct page *p, const struct warren_peer *peer)
{
	char text[WARREN_ADDR_PREFIX], *slash;
	size_t i;

	label(p, "allowed ips");
	if (!peer->allowedips_n)
		fputs("(none)", p->out);
	for (i = 0; i < peer->allowedips_n; i++) {
		slash = strchr(warren_addr_print_prefix(text, &peer->allowedips[i].prefix), '/');
		*slash = '\0';
		fprintf(p->out, "%s%s", i ? ", " : "", text);
		coloured(p, CYAN, "/");
		fputs(slash + 1, p->out);
	}
	fputs("\n", p->out);
}

static void handshake(const struct page *p, const struct warren_peer *peer)
{
	int64_t ago = (int64_t)p->style->now - peer->handshake_sec;

	if (!peer->handshake_sec)
		return;
	label(p, "latest handshake");
	if (ago > 0) {
		duration(p, ago);
		fputs(" ago\n", p->out);
	} else if (!ago) {
		fputs("Now\n", p->out);
	} else {
		fputs("(", p->out);
		coloured(p, RED, "System clock wound backward; connection problems may ensue.");
		fputs(")\n", p->out);
	}
}

static void show_peer(const struct page *p, const struct warren_peer *peer)
{
	char key[WARREN_KEY_BASE64], text[WARREN_ADDR_ENDPOINT];

	head(p, YELLOW, "peer", warren_key_to_base64(key, peer->public_key));
	if (peer->has_preshared_key)
		secret(p, "preshared key", peer->preshared_key);
	if (peer->endpoint.addr.sa_family != AF_UNSPEC) {
		label(p, "endpoint");
		fprintf(p->out, "%s\n", warren_addr_print_endpoint(text, &peer->endpoint));
	}
	allowedips(p, peer);
	handshake(p, peer);
	if (peer->rx_bytes || peer->tx_bytes) {
		label(p, "transfer");
		amount(p, peer->rx_bytes);
		fputs(" received, ", p->out);
		amount(p, peer->tx_bytes);
		fputs(" sent\n", p->out);
	}
	if (peer->keepalive) {
		label(p, "persistent keepalive");
		fputs("every ", p->out);
		duration(p, peer->keepalive);
		fputs("\n", p->out);
	}
}

/* Those of one sort that are not 0. */
static void counters(const struct page *p, const uint64_t *stats, bool drops)
{
	const char *between = "";
	unsigned int i;

	label(p, drops ? "drops" : "counters");
	for (i = 1; i < WARREN_STATS_N; i++) {
		if (!stats[i] || warren_stats_is_drop(i) != drops)
			continue;
		fprintf(p->out, "%s%s %" PRIu64, between, warren_stats_name(i), stats[i]);
		between = ", ";
	}
	fputs(*between ? "\n" : "(none)\n", p->out);
}

int show_pretty(FILE *out, const struct warren_device *dev, const struct show_style *style)
{
	struct page p = {.out = out, .style = style};
	const struct warren_peer **order;
	char key[WARREN_KEY_BASE64], text[WARREN_ADDR_BIND];
	size_t i;

	order = warren_device_order(dev);
	if (!order)
		return -1;
	colour(&p, RESET);
	head(&p, GREEN, "interface", dev->name);
	if (dev->has_public_key) {
		label(&p, "public key");
		fprintf(out, "%s\n", warren_key_to_base64(key, dev->public_key));
	}
	if (dev->has_private_key)
		secret(&p, "private key", dev->private_key);
	if (dev->listen_port) {
		label(&p, "listening port");
		fprintf(out, "%u\n", dev->listen_port);
	}
	if (dev->fwmark) {
		label(&p, "fwmark");
		fprintf(out, "0x%" PRIx32 "\n", dev->fwmark);
	}
	if (dev->bind[0]) {
		label(&p, "bound to");
		fprintf(out, "%s\n", dev->bind);
	}
	if (warren_addr_print_bind_address(text, dev)[0]) {
		label(&p, "bound to address");
		fprintf(out, "%s\n", text);
	}
	for (i = 0; i < dev->peers_n; i++) {
		fputs("\n", out);
		show_peer(&p, order[i]);
		if (order[i]->stats) {
			counters(&p, order[i]->stats, false);
			counters(&p, order[i]->stats, true);
		}
	}
	free(order);
	return 0;
}
