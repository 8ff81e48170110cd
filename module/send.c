// SPDX-License-Identifier: GPL-2.0
#include <linux/netdevice.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include "aead.h"
#include "device.h"
#include "packet.h"
#include "pages.h"
#include "peer.h"
#include "segment.h"

/* Before and after a message, for warren_aead_seal(). */
#define ROOM (WARREN_AEAD_ROOM - sizeof(struct warren_message_data))
#define SPARE (WARREN_TAG_SIZE - 1)

/* One packet on its way out: what its messages have in common. */
struct outgoing {
	struct warren_peer *peer;
	struct warren_keypair *keypair;
	struct warren_segments segments;
	u64 counter;	/* of segment 0 */
	u8 dsfield;
};

/* A new initiation, when the session has lasted long enough (6.2). */
static void renew_session(struct warren_peer *peer,
			  const struct warren_keypair *keypair, u64 now)
{
	u64 counter = atomic64_read(&keypair->sending_counter);

	if (unlikely(counter > WARREN_REKEY_AFTER_MESSAGES ||
		     (keypair->initiator &&
		      now - keypair->birth >
			      (u64)WARREN_REKEY_AFTER_TIME * NSEC_PER_SEC)))
		warren_handshake_request(peer, false);
}

/* Zeros up to a multiple of 16, but not beyond the MTU (5.4.6). */
static unsigned int padded_size(const struct outgoing *out, unsigned int len)
{
	unsigned int mtu = READ_ONCE(out->peer->warren->dev->mtu);
	unsigned int padded = ALIGN(len, WARREN_PADDING);

	return len <= mtu ? min(padded, mtu) : padded;
}

static unsigned int message_size(const struct outgoing *out, unsigned int i)
{
	return padded_size(out, warren_segments_size(&out->segments, i)) +
	       WARREN_DATA_OVERHEAD;
}

static void write_header(const struct outgoing *out, unsigned int i, u8 *to)
{
	struct warren_message_data *message = (void *)to;

	message->header.type = cpu_to_le32(WARREN_MESSAGE_DATA);
	message->receiver = out->keypair->remote_index;
	message->counter = cpu_to_le64(out->counter + i);
}

/*
 * Writes message @i, of message_size(); uses the ROOM before it and the SPARE
 * bytes after it as well. For @vector and @untagged see warren_aead_seal().
 */
static int seal(const struct outgoing *out, unsigned int i, u8 *to, bool vector,
		struct warren_aead_untagged *untagged)
{
	unsigned int len = warren_segments_size(&out->segments, i);
	unsigned int padded = padded_size(out, len);
	u8 *packet = to + sizeof(struct warren_message_data);
	const u8 *payload;

	write_header(out, i, to);
	payload = padded == len ? warren_segments_payload(&out->segments, i) :
				  NULL;
	if (payload) {
		unsigned int header_len = out->segments.header_len;

		/*
		 * If it changes after its checksum, that will be found wrong, as
		 * with a card that computes it.
		 */
		warren_segments_write_headers(&out->segments, i, packet,
					      csum_partial(payload,
							   len - header_len, 0));
		warren_aead_seal(vector, packet, header_len, payload, len,
				 out->counter + i, out->keypair->sending_key,
				 untagged);
		return 0;
	}
	if (warren_segments_write(&out->segments, i, packet))
		return -EFAULT;
	memset(packet + len, 0, padded - len);
	warren_aead_seal(vector, packet, 0, packet, padded, out->counter + i,
			 out->keypair->sending_key, untagged);
	return 0;
}

/*
 * Seals as many messages as fit into one UDP GSO packet, from @first on: all of
 * one size but for the last. Headers go into the linear part, messages into
 * pages, none across a border of two. Return: how many, or an error.
 */
static int seal_batch(const struct outgoing *out, unsigned int first,
		      struct sk_buff **result)
{
	unsigned int size = message_size(out, first), done = 0, count;
	struct warren_aead_untagged untagged = {};
	struct sk_buff *skb;
	int err = -ENOMEM;
	bool vector;

	count = min3(out->segments.count - first, (unsigned int)WARREN_MAX_BATCH,
		     (IP_MAX_MTU - WARREN_OUTER_HEADROOM) / size);
	if (unlikely(READ_ONCE(out->peer->warren->no_batches)))
		count = 1;
	skb = alloc_skb(WARREN_OUTER_HEADROOM, GFP_ATOMIC);
	if (!skb)
		return -ENOMEM;
	skb_reserve(skb, WARREN_OUTER_HEADROOM);

	while (done < count && skb_shinfo(skb)->nr_frags < MAX_SKB_FRAGS) {
		int frag = skb_shinfo(skb)->nr_frags;
		struct warren_slice slice;
		unsigned int used = 0;

		if (!warren_pages_take(&slice, ROOM + size + SPARE,
				       ROOM + (count - done) * size + SPARE)) {
			if (done)
				break;
			goto err;
		}
		skb->truesize += slice.size;
		skb_fill_page_desc(skb, frag, slice.page, slice.offset + ROOM,
				   0);
		vector = warren_aead_begin();
		for (; done < count &&
		       slice.size >= ROOM + used + size + SPARE;
		     done++) {
			unsigned int i = first + done;

			err = seal(out, i,
				   warren_slice_start(&slice) + ROOM + used,
				   vector, &untagged);
			if (err)
				break;
			used += message_size(out, i);
		}
		warren_aead_tag(&untagged);
		warren_aead_end(vector);
		if (err)
			goto err;
		skb_frag_size_set(&skb_shinfo(skb)->frags[frag], used);
		skb->len += used;
		skb->data_len += used;
	}
	if (done > 1) {
		skb_shinfo(skb)->gso_size = size;
		skb_shinfo(skb)->gso_segs = done;
		skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
		warren_stats_inc(out->peer->warren, WARREN_STAT_TX_GSO_BATCHES);
		warren_stats_add(out->peer->warren, WARREN_STAT_TX_GSO_MESSAGES,
				 done);
	}
	*result = skb;
	return done;
err:
	kfree_skb(skb);
	return err;
}

/* A message of its own, in a buffer of its own. */
static int seal_single(const struct outgoing *out, struct sk_buff **result)
{
	unsigned int size = message_size(out, 0);
	struct sk_buff *skb;
	bool vector;
	int err;

	skb = warren_pages_skb(WARREN_OUTER_HEADROOM, size + SPARE);
	if (!skb)
		return -ENOMEM;
	vector = warren_aead_begin();
	err = seal(out, 0, skb_put(skb, size), vector, NULL);
	warren_aead_end(vector);
	if (err) {
		kfree_skb(skb);
		return err;
	}
	*result = skb;
	return 1;
}

/*
 * What the packet lacks in front. As the endpoint may be another one by the time
 * that the headers are written, an IPv6 header fits in any case, only not
 * Ethernet's before it.
 */
static unsigned int missing_headroom(const struct outgoing *out,
				     const struct sk_buff *skb)
{
	unsigned int wanted = WARREN_INNER_HEADROOM4;

	static_assert(WARREN_INNER_HEADROOM4 >= WARREN_AEAD_ROOM);
	static_assert(WARREN_INNER_HEADROOM4 >=
		      sizeof(struct ipv6hdr) + sizeof(struct udphdr) +
			      sizeof(struct warren_message_data));

	if (READ_ONCE(out->peer->endpoint.addr.sa_family) == AF_INET6)
		wanted = WARREN_INNER_HEADROOM6;
	return wanted - min(wanted, skb_headroom(skb));
}

/* Is the packet all ours, with room for what comes before and after it? */
static bool fits_in_place(const struct outgoing *out, struct sk_buff *skb,
			  unsigned int missing)
{
	unsigned int len = skb->len, padded = padded_size(out, len);

	return out->segments.count == 1 && !skb_is_gso(skb) && len &&
	       !skb_is_nonlinear(skb) && !skb_cloned(skb) &&
	       !skb_shared(skb) && !skb_zcopy(skb) &&
	       !skb_shinfo(skb)->tx_flags &&
	       skb_tailroom(skb) >=
		       missing + padded - len + warren_aead_end_size(padded);
}

/* Makes the packet the message, after moving it by what is missing before it. */
static int seal_in_place(const struct outgoing *out, struct sk_buff *skb,
			 unsigned int missing)
{
	unsigned int len = skb->len, padded = padded_size(out, len);
	u8 *packet = skb->data + missing;
	bool vector;

	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		return -EFAULT;
	if (missing) {
		memmove(packet, skb->data, len);
		skb_reserve(skb, missing);
	}
	skb_put_zero(skb, padded - len);
	skb_put(skb, WARREN_TAG_SIZE);
	vector = warren_aead_begin();
	warren_aead_seal(vector, packet, 0, packet, padded, out->counter,
			 out->keypair->sending_key, NULL);
	warren_aead_end(vector);
	write_header(out, 0,
		     skb_push(skb, sizeof(struct warren_message_data)));

	/* Of the packet inside nothing is left but its owner, hash and priority. */
	skb_scrub_packet(skb, true);
	skb_set_queue_mapping(skb, 0);
	skb_set_dst_pending_confirm(skb, 0);
	skb->encapsulation = 0;
	warren_stats_inc(out->peer->warren, WARREN_STAT_TX_IN_PLACE);
	return 0;
}

/*
 * The bytes stay accounted to the socket they come from until the network card
 * has sent them, or the socket would fill the queue below us. Only for owners
 * known to count by truesize.
 */
static void hand_over_owner(struct sk_buff *from, struct sk_buff *to)
{
	struct sock *sk = from->sk;
	int delta;

	if (!sk || !from->destructor || !sk_fullsock(sk))
		return;
	if (from->destructor != sock_wfree &&
	    (sk->sk_protocol != IPPROTO_TCP || !skb_is_gso(from)))
		return;
	delta = to->truesize - from->truesize;
	if (delta > 0)
		refcount_add(delta, &sk->sk_wmem_alloc);
	else if (delta < 0)
		WARN_ON_ONCE(refcount_sub_and_test(-delta, &sk->sk_wmem_alloc));
	to->sk = sk;
	to->destructor = from->destructor;
	from->sk = NULL;
	from->destructor = NULL;
}

/* Takes @skb. */
static int send_messages(const struct outgoing *out, struct sk_buff *skb)
{
	unsigned int missing = missing_headroom(out, skb), i = 0;
	struct sk_buff *message;
	int done, err;

	if (fits_in_place(out, skb, missing)) {
		err = seal_in_place(out, skb, missing);
		if (!err)
			return warren_socket_send(out->peer, skb, out->dsfield);
		goto drop;
	}
	do {
		err = done = out->segments.count > 1 ?
				     seal_batch(out, i, &message) :
				     seal_single(out, &message);
		if (done < 0) {
			warren_stats_peer_inc(out->peer,
					      WARREN_STAT_TX_NO_MEMORY);
			goto drop;
		}
		skb_copy_hash(message, skb);
		message->priority = skb->priority;
		i += done;
		if (i == out->segments.count)
			hand_over_owner(skb, message);
		err = warren_socket_send(out->peer, message, out->dsfield);
		if (err)
			goto drop;
	} while (i < out->segments.count);
	consume_skb(skb);
	return 0;
drop:
	kfree_skb(skb);
	return err;
}

/* Context: RCU, softirqs off. Takes @skb. */
static void send_with(struct warren_peer *peer, struct warren_keypair *keypair,
		      struct sk_buff *skb, u64 now)
{
	struct net_device *dev = peer->warren->dev;
	struct outgoing out = { .peer = peer, .keypair = keypair };
	unsigned int len = skb->len;
	int err;

	err = warren_segments_plan(&out.segments, skb);
	if (err) {
		warren_stats_peer_inc(peer, err == -ENOMEM ?
						    WARREN_STAT_TX_NO_MEMORY :
						    WARREN_STAT_TX_NOT_IP);
		goto drop;
	}
	if (len)
		out.dsfield = ip_tunnel_ecn_encap(0, ip_hdr(skb), skb);
	out.counter = atomic64_fetch_add(out.segments.count,
					 &keypair->sending_counter);
	if (unlikely(out.counter + out.segments.count >
		     WARREN_REJECT_AFTER_MESSAGES)) {
		WRITE_ONCE(keypair->sending_valid, false);
		warren_handshake_request(peer, false);
		warren_stats_peer_inc(peer, WARREN_STAT_TX_STAGED_EXPIRED);
		goto drop;
	}

	err = send_messages(&out, skb);
	skb = NULL;
	if (unlikely(err))
		goto drop;

	warren_timers_traversed(peer);
	warren_timers_authenticated_sent(peer);
	if (len) {
		warren_timers_data_sent(peer);
		dev_sw_netstats_tx_add(dev, out.segments.count, len);
		warren_stats_peer_add(peer, WARREN_STAT_TX_PACKETS,
				      out.segments.count);
	} else {
		warren_stats_peer_inc(peer, WARREN_STAT_TX_KEEPALIVE);
	}
	renew_session(peer, keypair, now);
	return;
drop:
	DEV_STATS_INC(dev, tx_dropped);
	kfree_skb(skb);
}

static unsigned int segments_of(const struct sk_buff *skb)
{
	return skb_shinfo(skb)->gso_segs ?: 1;
}

/* The oldest make room: the newest is the one worth most. */
static void stage(struct warren_peer *peer, struct sk_buff *skb)
{
	struct sk_buff_head *staged = &peer->staged;
	struct sk_buff *old;

	/* It may wait for long: its sender shall not. */
	skb_orphan(skb);
	spin_lock_bh(&staged->lock);
	__skb_queue_tail(staged, skb);
	peer->staged_segments += segments_of(skb);
	while (peer->staged_segments > WARREN_MAX_STAGED &&
	       skb_queue_len(staged) > 1) {
		old = __skb_dequeue(staged);
		peer->staged_segments -= segments_of(old);
		warren_stats_peer_inc(peer, WARREN_STAT_TX_STAGED_OVERFLOW);
		DEV_STATS_INC(peer->warren->dev, tx_dropped);
		kfree_skb(old);
	}
	spin_unlock_bh(&staged->lock);
}

static void take_staged(struct warren_peer *peer, struct sk_buff_head *packets)
{
	__skb_queue_head_init(packets);
	spin_lock_bh(&peer->staged.lock);
	skb_queue_splice_init(&peer->staged, packets);
	peer->staged_segments = 0;
	spin_unlock_bh(&peer->staged.lock);
}

void warren_send_purge_staged(struct warren_peer *peer, unsigned int stat)
{
	struct sk_buff_head packets;
	struct sk_buff *skb;

	take_staged(peer, &packets);
	while ((skb = __skb_dequeue(&packets))) {
		warren_stats_peer_inc(peer, stat);
		DEV_STATS_INC(peer->warren->dev, tx_dropped);
		kfree_skb(skb);
	}
}

void warren_send_packet(struct warren_peer *peer, struct sk_buff *skb)
{
	u64 now = ktime_get_coarse_boottime_ns();
	struct warren_keypair *keypair;

	rcu_read_lock_bh();
	keypair = rcu_dereference_bh(peer->keypairs.current_keypair);
	if (likely(skb_queue_empty_lockless(&peer->staged) &&
		   warren_keypair_may_send(keypair, now))) {
		send_with(peer, keypair, skb, now);
	} else {
		stage(peer, skb);
		warren_send_staged(peer);
	}
	rcu_read_unlock_bh();
}

void warren_send_staged(struct warren_peer *peer)
{
	u64 now = ktime_get_coarse_boottime_ns();
	struct warren_keypair *keypair;
	struct sk_buff_head packets;
	struct sk_buff *skb;

	rcu_read_lock_bh();
	keypair = rcu_dereference_bh(peer->keypairs.current_keypair);
	if (!warren_keypair_may_send(keypair, now)) {
		warren_handshake_request(peer, false);
		goto out;
	}
	take_staged(peer, &packets);
	while ((skb = __skb_dequeue(&packets)))
		send_with(peer, keypair, skb, now);
out:
	rcu_read_unlock_bh();
}

void warren_send_keepalive(struct warren_peer *peer)
{
	struct sk_buff *skb;

	if (skb_queue_empty_lockless(&peer->staged)) {
		skb = alloc_skb(0, GFP_ATOMIC);
		if (!skb)
			return;
		skb->dev = peer->warren->dev;
		stage(peer, skb);
	}
	warren_send_staged(peer);
}
