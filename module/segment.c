// SPDX-License-Identifier: GPL-2.0
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include "segment.h"

static bool is_udp(const struct sk_buff *skb)
{
	return skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4;
}

static int plan_gso(struct warren_segments *segments)
{
	struct sk_buff *skb = segments->skb;
	unsigned int network, transport, header_len, mss, payload;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return -EINVAL;
	transport = skb_checksum_start_offset(skb);
	network = ip_hdr(skb)->version == 4 ? sizeof(struct iphdr) :
					      sizeof(struct ipv6hdr);
	if (transport < network || transport > skb->len)
		return -EINVAL;
	if (is_udp(skb)) {
		header_len = transport + sizeof(struct udphdr);
	} else {
		if (!pskb_may_pull(skb, transport + sizeof(struct tcphdr)))
			return -EINVAL;
		header_len = transport +
			     __tcp_hdrlen((struct tcphdr *)(skb->data + transport));
		if (header_len < transport + sizeof(struct tcphdr))
			return -EINVAL;
	}
	mss = skb_shinfo(skb)->gso_size;
	if (!mss || header_len >= skb->len)
		return -EINVAL;
	if (!pskb_may_pull(skb, header_len))
		return -ENOMEM;

	payload = skb->len - header_len;
	segments->count = DIV_ROUND_UP(payload, mss);
	segments->header_len = header_len;
	segments->transport = transport;
	segments->size = header_len + mss;
	segments->last_size = header_len + payload -
			      (segments->count - 1) * mss;
	return 0;
}

int warren_segments_plan(struct warren_segments *segments, struct sk_buff *skb)
{
	*segments = (struct warren_segments){
		.skb = skb,
		.count = 1,
		.size = skb->len,
		.last_size = skb->len,
	};
	return skb_is_gso(skb) ? plan_gso(segments) : 0;
}

/* Whole, or as the stack left it: with the checksum still to be filled in. */
static int write_single(const struct sk_buff *skb, u8 *to)
{
	unsigned int start, place;
	__sum16 sum;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return skb_copy_bits(skb, 0, to, skb->len);

	start = skb_checksum_start_offset(skb);
	place = start + skb->csum_offset;
	if (start > skb->len || place + sizeof(sum) > skb->len)
		return -EFAULT;
	if (skb_copy_bits(skb, 0, to, start))
		return -EFAULT;
	sum = csum_fold(skb_copy_and_csum_bits(skb, start, to + start,
					       skb->len - start)) ?:
		      CSUM_MANGLED_0;
	memcpy(to + place, &sum, sizeof(sum));
	return 0;
}

/* Return: the sum of the pseudo header's addresses and @len, to be folded. */
static __sum16 finish_checksum(const u8 *ip_start, u8 protocol,
			       unsigned int len, __wsum sum)
{
	const struct iphdr *ip = (const struct iphdr *)ip_start;
	const struct ipv6hdr *ip6 = (const struct ipv6hdr *)ip_start;

	if (ip->version == 4)
		return csum_tcpudp_magic(ip->saddr, ip->daddr, len, protocol,
					 sum);
	return csum_ipv6_magic(&ip6->saddr, &ip6->daddr, len, protocol, sum);
}

/* Headers are multiples of four bytes. */
static void copy_headers(u8 *to, const u8 *from, unsigned int len)
{
	unsigned int i;

	for (i = 0; i + 8 <= len; i += 8)
		memcpy(to + i, from + i, 8);
	if (i < len)
		memcpy(to + i, from + i, 4);
}

static void fix_ip(u8 *start, unsigned int i, unsigned int len, bool fixed_id)
{
	struct iphdr *ip = (struct iphdr *)start;

	if (ip->version == 4) {
		ip->tot_len = htons(len);
		if (!fixed_id)
			ip->id = htons(ntohs(ip->id) + i);
		ip->check = 0;
		ip->check = ip_fast_csum(ip, ip->ihl);
	} else {
		((struct ipv6hdr *)start)->payload_len =
			htons(len - sizeof(struct ipv6hdr));
	}
}

/* Of segment @i in the packet. */
static unsigned int payload_offset(const struct warren_segments *segments,
				   unsigned int i)
{
	return segments->header_len +
	       i * (segments->size - segments->header_len);
}

const u8 *warren_segments_payload(const struct warren_segments *segments,
				  unsigned int i)
{
	const struct sk_buff *skb = segments->skb;
	unsigned int header_len = segments->header_len;
	unsigned int len = warren_segments_size(segments, i) - header_len;
	unsigned int offset = payload_offset(segments, i);
	unsigned int start = skb_headlen(skb);
	int frag;

	if (!header_len)
		return NULL;
	if (offset + len <= start)
		return skb->data + offset;
	for (frag = 0; frag < skb_shinfo(skb)->nr_frags && offset >= start;
	     frag++) {
		skb_frag_t *piece = &skb_shinfo(skb)->frags[frag];
		unsigned int end = start + skb_frag_size(piece);

		if (offset + len <= end) {
			const u8 *bytes = skb_frag_address_safe(piece);

			return bytes ? bytes + offset - start : NULL;
		}
		start = end;
	}
	return NULL;
}

void warren_segments_write_headers(const struct warren_segments *segments,
				   unsigned int i, u8 *to, __wsum sum)
{
	const struct sk_buff *skb = segments->skb;
	unsigned int header_len = segments->header_len;
	unsigned int transport = segments->transport;
	unsigned int len = warren_segments_size(segments, i);
	u8 *start = to + transport;

	copy_headers(to, skb->data, header_len);
	fix_ip(to, i, len, skb_shinfo(skb)->gso_type & SKB_GSO_TCP_FIXEDID);

	if (is_udp(skb)) {
		struct udphdr *udp = (struct udphdr *)start;

		udp->len = htons(len - transport);
		udp->check = 0;
		sum = csum_partial(udp, sizeof(*udp), sum);
		udp->check = finish_checksum(to, IPPROTO_UDP, len - transport,
					     sum) ?:
				     CSUM_MANGLED_0;
	} else {
		struct tcphdr *tcp = (struct tcphdr *)start;
		unsigned int mss = segments->size - header_len;

		tcp->seq = htonl(ntohl(tcp->seq) + i * mss);
		if (i)
			tcp->cwr = 0;
		if (i + 1 < segments->count) {
			tcp->fin = 0;
			tcp->psh = 0;
		}
		tcp->check = 0;
		sum = csum_partial(tcp, header_len - transport, sum);
		tcp->check = finish_checksum(to, IPPROTO_TCP, len - transport,
					     sum);
	}
}

int warren_segments_write(const struct warren_segments *segments,
			  unsigned int i, u8 *to)
{
	const struct sk_buff *skb = segments->skb;
	unsigned int header_len = segments->header_len;
	unsigned int len = warren_segments_size(segments, i) - header_len;
	unsigned int offset = payload_offset(segments, i);

	if (segments->count == 1 && !header_len)
		return write_single(skb, to);
	if (offset + len > skb->len)
		return -EFAULT;
	warren_segments_write_headers(segments, i, to,
				      skb_copy_and_csum_bits(skb, offset,
							     to + header_len,
							     len));
	return 0;
}
