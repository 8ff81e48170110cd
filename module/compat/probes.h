/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What module/compat/ asks the kernel's headers; Kbuild.probe tells how. Each
 * name becomes WARREN_HAVE_<name> where its statements compile. This file is
 * not part of the module.
 */
#include <linux/netdevice.h>
#include <linux/timer.h>
#include <crypto/blake2s.h>
#include <crypto/chacha.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>

#define WARREN_PROBE(name, ...) \
	static void __maybe_unused probe_##name(void) { __VA_ARGS__; }

/* These two show that the method works; they give no name. */
WARREN_PROBE(ALWAYS, struct net_device dev; (void)dev)
WARREN_PROBE(NEVER, struct warren_has_no_such_struct s; (void)s)

/* Timers: from_timer() became timer_container_of(), del_timer*() timer_delete*(). */
struct probe_timed { struct timer_list timer; };
WARREN_PROBE(TIMER_CONTAINER_OF, struct timer_list *t = NULL; struct probe_timed *p = timer_container_of(p, t, timer); (void)p)
WARREN_PROBE(TIMER_DELETE_SYNC, struct timer_list t; timer_delete_sync(&t))

/* rtnetlink: newlink(dev, params, extack), with the namespaces in the params. */
WARREN_PROBE(RTNL_NEWLINK_PARAMS, struct rtnl_newlink_params *p; (void)p->tb; (void)rtnl_newlink_link_net(p))

/* Network devices: a feature bit that became a member, statistics by type. */
WARREN_PROBE(DEV_LLTX, struct net_device dev; dev.lltx = true)
WARREN_PROBE(PCPU_STAT_TYPE, struct net_device dev; dev.pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS)

/* Generic netlink: groups that only an administrator may listen to. */
WARREN_PROBE(GENL_MCAST_CAP, struct genl_multicast_group g; g.flags = GENL_MCAST_CAP_NET_ADMIN)

/* Crypto library: the BLAKE2s state got a name and blake2s() another order. */
WARREN_PROBE(BLAKE2S_CTX, struct blake2s_ctx ctx; (void)ctx)
WARREN_PROBE(CHACHA_STATE, struct chacha_state state; (void)state)
