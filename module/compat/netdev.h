/* SPDX-License-Identifier: GPL-2.0 */
/* Network devices: lockless transmission and statistics since 6.11 and 6.7. */
#ifndef WARREN_COMPAT_NETDEV_H
#define WARREN_COMPAT_NETDEV_H

#include <linux/netdevice.h>
#include <net/rtnetlink.h>

static inline void warren_netdev_set_lltx(struct net_device *dev)
{
#ifdef WARREN_HAVE_DEV_LLTX
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

#ifdef WARREN_HAVE_PCPU_STAT_TYPE
/* The core allocates and frees. */
static inline int warren_netdev_alloc_stats(struct net_device *dev)
{
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	return 0;
}

static inline void warren_netdev_free_stats(struct net_device *dev)
{
}
#else
static inline int warren_netdev_alloc_stats(struct net_device *dev)
{
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	return dev->tstats ? 0 : -ENOMEM;
}

static inline void warren_netdev_free_stats(struct net_device *dev)
{
	free_percpu(dev->tstats);
	dev->tstats = NULL;
}
#endif

/* newlink: its arguments come in a structure since 6.15. */
#ifdef WARREN_HAVE_RTNL_NEWLINK_PARAMS
#define WARREN_NEWLINK(name, net, dev, extack)                          \
	name##_in(struct net *net, struct net_device *dev,              \
		  struct netlink_ext_ack *extack);                      \
	static int name(struct net_device *dev,                         \
			struct rtnl_newlink_params *params,             \
			struct netlink_ext_ack *extack)                 \
	{                                                               \
		return name##_in(rtnl_newlink_link_net(params), dev,    \
				 extack);                               \
	}                                                               \
	static int name##_in(struct net *net, struct net_device *dev,   \
			     struct netlink_ext_ack *extack)
#else
#define WARREN_NEWLINK(name, net, dev, extack)                              \
	name(struct net *net, struct net_device *dev, struct nlattr *tb[],  \
	     struct nlattr *data[], struct netlink_ext_ack *extack)
#endif

#endif /* WARREN_COMPAT_NETDEV_H */
