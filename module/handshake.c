// SPDX-License-Identifier: GPL-2.0
#include <linux/ktime.h>
#include <linux/netdevice.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "device.h"
#include "packet.h"
#include "peer.h"

/* AF41, as interactive traffic: losing a handshake costs the most. */
#define HANDSHAKE_DSFIELD 0x88

/* A flooded device stays under load for this long after the queue was short. */
#define LOAD_MEMORY NSEC_PER_SEC

static bool under_load(struct warren_handshake_queue *queue, u64 now)
{
	if (skb_queue_len_lockless(&queue->messages) >=
	    WARREN_MAX_HANDSHAKES / 8) {
		WRITE_ONCE(queue->last_overload, now);
		return true;
	}
	return READ_ONCE(queue->last_overload) &&
	       now - READ_ONCE(queue->last_overload) < LOAD_MEMORY;
}

static void source_of(struct warren_source *source, const struct sk_buff *skb)
{
	memset(source, 0, sizeof(*source));
	source->port = udp_hdr(skb)->source;
	if (skb->protocol == htons(ETH_P_IP)) {
		memcpy(source->address, &ip_hdr(skb)->saddr,
		       sizeof(struct in_addr));
		source->address_len = sizeof(struct in_addr);
	} else {
		memcpy(source->address, &ipv6_hdr(skb)->saddr,
		       sizeof(struct in6_addr));
		source->address_len = sizeof(struct in6_addr);
	}
}

/* A response or a cookie reply finds its peer by the index that we sent. */
static struct warren_peer *get_peer_by_index(struct warren_device *warren,
					     __le32 receiver, bool handshake)
{
	struct warren_index *entry;
	struct warren_peer *peer = NULL;

	rcu_read_lock_bh();
	entry = warren_index_find(warren, receiver);
	if (entry && !(handshake && entry->is_keypair))
		peer = warren_peer_get(entry->peer);
	rcu_read_unlock_bh();
	if (!peer)
		warren_stats_inc(warren, WARREN_STAT_RX_UNKNOWN_INDEX);
	return peer;
}

static struct warren_peer *get_peer_by_key(struct warren_device *warren,
					   const u8 key[WARREN_KEY_SIZE])
{
	struct warren_peer *peer;

	rcu_read_lock_bh();
	peer = warren_peer_get(warren_peer_find(warren, key));
	rcu_read_unlock_bh();
	if (!peer)
		warren_stats_inc(warren, WARREN_STAT_RX_UNKNOWN_PEER);
	return peer;
}

static void refuse_initiation(struct warren_peer *peer, int err)
{
	enum warren_handshake_failure why = WARREN_HANDSHAKE_BAD_INITIATION;
	enum warren_stat stat = WARREN_STAT_RX_BAD_HANDSHAKE;

	if (err == -EALREADY) {
		why = WARREN_HANDSHAKE_REPLAYED;
		stat = WARREN_STAT_RX_REPLAYED_HANDSHAKE;
	} else if (err == -EAGAIN) {
		why = WARREN_HANDSHAKE_EARLY;
		stat = WARREN_STAT_RX_EARLY_HANDSHAKE;
	}
	warren_stats_peer_inc(peer, stat);
	warren_event_handshake_failed(peer, why);
}

/* What every authenticated handshake message from a peer means. */
static void note_received(struct warren_peer *peer, const struct sk_buff *skb)
{
	atomic64_add(skb->len, &peer->rx_bytes);
	warren_peer_set_endpoint_from_skb(peer, skb);
	warren_timers_authenticated_received(peer);
	warren_timers_traversed(peer);
}

/* And every one to a peer. */
static void note_sending(struct warren_peer *peer)
{
	warren_timers_traversed(peer);
	warren_timers_authenticated_sent(peer);
}

/*
 * Makes the second message and the session. Context: handshake lock.
 * @answer: the handshake that the peer began
 */
static int make_response(struct warren_peer *peer,
			 struct warren_handshake *answer,
			 struct warren_message_response *response)
{
	struct warren_device *warren = peer->warren;
	struct warren_index *index = &peer->response_index;
	struct warren_session session;
	int err;

	err = warren_index_add(warren, index);
	if (err)
		return err;
	err = warren_noise_create_response(response, answer, index->value);
	if (!err)
		err = warren_noise_derive_session(&session, answer);
	if (!err)
		err = warren_keypairs_begin(peer, &session, index);
	memzero_explicit(&session, sizeof(session));
	if (err) {
		warren_index_remove(warren, index);
		return err;
	}
	warren_cookie_add_macs(&peer->cookie, response, sizeof(*response),
			       ktime_get_coarse_boottime_ns());
	return 0;
}

/*
 * Believes the first message and makes the second, or does neither. What the
 * peer began is kept apart from what we began: when both begin at once, both
 * handshakes succeed, and each side sends with the one it began.
 * Context: identity lock, for reading.
 */
static int answer_initiation(struct warren_peer *peer,
			     const struct warren_opened_initiation *opened,
			     const struct warren_message_initiation *message,
			     struct warren_message_response *response)
{
	struct warren_handshake answer;
	int err = -ESTALE;

	mutex_lock(&peer->handshake_lock);
	if (READ_ONCE(peer->dead))
		goto out;
	warren_handshake_prepare(&peer->handshake, &peer->warren->identity);
	answer = peer->handshake;
	err = warren_noise_accept_initiation(&answer, opened, message,
					     ktime_get_coarse_boottime_ns());
	if (err)
		goto wipe;
	memcpy(peer->handshake.latest_timestamp, answer.latest_timestamp,
	       sizeof(answer.latest_timestamp));
	peer->handshake.last_initiation_ns = answer.last_initiation_ns;
	err = make_response(peer, &answer, response);
wipe:
	memzero_explicit(&answer, sizeof(answer));
out:
	mutex_unlock(&peer->handshake_lock);
	return err;
}

/* Context: identity lock, for reading. */
static void receive_initiation(struct warren_device *warren,
			       struct sk_buff *skb)
{
	const struct warren_message_initiation *message = (void *)skb->data;
	struct warren_opened_initiation opened;
	struct warren_message_response response;
	struct warren_peer *peer = NULL;
	int err;

	err = warren_noise_open_initiation(&opened, message, &warren->identity);
	if (err) {
		warren_stats_inc(warren, WARREN_STAT_RX_BAD_HANDSHAKE);
		goto out;
	}
	peer = get_peer_by_key(warren, opened.remote_static);
	if (!peer)
		goto out;

	err = answer_initiation(peer, &opened, message, &response);
	if (err) {
		refuse_initiation(peer, err);
		goto out;
	}
	warren_stats_peer_inc(peer, WARREN_STAT_RX_INITIATION);
	note_received(peer, skb);
	warren_timers_session_derived(peer);
	note_sending(peer);
	if (!warren_socket_send_buffer(peer, &response, sizeof(response),
				       HANDSHAKE_DSFIELD))
		warren_stats_peer_inc(peer, WARREN_STAT_TX_RESPONSE);
out:
	memzero_explicit(&opened, sizeof(opened));
	if (peer)
		warren_peer_put(peer);
}

/* Context: identity lock, for reading. */
static void receive_response(struct warren_device *warren, struct sk_buff *skb)
{
	const struct warren_message_response *message = (void *)skb->data;
	struct warren_session session;
	struct warren_peer *peer;
	int err = -ESTALE;

	peer = get_peer_by_index(warren, message->receiver, true);
	if (!peer)
		return;

	mutex_lock(&peer->handshake_lock);
	if (peer->initiation_index.used &&
	    peer->initiation_index.value == le32_to_cpu(message->receiver))
		err = warren_noise_consume_response(&peer->handshake, message,
						    &warren->identity);
	if (!err)
		err = warren_noise_derive_session(&session, &peer->handshake);
	if (!err)
		err = warren_keypairs_begin(peer, &session,
					    &peer->initiation_index);
	mutex_unlock(&peer->handshake_lock);
	memzero_explicit(&session, sizeof(session));
	if (err) {
		warren_stats_peer_inc(peer, WARREN_STAT_RX_BAD_HANDSHAKE);
		warren_event_handshake_failed(peer,
					      WARREN_HANDSHAKE_BAD_RESPONSE);
		goto out;
	}

	warren_stats_peer_inc(peer, WARREN_STAT_RX_RESPONSE);
	note_received(peer, skb);
	warren_timers_session_derived(peer);
	warren_timers_handshake_done(peer);
	warren_event_handshake_done(peer, true);
	/* The responder waits for a message that confirms the session. */
	warren_send_keepalive(peer);
out:
	warren_peer_put(peer);
}

/* A cookie does not come from the peer for sure: the endpoint stays. */
static void receive_cookie(struct warren_device *warren, struct sk_buff *skb)
{
	const struct warren_message_cookie *message = (void *)skb->data;
	struct warren_peer *peer;
	int err;

	peer = get_peer_by_index(warren, message->receiver, false);
	if (!peer)
		return;
	mutex_lock(&peer->handshake_lock);
	err = warren_cookie_consume_reply(&peer->cookie, message,
					  ktime_get_coarse_boottime_ns());
	mutex_unlock(&peer->handshake_lock);
	warren_stats_peer_inc(peer, err ? WARREN_STAT_RX_BAD_COOKIE :
					  WARREN_STAT_RX_COOKIE);
	warren_peer_put(peer);
}

static void send_cookie(struct warren_device *warren, struct sk_buff *skb,
			const struct warren_source *source, u64 now)
{
	struct warren_message_cookie reply;
	__le32 sender;

	/* At the same place in both messages. */
	BUILD_BUG_ON(offsetof(struct warren_message_initiation, sender) !=
		     offsetof(struct warren_message_response, sender));
	sender = ((struct warren_message_initiation *)skb->data)->sender;
	warren_cookie_create_reply(&reply, &warren->cookie_checker, skb->data,
				   skb->len, sender, source, now);
	if (!warren_socket_send_reply(warren, skb, &reply, sizeof(reply)))
		warren_stats_inc(warren, WARREN_STAT_TX_COOKIE);
}

/* May the message cost us a key exchange? Context: identity lock. */
static bool admit(struct warren_device *warren, struct sk_buff *skb)
{
	u64 now = ktime_get_coarse_boottime_ns();
	bool load = under_load(&warren->handshakes, now);
	struct warren_source source;

	source_of(&source, skb);
	switch (warren_cookie_check(&warren->cookie_checker, skb->data,
				    skb->len, &source, load, now)) {
	case WARREN_MAC_INVALID:
		warren_stats_inc(warren, WARREN_STAT_RX_BAD_MAC1);
		return false;
	case WARREN_MAC_VALID:
		if (!load)
			return true;
		warren_stats_inc(warren, WARREN_STAT_RX_NO_COOKIE);
		send_cookie(warren, skb, &source, now);
		return false;
	case WARREN_MAC_VALID_WITH_COOKIE:
		if (warren_ratelimiter_allow(&warren->ratelimiter, &source,
					     now))
			return true;
		warren_stats_inc(warren, WARREN_STAT_RX_RATE_LIMIT);
		return false;
	}
	return false;
}

static void receive(struct warren_device *warren, struct sk_buff *skb)
{
	enum warren_message_type type =
		le32_to_cpu(((struct warren_message_header *)skb->data)->type);

	if (type == WARREN_MESSAGE_COOKIE) {
		receive_cookie(warren, skb);
		return;
	}
	down_read(&warren->identity_lock);
	if (!warren->identity.valid)
		warren_stats_inc(warren, WARREN_STAT_RX_BAD_MAC1);
	else if (!admit(warren, skb))
		;
	else if (type == WARREN_MESSAGE_INITIATION)
		receive_initiation(warren, skb);
	else
		receive_response(warren, skb);
	up_read(&warren->identity_lock);
}

static void work_off(struct work_struct *work)
{
	struct warren_device *warren =
		container_of(work, struct warren_handshake_worker, work)->warren;
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&warren->handshakes.messages))) {
		receive(warren, skb);
		consume_skb(skb);
		cond_resched();
	}
}

static unsigned int expected_len(__le32 type)
{
	switch (le32_to_cpu(type)) {
	case WARREN_MESSAGE_INITIATION:
		return sizeof(struct warren_message_initiation);
	case WARREN_MESSAGE_RESPONSE:
		return sizeof(struct warren_message_response);
	case WARREN_MESSAGE_COOKIE:
		return sizeof(struct warren_message_cookie);
	}
	return 0;
}

void warren_handshake_enqueue(struct warren_device *warren, struct sk_buff *skb)
{
	struct warren_handshake_queue *queue = &warren->handshakes;
	struct warren_handshake_worker *worker;
	__le32 type;

	if (skb_copy_bits(skb, 0, &type, sizeof(type)) ||
	    skb->len != expected_len(type) || skb_linearize(skb)) {
		warren_stats_inc(warren, WARREN_STAT_RX_MALFORMED);
		kfree_skb(skb);
		return;
	}
	if (skb_queue_len_lockless(&queue->messages) >= WARREN_MAX_HANDSHAKES) {
		warren_stats_inc(warren, WARREN_STAT_RX_HANDSHAKE_OVERFLOW);
		kfree_skb(skb);
		return;
	}
	skb_queue_tail(&queue->messages, skb);
	worker = &queue->worker[smp_processor_id() % WARREN_HANDSHAKE_WORKERS];
	queue_work(queue->wq, &worker->work);
}

int warren_handshake_queue_init(struct warren_device *warren)
{
	struct warren_handshake_queue *queue = &warren->handshakes;
	int i;

	skb_queue_head_init(&queue->messages);
	for (i = 0; i < WARREN_HANDSHAKE_WORKERS; i++) {
		queue->worker[i].warren = warren;
		INIT_WORK(&queue->worker[i].work, work_off);
	}
	queue->wq = alloc_workqueue("warren-%s", WQ_UNBOUND | WQ_FREEZABLE, 0,
				    warren->dev->name);
	return queue->wq ? 0 : -ENOMEM;
}

void warren_handshake_queue_flush(struct warren_device *warren)
{
	int i;

	skb_queue_purge(&warren->handshakes.messages);
	for (i = 0; i < WARREN_HANDSHAKE_WORKERS; i++)
		flush_work(&warren->handshakes.worker[i].work);
}

void warren_handshake_queue_free(struct warren_device *warren)
{
	destroy_workqueue(warren->handshakes.wq);
	skb_queue_purge(&warren->handshakes.messages);
}

static bool sent_just_now(const struct warren_peer *peer)
{
	u64 last = atomic64_read(&peer->timers.last_initiation);

	return last && ktime_get_coarse_boottime_ns() - last <
			       (u64)WARREN_REKEY_TIMEOUT * NSEC_PER_SEC;
}

void warren_handshake_request(struct warren_peer *peer, bool retry)
{
	if (!retry)
		peer->timers.attempts = 0;
	if (sent_just_now(peer) || READ_ONCE(peer->dead))
		return;
	warren_peer_queue_work(peer, WARREN_PEER_INITIATE);
}

void warren_handshake_send_initiation(struct warren_peer *peer)
{
	struct warren_device *warren = peer->warren;
	struct warren_message_initiation message;
	enum warren_handshake_failure why = 0;
	u8 timestamp[WARREN_TIMESTAMP_SIZE];
	struct timespec64 now;
	int err = -ESTALE;

	down_read(&warren->identity_lock);
	mutex_lock(&peer->handshake_lock);
	if (sent_just_now(peer) || READ_ONCE(peer->dead) ||
	    !netif_running(warren->dev))
		goto out;
	atomic64_set(&peer->timers.last_initiation,
		     ktime_get_coarse_boottime_ns());

	warren_index_remove(warren, &peer->initiation_index);
	err = warren_index_add(warren, &peer->initiation_index);
	if (err)
		goto out;
	warren_handshake_prepare(&peer->handshake, &warren->identity);
	ktime_get_real_ts64(&now);
	warren_noise_timestamp(timestamp, now.tv_sec, now.tv_nsec);
	err = warren_noise_create_initiation(&message, &peer->handshake,
					     &warren->identity,
					     peer->initiation_index.value,
					     timestamp);
	if (err) {
		warren_index_remove(warren, &peer->initiation_index);
		why = err == -ENOKEY ? WARREN_HANDSHAKE_NO_PRIVATE_KEY :
				       WARREN_HANDSHAKE_BAD_PUBLIC_KEY;
		goto out;
	}
	warren_cookie_add_macs(&peer->cookie, &message, sizeof(message),
			       ktime_get_coarse_boottime_ns());
out:
	mutex_unlock(&peer->handshake_lock);
	up_read(&warren->identity_lock);
	if (err)
		goto say;

	note_sending(peer);
	err = warren_socket_send_buffer(peer, &message, sizeof(message),
					HANDSHAKE_DSFIELD);
	if (!err) {
		warren_stats_peer_inc(peer, WARREN_STAT_TX_INITIATION);
		if (warren_timers_unanswered(peer))
			why = WARREN_HANDSHAKE_NO_ANSWER;
	} else if (err != -ENOMEM && err != -ENETDOWN) {
		why = err == -EDESTADDRREQ ? WARREN_HANDSHAKE_NO_ENDPOINT :
					     WARREN_HANDSHAKE_NO_ROUTE;
	}
	warren_timers_initiation_sent(peer);
say:
	if (why)
		warren_event_handshake_failed(peer, why);
}
