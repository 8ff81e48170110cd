/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink: the contract is uapi/warren.h.
 *
 *	netlink.c	the families, and taking requests apart
 *	netlink_get.c	WARREN_CMD_GET_DEVICE
 *	netlink_set.c	WARREN_CMD_SET_DEVICE
 *	event.c		WARREN_CMD_EVENT
 */
#ifndef WARREN_NETLINK_H
#define WARREN_NETLINK_H

#include <net/netlink.h>
#include "uapi/warren.h"

struct genl_family;
struct genl_info;
struct warren_device;
struct warren_peer;

/* Sizes of the arrays that hold a nest's attributes by type. */
#define WARREN_DEVICE_ATTRIBUTES (WARREN_DEVICE_A_BIND_IFNAME + 1)
#define WARREN_PEER_ATTRIBUTES (WARREN_PEER_A_STATS + 1)
#define WARREN_ALLOWEDIP_ATTRIBUTES (WARREN_ALLOWEDIP_A_FLAGS + 1)

/* @compat: register the family "wireguard" as well. */
int warren_netlink_init(bool compat);
void warren_netlink_exit(void);

/*
 * A request's or a nest's attributes by type, each known, of the right size and
 * one that can be set. Return: 0, or -EINVAL with a text in @extack.
 */
int warren_netlink_parse_device(const struct nlmsghdr *nlh,
				const struct nlattr **tb,
				struct netlink_ext_ack *extack);
int warren_netlink_parse_peer(const struct nlattr *nest,
			      const struct nlattr **tb,
			      struct netlink_ext_ack *extack);
int warren_netlink_parse_allowedip(const struct nlattr *nest,
				   const struct nlattr **tb,
				   struct netlink_ext_ack *extack);

/* Of an attribute with flags, or 0 without it. */
static inline u32 warren_netlink_flags(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

/* Says that @attr is wrong and @why, a text that stays. Return: @err. */
int warren_netlink_refuse(struct netlink_ext_ack *extack,
			  const struct nlattr *attr, const char *why, int err);

/* The device that a request names, with a reference to its dev, or ERR_PTR. */
struct warren_device *warren_netlink_hold_device(struct net *net,
						 const struct nlattr **tb,
						 struct netlink_ext_ack *extack);

/* The family a request came by: the answer goes the same way. */
const struct genl_family *
warren_netlink_family_of(const struct nlmsghdr *nlh);

/* Does anybody listen to events in this namespace? Context: any. */
bool warren_netlink_has_listeners(struct net *net);

/* The header of an event, NULL if it does not fit. */
void *warren_netlink_begin_event(struct sk_buff *skb);

/* Takes @skb. Context: process. */
void warren_netlink_send_event(struct net *net, struct sk_buff *skb);

/* netlink_get.c */

/* The peer's endpoint, if it has one, as attribute @type. 0 or -EMSGSIZE. */
int warren_netlink_put_endpoint(struct sk_buff *skb, int type,
				struct warren_peer *peer);
int warren_netlink_dump_start(struct netlink_callback *cb);
int warren_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb);
int warren_netlink_dump_done(struct netlink_callback *cb);

/* netlink_set.c */
int warren_netlink_set(struct sk_buff *skb, struct genl_info *info);

#endif /* WARREN_NETLINK_H */
