// SPDX-License-Identifier: GPL-2.0
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "device.h"
#include "packet.h"
#include "peer.h"

static atomic64_t last_id = ATOMIC64_INIT(0);

/* Of their exact size: the next one that kmalloc() has is far too large. */
static struct kmem_cache *cache __ro_after_init;

int __init warren_peer_cache_create(void)
{
	cache = kmem_cache_create("warren_peer", sizeof(struct warren_peer), 0,
				  0, NULL);
	return cache ? 0 : -ENOMEM;
}

void warren_peer_cache_destroy(void)
{
	kmem_cache_destroy(cache);
}

static u32 hash_object(const void *data, u32 len, u32 seed)
{
	const struct warren_peer *peer = data;

	return jhash(peer->handshake.remote_static, WARREN_KEY_SIZE, seed);
}

static int compare_key(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct warren_peer *peer = object;

	return memcmp(peer->handshake.remote_static, arg->key,
		      WARREN_KEY_SIZE);
}

static const struct rhashtable_params table_params = {
	.key_len = WARREN_KEY_SIZE,
	.head_offset = offsetof(struct warren_peer, table_node),
	.hashfn = jhash,
	.obj_hashfn = hash_object,
	.obj_cmpfn = compare_key,
	.automatic_shrinking = true,
};

int warren_peer_table_init(struct warren_device *warren)
{
	return rhashtable_init(&warren->peer_table, &table_params);
}

void warren_peer_table_free(struct warren_device *warren)
{
	rhashtable_destroy(&warren->peer_table);
}

struct warren_peer *warren_peer_find(struct warren_device *warren,
				     const u8 public_key[WARREN_KEY_SIZE])
{
	return rhashtable_lookup_fast(&warren->peer_table, public_key,
				      table_params);
}

static void do_work(struct work_struct *work)
{
	struct warren_peer *peer = container_of(work, struct warren_peer, work);

	if (test_and_clear_bit(WARREN_PEER_TELL_CONFIRMED, &peer->work_todo))
		warren_event_handshake_done(peer, false);
	if (test_and_clear_bit(WARREN_PEER_TELL_MOVED, &peer->work_todo))
		warren_event_send(peer, WARREN_EVENT_ENDPOINT_MOVED);
	if (test_and_clear_bit(WARREN_PEER_TELL_STALLED, &peer->work_todo))
		warren_event_send(peer, WARREN_EVENT_SESSION_STALLED);
	if (test_and_clear_bit(WARREN_PEER_EXPIRE_KEYS, &peer->work_todo)) {
		warren_peer_clear_secrets(peer);
		warren_event_send(peer, WARREN_EVENT_KEYS_EXPIRED);
	}
	if (test_and_clear_bit(WARREN_PEER_INITIATE, &peer->work_todo))
		warren_handshake_send_initiation(peer);
	warren_peer_put(peer);
}

struct warren_peer *warren_peer_create(struct warren_device *warren,
				       const u8 public_key[WARREN_KEY_SIZE])
{
	struct warren_peer *peer;
	int err = -ENOMEM;

	lockdep_assert_held(&warren->lock);
	if (warren->num_peers >= WARREN_MAX_PEERS)
		return ERR_PTR(-E2BIG);

	peer = kmem_cache_zalloc(cache, GFP_KERNEL);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	if (dst_cache_init(&peer->route, GFP_KERNEL))
		goto err_free;

	peer->warren = warren;
	peer->id = atomic64_inc_return(&last_id);
	kref_init(&peer->kref);
	warren_keypairs_init(&peer->keypairs);
	warren_allowedips_owner_init(&peer->allowedips);
	seqlock_init(&peer->endpoint_lock);
	atomic_set(&peer->ip_id, get_random_u32());
	skb_queue_head_init(&peer->staged);
	warren_timers_init(peer);
	INIT_WORK(&peer->work, do_work);
	peer->initiation_index.peer = peer;
	peer->response_index.peer = peer;
	mutex_init(&peer->handshake_lock);
	warren_cookie_init(&peer->cookie, public_key);
	warren_handshake_init(&peer->handshake, public_key);

	err = rhashtable_insert_fast(&warren->peer_table, &peer->table_node,
				     table_params);
	if (err)
		goto err_route;
	list_add_tail(&peer->list, &warren->peers);
	warren->num_peers++;
	net_dbg_ratelimited("%s: peer %llu added\n", warren->dev->name,
			    peer->id);
	return peer;

err_route:
	dst_cache_destroy(&peer->route);
err_free:
	kmem_cache_free(cache, peer);
	return ERR_PTR(err);
}

/* Step 1 of the removal (peer.h): nothing finds it any more. */
void warren_peer_unlink(struct warren_peer *peer, struct list_head *unlinked)
{
	struct warren_device *warren = peer->warren;

	lockdep_assert_held(&warren->lock);
	list_move_tail(&peer->list, unlinked);
	warren->num_peers--;
	warren->generation++;
	warren_allowedips_remove_owner(&warren->allowedips, &peer->allowedips);
	rhashtable_remove_fast(&warren->peer_table, &peer->table_node,
			       table_params);

	/* A handshake that comes later sees @dead, and makes no index. */
	WRITE_ONCE(peer->dead, true);
	warren_peer_forget_session(peer);
	warren_event_send(peer, WARREN_EVENT_PEER_REMOVED);
}

/* Steps 2 to 4. */
void warren_peer_remove_unlinked(struct list_head *unlinked)
{
	struct warren_peer *peer, *next;

	if (list_empty(unlinked))
		return;
	synchronize_net();
	list_for_each_entry_safe(peer, next, unlinked, list) {
		list_del(&peer->list);
		warren_timers_stop(peer);
		if (cancel_work_sync(&peer->work))
			warren_peer_put(peer);
		warren_send_purge_staged(peer, WARREN_STAT_TX_NO_PEER);
		net_dbg_ratelimited("%s: peer %llu removed\n",
				    peer->warren->dev->name, peer->id);
		warren_peer_put(peer);
	}
}

void warren_peer_remove(struct warren_peer *peer)
{
	LIST_HEAD(unlinked);

	warren_peer_unlink(peer, &unlinked);
	warren_peer_remove_unlinked(&unlinked);
}

void warren_peer_remove_all(struct warren_device *warren)
{
	struct warren_peer *peer, *next;
	LIST_HEAD(unlinked);

	/* Before each takes its own out. */
	warren_allowedips_free(&warren->allowedips);
	list_for_each_entry_safe(peer, next, &warren->peers, list)
		warren_peer_unlink(peer, &unlinked);
	warren_peer_remove_unlinked(&unlinked);
}

struct warren_peer *warren_peer_get(struct warren_peer *peer)
{
	return peer && kref_get_unless_zero(&peer->kref) ? peer : NULL;
}

static void free_peer(struct rcu_head *rcu)
{
	struct warren_peer *peer = container_of(rcu, struct warren_peer, rcu);

	memzero_explicit(peer, sizeof(*peer));
	kmem_cache_free(cache, peer);
}

static void release(struct kref *kref)
{
	struct warren_peer *peer = container_of(kref, struct warren_peer, kref);

	/* A handshake that was under way may have armed it once more. */
	warren_timers_stop(peer);
	warren_send_purge_staged(peer, WARREN_STAT_TX_NO_PEER);
	dst_cache_destroy(&peer->route);
	call_rcu(&peer->rcu, free_peer);
}

void warren_peer_put(struct warren_peer *peer)
{
	might_sleep();
	kref_put(&peer->kref, release);
}

void warren_peer_queue_work(struct warren_peer *peer,
			    enum warren_peer_work what)
{
	if (!warren_peer_get(peer))
		return;
	set_bit(what, &peer->work_todo);
	/*
	 * Already queued: that run comes after the bit was set. Ours is not the
	 * last reference, because the caller has one or is under RCU, so this
	 * cannot be the place that frees.
	 */
	if (!queue_work(peer->warren->handshakes.wq, &peer->work))
		refcount_dec(&peer->kref.refcount);
}

void warren_peer_queue_event(struct warren_peer *peer,
			     enum warren_peer_work what)
{
	if (unlikely(warren_event_wanted(peer->warren)))
		warren_peer_queue_work(peer, what);
}

void warren_peer_forget_session(struct warren_peer *peer)
{
	mutex_lock(&peer->handshake_lock);
	warren_index_remove(peer->warren, &peer->initiation_index);
	warren_handshake_clear(&peer->handshake);
	mutex_unlock(&peer->handshake_lock);
	warren_keypairs_clear(peer);
}

void warren_peer_clear_secrets(struct warren_peer *peer)
{
	warren_peer_forget_session(peer);
	warren_send_purge_staged(peer, WARREN_STAT_TX_STAGED_EXPIRED);
}

void warren_peer_read_endpoint(struct warren_peer *peer,
			       struct warren_endpoint *endpoint)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&peer->endpoint_lock);
		*endpoint = peer->endpoint;
	} while (read_seqretry(&peer->endpoint_lock, seq));
}

/* Where the peer is. */
static bool same_address(const struct warren_endpoint *a,
			 const struct warren_endpoint *b)
{
	if (a->addr.sa_family != b->addr.sa_family)
		return false;
	if (a->addr.sa_family == AF_INET)
		return a->addr4.sin_port == b->addr4.sin_port &&
		       a->addr4.sin_addr.s_addr == b->addr4.sin_addr.s_addr;
	return a->addr6.sin6_port == b->addr6.sin6_port &&
	       ipv6_addr_equal(&a->addr6.sin6_addr, &b->addr6.sin6_addr) &&
	       a->addr6.sin6_scope_id == b->addr6.sin6_scope_id;
}

/* And how we answer it. */
static bool same_endpoint(const struct warren_endpoint *a,
			  const struct warren_endpoint *b)
{
	if (!same_address(a, b))
		return false;
	if (a->addr.sa_family == AF_INET)
		return a->source4.s_addr == b->source4.s_addr &&
		       a->source_ifindex4 == b->source_ifindex4;
	return ipv6_addr_equal(&a->source6, &b->source6);
}

static void move(struct warren_peer *peer,
		 const struct warren_endpoint *endpoint)
{
	write_seqlock_bh(&peer->endpoint_lock);
	peer->endpoint = *endpoint;
	dst_cache_reset(&peer->route);
	write_sequnlock_bh(&peer->endpoint_lock);
}

void warren_peer_set_endpoint(struct warren_peer *peer,
			      const struct warren_endpoint *endpoint)
{
	struct warren_endpoint now;

	warren_peer_read_endpoint(peer, &now);
	if (!same_endpoint(&now, endpoint))
		move(peer, endpoint);
}

void warren_peer_set_endpoint_from_skb(struct warren_peer *peer,
				       const struct sk_buff *skb)
{
	struct warren_endpoint endpoint, now;

	if (warren_socket_endpoint_from_skb(&endpoint, skb))
		return;
	warren_peer_read_endpoint(peer, &now);
	if (likely(same_endpoint(&now, &endpoint)))
		return;
	move(peer, &endpoint);
	if (!same_address(&now, &endpoint))
		warren_peer_queue_event(peer, WARREN_PEER_TELL_MOVED);
}

void warren_peer_clear_endpoint_source(struct warren_peer *peer)
{
	write_seqlock_bh(&peer->endpoint_lock);
	memset(&peer->endpoint.source6, 0, sizeof(peer->endpoint.source6));
	dst_cache_reset(&peer->route);
	write_sequnlock_bh(&peer->endpoint_lock);
}
