/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tunnel device. All state is the device's own: load on one does not slow
 * another.
 *
 * Locks, outermost first:
 *	RTNL
 *	warren_device.lock		configuration: peers, allowed IPs, sockets
 *	warren_device.identity_lock	our key pair; read by handshakes
 *	warren_peer.handshake_lock	one peer's handshake
 *	warren_keypairs.lock, warren_peer.endpoint_lock, queues (spinlocks)
 * The packet path takes only spinlocks, and none while it calls the stack.
 */
#ifndef WARREN_DEVICE_H
#define WARREN_DEVICE_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rhashtable-types.h>
#include <linux/rwsem.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include "allowedips.h"
#include "cookie.h"
#include "noise.h"
#include "ratelimiter.h"
#include "stats.h"

/* Incoming sessions are kept in order in this many groups. */
#define WARREN_LANES 256

struct warren_cell;
struct warren_sockets;

/* As many CPUs as a flood of handshakes may keep busy. */
#define WARREN_HANDSHAKE_WORKERS 2

struct warren_handshake_worker {
	struct work_struct work;
	struct warren_device *warren;
};

/* Handshake messages waiting for a worker. */
struct warren_handshake_queue {
	struct sk_buff_head messages;
	u64 last_overload;	/* boottime ns */
	struct workqueue_struct *wq;	/* of the peers' works as well */
	struct warren_handshake_worker worker[WARREN_HANDSHAKE_WORKERS];
};

/**
 * struct warren_bind - where the outer sockets are bound to
 * @ifindex: an interface or a VRF, 0 for any
 * @addr4: the IPv4 socket's address, zero for any
 * @addr6: the IPv6 socket's
 */
struct warren_bind {
	int ifindex;
	struct in_addr addr4;
	struct in6_addr addr6;
};

struct warren_device {
	struct net_device *dev;
	struct warren_allowedips allowedips;
	struct rhashtable index_table;
	struct warren_cell __percpu *cells;	/* receive.c */
	atomic_t lanes[WARREN_LANES];		/* the same */
	struct warren_stats __percpu *stats;
	struct warren_sockets __rcu *sockets;	/* NULL while down */
	u32 fwmark;
	bool no_batches;		/* each message is sent alone */

	struct mutex lock;
	struct list_head peers;
	unsigned int num_peers;
	struct rhashtable peer_table;
	struct net __rcu *creating_net;	/* NULL once that namespace is gone */
	u16 listen_port;		/* as configured or as chosen; 0 for any */
	struct warren_bind bind;	/* as configured */
	u32 generation;			/* of the configuration, for dumps */

	struct rw_semaphore identity_lock;
	struct warren_identity identity;
	struct warren_cookie_checker cookie_checker;	/* same lock */

	struct warren_handshake_queue handshakes;
	struct warren_ratelimiter ratelimiter;
	struct list_head list;		/* all devices, under RTNL */
};

#define WARREN_MAX_PEERS (1U << 20)

int warren_device_init(void);
void warren_device_exit(void);

/* ethtool.c: counters, and the flag udp-segmentation. */
extern const struct ethtool_ops warren_ethtool_ops;

/* Is it one of ours, of either kind? */
bool warren_device_is(const struct net_device *dev);

/**
 * warren_device_set_private_key() - become somebody else
 * @warren: configuration lock held
 * @private_key: all zero for none
 *
 * A peer with the new public key is removed; sessions of the others end.
 * Context: process.
 */
void warren_device_set_private_key(struct warren_device *warren,
				   const u8 private_key[WARREN_KEY_SIZE]);

#endif /* WARREN_DEVICE_H */
