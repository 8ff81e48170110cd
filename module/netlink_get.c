// SPDX-License-Identifier: GPL-2.0
#include <net/genetlink.h>
#include <net/ipv6.h>
#include "device.h"
#include "netlink.h"
#include "packet.h"
#include "peer.h"
#include "uapi/warren.h"

/* Where a dump goes on; fits into netlink_callback.ctx. */
struct dump {
	struct warren_device *warren;	/* with a reference to its dev */
	struct warren_peer *peer;	/* next one; NULL before the first */
	const struct list_head *prefix; /* last one shown of @peer */
	u32 generation;			/* @peer and @prefix are good for it */
	bool continued;			/* @peer was begun in another message */
	bool stats;			/* with counters */
	bool done;
};

static struct dump *dump_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dump) > sizeof(cb->ctx));
	return (struct dump *)cb->ctx;
}

static int put_allowedip(struct sk_buff *skb,
			 const struct warren_allowedips_prefix *prefix)
{
	struct nlattr *nest = nla_nest_start(skb, 0);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u8(skb, WARREN_ALLOWEDIP_A_CIDR_MASK, prefix->cidr) ||
	    nla_put_u16(skb, WARREN_ALLOWEDIP_A_FAMILY, prefix->family) ||
	    nla_put(skb, WARREN_ALLOWEDIP_A_IPADDR,
		    prefix->family == AF_INET ? sizeof(struct in_addr) :
						sizeof(struct in6_addr),
		    prefix->address)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

int warren_netlink_put_endpoint(struct sk_buff *skb, int type,
				struct warren_peer *peer)
{
	struct warren_endpoint endpoint;

	warren_peer_read_endpoint(peer, &endpoint);
	if (endpoint.addr.sa_family == AF_INET)
		return nla_put(skb, type, sizeof(endpoint.addr4),
			       &endpoint.addr4);
	if (endpoint.addr.sa_family == AF_INET6)
		return nla_put(skb, type, sizeof(endpoint.addr6),
			       &endpoint.addr6);
	return 0;
}

static int put_stats(struct sk_buff *skb, const struct warren_peer *peer)
{
	struct nlattr *nest = nla_nest_start(skb, WARREN_PEER_A_STATS);
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < WARREN_PEER_STAT_COUNT; i++) {
		u64 count = atomic64_read(&peer->stats.count[i]);

		if (count && nla_put_u64_64bit(skb, i + 1, count,
					       WARREN_PEER_STATS_A_UNSPEC))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_peer_itself(struct sk_buff *skb, struct warren_peer *peer,
			   bool stats)
{
	struct {
		s64 seconds, nanoseconds;
	} handshake = {
		peer->timers.last_handshake.tv_sec,
		peer->timers.last_handshake.tv_nsec,
	};
	int err;

	mutex_lock(&peer->handshake_lock);
	err = nla_put(skb, WARREN_PEER_A_PRESHARED_KEY, WARREN_KEY_SIZE,
		      peer->handshake.preshared_key);
	mutex_unlock(&peer->handshake_lock);
	if (err ||
	    nla_put(skb, WARREN_PEER_A_LAST_HANDSHAKE_TIME, sizeof(handshake),
		    &handshake) ||
	    nla_put_u16(skb, WARREN_PEER_A_PERSISTENT_KEEPALIVE_INTERVAL,
			peer->timers.persistent_interval) ||
	    nla_put_u64_64bit(skb, WARREN_PEER_A_TX_BYTES,
			      atomic64_read(&peer->tx_bytes),
			      WARREN_PEER_A_UNSPEC) ||
	    nla_put_u64_64bit(skb, WARREN_PEER_A_RX_BYTES,
			      atomic64_read(&peer->rx_bytes),
			      WARREN_PEER_A_UNSPEC) ||
	    nla_put_u32(skb, WARREN_PEER_A_PROTOCOL_VERSION, 1) ||
	    (stats && put_stats(skb, peer)))
		return -EMSGSIZE;
	return warren_netlink_put_endpoint(skb, WARREN_PEER_A_ENDPOINT, peer);
}

/* Return: 0 when the peer is complete, -EMSGSIZE when it goes on elsewhere. */
static int put_peer(struct sk_buff *skb, struct dump *dump,
		    struct warren_peer *peer)
{
	struct nlattr *nest, *ips;
	struct warren_allowedips_prefix prefix;
	const struct list_head *next;
	int err = 0;

	nest = nla_nest_start(skb, 0);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put(skb, WARREN_PEER_A_PUBLIC_KEY, WARREN_KEY_SIZE,
		    peer->handshake.remote_static) ||
	    (!dump->continued && put_peer_itself(skb, peer, dump->stats)))
		goto cancel;
	ips = nla_nest_start(skb, WARREN_PEER_A_ALLOWEDIPS);
	if (!ips)
		goto cancel;
	while ((next = warren_allowedips_next(&peer->allowedips, dump->prefix,
					      &prefix))) {
		err = put_allowedip(skb, &prefix);
		if (err)
			break;
		dump->prefix = next;
	}
	nla_nest_end(skb, ips);
	nla_nest_end(skb, nest);
	dump->continued = err;
	return err;
cancel:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}

/* The reader may be in another namespace, where the index is another's. */
static int put_bind_name(struct sk_buff *skb, struct warren_device *warren)
{
	struct net_device *dev;
	struct net *net;
	int err = 0;

	rcu_read_lock();
	net = rcu_dereference(warren->creating_net);
	dev = net ? dev_get_by_index_rcu(net, warren->bind.ifindex) : NULL;
	if (dev)
		err = nla_put_string(skb, WARREN_DEVICE_A_BIND_IFNAME,
				     dev->name);
	rcu_read_unlock();
	return err;
}

static int put_bind(struct sk_buff *skb, struct warren_device *warren)
{
	const struct warren_bind *bind = &warren->bind;

	if (bind->ifindex &&
	    (nla_put_u32(skb, WARREN_DEVICE_A_BIND_IFINDEX, bind->ifindex) ||
	     put_bind_name(skb, warren)))
		return -EMSGSIZE;
	if (bind->addr4.s_addr &&
	    nla_put_in_addr(skb, WARREN_DEVICE_A_BIND_ADDR4,
			    bind->addr4.s_addr))
		return -EMSGSIZE;
	if (!ipv6_addr_any(&bind->addr6) &&
	    nla_put_in6_addr(skb, WARREN_DEVICE_A_BIND_ADDR6, &bind->addr6))
		return -EMSGSIZE;
	return 0;
}

static int put_device_itself(struct sk_buff *skb, struct warren_device *warren)
{
	int err = 0;

	if (nla_put_u16(skb, WARREN_DEVICE_A_LISTEN_PORT,
			warren->listen_port) ||
	    nla_put_u32(skb, WARREN_DEVICE_A_FWMARK, warren->fwmark) ||
	    put_bind(skb, warren))
		return -EMSGSIZE;
	down_read(&warren->identity_lock);
	if (warren->identity.valid &&
	    (nla_put(skb, WARREN_DEVICE_A_PRIVATE_KEY, WARREN_KEY_SIZE,
		     warren->identity.private_key) ||
	     nla_put(skb, WARREN_DEVICE_A_PUBLIC_KEY, WARREN_KEY_SIZE,
		     warren->identity.public_key)))
		err = -EMSGSIZE;
	up_read(&warren->identity_lock);
	return err;
}

/* As many peers as fit. Return: 0 when all are shown. */
static int put_peers(struct sk_buff *skb, struct dump *dump)
{
	struct warren_device *warren = dump->warren;
	struct warren_peer *peer = dump->peer;
	struct nlattr *nest;
	int err = 0;

	if (list_empty(&warren->peers))
		return 0;
	nest = nla_nest_start(skb, WARREN_DEVICE_A_PEERS);
	if (!nest)
		return -EMSGSIZE;
	peer = list_prepare_entry(peer, &warren->peers, list);
	if (dump->peer)
		peer = list_prev_entry(peer, list);
	list_for_each_entry_continue(peer, &warren->peers, list) {
		dump->peer = peer;
		err = put_peer(skb, dump, peer);
		if (err)
			break;
		dump->prefix = NULL;
	}
	nla_nest_end(skb, nest);
	return err;
}

int warren_netlink_dump_start(struct netlink_callback *cb)
{
	struct dump *dump = dump_of(cb);
	const struct nlattr *tb[WARREN_DEVICE_ATTRIBUTES];
	u32 flags;
	int err;

	err = warren_netlink_parse_device(cb->nlh, tb, cb->extack);
	if (err)
		return err;
	flags = warren_netlink_flags(tb[WARREN_DEVICE_A_FLAGS]);
	if (flags & ~WARREN_DEVICE_F_STATS)
		return warren_netlink_refuse(
			cb->extack, tb[WARREN_DEVICE_A_FLAGS],
			"WARREN_DEVICE_A_FLAGS has a flag that is not for reading",
			-EOPNOTSUPP);
	dump->stats = flags & WARREN_DEVICE_F_STATS;
	dump->warren = warren_netlink_hold_device(sock_net(cb->skb->sk), tb,
						  cb->extack);
	if (!IS_ERR(dump->warren))
		return 0;
	err = PTR_ERR(dump->warren);
	dump->warren = NULL;
	return err;
}

int warren_netlink_dump_done(struct netlink_callback *cb)
{
	struct dump *dump = dump_of(cb);

	if (dump->warren)
		dev_put(dump->warren->dev);
	return 0;
}

int warren_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = dump_of(cb);
	struct warren_device *warren = dump->warren;
	bool first = !dump->generation;
	int err = 0;
	void *header;

	if (dump->done)
		return 0;
	rtnl_lock();
	mutex_lock(&warren->lock);
	cb->seq = warren->generation;
	if (first)
		dump->generation = warren->generation;
	/*
	 * What the dump remembers may be gone. The end message will say that
	 * this one is inconsistent, and the reader asks again.
	 */
	if (dump->generation != warren->generation)
		goto out;

	header =
		genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			    warren_netlink_family_of(cb->nlh), NLM_F_MULTI,
			    WARREN_CMD_GET_DEVICE);
	err = -EMSGSIZE;
	if (!header)
		goto out;
	genl_dump_check_consistent(cb, header);
	if (nla_put_u32(skb, WARREN_DEVICE_A_IFINDEX, warren->dev->ifindex) ||
	    nla_put_string(skb, WARREN_DEVICE_A_IFNAME, warren->dev->name) ||
	    (first && put_device_itself(skb, warren))) {
		genlmsg_cancel(skb, header);
		goto out;
	}
	dump->done = !put_peers(skb, dump);
	genlmsg_end(skb, header);
	err = skb->len;
out:
	mutex_unlock(&warren->lock);
	rtnl_unlock();
	return err;
}
