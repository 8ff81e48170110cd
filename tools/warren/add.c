// SPDX-License-Identifier: GPL-2.0
/* add and del: the interface itself. */
#include <string.h>

#include "../lib/addr.h"
#include "../lib/link.h"
#include "verbs.h"

static int check_name(const char *name, struct warren_error *err)
{
	if (warren_device_name_ok(name))
		return 0;
	return warren_error_set(err, WARREN_E_VALUE,
				"use 1 to 15 characters without spaces, \"/\" and \":\"",
				"\"%s\" cannot be an interface's name", name);
}

int verb_add(struct warren_error *err, int argc, char **argv)
{
	const char *name = NULL, *kind = "warren";
	struct warren_rtnl rtnl;
	uint32_t mtu = 0;
	int i, ret;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--kind") && i + 1 < argc) {
			kind = argv[++i];
		} else if (!strcmp(argv[i], "--mtu") && i + 1 < argc) {
			if (warren_addr_parse_number(&mtu, argv[++i], 65535) || mtu < 68)
				return warren_error_set(err, WARREN_E_VALUE,
							"use 68 to 65535 bytes",
							"\"%s\" is not an MTU", argv[i]);
		} else if (!name && argv[i][0] != '-') {
			name = argv[i];
		} else {
			return verb_usage(err);
		}
	}
	if (!name)
		return verb_usage(err);
	if (strcmp(kind, "warren") && strcmp(kind, "wireguard"))
		return warren_error_set(err, WARREN_E_USAGE, NULL,
					"\"%s\" is neither warren nor wireguard", kind);
	if (check_name(name, err) || warren_rtnl_open(&rtnl, err))
		return -1;
	ret = warren_link_add(&rtnl, name, kind, mtu, err);
	warren_rtnl_close(&rtnl);
	return ret;
}

int verb_del(struct warren_error *err, int argc, char **argv)
{
	struct warren_rtnl rtnl;
	struct warren_link link;
	int ret;

	if (argc != 2)
		return verb_usage(err);
	if (warren_rtnl_open(&rtnl, err))
		return -1;
	ret = warren_link_get(&rtnl, &link, argv[1], err);
	if (!ret && !warren_link_is_tunnel(&link))
		ret = warren_error_set(err, WARREN_E_NODEV,
				       "delete other interfaces with `ip link delete`",
				       "%s is not a warren or WireGuard interface", argv[1]);
	if (!ret)
		ret = warren_link_del(&rtnl, argv[1], err);
	warren_rtnl_close(&rtnl);
	return ret;
}
