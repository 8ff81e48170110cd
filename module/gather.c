// SPDX-License-Identifier: GPL-2.0
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>
#include "gather.h"

/* Packets up to this size are copied into the skb's linear part. */
#define SMALL 256

/* Before an inner packet: room for the headers of the next link or tunnel. */
#define HEADROOM (2 * NET_SKB_PAD)

/* What ends a run, and what may differ inside one. */
#define LAST (TCP_FLAG_FIN | TCP_FLAG_PSH)
#define ALONE (TCP_FLAG_URG | TCP_FLAG_RST | TCP_FLAG_SYN | TCP_FLAG_CWR)

/*
 * Memory is put aside in pieces of this size, which the compiler copies faster
 * than a length that it does not know.
 */
#define PIECE 64

static_assert(WARREN_GATHER_HEADERS % PIECE == 0 &&
	      WARREN_AEAD_ROOM % PIECE == 0);

static u8 *start_of(const struct warren_gather *gather)
{
	return warren_slice_start(&gather->slice) + gather->place;
}

static void copy(u8 *to, const u8 *from, unsigned int len)
{
	for (; len; len -= PIECE, to += PIECE, from += PIECE)
		memcpy(to, from, PIECE);
}

u8 *warren_gather_place(struct warren_gather *gather, unsigned int len,
			unsigned int room)
{
	/* Nothing of the run is in the slice when the first for it was forged. */
	unsigned int overlap = gather->at ? gather->header_len : 0;

	gather->place = overlap ? gather->at - overlap :
				  ALIGN(gather->at, WARREN_AEAD_ROOM) +
					  WARREN_AEAD_ROOM;
	if (gather->place + len > gather->slice.size) {
		warren_gather_end(gather);
		if (!warren_pages_take(&gather->slice, WARREN_AEAD_ROOM + len,
				       WARREN_AEAD_ROOM +
					       max(gather->rest, len)))
			return NULL;
		gather->place = WARREN_AEAD_ROOM;
		overlap = 0;
	}
	gather->overlap = overlap;
	/* What decrypting overwrites, and a bit before that. */
	gather->saved_size = overlap ? room + ALIGN(overlap, PIECE) : 0;
	copy(gather->saved, start_of(gather) + overlap - gather->saved_size,
	     gather->saved_size);
	return start_of(gather);
}

void warren_gather_put_back(struct warren_gather *gather)
{
	copy(start_of(gather) + gather->overlap - gather->saved_size,
	     gather->saved, gather->saved_size);
}

/* Gives bytes of the slice to the run, or to a new packet. */
static void add_payload(struct warren_gather *gather, struct sk_buff *skb,
			unsigned int offset, unsigned int len)
{
	struct skb_shared_info *info = skb_shinfo(skb);

	if (gather->overlap && info->nr_frags) {
		skb_frag_size_add(&info->frags[info->nr_frags - 1], len);
	} else {
		get_page(gather->slice.page);
		skb_fill_page_desc(skb, info->nr_frags, gather->slice.page,
				   gather->slice.offset + offset, len);
	}
	skb->len += len;
	skb->data_len += len;
	skb->truesize += len;
}

/* An IPv4 id goes up by one each time, or is the same where it has no meaning. */
static bool next_id(struct warren_gather *gather, const struct iphdr *ip)
{
	u16 distance = ntohs(ip->id) - gather->id;

	if (gather->count == 1)
		gather->fixed_id = !distance;
	if (gather->fixed_id)
		return !distance && ip->frag_off & htons(IP_DF);
	return distance == (u16)gather->count;
}

/* The length of the packet's payload, or 0 if its IP header does not fit. */
static unsigned int same_ip(struct warren_gather *gather, const u8 *packet,
			    unsigned int len)
{
	const u8 *head = gather->skb->data;
	unsigned int total;

	if (gather->transport == sizeof(struct iphdr)) {
		const struct iphdr *ip = (const struct iphdr *)packet;
		const struct iphdr *our = (const struct iphdr *)head;

		if ((*(const __be32 *)ip & htonl(0xffff0000)) !=
			    gather->first ||
		    ip->frag_off != our->frag_off || ip->ttl != our->ttl ||
		    ip->protocol != our->protocol || ip->saddr != our->saddr ||
		    ip->daddr != our->daddr ||
		    ip_fast_csum(packet, sizeof(*ip) / 4) ||
		    !next_id(gather, ip))
			return 0;
		total = ntohs(ip->tot_len);
	} else {
		const struct ipv6hdr *ip = (const struct ipv6hdr *)packet;
		const struct ipv6hdr *our = (const struct ipv6hdr *)head;

		if (*(const __be32 *)ip != gather->first ||
		    ip->nexthdr != our->nexthdr ||
		    ip->hop_limit != our->hop_limit ||
		    !ipv6_addr_equal(&ip->saddr, &our->saddr) ||
		    !ipv6_addr_equal(&ip->daddr, &our->daddr))
			return 0;
		total = ntohs(ip->payload_len) + sizeof(*ip);
	}
	return total > gather->header_len && total <= len ?
		       total - gather->header_len :
		       0;
}

static bool same_tcp(const struct warren_gather *gather, const u8 *packet)
{
	const u8 *head = gather->skb->data + gather->transport;
	const struct tcphdr *our = (const struct tcphdr *)head;
	const struct tcphdr *tcp =
		(const struct tcphdr *)(packet + gather->transport);
	__be32 flags = tcp_flag_word(tcp);
	unsigned int i;

	/* The flags' word holds the window and the header's length, too. */
	if (tcp->source != our->source || tcp->dest != our->dest ||
	    ntohl(tcp->seq) != gather->next_seq ||
	    tcp->ack_seq != our->ack_seq ||
	    (flags ^ tcp_flag_word(our)) & ~LAST)
		return false;
	for (i = sizeof(*tcp); i < gather->header_len - gather->transport;
	     i += 4)
		if (*(const u32 *)((const u8 *)tcp + i) !=
		    *(const u32 *)(head + i))
			return false;
	return true;
}

unsigned int warren_gather_join(struct warren_gather *gather,
				unsigned int len)
{
	unsigned int header_len = gather->header_len, payload;
	struct sk_buff *skb = gather->skb;
	const u8 *packet = start_of(gather);
	__be32 flags;

	if (!header_len || len <= header_len ||
	    (!gather->overlap && skb_shinfo(skb)->nr_frags == MAX_SKB_FRAGS))
		return 0;
	payload = same_ip(gather, packet, len);
	if (!payload || payload > gather->mss ||
	    skb->len + payload > gather->max_len ||
	    !same_tcp(gather, packet))
		return 0;

	flags = tcp_flag_word((const struct tcphdr *)(packet +
						      gather->transport));
	warren_gather_put_back(gather);
	add_payload(gather, skb, gather->place + header_len, payload);
	gather->at = gather->place + header_len + payload;
	gather->flags |= flags;
	gather->next_seq += payload;
	gather->count++;
	if (payload < gather->mss || flags & LAST)
		gather->header_len = 0;
	return header_len + payload;
}

/* Of TCP without IP options or extension headers; else 0. */
static unsigned int headers_of(const u8 *packet, unsigned int len,
			       unsigned int *transport)
{
	unsigned int start = 0;

	if (len < sizeof(struct ipv6hdr))
		return 0;
	if (*packet == 0x45 &&
	    ((const struct iphdr *)packet)->protocol == IPPROTO_TCP)
		start = sizeof(struct iphdr);
	else if (*packet >> 4 == 6 &&
		 ((const struct ipv6hdr *)packet)->nexthdr == IPPROTO_TCP)
		start = sizeof(struct ipv6hdr);
	if (!start || start + sizeof(struct tcphdr) > len)
		return 0;
	*transport = start;
	return start + __tcp_hdrlen((const struct tcphdr *)(packet + start));
}

struct sk_buff *warren_gather_start(struct warren_gather *gather,
				    unsigned int len)
{
	const u8 *packet = start_of(gather);
	unsigned int linear, transport;
	struct sk_buff *skb;

	/* What lies on the payload before this packet cannot stay. */
	linear = max(headers_of(packet, len, &transport), gather->overlap);
	if (!linear || linear > WARREN_GATHER_HEADERS)
		linear = WARREN_GATHER_HEADERS;
	if (len <= SMALL)
		linear = len;
	gather->first = *(const __be32 *)packet;
	skb = warren_pages_skb(HEADROOM, linear);
	if (skb)
		skb_put_data(skb, packet, linear);
	warren_gather_put_back(gather);
	gather->overlap = 0;
	if (skb && len > linear) {
		add_payload(gather, skb, gather->place + linear, len - linear);
		gather->at = gather->place + len;
	}
	return skb;
}

bool warren_gather_hold(struct warren_gather *gather, struct sk_buff *skb)
{
	unsigned int header_len, transport, payload;
	const struct iphdr *ip = ip_hdr(skb);
	const struct tcphdr *tcp;

	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) ||
	    netif_elide_gro(skb->dev))
		return false;
	header_len = headers_of(skb->data, skb_headlen(skb), &transport);
	if (!header_len || header_len < transport + sizeof(*tcp) ||
	    header_len != skb_headlen(skb))
		return false;
	/* With less there is nothing to be put aside in pieces, nor to be won. */
	payload = skb->len - header_len;
	if (payload < PIECE)
		return false;
	tcp = (const struct tcphdr *)(skb->data + transport);
	if (tcp_flag_word(tcp) & (LAST | ALONE) || !tcp->ack)
		return false;
	if (transport == sizeof(*ip)) {
		if (ip->frag_off & ~htons(IP_DF) ||
		    ip_fast_csum(ip, sizeof(*ip) / 4))
			return false;
		gather->first &= htonl(0xffff0000);
		gather->id = ntohs(ip->id);
	}
	gather->at = gather->place + skb->len;
	gather->skb = skb;
	gather->header_len = header_len;
	gather->transport = transport;
	gather->count = 1;
	gather->mss = payload;
	gather->max_len = min_t(unsigned int, IP_MAX_MTU,
				READ_ONCE(skb->dev->gro_max_size));
	gather->next_seq = ntohl(tcp->seq) + payload;
	gather->flags = 0;
	return true;
}

/* Headers of the whole, as TCP gives them to a device that segments. */
static void finish(const struct warren_gather *gather, struct sk_buff *skb)
{
	struct tcphdr *tcp = (struct tcphdr *)(skb->data + gather->transport);
	unsigned int len = skb->len - gather->transport;
	struct skb_shared_info *info = skb_shinfo(skb);

	if (gather->transport == sizeof(struct iphdr)) {
		struct iphdr *ip = ip_hdr(skb);

		info->gso_type = SKB_GSO_TCPV4;
		if (gather->fixed_id)
			info->gso_type |= SKB_GSO_TCP_FIXEDID;
		ip->tot_len = htons(skb->len);
		ip_send_check(ip);
		tcp->check = ~tcp_v4_check(len, ip->saddr, ip->daddr, 0);
	} else {
		struct ipv6hdr *ip = ipv6_hdr(skb);

		info->gso_type = SKB_GSO_TCPV6;
		ip->payload_len = htons(len);
		tcp->check = ~tcp_v6_check(len, &ip->saddr, &ip->daddr, 0);
	}
	tcp_flag_word(tcp) |= gather->flags & LAST;
	info->gso_size = gather->mss;
	info->gso_segs = gather->count;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_level = 0;
	skb->csum_start = (u8 *)tcp - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

struct sk_buff *warren_gather_take(struct warren_gather *gather)
{
	struct sk_buff *skb = gather->skb;

	if (skb && gather->count > 1)
		finish(gather, skb);
	gather->skb = NULL;
	gather->header_len = 0;
	return skb;
}

void warren_gather_end(struct warren_gather *gather)
{
	if (gather->slice.page)
		put_page(gather->slice.page);
	gather->slice = (struct warren_slice){};
	gather->at = 0;
}
