// SPDX-License-Identifier: GPL-2.0
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>
#include <net/net_namespace.h>
#include <net/udp.h> /* skb_gso_segment(), wherever it is declared */
#include "gso_check.h"
#include "packet.h"

/* A batch: messages of one size and a shorter last one, in two pages. */
#define MESSAGES 6
#define SIZE 500
#define LAST 33
#define BYTES ((MESSAGES - 1) * SIZE + LAST)

static u8 pattern(unsigned int i)
{
	return i * 37 + i / 251;
}

static int add_messages(struct sk_buff *skb, unsigned int from, unsigned int to)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned int i;

	if (!page)
		return -ENOMEM;
	for (i = from; i < to; i++)
		((u8 *)page_address(page))[i - from] = pattern(i);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 0, to - from,
			PAGE_SIZE);
	return 0;
}

static void push_udp(struct sk_buff *skb, bool ipv6)
{
	struct udphdr *udp = skb_push(skb, sizeof(*udp));

	skb_reset_transport_header(skb);
	udp->source = htons(1);
	udp->dest = htons(2);
	udp->len = htons(skb->len);
	udp->check = ipv6 ? ~udp_v6_check(skb->len, &in6addr_loopback,
					  &in6addr_loopback, 0) :
			    ~udp_v4_check(skb->len, htonl(INADDR_LOOPBACK),
					  htonl(INADDR_LOOPBACK), 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
}

static void push_ip(struct sk_buff *skb)
{
	struct iphdr *ip = skb_push(skb, sizeof(*ip));

	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IP);
	*ip = (struct iphdr){
		.version = IPVERSION,
		.ihl = sizeof(*ip) / 4,
		.tot_len = htons(skb->len),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = htonl(INADDR_LOOPBACK),
		.daddr = htonl(INADDR_LOOPBACK),
	};
	ip_send_check(ip);
}

static void push_ipv6(struct sk_buff *skb)
{
	unsigned int len = skb->len;
	struct ipv6hdr *ip = skb_push(skb, sizeof(*ip));

	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IPV6);
	*ip = (struct ipv6hdr){
		.version = 6,
		.payload_len = htons(len),
		.nexthdr = IPPROTO_UDP,
		.hop_limit = 64,
		.saddr = in6addr_loopback,
		.daddr = in6addr_loopback,
	};
}

/* As warren_socket_send() makes one; and an Ethernet header. */
static struct sk_buff *batch(bool ipv6)
{
	struct sk_buff *skb = alloc_skb(WARREN_OUTER_HEADROOM, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, WARREN_OUTER_HEADROOM);
	if (add_messages(skb, 0, BYTES / 2 / SIZE * SIZE) ||
	    add_messages(skb, BYTES / 2 / SIZE * SIZE, BYTES)) {
		kfree_skb(skb);
		return NULL;
	}
	skb_shinfo(skb)->gso_size = SIZE;
	skb_shinfo(skb)->gso_segs = MESSAGES;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	push_udp(skb, ipv6);
	if (ipv6)
		push_ipv6(skb);
	else
		push_ip(skb);
	memset(skb_push(skb, ETH_HLEN), 0, ETH_HLEN);
	skb_reset_mac_header(skb);
	skb->dev = init_net.loopback_dev;
	return skb;
}

/* What is wrong with the packet of message @i, which is linear; or NULL. */
static const char *fault(const struct sk_buff *skb, unsigned int i, bool ipv6)
{
	unsigned int size = i + 1 == MESSAGES ? LAST : SIZE, len, k;
	unsigned int header = ipv6 ? sizeof(struct ipv6hdr) :
				     sizeof(struct iphdr);
	const u8 *ip = skb->data + ETH_HLEN;
	const struct ipv6hdr *ip6 = (const void *)ip;
	const struct iphdr *ip4 = (const void *)ip;
	const struct udphdr *udp = (const void *)(ip + header);
	__wsum sum;

	len = sizeof(*udp) + size;
	if (skb->len != ETH_HLEN + header + len)
		return "size";
	if (ipv6 ? ntohs(ip6->payload_len) != len :
		   ntohs(ip4->tot_len) != header + len)
		return "length in the IP header";
	if (!ipv6 && ip_fast_csum(ip, ip4->ihl))
		return "checksum of the IP header";
	if (ntohs(udp->len) != len)
		return "length in the UDP header";
	for (k = 0; k < size; k++)
		if (((const u8 *)(udp + 1))[k] != pattern(i * SIZE + k))
			return "payload";
	sum = csum_partial(udp, len, 0);
	if (!udp->check ||
	    (ipv6 ? udp_v6_check(len, &ip6->saddr, &ip6->daddr, sum) :
		    udp_v4_check(len, ip4->saddr, ip4->daddr, sum)))
		return "UDP checksum";
	return NULL;
}

static int check(struct sk_buff *segments, bool ipv6)
{
	const char *what = NULL;
	struct sk_buff *skb;
	unsigned int i = 0;

	for (skb = segments; skb && !what; skb = skb->next, i++) {
		if (i == MESSAGES)
			break;
		if ((skb->ip_summed == CHECKSUM_PARTIAL &&
		     skb_checksum_help(skb)) ||
		    skb_linearize(skb))
			return -ENOMEM;
		what = fault(skb, i, ipv6);
	}
	if (!what && (skb || i < MESSAGES))
		what = "number";
	if (!what)
		return 0;
	pr_warn("UDP segmentation over IPv%c: the %s of what comes out is wrong\n",
		ipv6 ? '6' : '4', what);
	return -EBADMSG;
}

static int cut(bool ipv6, netdev_features_t features)
{
	struct sk_buff *skb = batch(ipv6), *segments;
	int err;

	if (!skb)
		return -ENOMEM;
	local_bh_disable();
	segments = skb_gso_segment(skb, features);
	local_bh_enable();
	err = IS_ERR(segments) ? PTR_ERR(segments) : check(segments, ipv6);
	if (!IS_ERR_OR_NULL(segments))
		kfree_skb_list(segments);
	kfree_skb(skb);
	return err;
}

int warren_gso_check(void)
{
	static const netdev_features_t features[] = {
		0, NETIF_F_SG | NETIF_F_HW_CSUM
	};
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(features) && !err; i++) {
		err = cut(false, features[i]);
		if (!err)
			err = cut(true, features[i]);
	}
	return err;
}
