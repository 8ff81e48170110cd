// SPDX-License-Identifier: GPL-2.0
#include "netlink.h"

#include <errno.h>
#include <stdio.h>

#include "../../module/uapi/warren.h"
#include "addr.h"
#include "genl.h"

/* Room kept free at a message's end, so that closing nests needs no check. */
#define LIMIT (WARREN_GENL_MESSAGE - 64)

/*
 * Where a change that needs several messages has come to. A peer is written
 * with all it has but its allowed IPs, or not at all, then as many of those as
 * fit; the next message goes on with the rest.
 */
struct writing {
	const struct warren_device *dev;
	size_t peer;
	size_t allowedip;
	bool first;
};

static bool put_allowedip(struct nlmsghdr *nlh, const struct warren_allowedip *ip)
{
	struct nlattr *nest;
	bool ok;

	nest = mnl_attr_nest_start_check(nlh, LIMIT, 0);
	if (!nest)
		return false;
	ok = mnl_attr_put_u16_check(nlh, LIMIT, WARREN_ALLOWEDIP_A_FAMILY, ip->prefix.family) &&
	     mnl_attr_put_check(nlh, LIMIT, WARREN_ALLOWEDIP_A_IPADDR,
				ip->prefix.family == AF_INET ? sizeof(ip->prefix.ip4)
							     : sizeof(ip->prefix.ip6),
				&ip->prefix.ip6) &&
	     mnl_attr_put_u8_check(nlh, LIMIT, WARREN_ALLOWEDIP_A_CIDR_MASK, ip->prefix.cidr) &&
	     (!ip->remove || mnl_attr_put_u32_check(nlh, LIMIT, WARREN_ALLOWEDIP_A_FLAGS,
						    WARREN_ALLOWEDIP_F_REMOVE_ME));
	if (ok)
		mnl_attr_nest_end(nlh, nest);
	else
		mnl_attr_nest_cancel(nlh, nest);
	return ok;
}

static bool put_peer_head(struct nlmsghdr *nlh, const struct warren_peer *peer, bool again)
{
	uint32_t flags = 0;

	if (peer->remove)
		flags |= WARREN_PEER_F_REMOVE_ME;
	if (peer->update_only)
		flags |= WARREN_PEER_F_UPDATE_ONLY;
	if (peer->replace_allowedips && !again)
		flags |= WARREN_PEER_F_REPLACE_ALLOWEDIPS;
	if (!mnl_attr_put_check(nlh, LIMIT, WARREN_PEER_A_PUBLIC_KEY, WARREN_KEY_BYTES,
				peer->public_key))
		return false;
	if (flags && !mnl_attr_put_u32_check(nlh, LIMIT, WARREN_PEER_A_FLAGS, flags))
		return false;
	if (again || peer->remove)
		return true;
	if (peer->has_preshared_key && !mnl_attr_put_check(nlh, LIMIT, WARREN_PEER_A_PRESHARED_KEY,
							   WARREN_KEY_BYTES, peer->preshared_key))
		return false;
	if (peer->endpoint.addr.sa_family != AF_UNSPEC &&
	    !mnl_attr_put_check(nlh, LIMIT, WARREN_PEER_A_ENDPOINT,
				peer->endpoint.addr.sa_family == AF_INET
					? sizeof(peer->endpoint.in)
					: sizeof(peer->endpoint.in6),
				&peer->endpoint))
		return false;
	return !peer->has_keepalive ||
	       mnl_attr_put_u16_check(nlh, LIMIT, WARREN_PEER_A_PERSISTENT_KEEPALIVE_INTERVAL,
				      peer->keepalive);
}

/* Returns whether the whole peer, or the whole rest of it, went in. */
static bool put_peer(struct nlmsghdr *nlh, struct writing *w)
{
	const struct warren_peer *peer = &w->dev->peers[w->peer];
	struct nlattr *nest, *ips;

	nest = mnl_attr_nest_start_check(nlh, LIMIT, 0);
	if (!nest)
		return false;
	if (!put_peer_head(nlh, peer, w->allowedip > 0))
		goto cancel;
	if (w->allowedip < peer->allowedips_n && !peer->remove) {
		size_t before = w->allowedip;

		ips = mnl_attr_nest_start_check(nlh, LIMIT, WARREN_PEER_A_ALLOWEDIPS);
		if (!ips)
			goto cancel;
		while (w->allowedip < peer->allowedips_n &&
		       put_allowedip(nlh, &peer->allowedips[w->allowedip]))
			w->allowedip++;
		mnl_attr_nest_end(nlh, ips);
		if (w->allowedip == before)
			goto cancel;
		if (w->allowedip < peer->allowedips_n) {
			mnl_attr_nest_end(nlh, nest);
			return false;
		}
	}
	mnl_attr_nest_end(nlh, nest);
	w->peer++;
	w->allowedip = 0;
	return true;
cancel:
	mnl_attr_nest_cancel(nlh, nest);
	return false;
}

static void put_device(struct nlmsghdr *nlh, const struct warren_device *dev)
{
	if (dev->replace_peers)
		mnl_attr_put_u32(nlh, WARREN_DEVICE_A_FLAGS, WARREN_DEVICE_F_REPLACE_PEERS);
	if (dev->has_private_key)
		mnl_attr_put(nlh, WARREN_DEVICE_A_PRIVATE_KEY, WARREN_KEY_BYTES, dev->private_key);
	if (dev->has_listen_port)
		mnl_attr_put_u16(nlh, WARREN_DEVICE_A_LISTEN_PORT, dev->listen_port);
	if (dev->has_fwmark)
		mnl_attr_put_u32(nlh, WARREN_DEVICE_A_FWMARK, dev->fwmark);
}

/* A name is one where the device was made; what has no name is told as a number. */
static void put_bind(struct nlmsghdr *nlh, const struct warren_device *dev)
{
	uint32_t index = 0;

	if (dev->has_bind && dev->bind[0] &&
	    (if_nametoindex(dev->bind) || warren_addr_parse_number(&index, dev->bind, INT32_MAX)))
		mnl_attr_put_strz(nlh, WARREN_DEVICE_A_BIND_IFNAME, dev->bind);
	else if (dev->has_bind)
		mnl_attr_put_u32(nlh, WARREN_DEVICE_A_BIND_IFINDEX, index);
	if (dev->has_bind_address) {
		mnl_attr_put(nlh, WARREN_DEVICE_A_BIND_ADDR4, sizeof(dev->bind4), &dev->bind4);
		mnl_attr_put(nlh, WARREN_DEVICE_A_BIND_ADDR6, sizeof(dev->bind6), &dev->bind6);
	}
}

static int send_part(struct warren_genl *genl, struct writing *w, const char *what,
		     struct warren_error *err)
{
	struct nlmsghdr *nlh = warren_genl_begin(genl, WARREN_CMD_SET_DEVICE, NLM_F_ACK);
	struct nlattr *peers;

	mnl_attr_put_strz(nlh, WARREN_DEVICE_A_IFNAME, w->dev->name);
	if (w->first)
		put_device(nlh, w->dev);
	if (w->first && w->dev->kind == WARREN_KIND_WARREN)
		put_bind(nlh, w->dev);
	w->first = false;
	if (w->peer < w->dev->peers_n) {
		peers = mnl_attr_nest_start(nlh, WARREN_DEVICE_A_PEERS);
		while (w->peer < w->dev->peers_n && put_peer(nlh, w))
			;
		mnl_attr_nest_end(nlh, peers);
	}
	return warren_genl_run(genl, nlh, NULL, NULL, NULL, what, err);
}

int warren_netlink_set(const struct warren_device *dev, struct warren_error *err)
{
	struct writing w = {.dev = dev, .first = true};
	bool warren = dev->kind == WARREN_KIND_WARREN;
	struct warren_genl genl;
	char what[64];
	int ret;

	if (warren_genl_open(&genl, warren ? WARREN_GENL_NAME : WARREN_COMPAT_NAME,
			     WARREN_GENL_VERSION, err))
		return -1;
	snprintf(what, sizeof(what),
		 dev->has_bind && dev->bind[0] ? "change %s, bound to %s" : "change %s", dev->name,
		 dev->bind);
	do {
		ret = send_part(&genl, &w, what, err);
	} while (!ret && w.peer < dev->peers_n);
	if (ret && (errno == ENODEV || errno == EOPNOTSUPP))
		err->code = WARREN_E_NODEV;
	warren_genl_close(&genl);
	return ret;
}
