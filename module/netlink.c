// SPDX-License-Identifier: GPL-2.0
#include <linux/if.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include "compat/netlink.h"
#include "device.h"
#include "netlink.h"
#include "packet.h"
#include "peer.h"
#include "uapi/warren.h"

/*
 * Attributes are checked by these tables and not by a policy of the netlink
 * core, whose refusals do not say in words which attribute they mean.
 */
struct known_attribute {
	u16 min, max;		/* bytes */
	const char *wrong_size;
	const char *read_only;	/* why it cannot be set, if so */
};

#define FIXED(name, size)                                                      \
	[name] = { size, size, #name " must have a size of " #size, NULL }
#define READ_ONLY(name) [name] = { 0, U16_MAX, NULL, #name " cannot be set" }
#define NEST(name) [name] = { 0, U16_MAX, NULL, NULL }

#define KEY_SIZE 32
#define U8_SIZE 1
#define U16_SIZE 2
#define U32_SIZE 4

static const struct known_attribute device_attributes[] = {
	FIXED(WARREN_DEVICE_A_IFINDEX, U32_SIZE),
	[WARREN_DEVICE_A_IFNAME] = {
		2, IFNAMSIZ, "WARREN_DEVICE_A_IFNAME must have 1 to 15 characters",
	},
	FIXED(WARREN_DEVICE_A_PRIVATE_KEY, KEY_SIZE),
	READ_ONLY(WARREN_DEVICE_A_PUBLIC_KEY),
	FIXED(WARREN_DEVICE_A_FLAGS, U32_SIZE),
	FIXED(WARREN_DEVICE_A_LISTEN_PORT, U16_SIZE),
	FIXED(WARREN_DEVICE_A_FWMARK, U32_SIZE),
	NEST(WARREN_DEVICE_A_PEERS),
};

static const struct known_attribute peer_attributes[] = {
	FIXED(WARREN_PEER_A_PUBLIC_KEY, KEY_SIZE),
	FIXED(WARREN_PEER_A_PRESHARED_KEY, KEY_SIZE),
	FIXED(WARREN_PEER_A_FLAGS, U32_SIZE),
	[WARREN_PEER_A_ENDPOINT] = {
		sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6),
		"WARREN_PEER_A_ENDPOINT must be a sockaddr_in or sockaddr_in6",
	},
	FIXED(WARREN_PEER_A_PERSISTENT_KEEPALIVE_INTERVAL, U16_SIZE),
	READ_ONLY(WARREN_PEER_A_LAST_HANDSHAKE_TIME),
	READ_ONLY(WARREN_PEER_A_RX_BYTES),
	READ_ONLY(WARREN_PEER_A_TX_BYTES),
	NEST(WARREN_PEER_A_ALLOWEDIPS),
	FIXED(WARREN_PEER_A_PROTOCOL_VERSION, U32_SIZE),
};

static const struct known_attribute allowedip_attributes[] = {
	FIXED(WARREN_ALLOWEDIP_A_FAMILY, U16_SIZE),
	[WARREN_ALLOWEDIP_A_IPADDR] = {
		sizeof(struct in_addr), sizeof(struct in6_addr),
		"WARREN_ALLOWEDIP_A_IPADDR must be an in_addr or in6_addr",
	},
	FIXED(WARREN_ALLOWEDIP_A_CIDR_MASK, U8_SIZE),
	FIXED(WARREN_ALLOWEDIP_A_FLAGS, U32_SIZE),
};

#define DEVICE_MAX (ARRAY_SIZE(device_attributes) - 1)
#define PEER_MAX (ARRAY_SIZE(peer_attributes) - 1)
#define ALLOWEDIP_MAX (ARRAY_SIZE(allowedip_attributes) - 1)

/* The nest's attributes by type. Return: 0 or -EINVAL with a text. */
static int parse(const struct nlattr *head, int len, const struct nlattr **tb,
		 const struct known_attribute *known, unsigned int max,
		 const char *unknown, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int rest;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	nla_for_each_attr(attr, head, len, rest) {
		unsigned int type = nla_type(attr);
		const char *why = NULL;

		if (type > max || !known[type].max)
			why = unknown;
		else if (known[type].read_only)
			why = known[type].read_only;
		else if (nla_len(attr) < known[type].min ||
			 nla_len(attr) > known[type].max)
			why = known[type].wrong_size;
		if (why) {
			warren_extack_attr(extack, attr, why);
			return -EINVAL;
		}
		tb[type] = attr;
	}
	if (rest) {
		NL_SET_ERR_MSG(extack, "bytes left over after the last attribute");
		return -EINVAL;
	}
	return 0;
}

static int parse_device(const struct nlmsghdr *nlh, const struct nlattr **tb,
			struct netlink_ext_ack *extack)
{
	return parse(nlmsg_attrdata(nlh, GENL_HDRLEN),
		     nlmsg_attrlen(nlh, GENL_HDRLEN), tb, device_attributes,
		     DEVICE_MAX, "unknown WARREN_DEVICE_A_* attribute", extack);
}

static int parse_peer(const struct nlattr *nest, const struct nlattr **tb,
		      struct netlink_ext_ack *extack)
{
	return parse(nla_data(nest), nla_len(nest), tb, peer_attributes,
		     PEER_MAX, "unknown WARREN_PEER_A_* attribute", extack);
}

static int parse_allowedip(const struct nlattr *nest, const struct nlattr **tb,
			   struct netlink_ext_ack *extack)
{
	return parse(nla_data(nest), nla_len(nest), tb, allowedip_attributes,
		     ALLOWEDIP_MAX, "unknown WARREN_ALLOWEDIP_A_* attribute",
		     extack);
}

static u32 flags_of(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static int refuse(struct netlink_ext_ack *extack, const struct nlattr *attr,
		  const char *why, int err)
{
	warren_extack_attr(extack, attr, why);
	return err;
}

/* The device a request names, with a reference, or ERR_PTR. */
static struct warren_device *hold_device(struct net *net,
					const struct nlattr **tb,
					struct netlink_ext_ack *extack)
{
	const struct nlattr *index = tb[WARREN_DEVICE_A_IFINDEX];
	const struct nlattr *name = tb[WARREN_DEVICE_A_IFNAME];
	struct net_device *dev;
	char text[IFNAMSIZ];

	if (!index == !name) {
		NL_SET_ERR_MSG(extack, "exactly one of WARREN_DEVICE_A_IFINDEX and WARREN_DEVICE_A_IFNAME is needed");
		return ERR_PTR(-EBADR);
	}
	if (index) {
		dev = dev_get_by_index(net, nla_get_u32(index));
	} else {
		nla_strscpy(text, name, sizeof(text));
		dev = dev_get_by_name(net, text);
	}
	if (!dev)
		return ERR_PTR(refuse(extack, index ?: name,
				      index ? "WARREN_DEVICE_A_IFINDEX: no such device" :
					      "WARREN_DEVICE_A_IFNAME: no such device",
				      -ENODEV));
	if (!warren_device_is(dev)) {
		dev_put(dev);
		return ERR_PTR(refuse(extack, index ?: name,
				      index ? "WARREN_DEVICE_A_IFINDEX: not a warren device" :
					      "WARREN_DEVICE_A_IFNAME: not a warren device",
				      -EOPNOTSUPP));
	}
	return netdev_priv(dev);
}

/* ---- reading ---- */

/* Where a dump goes on; fits into netlink_callback.ctx. */
struct dump {
	struct warren_device *warren;	/* with a reference to its dev */
	struct warren_peer *peer;	/* next one; NULL before the first */
	const struct list_head *prefix;	/* last one shown of @peer */
	u32 generation;			/* @peer and @prefix are good for it */
	bool continued;			/* @peer was begun in another message */
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

static int put_endpoint(struct sk_buff *skb, struct warren_peer *peer)
{
	struct warren_endpoint endpoint;

	warren_peer_read_endpoint(peer, &endpoint);
	if (endpoint.addr.sa_family == AF_INET)
		return nla_put(skb, WARREN_PEER_A_ENDPOINT,
			       sizeof(endpoint.addr4), &endpoint.addr4);
	if (endpoint.addr.sa_family == AF_INET6)
		return nla_put(skb, WARREN_PEER_A_ENDPOINT,
			       sizeof(endpoint.addr6), &endpoint.addr6);
	return 0;
}

static int put_peer_itself(struct sk_buff *skb, struct warren_peer *peer)
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
	    nla_put_u32(skb, WARREN_PEER_A_PROTOCOL_VERSION, 1))
		return -EMSGSIZE;
	return put_endpoint(skb, peer);
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
	    (!dump->continued && put_peer_itself(skb, peer)))
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

static int put_device_itself(struct sk_buff *skb, struct warren_device *warren)
{
	int err = 0;

	if (nla_put_u16(skb, WARREN_DEVICE_A_LISTEN_PORT, warren->listen_port) ||
	    nla_put_u32(skb, WARREN_DEVICE_A_FWMARK, warren->fwmark))
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

static int dump_start(struct netlink_callback *cb)
{
	struct dump *dump = dump_of(cb);
	const struct nlattr *tb[DEVICE_MAX + 1];
	int err;

	err = parse_device(cb->nlh, tb, cb->extack);
	if (err)
		return err;
	dump->warren = hold_device(sock_net(cb->skb->sk), tb, cb->extack);
	if (!IS_ERR(dump->warren))
		return 0;
	err = PTR_ERR(dump->warren);
	dump->warren = NULL;
	return err;
}

static int dump_done(struct netlink_callback *cb)
{
	struct dump *dump = dump_of(cb);

	if (dump->warren)
		dev_put(dump->warren->dev);
	return 0;
}

static const struct genl_family *family_of(const struct nlmsghdr *nlh);

static int dump_device(struct sk_buff *skb, struct netlink_callback *cb)
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

	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			     cb->nlh->nlmsg_seq, family_of(cb->nlh),
			     NLM_F_MULTI, WARREN_CMD_GET_DEVICE);
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

/* ---- writing: first everything is checked, then it is done ---- */

static int check_allowedip(const struct nlattr *nest, const struct nlattr **tb,
			   struct netlink_ext_ack *extack)
{
	const struct nlattr *address, *cidr;
	unsigned int size;
	int err;

	err = parse_allowedip(nest, tb, extack);
	if (err)
		return err;
	address = tb[WARREN_ALLOWEDIP_A_IPADDR];
	cidr = tb[WARREN_ALLOWEDIP_A_CIDR_MASK];
	if (!tb[WARREN_ALLOWEDIP_A_FAMILY] || !address || !cidr)
		return refuse(extack, nest,
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
		return refuse(extack, tb[WARREN_ALLOWEDIP_A_FAMILY],
			      "WARREN_ALLOWEDIP_A_FAMILY is neither AF_INET nor AF_INET6",
			      -EINVAL);
	}
	if (nla_len(address) != size)
		return refuse(extack, address,
			      "WARREN_ALLOWEDIP_A_IPADDR has the wrong size for its family",
			      -EINVAL);
	if (nla_get_u8(cidr) > size * 8)
		return refuse(extack, cidr,
			      "WARREN_ALLOWEDIP_A_CIDR_MASK is longer than an address",
			      -EINVAL);
	if (flags_of(tb[WARREN_ALLOWEDIP_A_FLAGS]) &
	    ~WARREN_ALLOWEDIP_F_REMOVE_ME)
		return refuse(extack, tb[WARREN_ALLOWEDIP_A_FLAGS],
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
	return refuse(extack, attr,
		      "WARREN_PEER_A_ENDPOINT: family and size do not go together",
		      -EINVAL);
}

static int check_peer(const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	const struct nlattr *tb[PEER_MAX + 1], *ip[ALLOWEDIP_MAX + 1], *attr;
	int err, rest;

	err = parse_peer(nest, tb, extack);
	if (err)
		return err;
	if (!tb[WARREN_PEER_A_PUBLIC_KEY])
		return refuse(extack, nest, "WARREN_PEER_A_PUBLIC_KEY is needed",
			      -EINVAL);
	if (flags_of(tb[WARREN_PEER_A_FLAGS]) &
	    ~(WARREN_PEER_F_REMOVE_ME | WARREN_PEER_F_REPLACE_ALLOWEDIPS |
	      WARREN_PEER_F_UPDATE_ONLY))
		return refuse(extack, tb[WARREN_PEER_A_FLAGS],
			      "WARREN_PEER_A_FLAGS has an unknown flag",
			      -EOPNOTSUPP);
	attr = tb[WARREN_PEER_A_PROTOCOL_VERSION];
	if (attr && nla_get_u32(attr) != 1)
		return refuse(extack, attr,
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
		return refuse(extack, tb[WARREN_PEER_A_ALLOWEDIPS],
			      "WARREN_PEER_A_ALLOWEDIPS: bytes left over", -EINVAL);
	return 0;
}

static int check_device(const struct nlattr **tb,
			struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int err, rest;

	if (flags_of(tb[WARREN_DEVICE_A_FLAGS]) & ~WARREN_DEVICE_F_REPLACE_PEERS)
		return refuse(extack, tb[WARREN_DEVICE_A_FLAGS],
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
		return refuse(extack, tb[WARREN_DEVICE_A_PEERS],
			      "WARREN_DEVICE_A_PEERS: bytes left over", -EINVAL);
	return 0;
}

static int set_allowedips(struct warren_peer *peer, const struct nlattr *nest,
			  struct netlink_ext_ack *extack)
{
	struct warren_allowedips *table = &peer->warren->allowedips;
	const struct nlattr *ip[ALLOWEDIP_MAX + 1], *attr;
	int rest, err;

	nla_for_each_nested(attr, nest, rest) {
		int family;
		u8 cidr;
		const void *address;

		err = parse_allowedip(attr, ip, extack);
		if (err)
			return err;
		family = nla_get_u16(ip[WARREN_ALLOWEDIP_A_FAMILY]);
		cidr = nla_get_u8(ip[WARREN_ALLOWEDIP_A_CIDR_MASK]);
		address = nla_data(ip[WARREN_ALLOWEDIP_A_IPADDR]);

		if (flags_of(ip[WARREN_ALLOWEDIP_A_FLAGS]) &
		    WARREN_ALLOWEDIP_F_REMOVE_ME) {
			/* Somebody else's or nobody's: what was asked is so. */
			warren_allowedips_remove(table, family, address, cidr,
						 &peer->allowedips);
			continue;
		}
		err = warren_allowedips_insert(table, family, address, cidr,
					       &peer->allowedips);
		if (err)
			return refuse(extack, attr,
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
	const struct nlattr *tb[PEER_MAX + 1], *attr;
	struct warren_peer *peer;
	const u8 *public_key;
	u32 flags;
	int err;

	err = parse_peer(nest, tb, extack);
	if (err)
		return err;
	public_key = nla_data(tb[WARREN_PEER_A_PUBLIC_KEY]);
	flags = flags_of(tb[WARREN_PEER_A_FLAGS]);

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
			return refuse(extack, tb[WARREN_PEER_A_PUBLIC_KEY],
				      PTR_ERR(peer) == -E2BIG ?
					      "WARREN_PEER_A_PUBLIC_KEY: the device has its 1048576 peers; those of this message before it are set" :
					      "WARREN_PEER_A_PUBLIC_KEY: no memory for this peer; those of this message before it are set",
				      PTR_ERR(peer));
	}
	if (tb[WARREN_PEER_A_PRESHARED_KEY])
		set_preshared_key(peer, tb[WARREN_PEER_A_PRESHARED_KEY]);
	if (tb[WARREN_PEER_A_ENDPOINT])
		set_endpoint(peer, tb[WARREN_PEER_A_ENDPOINT]);
	if (flags & WARREN_PEER_F_REPLACE_ALLOWEDIPS)
		warren_allowedips_remove_owner(&warren->allowedips,
					       &peer->allowedips);
	if (tb[WARREN_PEER_A_ALLOWEDIPS]) {
		err = set_allowedips(peer, tb[WARREN_PEER_A_ALLOWEDIPS], extack);
		if (err)
			return err;
	}
	attr = tb[WARREN_PEER_A_PERSISTENT_KEEPALIVE_INTERVAL];
	if (attr) {
		WRITE_ONCE(peer->timers.persistent_interval, nla_get_u16(attr));
		warren_timers_persistent_changed(peer);
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

static int set_listen_port(struct warren_device *warren,
			   const struct nlattr *attr,
			   struct netlink_ext_ack *extack)
{
	u16 port = nla_get_u16(attr);
	struct net *net;
	int err;

	if (port && port == warren->listen_port)
		return 0;
	net = rcu_dereference_protected(warren->creating_net,
					lockdep_is_held(&warren->lock));
	if (!netif_running(warren->dev) || !net) {
		warren->listen_port = port;
		return 0;
	}
	err = warren_socket_open(warren, net, port);
	if (err)
		return refuse(extack, attr,
			      err == -EADDRINUSE ?
				      "WARREN_DEVICE_A_LISTEN_PORT is in use by another socket" :
				      "WARREN_DEVICE_A_LISTEN_PORT cannot be bound",
			      err);
	forget_routes(warren);
	return 0;
}

/* Port and mark are of the namespace that has the socket. */
static int check_socket_rights(struct warren_device *warren,
			       const struct nlattr **tb,
			       struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = tb[WARREN_DEVICE_A_LISTEN_PORT] ?:
						  tb[WARREN_DEVICE_A_FWMARK];
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
	return refuse(extack, attr,
		      "WARREN_DEVICE_A_LISTEN_PORT and _FWMARK need CAP_NET_ADMIN in the namespace in which the device was made",
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
	if (tb[WARREN_DEVICE_A_LISTEN_PORT]) {
		err = set_listen_port(warren, tb[WARREN_DEVICE_A_LISTEN_PORT],
				      extack);
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
	if (flags_of(tb[WARREN_DEVICE_A_FLAGS]) & WARREN_DEVICE_F_REPLACE_PEERS)
		warren_peer_remove_all(warren);
	if (key)
		warren_device_set_private_key(warren, nla_data(key));
	if (tb[WARREN_DEVICE_A_PEERS])
		err = set_peers(warren, tb[WARREN_DEVICE_A_PEERS], extack);
	return err;
}

static int set_device(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *tb[DEVICE_MAX + 1];
	struct warren_device *warren;
	int err;

	err = parse_device(info->nlhdr, tb, info->extack);
	if (!err)
		err = check_device(tb, info->extack);
	if (err)
		goto wipe;
	warren = hold_device(genl_info_net(info), tb, info->extack);
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

static const struct genl_ops ops[] = {
	{
		.cmd = WARREN_CMD_GET_DEVICE,
		.start = dump_start,
		.dumpit = dump_device,
		.done = dump_done,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = WARREN_CMD_SET_DEVICE,
		.doit = set_device,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

#define FAMILY(family_name)                                           \
	{                                                             \
		.name = family_name,                                  \
		.version = WARREN_GENL_VERSION,                       \
		.module = THIS_MODULE,                                \
		.netnsok = true,                                      \
		.ops = ops,                                           \
		.n_ops = ARRAY_SIZE(ops),                             \
		/* We do the checking ourselves, in these commands. */ \
		.resv_start_op = WARREN_CMD_SET_DEVICE + 1,           \
	}

static struct genl_family family __ro_after_init = FAMILY(WARREN_GENL_NAME);
static struct genl_family compat_family __ro_after_init =
	FAMILY(WARREN_COMPAT_NAME);
static bool have_compat __ro_after_init;

static const struct genl_family *family_of(const struct nlmsghdr *nlh)
{
	return have_compat && nlh->nlmsg_type == compat_family.id ?
		       &compat_family :
		       &family;
}

int __init warren_netlink_init(bool compat)
{
	int err;

	err = genl_register_family(&family);
	if (err || !compat)
		return err;
	err = genl_register_family(&compat_family);
	if (err) {
		pr_err("the netlink family \"wireguard\" is taken: unload the wireguard module first, or load warren without wireguard_compat=1\n");
		genl_unregister_family(&family);
		return err;
	}
	have_compat = true;
	return 0;
}

void warren_netlink_exit(void)
{
	if (have_compat)
		genl_unregister_family(&compat_family);
	genl_unregister_family(&family);
}
