// SPDX-License-Identifier: GPL-2.0
/* init: matching files for two sites, or for a star of them, with new keys. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/config.h"
#include "verbs.h"

#define SITES_MOST 1024
#define KEEPALIVE  25 /* seconds; most NATs keep a mapping for at least 30 */

/* One site, as SITE[@HOST[:PORT]][,NETWORK]... says it, and its keys. */
struct site {
	char name[64];
	char *endpoint;
	struct warren_peer networks; /* only its allowed IPs are used */
	struct warren_prefix address;
	uint8_t private_key[WARREN_KEY_BYTES];
	uint8_t public_key[WARREN_KEY_BYTES];
	uint8_t preshared_key[WARREN_KEY_BYTES]; /* with the first site */
};

struct star {
	struct site *sites;
	size_t n;
	const char *folder;
	const char *interface;
	struct warren_prefix tunnel;
	uint16_t port;
};

static int parse_host(struct site *site, const char *host, uint16_t port, struct warren_error *err)
{
	/* More than one colon is an IPv6 address; in brackets it may have a port. */
	const char *colon = strchr(*host == '[' ? host + strcspn(host, "]") : host, ':');
	bool has_port = colon && colon == strrchr(host, ':');
	struct warren_peer probe = {};
	struct warren_prefix ip;
	int ret;

	if (has_port)
		ret = asprintf(&site->endpoint, "%s", host);
	else if (!warren_addr_parse_ip(&ip, host) && ip.family == AF_INET6)
		ret = asprintf(&site->endpoint, "[%s]:%u", host, port);
	else
		ret = asprintf(&site->endpoint, "%s:%u", host, port);
	if (ret < 0) {
		site->endpoint = NULL;
		return warren_error_nomem(err);
	}
	ret = warren_addr_parse_endpoint(&probe, site->endpoint, err);
	free(probe.endpoint_name);
	return ret;
}

static int parse_site(struct site *site, char *arg, uint16_t port, struct warren_error *err)
{
	char *networks = strchr(arg, ','), *host;
	const char *c;

	if (networks)
		*networks++ = '\0';
	host = strchr(arg, '@');
	if (host)
		*host++ = '\0';
	for (c = arg; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *c))
			break;
	if (*c || c == arg || (size_t)(c - arg) >= sizeof(site->name))
		return warren_error_set(
			err, WARREN_E_VALUE,
			"write NAME@HOST,NETWORK,... with a NAME of letters, digits, "
			"\"-\" and \"_\"",
			"\"%s\" is not a site's name", arg);
	snprintf(site->name, sizeof(site->name), "%s", arg);
	warren_error_place(err, NULL, 0, site->name);
	if (host && parse_host(site, host, port, err))
		return -1;
	if (networks && warren_addr_parse_allowedips(&site->networks, networks, NULL, err))
		return -1;
	warren_key_generate(site->private_key);
	warren_key_public(site->public_key, site->private_key);
	warren_key_random(site->preshared_key);
	warren_error_place(err, NULL, 0, NULL);
	return 0;
}

static bool overlap(const struct warren_prefix *a, const struct warren_prefix *b)
{
	return warren_addr_covers(a, b) || warren_addr_covers(b, a);
}

static int overlaps(const struct star *star, size_t i, const struct warren_prefix *net,
		    struct warren_error *err)
{
	char one[WARREN_ADDR_PREFIX], two[WARREN_ADDR_PREFIX];
	size_t j, k;

	warren_addr_print_prefix(one, net);
	if (overlap(net, &star->tunnel))
		return warren_error_set(
			err, WARREN_E_VALUE, "choose other addresses for the tunnel with --tunnel",
			"%s of %s overlaps the tunnel's own %s", one, star->sites[i].name,
			warren_addr_print_prefix(two, &star->tunnel));
	for (j = 0; j < i; j++)
		for (k = 0; k < star->sites[j].networks.allowedips_n; k++) {
			const struct warren_prefix *other =
				&star->sites[j].networks.allowedips[k].prefix;

			if (overlap(net, other))
				return warren_error_set(
					err, WARREN_E_VALUE, "a network can be at one site only",
					"%s of %s overlaps %s of %s", one, star->sites[i].name,
					warren_addr_print_prefix(two, other), star->sites[j].name);
		}
	return 0;
}

static int check_sites(const struct star *star, struct warren_error *err)
{
	size_t i, j;

	for (i = 0; i < star->n; i++) {
		const struct site *site = &star->sites[i];

		for (j = 0; j < i; j++)
			if (!strcmp(site->name, star->sites[j].name))
				return warren_error_set(err, WARREN_E_VALUE,
							"give each site a name of its own",
							"there are two sites \"%s\"", site->name);
		for (j = 0; j < site->networks.allowedips_n; j++)
			if (overlaps(star, i, &site->networks.allowedips[j].prefix, err))
				return -1;
		if (i && !star->sites[0].endpoint && (star->n > 2 || !site->endpoint))
			return warren_error_set(
				err, WARREN_E_VALUE,
				"write the first site as NAME@HOST, with a host name "
				"or address that the others reach",
				"nobody can find anybody: \"%s\" has no HOST", star->sites[0].name);
	}
	return 0;
}

/* The tunnel's network and the number of a site make the site's address. */
static int give_addresses(struct star *star, struct warren_error *err)
{
	unsigned int bits = 8 * warren_addr_size(star->tunnel.family) - star->tunnel.cidr;
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	if (bits < 16 && star->n + 2 > (size_t)1 << bits)
		return warren_error_set(err, WARREN_E_VALUE, "use a shorter prefix with --tunnel",
					"%s has no room for %zu sites",
					warren_addr_print_prefix(text, &star->tunnel), star->n);
	for (i = 0; i < star->n; i++) {
		struct warren_prefix *a = &star->sites[i].address;
		uint8_t *last;

		*a = star->tunnel;
		last = (uint8_t *)&a->ip6 + warren_addr_size(a->family) - 1;
		last[0] += (i + 1) & 0xff;
		last[-1] += (i + 1) >> 8;
	}
	return 0;
}

static void print_key(FILE *out, const char *name, const uint8_t key[WARREN_KEY_BYTES])
{
	char text[WARREN_KEY_BASE64];

	fprintf(out, "%s = %s\n", name, warren_key_to_base64(text, key));
	warren_key_wipe(text, sizeof(text));
}

static void print_networks(FILE *out, const struct site *site)
{
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	for (i = 0; i < site->networks.allowedips_n; i++)
		fprintf(out, ", %s",
			warren_addr_print_prefix(text, &site->networks.allowedips[i].prefix));
}

static void print_interface(FILE *out, const struct star *star, const struct site *site)
{
	char text[WARREN_ADDR_PREFIX];
	bool four = false, six = false;
	size_t i;

	for (i = 0; i < site->networks.allowedips_n; i++) {
		four |= site->networks.allowedips[i].prefix.family == AF_INET;
		six |= site->networks.allowedips[i].prefix.family == AF_INET6;
	}
	fprintf(out, "# %s\n[Interface]\n", site->name);
	print_key(out, "PrivateKey", site->private_key);
	fprintf(out, "Address = %s\n", warren_addr_print_prefix(text, &site->address));
	if (site->endpoint)
		fprintf(out, "ListenPort = %s\n", strrchr(site->endpoint, ':') + 1);
	if (four || (site == star->sites && star->n > 2 && star->tunnel.family == AF_INET))
		fputs("PostUp = sysctl -q -w net.ipv4.ip_forward=1\n", out);
	if (six)
		fputs("# IPv6 forwarding is off by default, and once it is on the host no longer\n"
		      "# configures itself by router advertisements unless accept_ra is 2:\n"
		      "# PostUp = sysctl -q -w net.ipv6.conf.all.forwarding=1\n",
		      out);
}

static void print_peer(FILE *out, const struct star *star, const struct site *me,
		       const struct site *peer)
{
	const struct site *secret = me == star->sites ? peer : me;
	struct warren_prefix host = peer->address;
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	fprintf(out, "\n# %s\n[Peer]\n", peer->name);
	print_key(out, "PublicKey", peer->public_key);
	print_key(out, "PresharedKey", secret->preshared_key);
	host.cidr = 8 * warren_addr_size(host.family);
	/* The others of a star are behind its centre. */
	fprintf(out, "AllowedIPs = %s",
		warren_addr_print_prefix(text, me == star->sites ? &host : &star->tunnel));
	print_networks(out, peer);
	for (i = 1; me != star->sites && i < star->n; i++)
		if (&star->sites[i] != me)
			print_networks(out, &star->sites[i]);
	fputs("\n", out);
	if (peer->endpoint)
		fprintf(out, "Endpoint = %s\n", peer->endpoint);
	if (peer->endpoint && !me->endpoint)
		fprintf(out, "PersistentKeepalive = %d\n", KEEPALIVE);
}

static int make_folder(const char *path, struct warren_error *err)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	return warren_error_errno(err, WARREN_E_FILE, errno, "cannot make the folder %s", path);
}

static int write_site(const struct star *star, const struct site *site, const char *path,
		      struct warren_error *err)
{
	size_t i;
	FILE *out;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return warren_error_errno(err, WARREN_E_FILE, errno, "cannot make %s", path);
	out = fdopen(fd, "w");
	if (!out) {
		close(fd);
		unlink(path);
		return warren_error_nomem(err);
	}
	print_interface(out, star, site);
	for (i = 0; i < star->n; i++)
		if (&star->sites[i] != site && (!i || site == star->sites))
			print_peer(out, star, site, &star->sites[i]);
	if (fflush(out) || fsync(fd)) {
		warren_error_errno(err, WARREN_E_FILE, errno, "cannot write %s", path);
		fclose(out);
		unlink(path);
		return -1;
	}
	fclose(out);
	return 0;
}

static void path_of(const struct star *star, const struct site *site, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s/%s.conf", star->folder, site->name, star->interface);
}

/* All files, or none. */
static int write_all(const struct star *star, struct warren_error *err)
{
	char path[PATH_MAX];
	size_t i;

	if (make_folder(star->folder, err))
		return -1;
	for (i = 0; i < star->n; i++) {
		snprintf(path, sizeof(path), "%s/%s", star->folder, star->sites[i].name);
		if (make_folder(path, err))
			break;
		path_of(star, &star->sites[i], path);
		if (write_site(star, &star->sites[i], path, err))
			break;
	}
	if (i == star->n)
		return 0;
	while (i--) {
		path_of(star, &star->sites[i], path);
		unlink(path);
	}
	return -1;
}

static void print_what_next(const struct star *star)
{
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < star->n; i++) {
		path_of(star, &star->sites[i], path);
		printf("%s\n", path);
	}
	printf("\nCopy each file to its site as /etc/warren/%s.conf, over a safe way, since it "
	       "holds\n"
	       "the site's private key, and bring the interface up there: warren up %s\n",
	       star->interface, star->interface);
}

static int parse_options(struct star *star, int *argc, char **argv, struct warren_error *err)
{
	int i, n = 1;

	for (i = 1; i < *argc; i++) {
		const char *value = i + 1 < *argc ? argv[i + 1] : NULL;

		if (strncmp(argv[i], "--", 2)) {
			argv[n++] = argv[i];
			continue;
		}
		if (!value)
			return verb_usage(err);
		if (!strcmp(argv[i], "--dir")) {
			star->folder = value;
		} else if (!strcmp(argv[i], "--interface")) {
			star->interface = value;
		} else if (!strcmp(argv[i], "--port")) {
			if (warren_addr_parse_port(&star->port, value, err))
				return -1;
		} else if (!strcmp(argv[i], "--tunnel")) {
			if (warren_addr_parse_prefix(&star->tunnel, value, err))
				return -1;
		} else {
			return verb_usage(err);
		}
		i++;
	}
	*argc = n;
	return 0;
}

static int init(struct star *star, int argc, char **argv, struct warren_error *err)
{
	int i;

	warren_addr_mask(&star->tunnel);
	for (i = 1; i < argc; i++)
		if (parse_site(&star->sites[star->n++], argv[i], star->port, err))
			return -1;
	if (check_sites(star, err) || give_addresses(star, err) || write_all(star, err))
		return -1;
	print_what_next(star);
	return 0;
}

int verb_init(struct warren_error *err, int argc, char **argv)
{
	struct star star = {.folder = ".", .interface = "wg0", .port = 51820};
	size_t i;
	int ret;

	warren_addr_parse_prefix(&star.tunnel, "10.213.0.0/24", err);
	if (parse_options(&star, &argc, argv, err))
		return -1;
	if (argc < 3 || argc > SITES_MOST)
		return verb_usage(err);
	if (!warren_device_name_ok(star.interface))
		return warren_error_set(err, WARREN_E_VALUE,
					"use 1 to 15 characters without spaces, \"/\" and \":\"",
					"\"%s\" cannot be an interface's name", star.interface);
	if (!star.port)
		return warren_error_set(err, WARREN_E_VALUE, "use 1 to 65535",
					"sites cannot be reached at port 0");
	star.sites = calloc(argc, sizeof(*star.sites));
	if (!star.sites)
		return warren_error_nomem(err);
	ret = init(&star, argc, argv, err);
	for (i = 0; i < star.n; i++) {
		free(star.sites[i].endpoint);
		free(star.sites[i].networks.allowedips);
	}
	warren_key_wipe(star.sites, argc * sizeof(*star.sites));
	free(star.sites);
	return ret;
}
