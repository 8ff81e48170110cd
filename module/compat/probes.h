/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What module/compat/ asks the kernel's headers; Kbuild.probe tells how. Each
 * name becomes WARREN_HAVE_<name> where its statements compile. This file is
 * not part of the module.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <crypto/blake2s.h>
#include <crypto/chacha.h>
#include <net/addrconf.h>
#include <net/genetlink.h>
#include <net/gro.h>
#include <net/rtnetlink.h>
#include <net/udp_tunnel.h>

#define WARREN_PROBE(name, ...) \
	static void __maybe_unused probe_##name(void) { __VA_ARGS__; }
#define SAME_TYPE(a, b) static_assert(__builtin_types_compatible_p(typeof(a), typeof(b)))

/* These two show that the method works; they give no name. */
WARREN_PROBE(ALWAYS, struct net_device dev; (void)dev)
WARREN_PROBE(NEVER, struct warren_has_no_such_struct s; (void)s)

/* Timers: from_timer() became timer_container_of(), del_timer*() timer_delete*(). */
struct probe_timed { struct timer_list timer; };
WARREN_PROBE(TIMER_CONTAINER_OF, struct timer_list *t = NULL; struct probe_timed *p = timer_container_of(p, t, timer); (void)p)
WARREN_PROBE(FROM_TIMER, struct timer_list *t = NULL; struct probe_timed *p = from_timer(p, t, timer); (void)p)
WARREN_PROBE(TIMER_DELETE, struct timer_list t; timer_delete(&t))
WARREN_PROBE(TIMER_DELETE_SYNC, struct timer_list t; timer_delete_sync(&t))
WARREN_PROBE(TIMER_SHUTDOWN_SYNC, struct timer_list t; timer_shutdown_sync(&t))

/* rtnetlink: newlink(dev, params, extack), with the namespaces in the params. */
WARREN_PROBE(RTNL_NEWLINK_PARAMS, struct rtnl_newlink_params *p; (void)p->tb; (void)rtnl_newlink_link_net(p))

/* Generic netlink. */
WARREN_PROBE(GENL_SPLIT_OPS, struct genl_family f; (void)f.split_ops; (void)f.n_split_ops)
WARREN_PROBE(GENL_RESV_START_OP, struct genl_family f; (void)f.resv_start_op)
WARREN_PROBE(GENL_SOCK_PRIV, struct genl_family f; (void)f.sock_priv_size)
WARREN_PROBE(GENL_REQ_ATTR_CHECK, struct genl_info *info = NULL; (void)GENL_REQ_ATTR_CHECK(info, 1))
WARREN_PROBE(GENL_INFO_USERHDR, struct genl_info *info = NULL; (void)genl_info_userhdr(info))
WARREN_PROBE(GENL_INFO_DUMP, struct netlink_callback *cb = NULL; (void)genl_info_dump(cb)->attrs)
WARREN_PROBE(NL_SET_ERR_MSG_FMT, struct netlink_ext_ack *e = NULL; NL_SET_ERR_MSG_FMT(e, "%d", 1))
WARREN_PROBE(NL_SET_ERR_MSG_ATTR_FMT, struct netlink_ext_ack *e = NULL; NL_SET_ERR_MSG_ATTR_FMT(e, NULL, "%d", 1))
WARREN_PROBE(NETLINK_DUMP_CTX, struct netlink_callback cb; (void)cb.ctx)
WARREN_PROBE(NLA_POLICY_MIN_LEN, struct nla_policy p = NLA_POLICY_MIN_LEN(1); (void)p)

/* Network devices: feature bits that became members, statistics by type. */
WARREN_PROBE(DEV_LLTX, struct net_device dev; dev.lltx = true)
WARREN_PROBE(DEV_NETNS_LOCAL, struct net_device dev; dev.netns_local = true)
WARREN_PROBE(DEV_NETNS_IMMUTABLE, struct net_device dev; dev.netns_immutable = true)
WARREN_PROBE(NETIF_F_LLTX, netdev_features_t f = NETIF_F_LLTX; (void)f)
WARREN_PROBE(NETIF_F_NETNS_LOCAL, netdev_features_t f = NETIF_F_NETNS_LOCAL; (void)f)
WARREN_PROBE(PCPU_STAT_TYPE, struct net_device dev; dev.pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS)
WARREN_PROBE(DEV_MAX_MTU, struct net_device dev; dev.max_mtu = 0)
WARREN_PROBE(DEV_PRIV_FLAGS_FAST, struct net_device dev; (void)dev.priv_flags_fast)
WARREN_PROBE(NETIF_SET_TSO_MAX_SIZE, netif_set_tso_max_size(NULL, 65536))
WARREN_PROBE(NETIF_NAPI_ADD_NO_WEIGHT, SAME_TYPE(&netif_napi_add, void (*)(struct net_device *, struct napi_struct *, int (*)(struct napi_struct *, int))))
WARREN_PROBE(DEV_SW_NETSTATS_RX_ADD, dev_sw_netstats_rx_add(NULL, 1))

/* Crypto library: BLAKE2s context and argument order, ChaCha state type. */
WARREN_PROBE(BLAKE2S_CTX, struct blake2s_ctx ctx; (void)ctx)
WARREN_PROBE(BLAKE2S_KEY_FIRST, SAME_TYPE(&blake2s, void (*)(const u8 *, size_t, const u8 *, size_t, u8 *, size_t)))
WARREN_PROBE(CHACHA_STATE, struct chacha_state state; (void)state)

/* UDP tunnels: extra arguments, the IPv6 stub, what sends for us. */
WARREN_PROBE(IPV6_STUB, (void)ipv6_stub->ipv6_dst_lookup_flow)
WARREN_PROBE(IP6_DST_LOOKUP_FLOW, (void)&ip6_dst_lookup_flow)
WARREN_PROBE(UDP_TUNNEL_XMIT_IPCB_FLAGS, udp_tunnel_xmit_skb(NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, true, true, 0))
WARREN_PROBE(UDP_TUNNEL6_XMIT_IP6CB_FLAGS, udp_tunnel6_xmit_skb(NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, true, 0))
WARREN_PROBE(UDP_TUNNEL_XMIT_INT, int sent = udp_tunnel_xmit_skb(NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, true, true); (void)sent)
WARREN_PROBE(UDP_TUNNEL6_XMIT_VOID, SAME_TYPE(udp_tunnel6_xmit_skb(NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, true, 0), (void)0))

/* Socket buffers and GRO. */
WARREN_PROBE(SKB_GRO_HEADER, (void)skb_gro_header(NULL, 0, 0))
WARREN_PROBE(SKB_GRO_REMCSUM, (void)skb_gro_remcsum_init)
WARREN_PROBE(SKB_DROP_REASON, kfree_skb_reason(NULL, SKB_DROP_REASON_NOT_SPECIFIED))
WARREN_PROBE(SKB_MONO_DELIVERY_TIME, struct sk_buff skb; skb.mono_delivery_time = 1)
WARREN_PROBE(SKB_TSTAMP_TYPE, struct sk_buff skb; skb.tstamp_type = 1)
WARREN_PROBE(UDP_SET_GRO_BIT, udp_set_bit(GRO_ENABLED, (struct sock *)NULL))
