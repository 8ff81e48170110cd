// SPDX-License-Identifier: GPL-2.0
/* up and down: a whole interface from a file, and back. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/ipc.h"
#include "../lib/link.h"
#include "../lib/route.h"
#include "full.h"
#include "guard.h"
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

static bool guard_wanted(const struct quick *q)
{
	return full_wanted(q, AF_INET) || full_wanted(q, AF_INET6) || q->config.kill_switch;
}

/* The guard comes before the interface can send, so that nothing goes around it. */
static int set_guard(struct quick *q, struct warren_error *err)
{
	struct warren_device request;

	if (!guard_wanted(q))
		return 0;
	if (full_choose_mark(q, &q->mark, err))
		return -1;
	warren_device_init(&request, q->name);
	request.fwmark = q->mark;
	request.has_fwmark = true;
	quick_say("warren set %s fwmark %" PRIu32, q->name, q->mark);
	return warren_ipc_set(&request, err) || guard_set(q, q->mark, err) ? -1 : 0;
}

/* A program runs the interface where the kernel cannot; it goes on by itself. */
static int start_program(struct quick *q, struct warren_error *err)
{
	char name[IFNAMSIZ], *program = getenv("WG_QUICK_USERSPACE_IMPLEMENTATION");
	char *argv[] = {program && *program ? program : "wireguard-go", name, NULL};

	if (!run_find(argv[0]))
		return -1;
	memcpy(name, q->name, sizeof(name));
	quick_say("the kernel has no such interfaces; more slowly: %s %s", argv[0], name);
	return run_program(argv, NULL, err);
}

/* Of a kind, or without one of the first that there is. */
static int make_interface(struct quick *q, const char *kind, struct warren_error *err)
{
	struct warren_error other = *err;

	quick_say("ip link add %s type %s", q->name, kind ? kind : "warren");
	if (!warren_link_add(&q->rtnl, q->name, kind ? kind : "warren", 0, err))
		return 0;
	if (kind || err->code != WARREN_E_UNSUPPORTED)
		return -1;
	quick_say("ip link add %s type wireguard", q->name);
	if (!warren_link_add(&q->rtnl, q->name, "wireguard", 0, &other))
		return 0;
	if (other.code == WARREN_E_UNSUPPORTED)
		return start_program(q, err);
	*err = other;
	return -1;
}

static int configure(struct quick *q, const char *kind, struct warren_error *err)
{
	struct warren_link link;

	if (make_interface(q, kind, err) || warren_link_get(&q->rtnl, &link, q->name, err))
		return -1;
	q->ifindex = link.ifindex;
	quick_say("warren setconf %s %s", q->name, q->path);
	if (warren_ipc_set(&q->config.device, err) || set_guard(q, err) || interrupted(err) ||
	    add_addresses(q, err) || bring_up(q, err) || interrupted(err) || dns_set(q, err) ||
	    full_set(q, q->mark, err) || add_routes(q, err) || interrupted(err))
		return -1;
	return run_hooks(q, &q->config.post_up, "PostUp", err);
}

/* Removes the interface and all that hangs on it; goes on after a failure. */
static int dismantle(struct quick *q, const struct guard *guard, struct warren_error *err)
{
	int ret = 0;

	if (guard->full && full_unset(q, guard->mark, err))
		ret = -1;
	if (dns_unset(q, err))
		ret = -1;
	quick_say("ip link delete dev %s", q->name);
	if (warren_link_del(&q->rtnl, q->name, err))
		ret = -1;
	if (guard->there && guard_unset(q, err))
		ret = -1;
	return ret;
}

static int up(struct quick *q, const char *kind, struct warren_error *err)
{
	const char *retries = getenv("WG_ENDPOINT_RESOLUTION_RETRIES");
	struct warren_error ignored = {};
	struct guard before, guard;
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
	if (guard_find(q, &before, err))
		return -1;
	hold_signals();
	/* Rules of an interface that went away by itself. */
	if (before.full && full_unset(q, before.mark, err))
		return -1;
	ret = configure(q, kind, err);
	if (ret && q->ifindex && !guard_find(q, &guard, &ignored)) {
		/* A kill switch that outlived its interface holds until down. */
		guard.there &= !before.kill_switch;
		dismantle(q, &guard, &ignored);
	}
	return ret;
}

int verb_up(struct warren_error *err, int argc, char **argv)
{
	const char *arg = NULL, *kind = NULL;
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
	if (kind && strcmp(kind, "warren") && strcmp(kind, "wireguard"))
		return warren_error_set(err, WARREN_E_USAGE, NULL,
					"\"%s\" is neither warren nor wireguard", kind);
	ret = quick_open(&q, arg, err);
	if (!ret)
		ret = up(&q, kind, err);
	quick_close(&q);
	return ret;
}

/* The interface went away by itself; its guard and its rules did not. */
static int down_rest(struct quick *q, const struct guard *guard, struct warren_error *err)
{
	quick_say("%s is gone: what it left behind goes as well", q->name);
	hold_signals();
	if (guard->full && full_unset(q, guard->mark, err))
		return -1;
	if (guard_unset(q, err))
		return -1;
	return run_hooks(q, &q->config.post_down, "PostDown", err);
}

static int down(struct quick *q, struct warren_error *err)
{
	struct warren_device dev;
	struct guard guard;

	if (guard_find(q, &guard, err))
		return -1;
	warren_device_init(&dev, q->name);
	if (warren_ipc_find(&dev, err))
		return err->code == WARREN_E_NODEV && guard.there ? down_rest(q, &guard, err) : -1;
	q->ifindex = dev.ifindex;
	if (run_hooks(q, &q->config.pre_down, "PreDown", err))
		return -1;
	if (q->config.save_config && save_config(q, err))
		return -1;
	hold_signals();
	if (dismantle(q, &guard, err))
		return -1;
	return run_hooks(q, &q->config.post_down, "PostDown", err);
}

int verb_down(struct warren_error *err, int argc, char **argv)
{
	return quick_run(err, argc, argv, down);
}
