// SPDX-License-Identifier: GPL-2.0
/* migrate: a running WireGuard interface becomes one of warren's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/ipc.h"
#include "../lib/link.h"
#include "../lib/route.h"
#include "verbs.h"

/* All that an interface is and has, to make it once more. */
struct interface {
	struct warren_rtnl rtnl;
	struct warren_link link;
	struct warren_device device;
	struct warren_prefix *addresses;
	size_t addresses_n;
	struct warren_route_copy routes;
};

static int add_address(void *arg, const struct warren_prefix *prefix)
{
	struct interface *i = arg;
	struct warren_prefix *more;

	more = reallocarray(i->addresses, i->addresses_n + 1, sizeof(*more));
	if (!more)
		return -1;
	i->addresses = more;
	more[i->addresses_n++] = *prefix;
	return 0;
}

static int read_interface(struct interface *i, const char *name, struct warren_error *err)
{
	if (warren_ipc_get(&i->device, name, err))
		return -1;
	if (i->device.kind == WARREN_KIND_WARREN)
		return warren_error_set(err, WARREN_E_EXISTS, NULL, "%s is of kind warren already",
					name);
	if (i->device.kind == WARREN_KIND_USERSPACE)
		return warren_error_set(err, WARREN_E_NODEV,
					"end the program, and use `warren up` with the file",
					"%s is run by a program, which would go on", name);
	if (warren_link_get(&i->rtnl, &i->link, name, err) ||
	    warren_route_each_address(&i->rtnl, i->link.ifindex, add_address, i, err))
		return -1;
	return warren_route_copy(&i->rtnl, &i->routes, i->link.ifindex, err);
}

/* The interface with keys and peers, still down. */
static int build(struct interface *i, const char *name, const char *kind, struct warren_error *err)
{
	struct warren_error ignored = {};

	if (warren_link_add(&i->rtnl, name, kind, i->link.mtu, err))
		return -1;
	snprintf(i->device.name, sizeof(i->device.name), "%s", name);
	if (!warren_ipc_set(&i->device, err))
		return 0;
	warren_link_del(&i->rtnl, name, &ignored);
	return -1;
}

/* Addresses, up, routes, under its old name. */
static int dress(struct interface *i, struct warren_error *err)
{
	struct warren_link link;
	size_t n;

	if (warren_link_get(&i->rtnl, &link, i->link.name, err))
		return -1;
	for (n = 0; n < i->addresses_n; n++)
		if (warren_route_add_address(&i->rtnl, link.ifindex, &i->addresses[n], err))
			return -1;
	if (!i->link.up)
		return 0;
	if (warren_link_up(&i->rtnl, i->link.name, 0, err))
		return -1;
	return warren_route_paste(&i->rtnl, &i->routes, link.ifindex, err);
}

static int migrate(struct interface *i, struct warren_error *err)
{
	struct warren_error ignored = {};
	char other[IFNAMSIZ];

	snprintf(other, sizeof(other), "warren-%u", i->link.ifindex);
	/* What can be refused is tried while the old one still runs. */
	if (build(i, other, "warren", err))
		return -1;
	if (warren_link_del(&i->rtnl, i->link.name, err)) {
		warren_link_del(&i->rtnl, other, &ignored);
		return -1;
	}
	if (!warren_link_rename(&i->rtnl, other, i->link.name, err) && !dress(i, err))
		return 0;
	warren_link_del(&i->rtnl, other, &ignored);
	warren_link_del(&i->rtnl, i->link.name, &ignored);
	if (build(i, i->link.name, "wireguard", &ignored) || dress(i, &ignored))
		warren_error_set(err, err->code, "make it again from its file",
				 "%.200s; and it could not be made again: %.200s", err->text,
				 ignored.text);
	return -1;
}

int verb_migrate(struct warren_error *err, int argc, char **argv)
{
	struct interface i = {};
	int ret;

	if (argc != 2)
		return verb_usage(err);
	if (warren_rtnl_open(&i.rtnl, err))
		return -1;
	ret = read_interface(&i, argv[1], err);
	if (!ret)
		ret = migrate(&i, err);
	warren_route_copy_free(&i.routes);
	free(i.addresses);
	warren_device_free(&i.device);
	warren_rtnl_close(&i.rtnl);
	return ret;
}
