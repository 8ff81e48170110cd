// SPDX-License-Identifier: GPL-2.0
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include "device.h"
#include "netlink.h"
#include "packet.h"
#include "peer.h"
#include "uapi/warren.h"

/* First everything is checked, then it is done. */

static int check_allowedip(const struct nlattr *nest, const struct nlattr **tb,
			   struct netlink_ext_ack *extack)
{
	const struct nlattr *address, *cidr;
	unsigned int size;
	int err;

	err = warren_netlink_parse_allowedip(nest, tb, extack);
	if (err)
		return err;
	address = tb[WARREN_ALLOWEDIP_A_IPADDR];
	cidr = tb[WARREN_ALLOWEDIP_A_CIDR_MASK];
	if (!tb[WARREN_ALLOWEDIP_A_FAMILY] || !address || !cidr)
		return warren_netlink_refuse(
			extack, nest,
			"WARREN_ALLOWEDIP_A_FAMILY, _IPADDR and _CIDR_MASK are needed",
			-EINVAL);
	switch (nla_get_u16(tb[WARREN_ALLOWEDIP_A_FAMILY])) {
	case AF_INET:
		size = sizeof(struct in_addr);
		break;
	case AF_INET6:
		size = sizeof(struct in6_addr);
		break;
	default:
		return warren_netlink_refuse(
			extack, tb[WARREN_ALLOWEDIP_A_FAMILY],
			"WARREN_ALLOWEDIP_A_FAMILY is neither AF_INET nor AF_INET6",
			-EINVAL);
	}
	if (nla_len(address) != size)
		return warren_netlink_refuse(
			extack, address,
			"WARREN_ALLOWEDIP_A_IPADDR has the wrong size for its family",
			-EINVAL);
	if (nla_get_u8(cidr) > size * 8)
		return warren_netlink_refuse(
			extack, cidr,
			"WARREN_ALLOWEDIP_A_CIDR_MASK is longer than an address",
			-EINVAL);
	if (warren_netlink_flags(tb[WARREN_ALLOWEDIP_A_FLAGS]) &
	    ~WARREN_ALLOWEDIP_F_REMOVE_ME)
		return warren_netlink_refuse(
			extack, tb[WARREN_ALLOWEDIP_A_FLAGS],
			"WARREN_ALLOWEDIP_A_FLAGS has an unknown flag",
			-EOPNOTSUPP);
	return 0;
}

static int check_endpoint(const struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	const struct sockaddr *addr = nla_data(attr);

	if ((addr->sa_family == AF_INET &&
	     nla_len(attr) == sizeof(struct sockaddr_in)) ||
	    (addr->sa_family == AF_INET6 &&
	     nla_len(attr) == sizeof(struct sockaddr_in6)))
		return 0;
	return warren_netlink_refuse(
		extack, attr,
		"WARREN_PEER_A_ENDPOINT: family and size do not go together",
		-EINVAL);
}

static int check_peer(const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	const struct nlattr *tb[WARREN_PEER_ATTRIBUTES],
		*ip[WARREN_ALLOWEDIP_ATTRIBUTES], *attr;
	int err, rest;

	err = warren_netlink_parse_peer(nest, tb, extack);
	if (err)
		return err;
	if (!tb[WARREN_PEER_A_PUBLIC_KEY])
		return warren_netlink_refuse(
			extack, nest, "WARREN_PEER_A_PUBLIC_KEY is needed",
			-EINVAL);
	if (warren_netlink_flags(tb[WARREN_PEER_A_FLAGS]) &
	    ~(WARREN_PEER_F_REMOVE_ME | WARREN_PEER_F_REPLACE_ALLOWEDIPS |
	      WARREN_PEER_F_UPDATE_ONLY))
		return warren_netlink_refuse(
			extack, tb[WARREN_PEER_A_FLAGS],
			"WARREN_PEER_A_FLAGS has an unknown flag", -EOPNOTSUPP);
	attr = tb[WARREN_PEER_A_PROTOCOL_VERSION];
	if (attr && nla_get_u32(attr) != 1)
		return warren_netlink_refuse(
			extack, attr,
			"WARREN_PEER_A_PROTOCOL_VERSION: only 1 is spoken",
			-EPFNOSUPPORT);
	attr = tb[WARREN_PEER_A_ENDPOINT];
	if (attr) {
		err = check_endpoint(attr, extack);
		if (err)
			return err;
	}
	if (!tb[WARREN_PEER_A_ALLOWEDIPS])
		return 0;
	nla_for_each_nested(attr, tb[WARREN_PEER_A_ALLOWEDIPS], rest) {
		err = check_allowedip(attr, ip, extack);
		if (err)
			return err;
	}
	if (rest)
		return warren_netlink_refuse(
			extack, tb[WARREN_PEER_A_ALLOWEDIPS],
			"WARREN_PEER_A_ALLOWEDIPS: bytes left over", -EINVAL);
	return 0;
}

static int check_device(const struct nlattr **tb,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int err, rest;

	if (warren_netlink_flags(tb[WARREN_DEVICE_A_FLAGS]) &
	    ~WARREN_DEVICE_F_REPLACE_PEERS)
		return warren_netlink_refuse(
			extack, tb[WARREN_DEVICE_A_FLAGS],
			"WARREN_DEVICE_A_FLAGS has an unknown flag",
			-EOPNOTSUPP);
	if (!tb[WARREN_DEVICE_A_PEERS])
		return 0;
	nla_for_each_nested(attr, tb[WARREN_DEVICE_A_PEERS], rest) {
		err = check_peer(attr, extack);
		if (err)
			return err;
	}
	if (rest)
		return warren_netlink_refuse(
			extack, tb[WARREN_DEVICE_A_PEERS],
			"WARREN_DEVICE_A_PEERS: bytes left over", -EINVAL);
	return 0;
}

static int set_allowedips(struct warren_peer *peer, const struct nlattr *nest,
			  struct netlink_ext_ack *extack)
{
	struct warren_allowedips *table = &peer->warren->allowedips;
	const struct nlattr *ip[WARREN_ALLOWEDIP_ATTRIBUTES], *attr;
	int rest, err;

	nla_for_each_nested(attr, nest, rest) {
		int family;
		u8 cidr;
		const void *address;

		err = warren_netlink_parse_allowedip(attr, ip, extack);
		if (err)
			return err;
		family = nla_get_u16(ip[WARREN_ALLOWEDIP_A_FAMILY]);
		cidr = nla_get_u8(ip[WARREN_ALLOWEDIP_A_CIDR_MASK]);
		address = nla_data(ip[WARREN_ALLOWEDIP_A_IPADDR]);

		if (warren_netlink_flags(ip[WARREN_ALLOWEDIP_A_FLAGS]) &
		    WARREN_ALLOWEDIP_F_REMOVE_ME) {
			/* Somebody else's or nobody's: what was asked is so. */
			warren_allowedips_remove(table, family, address, cidr,
						 &peer->allowedips);
			continue;
		}
		err = warren_allowedips_insert(table, family, address, cidr,
					       &peer->allowedips);
		if (err)
			return warren_netlink_refuse(
				extack, attr,
				"WARREN_PEER_A_ALLOWEDIPS: no memory for this prefix; those before it are set",
				err);
	}
	return 0;
}

static void set_endpoint(struct warren_peer *peer, const struct nlattr *attr)
{
	struct warren_endpoint endpoint = {};

	if (nla_len(attr) == sizeof(endpoint.addr4))
		memcpy(&endpoint.addr4, nla_data(attr), sizeof(endpoint.addr4));
	else
		memcpy(&endpoint.addr6, nla_data(attr), sizeof(endpoint.addr6));
	warren_peer_set_endpoint(peer, &endpoint);
}

static void set_preshared_key(struct warren_peer *peer,
			      const struct nlattr *attr)
{
	/* Not the session's: the handshake under way or the next one has it. */
	mutex_lock(&peer->handshake_lock);
	memcpy(peer->handshake.preshared_key, nla_data(attr), WARREN_KEY_SIZE);
	mutex_unlock(&peer->handshake_lock);
}

/* Peers to remove are put on @removed, so that they are waited for together. */
static int set_peer(struct warren_device *warren, const struct nlattr *nest,
		    struct list_head *removed, struct netlink_ext_ack *extack)
{
	const struct nlattr *tb[WARREN_PEER_ATTRIBUTES], *attr;
	struct warren_peer *peer;
	const u8 *public_key;
	bool added = false;
	u32 flags;
	int err;

	err = warren_netlink_parse_peer(nest, tb, extack);
	if (err)
		return err;
	public_key = nla_data(tb[WARREN_PEER_A_PUBLIC_KEY]);
	flags = warren_netlink_flags(tb[WARREN_PEER_A_FLAGS]);

	rcu_read_lock_bh();
	/* The configuration lock keeps it from being removed. */
	peer = warren_peer_find(warren, public_key);
	rcu_read_unlock_bh();

	if (flags & WARREN_PEER_F_REMOVE_ME) {
		if (peer)
			warren_peer_unlink(peer, removed);
		return 0;
	}
	if (!peer) {
		if (flags & WARREN_PEER_F_UPDATE_ONLY)
			return 0;
		/* We are no peer of ourselves: left out, as wg expects. */
		if (warren->identity.valid &&
		    !memcmp(public_key, warren->identity.public_key,
			    WARREN_KEY_SIZE))
			return 0;
		peer = warren_peer_create(warren, public_key);
		if (IS_ERR(peer))
			return warren_netlink_refuse(
				extack, tb[WARREN_PEER_A_PUBLIC_KEY],
				PTR_ERR(peer) == -E2BIG ?
					"WARREN_PEER_A_PUBLIC_KEY: the device has its 1048576 peers; those of this message before it are set" :
					"WARREN_PEER_A_PUBLIC_KEY: no memory for this peer; those of this message before it are set",
				PTR_ERR(peer));
		added = true;
	}
	if (tb[WARREN_PEER_A_PRESHARED_KEY])
		set_preshared_key(peer, tb[WARREN_PEER_A_PRESHARED_KEY]);
	if (tb[WARREN_PEER_A_ENDPOINT])
		set_endpoint(peer, tb[WARREN_PEER_A_ENDPOINT]);
	if (added)
		warren_event_send(peer, WARREN_EVENT_PEER_ADDED);
	attr = tb[WARREN_PEER_A_PERSISTENT_KEEPALIVE_INTERVAL];
	if (attr) {
		WRITE_ONCE(peer->timers.persistent_interval, nla_get_u16(attr));
		warren_timers_persistent_changed(peer);
	}
	/* Last, for want of memory can end it: the rest of the peer is whole then. */
	if (flags & WARREN_PEER_F_REPLACE_ALLOWEDIPS)
		warren_allowedips_remove_owner(&warren->allowedips,
					       &peer->allowedips);
	if (tb[WARREN_PEER_A_ALLOWEDIPS]) {
		err = set_allowedips(peer, tb[WARREN_PEER_A_ALLOWEDIPS],
				     extack);
		if (err)
			return err;
	}
	if (netif_running(warren->dev) &&
	    !skb_queue_empty_lockless(&peer->staged))
		warren_send_staged(peer);
	return 0;
}

static int set_peers(struct warren_device *warren, const struct nlattr *nest,
		     struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	LIST_HEAD(removed);
	int rest, err = 0;

	nla_for_each_nested(attr, nest, rest) {
		err = set_peer(warren, attr, &removed, extack);
		if (err)
			break;
	}
	warren_peer_remove_unlinked(&removed);
	return err;
}

/* New packets are to be routed anew. */
static void forget_routes(struct warren_device *warren)
{
	struct warren_peer *peer;

	list_for_each_entry(peer, &warren->peers, list)
		warren_peer_clear_endpoint_source(peer);
}

static const struct nlattr *bind_attribute(const struct nlattr **tb)
{
	return tb[WARREN_DEVICE_A_BIND_IFINDEX] ?:
	       tb[WARREN_DEVICE_A_BIND_IFNAME] ?:
	       tb[WARREN_DEVICE_A_BIND_ADDR4] ?:
	       tb[WARREN_DEVICE_A_BIND_ADDR6];
}

/* An interface by its index or name. Return: its index, 0 for any, or an error. */
static int read_bind_interface(const struct warren_device *warren,
			       struct net *net, const struct nlattr **tb,
			       struct netlink_ext_ack *extack)
{
	const struct nlattr *index = tb[WARREN_DEVICE_A_BIND_IFINDEX];
	const struct nlattr *name = tb[WARREN_DEVICE_A_BIND_IFNAME];
	struct net_device *dev = NULL;
	char text[IFNAMSIZ];
	int found = 0;

	if (index && name)
		return warren_netlink_refuse(
			extack, name,
			"WARREN_DEVICE_A_BIND_IFNAME is given as well as _BIND_IFINDEX",
			-EINVAL);
	if (index && !nla_get_u32(index))
		return 0;
	if (name)
		nla_strscpy(text, name, sizeof(text));
	rcu_read_lock();
	if (net)
		dev = name ? dev_get_by_name_rcu(net, text) :
			     dev_get_by_index_rcu(net, nla_get_u32(index));
	if (dev)
		found = dev == warren->dev ? -ELOOP : dev->ifindex;
	rcu_read_unlock();
	if (!found)
		return warren_netlink_refuse(
			extack, index ?: name,
			"WARREN_DEVICE_A_BIND_IFINDEX or _IFNAME: no such interface where the device was made",
			-ENODEV);
	if (found < 0)
		return warren_netlink_refuse(
			extack, index ?: name,
			"WARREN_DEVICE_A_BIND_IFINDEX or _IFNAME is the device itself",
			found);
	return found;
}

/* What is asked for and what stays, together. */
static int read_bind(struct warren_bind *bind,
		     const struct warren_device *warren, struct net *net,
		     const struct nlattr **tb, struct netlink_ext_ack *extack)
{
	int index;

	*bind = warren->bind;
	if (tb[WARREN_DEVICE_A_BIND_ADDR4])
		bind->addr4.s_addr =
			nla_get_in_addr(tb[WARREN_DEVICE_A_BIND_ADDR4]);
	if (tb[WARREN_DEVICE_A_BIND_ADDR6])
		bind->addr6 = nla_get_in6_addr(tb[WARREN_DEVICE_A_BIND_ADDR6]);
	if (!tb[WARREN_DEVICE_A_BIND_IFINDEX] &&
	    !tb[WARREN_DEVICE_A_BIND_IFNAME])
		return 0;
	index = read_bind_interface(warren, net, tb, extack);
	if (index < 0)
		return index;
	bind->ifindex = index;
	return 0;
}

static int set_socket(struct warren_device *warren, const struct nlattr **tb,
		      struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = tb[WARREN_DEVICE_A_LISTEN_PORT];
	u16 port = attr ? nla_get_u16(attr) : warren->listen_port;
	struct warren_bind bind;
	bool same_bind;
	struct net *net;
	int err;

	net = rcu_dereference_protected(warren->creating_net,
					lockdep_is_held(&warren->lock));
	err = read_bind(&bind, warren, net, tb, extack);
	if (err)
		return err;
	same_bind = bind.ifindex == warren->bind.ifindex &&
		    bind.addr4.s_addr == warren->bind.addr4.s_addr &&
		    ipv6_addr_equal(&bind.addr6, &warren->bind.addr6);
	if (same_bind && (!attr || (port && port == warren->listen_port)))
		return 0;
	if (!netif_running(warren->dev) || !net) {
		warren->listen_port = port;
		warren->bind = bind;
		return 0;
	}
	err = warren_socket_open(warren, net, port, &bind);
	if (err == -EADDRINUSE)
		return warren_netlink_refuse(
			extack, attr ?: bind_attribute(tb),
			"WARREN_DEVICE_A_LISTEN_PORT is in use by another socket",
			err);
	if (err == -EADDRNOTAVAIL)
		return warren_netlink_refuse(
			extack, bind_attribute(tb) ?: attr,
			"WARREN_DEVICE_A_BIND_ADDR4 or _ADDR6 is not an address of this host",
			err);
	if (err)
		return warren_netlink_refuse(
			extack, attr ?: bind_attribute(tb),
			"WARREN_DEVICE_A_LISTEN_PORT cannot be bound", err);
	forget_routes(warren);
	return 0;
}

/* Port, binding and mark are of the namespace that has the socket. */
static int check_socket_rights(struct warren_device *warren,
			       const struct nlattr **tb,
			       struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = tb[WARREN_DEVICE_A_LISTEN_PORT] ?:
				    tb[WARREN_DEVICE_A_FWMARK] ?:
				    bind_attribute(tb);
	struct net *net;
	bool may;

	if (!attr)
		return 0;
	rcu_read_lock();
	net = rcu_dereference(warren->creating_net);
	may = net && ns_capable(net->user_ns, CAP_NET_ADMIN);
	rcu_read_unlock();
	if (may)
		return 0;
	return warren_netlink_refuse(
		extack, attr,
		"WARREN_DEVICE_A_LISTEN_PORT, _FWMARK and _BIND_* need CAP_NET_ADMIN in the namespace in which the device was made",
		-EPERM);
}

static int apply(struct warren_device *warren, const struct nlattr **tb,
		 struct netlink_ext_ack *extack)
{
	const struct nlattr *key = tb[WARREN_DEVICE_A_PRIVATE_KEY];
	int err;

	err = check_socket_rights(warren, tb, extack);
	if (err)
		return err;
	/* First what can fail. */
	if (tb[WARREN_DEVICE_A_LISTEN_PORT] || bind_attribute(tb)) {
		err = set_socket(warren, tb, extack);
		if (err)
			return err;
	}
	warren->generation++;
	warren->generation += !warren->generation; /* 0 is before the first */
	if (tb[WARREN_DEVICE_A_FWMARK]) {
		WRITE_ONCE(warren->fwmark,
			   nla_get_u32(tb[WARREN_DEVICE_A_FWMARK]));
		warren_socket_set_fwmark(warren);
		forget_routes(warren);
	}
	if (warren_netlink_flags(tb[WARREN_DEVICE_A_FLAGS]) &
	    WARREN_DEVICE_F_REPLACE_PEERS)
		warren_peer_remove_all(warren);
	if (key)
		warren_device_set_private_key(warren, nla_data(key));
	if (tb[WARREN_DEVICE_A_PEERS])
		err = set_peers(warren, tb[WARREN_DEVICE_A_PEERS], extack);
	return err;
}

int warren_netlink_set(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *tb[WARREN_DEVICE_ATTRIBUTES];
	struct warren_device *warren;
	int err;

	err = warren_netlink_parse_device(info->nlhdr, tb, info->extack);
	if (!err)
		err = check_device(tb, info->extack);
	if (err)
		goto wipe;
	warren = warren_netlink_hold_device(genl_info_net(info), tb,
					    info->extack);
	if (IS_ERR(warren)) {
		err = PTR_ERR(warren);
		goto wipe;
	}

	rtnl_lock();
	mutex_lock(&warren->lock);
	if (warren->dev->reg_state == NETREG_REGISTERED) {
		err = apply(warren, tb, info->extack);
	} else {
		NL_SET_ERR_MSG(info->extack, "the device is being deleted");
		err = -ENODEV;
	}
	mutex_unlock(&warren->lock);
	rtnl_unlock();
	dev_put(warren->dev);
wipe:
	/* It may hold keys. */
	memzero_explicit(nlmsg_attrdata(info->nlhdr, GENL_HDRLEN),
			 nlmsg_attrlen(info->nlhdr, GENL_HDRLEN));
	return err;
}
