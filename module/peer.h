/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer: its handshake, its keypairs, where it is, and what waits for it.
 *
 * Lifetime. The packet path finds peers and keypairs under RCU and holds no
 * references. What sleeps holds one: a queued work, the handshake worker.
 * Removal goes in this order, for any number of peers at once (peer.c):
 *	1. out of the tables, so that nothing new finds it; @dead is set
 *	2. one RCU grace period: no packet is on its way through it any more
 *	3. works cancelled, timer shut down, queue and keys wiped
 *	4. the last reference frees it, behind RCU
 */
#ifndef WARREN_PEER_H
#define WARREN_PEER_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/seqlock.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/dst_cache.h>
#include "allowedips.h"
#include "cookie.h"
#include "event.h"
#include "keypair.h"
#include "noise.h"
#include "stats.h"
#include "timers.h"

/**
 * struct warren_endpoint - where a peer is, and how we answer it
 * @addr: its address; family 0 when not known
 * @addr4: the same
 * @addr6: the same
 * @source4: our address that it last reached, 0 when not known
 * @source_ifindex4: the interface it came in by
 * @source6: our address that it last reached; the interface is in
 *	@addr6.sin6_scope_id when the address is link-local
 */
struct warren_endpoint {
	union {
		struct sockaddr addr;
		struct sockaddr_in addr4;
		struct sockaddr_in6 addr6;
	};
	union {
		struct {
			struct in_addr source4;
			int source_ifindex4;
		};
		struct in6_addr source6;
	};
};

/* Bits of warren_peer.work_todo: things to do, and events to tell of. */
enum warren_peer_work {
	WARREN_PEER_INITIATE,
	WARREN_PEER_EXPIRE_KEYS,
	WARREN_PEER_TELL_CONFIRMED,
	WARREN_PEER_TELL_MOVED,
	WARREN_PEER_TELL_STALLED,
};

struct warren_peer {
	struct warren_device *warren;
	struct warren_keypairs keypairs;
	struct warren_allowedips_owner allowedips;

	seqlock_t endpoint_lock;
	struct warren_endpoint endpoint;	/* under @endpoint_lock */
	struct dst_cache route;			/* to @endpoint */

	struct sk_buff_head staged;	/* waiting for a keypair */
	unsigned int staged_segments;	/* in @staged, under its lock */
	atomic_t ip_id;			/* of the next IPv4 packet to @endpoint */

	atomic64_t rx_bytes;
	atomic64_t tx_bytes;
	struct warren_peer_stats stats;
	struct warren_timers timers;

	struct mutex handshake_lock;	/* for the next four */
	struct warren_handshake handshake;	/* the one that we began */
	struct warren_cookie cookie;
	struct warren_index initiation_index;	/* its */
	struct warren_index response_index;	/* while we answer the peer's */

	struct work_struct work;
	unsigned long work_todo;
	struct warren_event_limit event_limit;

	struct rhash_head table_node;	/* warren_device.peer_table */
	struct list_head list;		/* warren_device.peers */
	u64 id;				/* in log lines */
	bool dead;
	struct kref kref;
	struct rcu_head rcu;
};

int warren_peer_cache_create(void);

/* All peers are freed: behind rcu_barrier(). */
void warren_peer_cache_destroy(void);

/**
 * warren_peer_create() - add a peer
 * @warren: the device, its configuration lock held
 * @public_key: not in use by another peer
 *
 * Return: the peer, owned by the device, or ERR_PTR: -ENOMEM, -E2BIG.
 */
struct warren_peer *warren_peer_create(struct warren_device *warren,
				       const u8 public_key[WARREN_KEY_SIZE]);

/* Removes one peer. Context: process, configuration lock held. */
void warren_peer_remove(struct warren_peer *peer);

/* Takes a peer out and puts it on a list, to be removed with others. */
void warren_peer_unlink(struct warren_peer *peer, struct list_head *unlinked);

/* Removes those. Waits once for RCU. Context: the same. */
void warren_peer_remove_unlinked(struct list_head *unlinked);

/* Removes all, at the price of one. Context: the same. */
void warren_peer_remove_all(struct warren_device *warren);

int warren_peer_table_init(struct warren_device *warren);
void warren_peer_table_free(struct warren_device *warren);

/* Context: under RCU, and so is the result. */
struct warren_peer *warren_peer_find(struct warren_device *warren,
				     const u8 public_key[WARREN_KEY_SIZE]);

/* A reference for what sleeps; NULL if the peer is on its way out. */
struct warren_peer *warren_peer_get(struct warren_peer *peer);

/* Context: process; may free. */
void warren_peer_put(struct warren_peer *peer);

/* Asks for work in process context. Context: any. */
void warren_peer_queue_work(struct warren_peer *peer,
			    enum warren_peer_work what);

/* The same for an event: only if anybody listens. */
void warren_peer_queue_event(struct warren_peer *peer,
			     enum warren_peer_work what);

/* Wipes the handshake under way and the keypairs. Context: process. */
void warren_peer_forget_session(struct warren_peer *peer);

/* The same, and drops what is staged. Context: process. */
void warren_peer_clear_secrets(struct warren_peer *peer);

/* Reads the endpoint whole. Context: any. */
void warren_peer_read_endpoint(struct warren_peer *peer,
			       struct warren_endpoint *endpoint);

/* Sets where the peer is, by configuration or by an authenticated message. */
void warren_peer_set_endpoint(struct warren_peer *peer,
			      const struct warren_endpoint *endpoint);

/* The same, with what an authenticated message shows. Cheap when unchanged. */
void warren_peer_set_endpoint_from_skb(struct warren_peer *peer,
				       const struct sk_buff *skb);

/* Forgets which of our addresses the peer reached: it may be gone. */
void warren_peer_clear_endpoint_source(struct warren_peer *peer);

#endif /* WARREN_PEER_H */
