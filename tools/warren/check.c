// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <string.h>
#include <sys/stat.h>

#include "../lib/check.h"
#include "../lib/json.h"
#include "../lib/route.h"
#include "quick.h"
#include "verbs.h"

/* Warnings of the parser are findings here. */
static void take_warning(void *arg, const struct warren_error *w)
{
	struct warren_findings *f = arg;

	warren_check_add(f, "host-bits", false, w->line, "write the network without host bits",
			 "%s", w->text);
}

static int check_mode(struct warren_findings *f, const struct warren_config *c, const char *path)
{
	bool secret = c->device.has_private_key;
	struct stat st;
	size_t i;

	for (i = 0; i < c->device.peers_n; i++)
		secret |= c->device.peers[i].has_preshared_key;
	if (!secret || stat(path, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 0077))
		return 0;
	return warren_check_add(f, "readable-keys", true, c->private_key_line, "chmod 600 the file",
				"others than its owner can read the keys in the file (its mode is "
				"%03o)",
				(unsigned int)st.st_mode & 0777);
}

/* Bytes around a packet: outer header, UDP, the message's own and its tag. */
static unsigned int overhead(uint16_t family)
{
	return (family == AF_INET ? 20 : 40) + 8 + 32;
}

static int check_mtu(struct warren_findings *f, const struct warren_config *c)
{
	struct warren_error ignored = {};
	struct warren_rtnl rtnl;
	uint32_t mtu;
	int ret = 0;
	size_t i;

	if (!c->mtu || warren_rtnl_open(&rtnl, &ignored))
		return 0;
	for (i = 0; i < c->device.peers_n && !ret; i++) {
		const union warren_endpoint *e = &c->device.peers[i].endpoint;
		struct warren_prefix to = {.family = e->addr.sa_family};

		if (to.family == AF_INET)
			to.ip4 = e->in.sin_addr;
		else if (to.family == AF_INET6)
			to.ip6 = e->in6.sin6_addr;
		else
			continue;
		to.cidr = to.family == AF_INET ? 32 : 128;
		if (warren_route_mtu(&rtnl, &to, &mtu, NULL, &ignored) ||
		    c->mtu + overhead(to.family) <= mtu)
			continue;
		ret = warren_check_add(
			f, "mtu-too-large", true, c->mtu_line,
			"use a smaller MTU, or leave it out to have it found",
			"with an MTU of %u packets do not fit into the %u bytes of the "
			"way to the endpoint of line %u: at most %u do",
			c->mtu, mtu, c->device.peers[i].endpoint_line, mtu - overhead(to.family));
	}
	warren_rtnl_close(&rtnl);
	return ret;
}

/* Without this host's interfaces and addresses the file may be another host's. */
static int check_bind(struct warren_findings *f, const struct quick *q)
{
	const struct warren_device *dev = &q->config.device;
	char text[INET6_ADDRSTRLEN];
	struct ifaddrs *list, *a;
	bool four = !dev->bind4.s_addr, six = IN6_IS_ADDR_UNSPECIFIED(&dev->bind6);

	if (!strcmp(dev->bind, q->name)) {
		if (warren_check_add(f, "bind-device", true, q->config.bind_line,
				     "name the interface by which the endpoints are reached",
				     "%s would be bound to itself", q->name))
			return -1;
	} else if (dev->bind[0] && !if_nametoindex(dev->bind) &&
		   warren_check_add(f, "bind-device", false, q->config.bind_line,
				    "see `ip link` for those there are",
				    "this host has no interface \"%s\"", dev->bind)) {
		return -1;
	}
	if ((four && six) || getifaddrs(&list))
		return 0;
	for (a = list; a; a = a->ifa_next) {
		const union warren_endpoint *e = (const void *)a->ifa_addr;

		if (e && e->addr.sa_family == AF_INET)
			four |= e->in.sin_addr.s_addr == dev->bind4.s_addr;
		else if (e && e->addr.sa_family == AF_INET6)
			six |= !memcmp(&e->in6.sin6_addr, &dev->bind6, sizeof(dev->bind6));
	}
	freeifaddrs(list);
	if (four && six)
		return 0;
	return warren_check_add(f, "bind-address", false, q->config.bind_address_line,
				"see `ip address` for those there are",
				"this host does not have the address %s",
				four ? inet_ntop(AF_INET6, &dev->bind6, text, sizeof(text))
				     : inet_ntop(AF_INET, &dev->bind4, text, sizeof(text)));
}

static void print_text(const struct warren_findings *f, const char *path)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct warren_finding *one = &f->list[i];
		char line[16] = "";

		if (one->line)
			snprintf(line, sizeof(line), ":%u", one->line);
		printf("%s%s: %s: %s [%s]\n  remedy: %s\n", path, line,
		       one->error ? "error" : "warning", one->text, one->rule, one->remedy);
	}
	printf("%s: %zu errors, %zu warnings\n", path, f->errors, f->n - f->errors);
}

static void print_json(const struct warren_findings *f, const char *path)
{
	struct warren_json json = {.out = stdout};
	size_t i;

	warren_json_open(&json, NULL, '{');
	warren_json_string(&json, "file", path);
	warren_json_open(&json, "findings", '[');
	for (i = 0; i < f->n; i++) {
		warren_json_open(&json, NULL, '{');
		warren_json_string(&json, "rule", f->list[i].rule);
		warren_json_string(&json, "severity", f->list[i].error ? "error" : "warning");
		warren_json_number(&json, "line", f->list[i].line);
		warren_json_string(&json, "text", f->list[i].text);
		warren_json_string(&json, "remedy", f->list[i].remedy);
		warren_json_close(&json, '}');
	}
	warren_json_close(&json, ']');
	warren_json_close(&json, '}');
}

int verb_check(struct warren_error *err, int argc, char **argv)
{
	bool json = argc > 1 && !strcmp(argv[argc - 1], "--json");
	struct warren_findings findings = {};
	struct warren_error reading = {.warn = take_warning, .warn_arg = &findings};
	struct quick q;
	int ret;

	if (argc - json != 2)
		return verb_usage(err);
	ret = quick_read(&q, argv[1], &reading);
	if (ret) {
		reading.warn = err->warn;
		*err = reading;
	} else if (check_mode(&findings, &q.config, q.path) || check_mtu(&findings, &q.config) ||
		   check_bind(&findings, &q) || warren_check_config(&findings, &q.config)) {
		ret = warren_error_nomem(err);
	} else {
		warren_check_sort(&findings);
		if (json)
			print_json(&findings, q.path);
		else
			print_text(&findings, q.path);
		if (findings.n)
			ret = warren_error_set(err, WARREN_E_FINDINGS, NULL, "%s", "");
	}
	quick_close(&q);
	warren_check_free(&findings);
	return ret;
}
