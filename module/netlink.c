// SPDX-License-Identifier: GPL-2.0
#include <linux/if.h>
#include <net/genetlink.h>
#include "compat/netlink.h"
#include "device.h"
#include "netlink.h"
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
#define INTERFACE(name) \
	[name] = { 2, IFNAMSIZ, #name " must have 1 to 15 characters", NULL }
#define READ_ONLY(name) [name] = { 0, U16_MAX, NULL, #name " cannot be set" }
#define NEST(name) [name] = { 0, U16_MAX, NULL, NULL }

#define KEY_SIZE 32
#define U8_SIZE 1
#define U16_SIZE 2
#define U32_SIZE 4
#define IN_ADDR_SIZE 4
#define IN6_ADDR_SIZE 16

static const struct known_attribute device_attributes[] = {
	FIXED(WARREN_DEVICE_A_IFINDEX, U32_SIZE),
	INTERFACE(WARREN_DEVICE_A_IFNAME),
	FIXED(WARREN_DEVICE_A_PRIVATE_KEY, KEY_SIZE),
	READ_ONLY(WARREN_DEVICE_A_PUBLIC_KEY),
	FIXED(WARREN_DEVICE_A_FLAGS, U32_SIZE),
	FIXED(WARREN_DEVICE_A_LISTEN_PORT, U16_SIZE),
	FIXED(WARREN_DEVICE_A_FWMARK, U32_SIZE),
	NEST(WARREN_DEVICE_A_PEERS),
	FIXED(WARREN_DEVICE_A_BIND_IFINDEX, U32_SIZE),
	FIXED(WARREN_DEVICE_A_BIND_ADDR4, IN_ADDR_SIZE),
	FIXED(WARREN_DEVICE_A_BIND_ADDR6, IN6_ADDR_SIZE),
	INTERFACE(WARREN_DEVICE_A_BIND_IFNAME),
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
	READ_ONLY(WARREN_PEER_A_STATS),
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

static_assert(ARRAY_SIZE(device_attributes) == WARREN_DEVICE_ATTRIBUTES);
static_assert(ARRAY_SIZE(peer_attributes) == WARREN_PEER_ATTRIBUTES);
static_assert(ARRAY_SIZE(allowedip_attributes) == WARREN_ALLOWEDIP_ATTRIBUTES);

/* The nest's attributes by type. Return: 0 or -EINVAL with a text. */
static int parse(const struct nlattr *head, int len, const struct nlattr **tb,
		 const struct known_attribute *known, unsigned int count,
		 const char *unknown, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int rest;

	memset(tb, 0, count * sizeof(*tb));
	nla_for_each_attr(attr, head, len, rest) {
		unsigned int type = nla_type(attr);
		const char *why = NULL;

		if (type >= count || !known[type].max)
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
		NL_SET_ERR_MSG(extack,
			       "bytes left over after the last attribute");
		return -EINVAL;
	}
	return 0;
}

int warren_netlink_parse_device(const struct nlmsghdr *nlh,
				const struct nlattr **tb,
				struct netlink_ext_ack *extack)
{
	return parse(nlmsg_attrdata(nlh, GENL_HDRLEN),
		     nlmsg_attrlen(nlh, GENL_HDRLEN), tb, device_attributes,
		     WARREN_DEVICE_ATTRIBUTES,
		     "unknown WARREN_DEVICE_A_* attribute", extack);
}

int warren_netlink_parse_peer(const struct nlattr *nest,
			      const struct nlattr **tb,
			      struct netlink_ext_ack *extack)
{
	return parse(nla_data(nest), nla_len(nest), tb, peer_attributes,
		     WARREN_PEER_ATTRIBUTES,
		     "unknown WARREN_PEER_A_* attribute", extack);
}

int warren_netlink_parse_allowedip(const struct nlattr *nest,
				   const struct nlattr **tb,
				   struct netlink_ext_ack *extack)
{
	return parse(nla_data(nest), nla_len(nest), tb, allowedip_attributes,
		     WARREN_ALLOWEDIP_ATTRIBUTES,
		     "unknown WARREN_ALLOWEDIP_A_* attribute", extack);
}

int warren_netlink_refuse(struct netlink_ext_ack *extack,
			  const struct nlattr *attr, const char *why, int err)
{
	warren_extack_attr(extack, attr, why);
	return err;
}

/* The device a request names, with a reference, or ERR_PTR. */
struct warren_device *warren_netlink_hold_device(struct net *net,
						 const struct nlattr **tb,
						 struct netlink_ext_ack *extack)
{
	const struct nlattr *index = tb[WARREN_DEVICE_A_IFINDEX];
	const struct nlattr *name = tb[WARREN_DEVICE_A_IFNAME];
	struct net_device *dev;
	char text[IFNAMSIZ];

	if (!index == !name) {
		NL_SET_ERR_MSG(
			extack,
			"exactly one of WARREN_DEVICE_A_IFINDEX and WARREN_DEVICE_A_IFNAME is needed");
		return ERR_PTR(-EBADR);
	}
	if (index) {
		dev = dev_get_by_index(net, nla_get_u32(index));
	} else {
		nla_strscpy(text, name, sizeof(text));
		dev = dev_get_by_name(net, text);
	}
	if (!dev)
		return ERR_PTR(warren_netlink_refuse(
			extack, index ?: name,
			index ? "WARREN_DEVICE_A_IFINDEX: no such device" :
				"WARREN_DEVICE_A_IFNAME: no such device",
			-ENODEV));
	if (!warren_device_is(dev)) {
		dev_put(dev);
		return ERR_PTR(warren_netlink_refuse(
			extack, index ?: name,
			index ? "WARREN_DEVICE_A_IFINDEX: not a warren device" :
				"WARREN_DEVICE_A_IFNAME: not a warren device",
			-EOPNOTSUPP));
	}
	return netdev_priv(dev);
}

static const struct genl_ops ops[] = {
	{
		.cmd = WARREN_CMD_GET_DEVICE,
		.start = warren_netlink_dump_start,
		.dumpit = warren_netlink_dump,
		.done = warren_netlink_dump_done,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = WARREN_CMD_SET_DEVICE,
		.doit = warren_netlink_set,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = WARREN_EVENT_GROUP, WARREN_MCAST_ADMIN },
};

/* Events are the family's own name's alone: WireGuard's has none. */
#define EVENTS 0
#define FAMILY(family_name, ...)                                      \
	{                                                             \
		.name = family_name,                                  \
		.version = WARREN_GENL_VERSION,                       \
		.module = THIS_MODULE,                                \
		.netnsok = true,                                      \
		.ops = ops,                                           \
		.n_ops = ARRAY_SIZE(ops),                             \
		/* We do the checking ourselves, in these commands. */ \
		.resv_start_op = WARREN_CMD_SET_DEVICE + 1,           \
		__VA_ARGS__                                           \
	}

static struct genl_family family __ro_after_init =
	FAMILY(WARREN_GENL_NAME, .mcgrps = groups,
	       .n_mcgrps = WARREN_MCAST_GROUPS(groups));
static struct genl_family compat_family __ro_after_init =
	FAMILY(WARREN_COMPAT_NAME);
static bool have_compat __ro_after_init;

const struct genl_family *warren_netlink_family_of(const struct nlmsghdr *nlh)
{
	return have_compat && nlh->nlmsg_type == compat_family.id ?
		       &compat_family :
		       &family;
}

bool warren_netlink_has_listeners(struct net *net)
{
	return family.n_mcgrps && genl_has_listeners(&family, net, EVENTS) > 0;
}

void *warren_netlink_begin_event(struct sk_buff *skb)
{
	return genlmsg_put(skb, 0, 0, &family, 0, WARREN_CMD_EVENT);
}

void warren_netlink_send_event(struct net *net, struct sk_buff *skb)
{
	genlmsg_multicast_netns(&family, net, skb, 0, EVENTS, GFP_KERNEL);
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
