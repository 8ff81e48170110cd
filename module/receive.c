// SPDX-License-Identifier: GPL-2.0
#include <linux/bitfield.h>
#include <linux/netdevice.h>
#include <linux/sched/clock.h>
#include <linux/smp.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include "aead.h"
#include "device.h"
#include "gather.h"
#include "packet.h"
#include "pages.h"
#include "peer.h"
#include "spread.h"

/* Only what is larger is worth another CPU's interrupt. */
#define LARGE 8192

/*
 * A short packet that comes so much later than the one before it was done has
 * nothing to be put together with, and is taken at once.
 */
#define SHORT 256
#define HURRY_NS (5 * NSEC_PER_USEC)

/* Where incoming packets wait, and are decrypted and delivered in order. */
struct warren_cell {
	struct sk_buff_head outer;
	struct napi_struct napi;
	call_single_data_t call;	/* in use only by who scheduled @napi */
	int cpu;			/* whose it is */
	struct warren_device *warren;
	u64 done;			/* when it was last finished; local_clock() */
	struct warren_gather gather;	/* of the packets being received */
	struct warren_aead_checked checked;	/* of the next four messages */
};

/*
 * A lane is what must stay in order: the sessions whose indices have the same
 * low bits. While packets of a lane are under way, all go to the cell where the
 * first one went, whichever CPU they come in by; when none is, the lane goes to
 * the cell of the CPU that has the next one, or that it is given to. One word says
 * which cell and how many packets, so that both change together.
 */
#define LANE_PACKETS GENMASK(15, 0)
#define LANE_CELL GENMASK(31, 16)

static_assert(WARREN_MAX_CELL + NR_CPUS < LANE_PACKETS);

/* In the control buffer of a packet in a cell. */
struct note {
	int origin;	/* the CPU that it came in by */
	u8 lane;
};

static struct note *note_of(struct sk_buff *outer)
{
	BUILD_BUG_ON(sizeof(struct note) > sizeof(outer->cb));
	return (struct note *)outer->cb;
}

/* Where a lane without packets goes; @before: where it was. */
static int choose_cpu(const struct warren_device *warren,
		      const struct sk_buff *outer, int before)
{
	int here = smp_processor_id(), cpu;

	if (likely(outer->len < LARGE || !skb_is_gso(outer)))
		return here;
	cpu = warren_spread_target(before);
	/* It has enough to do as long as others wait. */
	return skb_queue_empty_lockless(&per_cpu_ptr(warren->cells, cpu)->outer) ?
		       cpu :
		       here;
}

/* @first: no packet of the lane is before this one. */
static struct warren_cell *enter_lane(struct warren_device *warren,
				      const struct sk_buff *outer, u8 lane,
				      bool *first)
{
	atomic_t *state = &warren->lanes[lane];
	u32 old = atomic_read(state), new;
	int cpu = -1;

	do {
		if (!(old & LANE_PACKETS) && cpu < 0)
			cpu = choose_cpu(warren, outer,
					 FIELD_GET(LANE_CELL, old));
		new = old & LANE_PACKETS ? old + 1 :
					   FIELD_PREP(LANE_CELL, cpu) + 1;
	} while (!atomic_try_cmpxchg(state, (int *)&old, new));
	*first = !(old & LANE_PACKETS);
	return per_cpu_ptr(warren->cells, FIELD_GET(LANE_CELL, new));
}

static void leave_lane(struct warren_device *warren, u8 lane)
{
	atomic_dec(&warren->lanes[lane]);
}

/*
 * One outer packet being taken apart. Bookkeeping is done once for messages of
 * the same session that follow each other.
 */
struct incoming {
	struct warren_device *warren;
	struct warren_cell *cell;
	struct sk_buff *outer;
	struct warren_keypair *keypair;	/* of the message before */
	__le32 receiver;		/* its index */
	unsigned int bytes;		/* authenticated since the last settling */
	bool data;			/* and not only keepalives */
	bool alone;			/* GRO holds nothing and gets nothing */
	unsigned int packets;		/* of it delivered */
	u8 dsfield;			/* of the outer header */
	u64 now;
};

/* A message that may be decrypted. */
struct sealed {
	const u8 *from;			/* its cipher text, in one piece */
	unsigned int len;		/* with the tag */
	bool room;			/* see warren_aead_open() */
	u64 counter;
	int checked;			/* which of the cell's it is, or -1 */
};

static struct warren_peer *peer_of(const struct incoming *in)
{
	return in->keypair->index.peer;
}

/* A session about to end is renewed by who began it (section 6.2). */
static void renew_session(struct incoming *in)
{
	struct warren_keypair *keypair = in->keypair;

	if (likely(!keypair->initiator || READ_ONCE(keypair->renewing) ||
		   in->now - keypair->birth <=
			   (u64)(WARREN_REJECT_AFTER_TIME -
				 WARREN_KEEPALIVE_TIMEOUT -
				 WARREN_REKEY_TIMEOUT) * NSEC_PER_SEC))
		return;
	WRITE_ONCE(keypair->renewing, true);
	warren_handshake_request(peer_of(in), false);
}

static void deliver(struct warren_cell *cell, struct sk_buff *skb)
{
	if (skb)
		napi_gro_receive(&cell->napi, skb);
}

/* What one session's messages of this packet mean to its peer. */
static void settle(struct incoming *in)
{
	struct warren_peer *peer;

	if (!in->keypair || !in->bytes)
		return;
	peer = peer_of(in);
	atomic64_add(in->bytes, &peer->rx_bytes);
	warren_peer_set_endpoint_from_skb(peer, in->outer);
	warren_timers_authenticated_received(peer);
	warren_timers_traversed(peer);
	if (in->data)
		warren_timers_data_received(peer);
	warren_stats_peer_add(peer, WARREN_STAT_RX_PACKETS, in->packets);
	renew_session(in);
	in->bytes = 0;
	in->data = false;
	in->packets = 0;
}

/* Context: under RCU. False when there is no such session. */
static bool find_keypair(struct incoming *in, __le32 receiver)
{
	struct warren_index *entry;

	if (in->keypair && in->receiver == receiver)
		return true;
	settle(in);
	in->keypair = NULL;
	entry = warren_index_find(in->warren, receiver);
	if (!entry || !entry->is_keypair)
		return false;
	in->keypair = container_of(entry, struct warren_keypair, index);
	in->receiver = receiver;
	return true;
}

/*
 * @len bytes of a packet where they lie, if they lie in one piece; and how many
 * bytes before them are the packet's own, too.
 */
static const u8 *in_place(const struct sk_buff *skb, unsigned int offset,
			  unsigned int len, unsigned int *before)
{
	unsigned int end = skb_headlen(skb);
	const struct sk_buff *part;
	int i;

	if (offset < end) {
		*before = skb_headroom(skb) + offset;
		return offset + len <= end ? skb->data + offset : NULL;
	}
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
		unsigned int start = end;

		end += skb_frag_size(frag);
		if (offset >= end)
			continue;
		if (offset + len > end || PageHighMem(skb_frag_page(frag)))
			return NULL;
		*before = offset - start;
		return (const u8 *)skb_frag_address(frag) + offset - start;
	}
	skb_walk_frags(skb, part) {
		if (offset < end + part->len)
			return in_place(part, offset - end, len, before);
		end += part->len;
	}
	return NULL;
}

/* The same, but if need be they are put into one piece. NULL: no memory. */
static const u8 *reach(struct sk_buff *skb, unsigned int offset,
		       unsigned int len, unsigned int *before)
{
	const u8 *start = in_place(skb, offset, len, before);

	if (unlikely(!start)) {
		if (skb_linearize(skb))
			return NULL;
		start = in_place(skb, offset, len, before);
	}
	return start;
}

static bool accept_counter(struct warren_keypair *keypair, u64 counter)
{
	bool fresh;

	spin_lock(&keypair->replay_lock);
	fresh = warren_replay_accept(&keypair->replay, counter);
	spin_unlock(&keypair->replay_lock);
	return fresh;
}

/* Finds the session of a message; @before as in_place() says. */
static bool find(struct incoming *in, const u8 *start, unsigned int len,
		 unsigned int before, struct sealed *sealed,
		 enum warren_stat *why)
{
	const struct warren_message_data *message = (const void *)start;

	*why = WARREN_STAT_RX_MALFORMED;
	if (len < WARREN_DATA_OVERHEAD)
		return false;
	*why = WARREN_STAT_RX_UNKNOWN_INDEX;
	if (!find_keypair(in, message->receiver))
		return false;
	*why = WARREN_STAT_RX_EXPIRED_KEY;
	if (!warren_keypair_may_receive(in->keypair, in->now))
		return false;
	sealed->counter = le64_to_cpu(message->counter);
	sealed->from = start + sizeof(*message);
	sealed->len = len - sizeof(*message);
	sealed->room = before + sizeof(*message) >= WARREN_AEAD_ROOM;
	sealed->checked = -1;
	return true;
}

/* Decrypts to @to, as warren_aead_open() does. */
static bool open(struct incoming *in, const struct sealed *sealed, u8 *to,
		 enum warren_stat *why)
{
	bool vector = warren_aead_begin(), good;

	if (vector && sealed->checked >= 0)
		good = warren_aead_decrypt(&in->cell->checked, sealed->checked,
					   to, sealed->from, sealed->len);
	else
		good = warren_aead_open(vector, to, sealed->from, sealed->len,
					sealed->room, sealed->counter,
					in->keypair->receiving_key);
	warren_aead_end(vector);
	*why = WARREN_STAT_RX_BAD_TAG;
	if (!good)
		return false;
	*why = WARREN_STAT_RX_REPLAYED;
	if (!accept_counter(in->keypair, sealed->counter))
		return false;
	in->bytes += sealed->len + sizeof(struct warren_message_data);
	if (unlikely(warren_keypairs_confirm(peer_of(in), in->keypair))) {
		warren_timers_handshake_done(peer_of(in));
		warren_peer_queue_event(peer_of(in), WARREN_PEER_TELL_CONFIRMED);
		settle(in);
		warren_send_staged(peer_of(in));
	}
	return true;
}

/*
 * An authenticated inner packet: is it IP, whole, and from an address that is
 * the peer's? Makes @skb ready for the stack, or says why not.
 */
static bool check_inner(struct incoming *in, struct sk_buff *skb,
			enum warren_stat *why)
{
	struct warren_allowedips_owner *owner;
	unsigned int len;
	u8 dsfield;

	*why = WARREN_STAT_RX_NOT_IP;
	skb->dev = in->warren->dev;
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->protocol = ip_tunnel_parse_protocol(skb);
	if (skb->protocol == htons(ETH_P_IP)) {
		len = ntohs(ip_hdr(skb)->tot_len);
		if (len < sizeof(struct iphdr))
			return false;
		dsfield = ip_hdr(skb)->tos;
		owner = warren_allowedips_lookup(&in->warren->allowedips,
						 AF_INET, &ip_hdr(skb)->saddr);
	} else if (skb->protocol == htons(ETH_P_IPV6)) {
		len = ntohs(ipv6_hdr(skb)->payload_len) + sizeof(struct ipv6hdr);
		dsfield = ipv6_get_dsfield(ipv6_hdr(skb));
		owner = warren_allowedips_lookup(&in->warren->allowedips,
						 AF_INET6,
						 &ipv6_hdr(skb)->saddr);
	} else {
		return false;
	}
	/* What is beyond is padding. */
	if (len > skb->len || pskb_trim(skb, len))
		return false;
	*why = WARREN_STAT_RX_DISALLOWED_SOURCE;
	if (owner != &peer_of(in)->allowedips)
		return false;
	/* RFC 6040: congestion seen by the tunnel reaches the inner packet. */
	*why = WARREN_STAT_RX_BAD_ECN;
	if (INET_ECN_decapsulate(skb, in->dsfield, dsfield) > 1)
		return false;
	/* Its tag covers more than its checksum does. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = ~0;
	return true;
}

/* For the peer, if it is known whose it is. */
static void count_drop(const struct incoming *in, enum warren_stat why)
{
	if (in->keypair)
		warren_stats_peer_inc(peer_of(in), why);
	else
		warren_stats_inc(in->warren, why);
}

/* The outer packet, decrypted where it lies, is now the inner one. */
static void become_inner(struct sk_buff *skb, unsigned int len)
{
	__skb_pull(skb, sizeof(struct warren_message_data));
	__skb_trim(skb, len);
	skb_scrub_packet(skb, true);
	skb_orphan(skb);
	skb_clear_hash(skb);
	skb_set_queue_mapping(skb, 0);
	skb->transport_header = (typeof(skb->transport_header))~0U;
	skb->encapsulation = 0;
	skb->priority = 0;
	memset(skb->cb, 0, sizeof(skb->cb));
}

/* A message that came alone. Takes the outer packet. */
static void receive_single(struct incoming *in)
{
	struct sk_buff *outer = in->outer, *skb = outer;
	struct net_device *dev = in->warren->dev;
	enum warren_stat why = WARREN_STAT_RX_NO_MEMORY;
	unsigned int plain, before;
	struct sealed sealed;
	const u8 *start;

	start = reach(outer, 0, outer->len, &before);
	if (!start || !find(in, start, outer->len, before, &sealed, &why))
		goto drop;
	plain = sealed.len - WARREN_TAG_SIZE;
	/*
	 * Only what is linear is surely ours to write to: pages may belong to a
	 * file that somebody sends.
	 */
	if (skb_is_nonlinear(outer) || skb_cloned(outer)) {
		why = WARREN_STAT_RX_NO_MEMORY;
		skb = warren_pages_skb(NET_SKB_PAD + WARREN_AEAD_ROOM, plain);
		if (!skb)
			goto drop;
		if (!open(in, &sealed, skb_put(skb, plain), &why))
			goto drop;
	} else {
		sealed.room = false;
		if (!open(in, &sealed, (u8 *)sealed.from, &why))
			goto drop;
	}
	in->data = plain;
	settle(in);
	if (!plain) {
		warren_stats_peer_inc(peer_of(in), WARREN_STAT_RX_KEEPALIVE);
		goto out;
	}
	if (skb == outer)
		become_inner(skb, plain);
	else
		consume_skb(outer);
	if (unlikely(!check_inner(in, skb, &why))) {
		DEV_STATS_INC(dev, rx_errors);
		count_drop(in, why);
		kfree_skb(skb);
		return;
	}
	warren_stats_peer_inc(peer_of(in), WARREN_STAT_RX_PACKETS);
	dev_sw_netstats_rx_add(dev, skb->len);
	if (in->alone)
		netif_receive_skb(skb);
	else
		deliver(in->cell, skb);
	return;
drop:
	count_drop(in, why);
out:
	if (skb != outer)
		kfree_skb(skb);
	consume_skb(outer);
}

static bool is_data(const u8 *message, unsigned int len)
{
	return len >= sizeof(__le32) && *(const __le32 *)message ==
						cpu_to_le32(WARREN_MESSAGE_DATA);
}

/* One of many messages in an outer packet, in the last @rest bytes of which it is. */
static void receive_sealed(struct incoming *in, struct sealed *sealed,
			   unsigned int rest)
{
	unsigned int plain = sealed->len - WARREN_TAG_SIZE, joined;
	struct warren_gather *gather = &in->cell->gather;
	enum warren_stat why = WARREN_STAT_RX_NO_MEMORY;
	struct net_device *dev = in->warren->dev;
	unsigned int room = warren_aead_room();
	struct sk_buff *skb;
	u8 *to;

	if (gather->owner != in->keypair || gather->dsfield != in->dsfield)
		deliver(in->cell, warren_gather_take(gather));
	gather->rest = rest + skb_queue_len_lockless(&in->cell->outer) *
				      (plain + WARREN_DATA_OVERHEAD);
	to = warren_gather_place(gather, plain, room);
	if (!to)
		goto count;
	if (!room)
		sealed->room = false;
	if (!open(in, sealed, to, &why)) {
		warren_gather_put_back(gather);
		goto count;
	}
	if (!plain) {
		warren_gather_put_back(gather);
		warren_stats_peer_inc(peer_of(in), WARREN_STAT_RX_KEEPALIVE);
		return;
	}
	in->data = true;
	joined = warren_gather_join(gather, plain);
	if (joined) {
		in->packets++;
		dev_sw_netstats_rx_add(dev, joined);
		return;
	}
	/* In this order: the packet still lies on the end of the run. */
	why = WARREN_STAT_RX_NO_MEMORY;
	skb = warren_gather_start(gather, plain);
	deliver(in->cell, warren_gather_take(gather));
	if (!skb)
		goto count;
	if (unlikely(!check_inner(in, skb, &why))) {
		kfree_skb(skb);
		DEV_STATS_INC(dev, rx_errors);
		goto count;
	}
	in->packets++;
	dev_sw_netstats_rx_add(dev, skb->len);
	gather->owner = in->keypair;
	gather->dsfield = in->dsfield;
	if (!warren_gather_hold(gather, skb))
		deliver(in->cell, skb);
	return;
count:
	count_drop(in, why);
}

/* The message at @offset, of whatever type it is. */
static void receive_piece(struct incoming *in, unsigned int offset,
			  unsigned int len)
{
	enum warren_stat why = WARREN_STAT_RX_NO_MEMORY;
	struct sealed sealed;
	unsigned int before;
	const u8 *start;

	start = reach(in->outer, offset, len, &before);
	if (unlikely(start && !is_data(start, len)))
		warren_socket_route_piece(in->warren, in->outer, offset, len);
	else if (start && find(in, start, len, before, &sealed, &why))
		receive_sealed(in, &sealed, in->outer->len - offset);
	else
		count_drop(in, why);
}

/*
 * Authenticates four messages together, which costs less, if they are of one session
 * and nothing has to be done to read them. False: they are to be taken one by one.
 */
static bool check_four(struct incoming *in, unsigned int offset,
		       unsigned int size, struct sealed *four)
{
	const u8 *from[WARREN_X86_FOUR];
	u64 counters[WARREN_X86_FOUR];
	enum warren_stat why;
	int i;

	if (size <= WARREN_DATA_OVERHEAD || !warren_aead_checks_four())
		return false;
	for (i = 0; i < WARREN_X86_FOUR; i++, offset += size) {
		const struct warren_message_data *message;
		unsigned int before;

		message = (void *)in_place(in->outer, offset, size, &before);
		if (!message || !is_data((const u8 *)message, size) ||
		    (i && message->receiver != in->receiver) ||
		    !find(in, (const u8 *)message, size, before, &four[i], &why))
			return false;
		four[i].checked = i;
		from[i] = four[i].from;
		counters[i] = four[i].counter;
	}
	if (!warren_aead_begin())
		return false;
	warren_aead_check_four(&in->cell->checked, from, four[0].len, counters,
			       in->keypair->receiving_key);
	warren_aead_end(true);
	return true;
}

static u8 outer_dsfield(const struct sk_buff *outer)
{
	return outer->protocol == htons(ETH_P_IP) ?
		       ip_hdr(outer)->tos :
		       ipv6_get_dsfield(ipv6_hdr(outer));
}

/* Messages of one size but for the last, put together by UDP GRO; or one. */
static unsigned int receive_pieces(struct incoming *in)
{
	struct sk_buff *outer = in->outer;
	unsigned int size = outer->len, offset = 0, messages = 0, i;
	struct sealed four[WARREN_X86_FOUR];

	if (skb_is_gso(outer))
		size = skb_shinfo(outer)->gso_size;
	while (offset < outer->len) {
		unsigned int rest = outer->len - offset;

		if (rest >= WARREN_X86_FOUR * size &&
		    check_four(in, offset, size, four)) {
			for (i = 0; i < WARREN_X86_FOUR; i++)
				receive_sealed(in, &four[i], rest - i * size);
			warren_aead_forget(&in->cell->checked);
			offset += WARREN_X86_FOUR * size;
			messages += WARREN_X86_FOUR;
		} else {
			receive_piece(in, offset, min(size, rest));
			offset += size;
			messages++;
		}
	}
	settle(in);
	if (messages > 1) {
		warren_stats_inc(in->warren, WARREN_STAT_RX_GRO_BATCHES);
		warren_stats_add(in->warren, WARREN_STAT_RX_GRO_MESSAGES,
				 messages);
	}
	consume_skb(outer);
	return messages;
}

/* Return: how many messages were in it. */
static unsigned int receive_outer(struct warren_cell *cell,
				  struct sk_buff *outer, bool alone)
{
	struct incoming in = {
		.warren = cell->warren,
		.cell = cell,
		.outer = outer,
		.alone = alone,
		.dsfield = outer_dsfield(outer),
		.now = ktime_get_coarse_boottime_ns(),
	};

	if (skb_is_gso(outer) || cell->gather.skb ||
	    !skb_queue_empty_lockless(&cell->outer))
		return receive_pieces(&in);
	/* No other to be put together with. */
	receive_single(&in);
	return 1;
}

/* What receive_outer() has gathered goes up. */
static void receive_end(struct warren_cell *cell)
{
	deliver(cell, warren_gather_take(&cell->gather));
	warren_gather_end(&cell->gather);
}

/*
 * This CPU is receiving a packet at once: what comes out of it, such as the packet
 * of a tunnel in the tunnel, waits its turn, for each level costs stack.
 */
static DEFINE_PER_CPU(bool, receiving);

/*
 * Each round ends with completion, which flushes what GRO holds: only then have
 * the packets left their lanes. Who queues after it schedules us again, so that
 * no wake-up is lost.
 */
static int poll(struct napi_struct *napi, int budget)
{
	struct warren_cell *cell = container_of(napi, struct warren_cell, napi);
	int here = smp_processor_id(), origin = here;
	int work = 0, packets = 0, i;
	u8 lanes[NAPI_POLL_WEIGHT];
	struct sk_buff *outer;
	u64 began = 0;

	if (unlikely(!budget))
		return 0;
	rcu_read_lock();
	while (work < budget && packets < ARRAY_SIZE(lanes) &&
	       (outer = skb_dequeue(&cell->outer))) {
		lanes[packets++] = note_of(outer)->lane;
		if (note_of(outer)->origin != here && !began) {
			origin = note_of(outer)->origin;
			began = local_clock();
		}
		work += receive_outer(cell, outer, false);
	}
	receive_end(cell);
	work = min(work, budget - 1);
	cell->done = local_clock();
	napi_complete_done(napi, work);
	for (i = 0; i < packets; i++)
		leave_lane(cell->warren, lanes[i]);
	if (!skb_queue_empty_lockless(&cell->outer))
		napi_schedule(napi);
	if (began)
		warren_spread_account(origin, local_clock() - began);
	rcu_read_unlock();
	return work;
}

/*
 * Does what the poll would do for a lone packet, without the way there. Who
 * queues others meanwhile finds the instance busy, as with a poll, and it is
 * scheduled when this one completes. False: the packet has to wait.
 */
static bool receive_at_once(struct warren_cell *cell, struct sk_buff *outer)
{
	u8 lane = note_of(outer)->lane;

	if (outer->len > SHORT || local_clock() - cell->done < HURRY_NS ||
	    __this_cpu_read(receiving) ||
	    !skb_queue_empty_lockless(&cell->outer) ||
	    !napi_schedule_prep(&cell->napi))
		return false;
	__this_cpu_write(receiving, true);
	receive_outer(cell, outer, true);
	receive_end(cell);
	__this_cpu_write(receiving, false);
	cell->done = local_clock();
	napi_complete_done(&cell->napi, 1);
	leave_lane(cell->warren, lane);
	return true;
}

/* Interrupt on the cell's CPU, which the caller scheduled the instance for. */
static void called(void *cell)
{
	__napi_schedule(&((struct warren_cell *)cell)->napi);
}

/* Has the cell polled by its CPU, or by this one when that has gone offline. */
static void wake(struct warren_cell *cell)
{
	if (!napi_schedule_prep(&cell->napi))
		return;
	if (likely(cell->cpu == smp_processor_id()) ||
	    smp_call_function_single_async(cell->cpu, &cell->call))
		__napi_schedule(&cell->napi);
}

void warren_receive_data(struct warren_device *warren, struct sk_buff *skb)
{
	unsigned int limit = skb_is_gso(skb) ? WARREN_MAX_CELL_BATCHES :
					       WARREN_MAX_CELL;
	struct warren_message_data message;
	struct warren_cell *cell;
	bool first;
	u8 lane;

	if (unlikely(skb_copy_bits(skb, 0, &message, sizeof(message)))) {
		warren_stats_inc(warren, WARREN_STAT_RX_MALFORMED);
		kfree_skb(skb);
		return;
	}
	lane = le32_to_cpu(message.receiver) % WARREN_LANES;
	cell = enter_lane(warren, skb, lane, &first);
	if (unlikely(skb_queue_len_lockless(&cell->outer) >= limit)) {
		leave_lane(warren, lane);
		warren_stats_inc(warren, WARREN_STAT_RX_OVERFLOW);
		kfree_skb(skb);
		return;
	}
	*note_of(skb) = (struct note){
		.origin = smp_processor_id(),
		.lane = lane,
	};
	if (first && receive_at_once(cell, skb))
		return;
	if (cell->cpu != smp_processor_id())
		warren_stats_inc(warren, WARREN_STAT_RX_SPREAD);
	skb_queue_tail(&cell->outer, skb);
	wake(cell);
}

int warren_receive_init(struct warren_device *warren)
{
	int cpu;

	warren->cells = alloc_percpu(struct warren_cell);
	if (!warren->cells)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct warren_cell *cell = per_cpu_ptr(warren->cells, cpu);

		cell->warren = warren;
		cell->cpu = cpu;
		INIT_CSD(&cell->call, called, cell);
		skb_queue_head_init(&cell->outer);
		/* Not a queue of a network card: nothing to poll for. */
		set_bit(NAPI_STATE_NO_BUSY_POLL, &cell->napi.state);
		netif_napi_add(warren->dev, &cell->napi, poll);
		napi_enable(&cell->napi);
	}
	return 0;
}

void warren_receive_free(struct warren_device *warren)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct warren_cell *cell = per_cpu_ptr(warren->cells, cpu);

		/* Waits for a call under way as well. */
		napi_disable(&cell->napi);
		__netif_napi_del(&cell->napi);
		skb_queue_purge(&cell->outer);
	}
	/* The list of instances is read under RCU. */
	synchronize_net();
	free_percpu(warren->cells);
}
