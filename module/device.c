// SPDX-License-Identifier: GPL-2.0
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/suspend.h>
#include <net/addrconf.h>
#include <net/icmp.h>
#include <net/ip_tunnels.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>
#include "compat/netdev.h"
#include "device.h"
#include "gso_check.h"
#include "netlink.h"
#include "packet.h"
#include "peer.h"
#include "segment.h"
#include "uapi/warren.h"

/* Room for the outer headers in 1500 bytes, over IPv6: as WireGuard has it. */
#define DEFAULT_MTU 1420
#define OVERHEAD \
	(sizeof(struct ipv6hdr) + sizeof(struct udphdr) + WARREN_DATA_OVERHEAD)

/* Tunnels in tunnels: each level costs stack. */
#define MAX_DEPTH 4

static bool udp_segmentation = true;
module_param(udp_segmentation, bool, 0444);
MODULE_PARM_DESC(udp_segmentation,
		 "What new devices have for ethtool's flag of that name");

static LIST_HEAD(devices); /* under RTNL */
static DEFINE_PER_CPU(unsigned int, depth);

static int open(struct net_device *dev)
{
	struct warren_device *warren = netdev_priv(dev);
	struct inet6_dev *in6 = __in6_dev_get(dev);
	struct warren_peer *peer;
	struct net *net;
	int err;

	/* Link-local addresses are for the administrator to choose. */
	if (in6)
		in6->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;

	mutex_lock(&warren->lock);
	net = rcu_dereference_protected(warren->creating_net,
					lockdep_is_held(&warren->lock));
	err = net ? warren_socket_open(warren, net, warren->listen_port,
				       &warren->bind) :
		    -ENONET;
	if (!err) {
		list_for_each_entry(peer, &warren->peers, list) {
			if (!skb_queue_empty_lockless(&peer->staged))
				warren_send_staged(peer);
			warren_timers_persistent_changed(peer);
		}
	}
	mutex_unlock(&warren->lock);
	return err;
}

static int stop(struct net_device *dev)
{
	struct warren_device *warren = netdev_priv(dev);
	struct warren_peer *peer;

	mutex_lock(&warren->lock);
	warren_socket_close(warren);
	/* Nothing comes in, and after this no handshake ends, that makes keys. */
	warren_handshake_queue_flush(warren);
	list_for_each_entry(peer, &warren->peers, list) {
		warren_timers_stop(peer);
		warren_peer_clear_secrets(peer);
		atomic64_set(&peer->timers.last_initiation, 0);
	}
	mutex_unlock(&warren->lock);
	return 0;
}

/* What the sender sees when a packet cannot go: an ICMP and an error. */
static int refuse(struct warren_device *warren, struct sk_buff *skb, int err)
{
	DEV_STATS_INC(warren->dev, tx_errors);
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	else if (skb->protocol == htons(ETH_P_IPV6))
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH,
				0);
	kfree_skb(skb);
	return err;
}

static struct warren_peer *find_peer(struct warren_device *warren,
				     const struct sk_buff *skb)
{
	struct warren_allowedips_owner *owner;

	if (skb->protocol == htons(ETH_P_IP))
		owner = warren_allowedips_lookup(&warren->allowedips, AF_INET,
						 &ip_hdr(skb)->daddr);
	else
		owner = warren_allowedips_lookup(&warren->allowedips, AF_INET6,
						 &ipv6_hdr(skb)->daddr);
	return owner ? container_of(owner, struct warren_peer, allowedips) :
		       NULL;
}

static netdev_tx_t xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct warren_device *warren = netdev_priv(dev);
	struct warren_peer *peer;
	sa_family_t family;
	int err = NETDEV_TX_OK;

	if (unlikely(!skb->protocol ||
		     ip_tunnel_parse_protocol(skb) != skb->protocol)) {
		warren_stats_inc(warren, WARREN_STAT_TX_NOT_IP);
		DEV_STATS_INC(dev, tx_errors);
		kfree_skb(skb);
		return -EPROTONOSUPPORT;
	}
	if (unlikely(__this_cpu_read(depth) >= MAX_DEPTH)) {
		warren_stats_inc(warren, WARREN_STAT_TX_LOOP);
		return refuse(warren, skb, -ELOOP);
	}

	__this_cpu_inc(depth);
	rcu_read_lock_bh();
	peer = find_peer(warren, skb);
	if (unlikely(!peer)) {
		warren_stats_inc(warren, WARREN_STAT_TX_NO_PEER);
		err = refuse(warren, skb, -ENOKEY);
		goto out;
	}
	family = READ_ONCE(peer->endpoint.addr.sa_family);
	if (unlikely(family != AF_INET && family != AF_INET6)) {
		warren_stats_peer_inc(peer, WARREN_STAT_TX_NO_ENDPOINT);
		err = refuse(warren, skb, -EDESTADDRREQ);
		goto out;
	}
	/* The route that led here may go before a staged packet does. */
	skb_dst_drop(skb);
	warren_send_packet(peer, skb);
out:
	rcu_read_unlock_bh();
	__this_cpu_dec(depth);
	return err;
}

static int init(struct net_device *dev)
{
	struct warren_device *warren = netdev_priv(dev);
	int err;

	warren->dev = dev;
	warren->generation = 1;
	warren->no_batches = !udp_segmentation;
	mutex_init(&warren->lock);
	init_rwsem(&warren->identity_lock);
	INIT_LIST_HEAD(&warren->peers);
	warren_allowedips_init(&warren->allowedips);
	warren_cookie_checker_init(&warren->cookie_checker);
	warren_ratelimiter_init(&warren->ratelimiter);

	err = -ENOMEM;
	warren->stats = alloc_percpu(struct warren_stats);
	if (!warren->stats)
		return err;
	err = warren_netdev_alloc_stats(dev);
	if (err)
		goto err_stats;
	err = warren_index_table_init(warren);
	if (err)
		goto err_netdev_stats;
	err = warren_peer_table_init(warren);
	if (err)
		goto err_index_table;
	err = warren_handshake_queue_init(warren);
	if (err)
		goto err_peer_table;
	err = warren_receive_init(warren);
	if (err)
		goto err_handshake_queue;
	list_add(&warren->list, &devices);
	return 0;

err_handshake_queue:
	warren_handshake_queue_free(warren);
err_peer_table:
	warren_peer_table_free(warren);
err_index_table:
	warren_index_table_free(warren);
err_netdev_stats:
	warren_netdev_free_stats(dev);
err_stats:
	free_percpu(warren->stats);
	return err;
}

/* The device is down and no packet is on its way in it. */
static void uninit(struct net_device *dev)
{
	struct warren_device *warren = netdev_priv(dev);

	list_del(&warren->list);
	mutex_lock(&warren->lock);
	RCU_INIT_POINTER(warren->creating_net, NULL);
	warren_socket_close(warren);
	warren_peer_remove_all(warren);
	mutex_unlock(&warren->lock);
	/* Works hold the last references to peers: they end here. */
	warren_handshake_queue_free(warren);
	warren_receive_free(warren);
	warren_peer_table_free(warren);
	warren_index_table_free(warren);
	warren_ratelimiter_free(&warren->ratelimiter);
	memzero_explicit(&warren->identity, sizeof(warren->identity));
	memzero_explicit(&warren->cookie_checker,
			 sizeof(warren->cookie_checker));
	free_percpu(warren->stats);
	warren->stats = NULL;
}

static void destruct(struct net_device *dev)
{
	warren_netdev_free_stats(dev);
}

static const struct net_device_ops netdev_ops = {
	.ndo_init = init,
	.ndo_uninit = uninit,
	.ndo_open = open,
	.ndo_stop = stop,
	.ndo_start_xmit = xmit,
	.ndo_get_stats64 = dev_get_tstats64,
};

static const struct device_type device_type = { .name = WARREN_LINK_KIND };
static const struct device_type compat_type = { .name = WARREN_COMPAT_NAME };

bool warren_device_is(const struct net_device *dev)
{
	return dev->netdev_ops == &netdev_ops;
}

static void setup(struct net_device *dev)
{
	dev->netdev_ops = &netdev_ops;
	dev->ethtool_ops = &warren_ethtool_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->needs_free_netdev = true;
	dev->priv_destructor = destruct;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->hard_header_len = 0;
	dev->addr_len = 0;
	/* LL_RESERVED_SPACE() adds HH_DATA_MOD to it. */
	dev->needed_headroom = WARREN_INNER_HEADROOM4 - HH_DATA_MOD;
	dev->needed_tailroom = WARREN_PADDING + WARREN_TAG_SIZE;
	warren_netdev_set_lltx(dev);
	/* An ICMP error goes where the packet's route came from. */
	netif_keep_dst(dev);
	dev->features |= WARREN_SEGMENT_FEATURES;
	dev->hw_features |= WARREN_SEGMENT_FEATURES;
	dev->hw_enc_features |= WARREN_SEGMENT_FEATURES;
	dev->mtu = DEFAULT_MTU;
	dev->min_mtu = 0;
	dev->max_mtu = round_down(IP_MAX_MTU - OVERHEAD, WARREN_PADDING);
	SET_NETDEV_DEVTYPE(dev, &device_type);
}

static void setup_compat(struct net_device *dev)
{
	setup(dev);
	SET_NETDEV_DEVTYPE(dev, &compat_type);
}

static int WARREN_NEWLINK(newlink, net, dev, extack)
{
	struct warren_device *warren = netdev_priv(dev);

	rcu_assign_pointer(warren->creating_net, net);
	return register_netdevice(dev);
}

static struct rtnl_link_ops link_ops __read_mostly = {
	.kind = WARREN_LINK_KIND,
	.priv_size = sizeof(struct warren_device),
	.setup = setup,
	.newlink = newlink,
};

static struct rtnl_link_ops compat_link_ops __read_mostly = {
	.kind = WARREN_COMPAT_NAME,
	.priv_size = sizeof(struct warren_device),
	.setup = setup_compat,
	.newlink = newlink,
};

void warren_device_set_private_key(struct warren_device *warren,
				   const u8 private_key[WARREN_KEY_SIZE])
{
	struct warren_identity identity;
	struct warren_peer *peer;

	lockdep_assert_held(&warren->lock);
	warren_identity_set(&identity, private_key);
	/* The same key again ends no session. */
	if (identity.valid == warren->identity.valid &&
	    !memcmp(identity.public_key, warren->identity.public_key,
		    WARREN_KEY_SIZE))
		goto out;
	if (identity.valid) {
		rcu_read_lock_bh();
		peer = warren_peer_find(warren, identity.public_key);
		rcu_read_unlock_bh();
		/* Found again under the lock that removes: it stays. */
		if (peer)
			warren_peer_remove(peer);
	}

	down_write(&warren->identity_lock);
	warren->identity = identity;
	warren_cookie_checker_rekey(&warren->cookie_checker,
				    identity.public_key);
	list_for_each_entry(peer, &warren->peers, list) {
		mutex_lock(&peer->handshake_lock);
		warren_index_remove(warren, &peer->initiation_index);
		warren_handshake_forget_identity(&peer->handshake);
		mutex_unlock(&peer->handshake_lock);
		warren_keypairs_expire(peer);
	}
	up_write(&warren->identity_lock);
out:
	memzero_explicit(&identity, sizeof(identity));
}

/* Before the machine is copied or stored, or after it was. */
static void forget_sessions(void)
{
	struct warren_device *warren;
	struct warren_peer *peer;

	rtnl_lock();
	list_for_each_entry(warren, &devices, list) {
		mutex_lock(&warren->lock);
		list_for_each_entry(peer, &warren->peers, list)
			warren_peer_forget_session(peer);
		mutex_unlock(&warren->lock);
	}
	rtnl_unlock();
	/* Wiped when the last reader is gone. */
	rcu_barrier();
}

static int on_suspend(struct notifier_block *block, unsigned long action,
		      void *data)
{
	/* Phones sleep many times a minute, and are not at rest then. */
	if (IS_ENABLED(CONFIG_PM_AUTOSLEEP) || IS_ENABLED(CONFIG_ANDROID))
		return NOTIFY_DONE;
	if (action == PM_HIBERNATION_PREPARE || action == PM_SUSPEND_PREPARE)
		forget_sessions();
	return NOTIFY_DONE;
}

static int on_vm_fork(struct notifier_block *block, unsigned long action,
		      void *data)
{
	forget_sessions();
	return NOTIFY_DONE;
}

static struct notifier_block suspend_block = { .notifier_call = on_suspend };
static struct notifier_block vm_fork_block = { .notifier_call = on_vm_fork };

/* The namespace of our sockets goes, though the device may be in another. */
static void pre_exit(struct net *net)
{
	struct warren_device *warren;
	struct warren_peer *peer;

	rtnl_lock();
	list_for_each_entry(warren, &devices, list) {
		if (rcu_access_pointer(warren->creating_net) != net)
			continue;
		netif_carrier_off(warren->dev);
		mutex_lock(&warren->lock);
		RCU_INIT_POINTER(warren->creating_net, NULL);
		warren_socket_close(warren);
		list_for_each_entry(peer, &warren->peers, list)
			warren_peer_clear_endpoint_source(peer);
		mutex_unlock(&warren->lock);
	}
	rtnl_unlock();
}

static struct pernet_operations pernet_ops = { .pre_exit = pre_exit };

static bool wireguard_compat;
module_param(wireguard_compat, bool, 0444);
MODULE_PARM_DESC(wireguard_compat,
		 "Answer to WireGuard's names too, for tools that know only these");

/* Slow is better than broken. */
static void __init check_udp_segmentation(void)
{
	int err = udp_segmentation ? warren_gso_check() : 0;

	if (!err || err == -ENOMEM)
		return;
	udp_segmentation = false;
	pr_warn("this kernel does UDP segmentation wrongly (error %d): new devices start with it off and are slower; use a kernel without this fault, or try \"ethtool --set-priv-flags DEVICE udp-segmentation on\"\n",
		err);
}

int __init warren_device_init(void)
{
	int err;

	check_udp_segmentation();
	err = register_pm_notifier(&suspend_block);
	if (err)
		return err;
	err = register_random_vmfork_notifier(&vm_fork_block);
	if (err)
		goto err_suspend;
	err = register_pernet_device(&pernet_ops);
	if (err)
		goto err_vm_fork;
	err = rtnl_link_register(&link_ops);
	if (err)
		goto err_pernet;
	err = warren_netlink_init(wireguard_compat);
	if (err)
		goto err_link;
	if (wireguard_compat) {
		err = rtnl_link_register(&compat_link_ops);
		if (err) {
			pr_err("the link kind \"wireguard\" is taken: unload the wireguard module first, or load warren without wireguard_compat=1\n");
			goto err_netlink;
		}
	}
	return 0;

err_netlink:
	warren_netlink_exit();
err_link:
	rtnl_link_unregister(&link_ops);
err_pernet:
	unregister_pernet_device(&pernet_ops);
err_vm_fork:
	unregister_random_vmfork_notifier(&vm_fork_block);
err_suspend:
	unregister_pm_notifier(&suspend_block);
	return err;
}

void warren_device_exit(void)
{
	if (wireguard_compat)
		rtnl_link_unregister(&compat_link_ops);
	rtnl_link_unregister(&link_ops);
	/* Only now, as the end of a device's peers is an event. */
	warren_netlink_exit();
	unregister_pernet_device(&pernet_ops);
	unregister_random_vmfork_notifier(&vm_fork_block);
	unregister_pm_notifier(&suspend_block);
}
