// SPDX-License-Identifier: GPL-2.0
/* up and down: a whole interface from a file, and back. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/ipc.h"
#include "../lib/link.h"
#include "../lib/route.h"
#include "quick.h"
#include "routes.h"
#include "save.h"
#include "verbs.h"

#define OVERHEAD    80 /* outer IPv6, UDP and the tunnel's own header and tag */
#define DEFAULT_MTU 1500

/* Signals wait while an interface is half made; see interrupted(). */
static void hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int interrupted(struct warren_error *err)
{
	sigset_t set;

	if (sigpending(&set) || (!sigismember(&set, SIGINT) && !sigismember(&set, SIGTERM) &&
				 !sigismember(&set, SIGHUP)))
		return 0;
	return warren_error_set(err, WARREN_E_INTERNAL, NULL, "interrupted by a signal");
}

static int add_addresses(struct quick *q, struct warren_error *err)
{
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	for (i = 0; i < q->config.addresses_n; i++) {
		const struct warren_address *a = &q->config.addresses[i];

		quick_say("ip -%d address add %s dev %s", a->prefix.family == AF_INET ? 4 : 6,
			  warren_addr_print_prefix(text, &a->prefix), q->name);
		warren_error_place(err, q->path, a->line, "Address");
		if (warren_route_add_address(&q->rtnl, q->ifindex, &a->prefix, err))
			return -1;
	}
	warren_error_place(err, NULL, 0, NULL);
	return 0;
}

static void note_mtu(struct quick *q, const struct warren_prefix *to, uint32_t *least)
{
	struct warren_error ignored = {};
	uint32_t mtu = 0;

	/* No way to an endpoint now is no reason not to begin. */
	if (!warren_route_mtu(&q->rtnl, to, &mtu, NULL, &ignored) && (!*least || mtu < *least))
		*least = mtu;
}

/* The least MTU on the ways to the endpoints, or on the default route. */
static uint32_t find_mtu(struct quick *q)
{
	static const char *const far_away[] = {"192.0.2.1", "2001:db8::1"};
	const struct warren_device *dev = &q->config.device;
	struct warren_prefix to = {};
	uint32_t least = 0;
	size_t i;

	if (q->config.mtu)
		return q->config.mtu;
	for (i = 0; i < dev->peers_n; i++) {
		const union warren_endpoint *e = &dev->peers[i].endpoint;

		to.family = e->addr.sa_family;
		if (to.family == AF_INET)
			to.ip4 = e->in.sin_addr;
		else if (to.family == AF_INET6)
			to.ip6 = e->in6.sin6_addr;
		else
			continue;
		to.cidr = to.family == AF_INET ? 32 : 128;
		note_mtu(q, &to, &least);
	}
	/* Addresses for documentation: only a default route leads there. */
	for (i = 0; i < 2 && !least; i++)
		if (!warren_addr_parse_ip(&to, far_away[i]))
			note_mtu(q, &to, &least);
	if (!least)
		least = DEFAULT_MTU;
	return least > OVERHEAD + 68 ? least - OVERHEAD : 68;
}

static int bring_up(struct quick *q, struct warren_error *err)
{
	uint32_t mtu = find_mtu(q);

	quick_say("ip link set mtu %u up dev %s", mtu, q->name);
	return warren_link_up(&q->rtnl, q->name, mtu, err);
}

static int add_routes(struct quick *q, struct warren_error *err)
{
	char text[WARREN_ADDR_PREFIX], in[24] = "";
	struct routes routes;
	int ret;
	size_t i;

	ret = routes_wanted(&routes, &q->config, err);
	if (routes.table != ROUTES_MAIN_TABLE)
		snprintf(in, sizeof(in), " table %u", routes.table);
	for (i = 0; i < routes.n && !ret; i++) {
		const struct warren_allowedip *ip = &routes.list[i];

		quick_say("ip -%d route add %s dev %s%s", ip->prefix.family == AF_INET ? 4 : 6,
			  warren_addr_print_prefix(text, &ip->prefix), q->name, in);
		warren_error_place(err, q->path, ip->line, "AllowedIPs");
		ret = warren_route_add(&q->rtnl, q->ifindex, &ip->prefix, routes.table, err);
	}
	if (!ret)
		warren_error_place(err, NULL, 0, NULL);
	free(routes.list);
	return ret;
}

static int configure(struct quick *q, const char *kind, struct warren_error *err)
{
	struct warren_link link;

	quick_say("ip link add %s type %s", q->name, kind);
	if (warren_link_add(&q->rtnl, q->name, kind, 0, err))
		return -1;
	if (warren_link_get(&q->rtnl, &link, q->name, err))
		return -1;
	q->ifindex = link.ifindex;
	quick_say("warren setconf %s %s", q->name, q->path);
	if (warren_ipc_set(&q->config.device, err) || interrupted(err) || add_addresses(q, err) ||
	    bring_up(q, err) || interrupted(err) || dns_set(q, err) || full_set(q, err) ||
	    add_routes(q, err) || interrupted(err))
		return -1;
	return run_hooks(q, &q->config.post_up, "PostUp", err);
}

/* Removes the interface and all that hangs on it; goes on after a failure. */
static int dismantle(struct quick *q, struct warren_error *err)
{
	struct warren_device dev;
	uint32_t mark = 0;
	int ret = 0;

	if (!warren_ipc_get(&dev, q->name, err))
		mark = dev.fwmark;
	warren_device_free(&dev);
	if (full_unset(q, mark, err))
		ret = -1;
	if (dns_unset(q, err))
		ret = -1;
	quick_say("ip link delete dev %s", q->name);
	if (warren_link_del(&q->rtnl, q->name, err))
		ret = -1;
	return ret;
}

static int up(struct quick *q, const char *kind, struct warren_error *err)
{
	const char *retries = getenv("WG_ENDPOINT_RESOLUTION_RETRIES");
	struct warren_error ignored = {};
	struct warren_link link;
	int ret;

	if (!warren_link_get(&q->rtnl, &link, q->name, err))
		return warren_error_set(err, WARREN_E_EXISTS,
					"take it down first, or use `warren syncconf` to change it",
					"there is an interface \"%s\" already", q->name);
	if (err->code != WARREN_E_NODEV)
		return -1;
	if (run_hooks(q, &q->config.pre_up, "PreUp", err))
		return -1;
	warren_error_place(err, q->path, 0, NULL);
	if (warren_addr_resolve(&q->config.device, warren_addr_retries(retries), err))
		return -1;
	warren_error_place(err, NULL, 0, NULL);
	hold_signals();
	ret = configure(q, kind, err);
	if (ret && q->ifindex)
		dismantle(q, &ignored);
	return ret;
}

int verb_up(struct warren_error *err, int argc, char **argv)
{
	const char *arg = NULL, *kind = "warren";
	struct quick q;
	int i, ret;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--kind") && i + 1 < argc)
			kind = argv[++i];
		else if (!arg && argv[i][0] != '-')
			arg = argv[i];
		else
			return verb_usage(err);
	}
	if (!arg)
		return verb_usage(err);
	if (strcmp(kind, "warren") && strcmp(kind, "wireguard"))
		return warren_error_set(err, WARREN_E_USAGE, NULL,
					"\"%s\" is neither warren nor wireguard", kind);
	ret = quick_open(&q, arg, err);
	if (!ret)
		ret = up(&q, kind, err);
	quick_close(&q);
	return ret;
}

static int down(struct quick *q, struct warren_error *err)
{
	struct warren_device dev;

	warren_device_init(&dev, q->name);
	if (warren_ipc_find(&dev, err))
		return -1;
	q->ifindex = dev.ifindex;
	if (run_hooks(q, &q->config.pre_down, "PreDown", err))
		return -1;
	if (q->config.save_config && save_config(q, err))
		return -1;
	hold_signals();
	if (dismantle(q, err))
		return -1;
	return run_hooks(q, &q->config.post_down, "PostDown", err);
}

int verb_down(struct warren_error *err, int argc, char **argv)
{
	return quick_run(err, argc, argv, down);
}
