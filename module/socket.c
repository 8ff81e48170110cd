// SPDX-License-Identifier: GPL-2.0
#include <linux/inetdevice.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/dst_cache.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/udp_tunnel.h>
#include "device.h"
#include "packet.h"
#include "peer.h"

/*
 * Datagrams come by the socket's receive queue and sk_data_ready, not by
 * encap_rcv: the stack cuts a UDP GRO packet up before encap_rcv sees it, and
 * that is what a tunnel can least afford. The queue is emptied at once, by the
 * softirq that filled it, so it is only as long as there are CPUs receiving.
 */
#define RECEIVE_BUFFER (32 << 20)

/* Tries to find a port that is free for IPv4 and IPv6. */
#define PORT_TRIES 100

/* A message of its own, or a batch of data messages. Takes @skb. */
static void route(struct warren_device *warren, struct sk_buff *skb)
{
	unsigned int size = skb_shinfo(skb)->gso_size, offset;
	__le32 type;

	if (skb_copy_bits(skb, 0, &type, sizeof(type)))
		goto malformed;
	switch (le32_to_cpu(type)) {
	case WARREN_MESSAGE_DATA:
		warren_receive_data(warren, skb);
		return;
	case WARREN_MESSAGE_INITIATION:
	case WARREN_MESSAGE_RESPONSE:
	case WARREN_MESSAGE_COOKIE:
		if (!skb_is_gso(skb)) {
			warren_handshake_enqueue(warren, skb);
			return;
		}
	}
	if (!skb_is_gso(skb))
		goto malformed;
	for (offset = 0; offset < skb->len; offset += size)
		warren_socket_route_piece(warren, skb, offset,
					  min(size, skb->len - offset));
	consume_skb(skb);
	return;
malformed:
	warren_stats_inc(warren, WARREN_STAT_RX_MALFORMED);
	kfree_skb(skb);
}

void warren_socket_route_piece(struct warren_device *warren,
			       const struct sk_buff *batch, unsigned int offset,
			       unsigned int len)
{
	struct sk_buff *skb = skb_copy(batch, GFP_ATOMIC);

	if (!skb) {
		warren_stats_inc(warren, WARREN_STAT_RX_NO_MEMORY);
		return;
	}
	__skb_pull(skb, offset);
	__skb_trim(skb, len);
	skb_gso_reset(skb);
	route(warren, skb);
}

static void data_ready(struct sock *sk)
{
	struct warren_device *warren;
	struct sk_buff *skb;
	int off = 0, err;

	rcu_read_lock();
	warren = rcu_dereference_sk_user_data(sk);
	while (warren &&
	       (skb = __skb_recv_udp(sk, MSG_DONTWAIT, &off, &err))) {
		skb->dev = warren->dev; /* the socket kept notes there */
		route(warren, skb);
	}
	rcu_read_unlock();
}

int warren_socket_endpoint_from_skb(struct warren_endpoint *endpoint,
				    const struct sk_buff *skb)
{
	memset(endpoint, 0, sizeof(*endpoint));
	if (skb->protocol == htons(ETH_P_IP)) {
		endpoint->addr4.sin_family = AF_INET;
		endpoint->addr4.sin_port = udp_hdr(skb)->source;
		endpoint->addr4.sin_addr.s_addr = ip_hdr(skb)->saddr;
		endpoint->source4.s_addr = ip_hdr(skb)->daddr;
		endpoint->source_ifindex4 = skb->skb_iif;
	} else if (IS_ENABLED(CONFIG_IPV6) &&
		   skb->protocol == htons(ETH_P_IPV6)) {
		endpoint->addr6.sin6_family = AF_INET6;
		endpoint->addr6.sin6_port = udp_hdr(skb)->source;
		endpoint->addr6.sin6_addr = ipv6_hdr(skb)->saddr;
		endpoint->addr6.sin6_scope_id = ipv6_iface_scope_id(
			&ipv6_hdr(skb)->saddr, skb->skb_iif);
		endpoint->source6 = ipv6_hdr(skb)->daddr;
	} else {
		return -EINVAL;
	}
	return 0;
}

/*
 * The route to an endpoint, from the address and interface by which it last
 * reached us, as long as we still have them. Sets @flow->saddr.
 */
static struct rtable *route4(struct sock *sk, struct flowi4 *flow,
			     const struct warren_endpoint *endpoint,
			     bool *source_gone)
{
	struct net *net = sock_net(sk);
	struct flowi4 unbound = *flow; /* a look-up writes into its argument */
	struct rtable *rt;

	if (endpoint->source4.s_addr)
		flow->saddr = endpoint->source4.s_addr;
	if (endpoint->source4.s_addr &&
	    inet_confirm_addr(net, NULL, 0, flow->saddr, RT_SCOPE_HOST)) {
		rt = ip_route_output_flow(net, flow, sk);
		if (!IS_ERR(rt)) {
			if (!endpoint->source_ifindex4 || flow->flowi4_oif ||
			    rt->dst.dev->ifindex == endpoint->source_ifindex4)
				return rt;
			ip_rt_put(rt);
		} else if (PTR_ERR(rt) != -EINVAL) {
			return rt;
		}
	}
	*source_gone = endpoint->source4.s_addr || endpoint->source_ifindex4;
	*flow = unbound;
	return ip_route_output_flow(net, flow, sk);
}

/* One UDP header for a message or for a batch of them. */
static struct udphdr *push_udp(struct sk_buff *skb, __be16 source, __be16 dest)
{
	struct udphdr *udp = __skb_push(skb, sizeof(*udp));

	skb_reset_transport_header(skb);
	udp->source = source;
	udp->dest = dest;
	udp->len = htons(skb->len);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
	return udp;
}

/*
 * A number for each packet that its path may cut into fragments. A peer has
 * numbers of its own, as only those to one address must differ: the stack would
 * look for a counter by a hash of the addresses, half a microsecond each time.
 */
static void number4(struct net *net, struct iphdr *ip, unsigned int packets,
		    struct warren_peer *peer)
{
	if (likely(peer))
		ip->id = htons(atomic_fetch_add(packets, &peer->ip_id));
	else
		__ip_select_ident(net, ip, packets);
}

/* @peer: whose endpoint it is; NULL for an answer to somebody unknown. */
static int send4(struct warren_device *warren, struct sock *sk,
		 struct sk_buff *skb, const struct warren_endpoint *endpoint,
		 u8 dsfield, struct warren_peer *peer, bool *source_gone)
{
	struct flowi4 flow = {
		.saddr = inet_sk(sk)->inet_saddr,
		.daddr = endpoint->addr4.sin_addr.s_addr,
		.flowi4_oif = sk->sk_bound_dev_if,
		.fl4_dport = endpoint->addr4.sin_port,
		.fl4_sport = inet_sk(sk)->inet_sport,
		.flowi4_mark = skb->mark,
		.flowi4_proto = IPPROTO_UDP,
	};
	struct dst_cache *cache = peer ? &peer->route : NULL;
	struct net *net = sock_net(sk);
	struct udphdr *udp;
	struct iphdr *ip;
	struct rtable *rt;

	rt = cache ? dst_cache_get_ip4(cache, &flow.saddr) : NULL;
	if (!rt) {
		security_sk_classify_flow(sk, flowi4_to_flowi_common(&flow));
		rt = route4(sk, &flow, endpoint, source_gone);
		if (IS_ERR(rt))
			return PTR_ERR(rt);
		if (unlikely(rt->dst.dev == warren->dev)) {
			ip_rt_put(rt);
			return -ELOOP;
		}
		if (cache)
			dst_cache_set_ip4(cache, &rt->dst, flow.saddr);
	}

	udp = push_udp(skb, flow.fl4_sport, flow.fl4_dport);
	udp->check = ~udp_v4_check(skb->len, flow.saddr, flow.daddr, 0);

	skb_dst_set(skb, &rt->dst);
	ip = __skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	ip->version = IPVERSION;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = dsfield;
	ip->frag_off = 0;
	ip->ttl = ip4_dst_hoplimit(&rt->dst);
	ip->protocol = IPPROTO_UDP;
	ip->saddr = flow.saddr;
	ip->daddr = flow.daddr;
	number4(net, ip, skb_shinfo(skb)->gso_segs ?: 1, peer);
	ip_local_out(net, sk, skb);
	return 0;
}

static int send6(struct warren_device *warren, struct sock *sk,
		 struct sk_buff *skb, const struct warren_endpoint *endpoint,
		 u8 dsfield, struct warren_peer *peer, bool *source_gone)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct flowi6 flow = {
		.daddr = endpoint->addr6.sin6_addr,
		.fl6_dport = endpoint->addr6.sin6_port,
		.fl6_sport = inet_sk(sk)->inet_sport,
		.flowi6_mark = skb->mark,
		.flowi6_oif = endpoint->addr6.sin6_scope_id ?:
				      sk->sk_bound_dev_if,
		.flowi6_proto = IPPROTO_UDP,
	};
	struct dst_cache *cache = peer ? &peer->route : NULL;
	struct net *net = sock_net(sk);
	struct dst_entry *dst;
	struct ipv6hdr *ip6;
	struct udphdr *udp;

	dst = cache ? dst_cache_get_ip6(cache, &flow.saddr) : NULL;
	if (!dst) {
		security_sk_classify_flow(sk, flowi6_to_flowi_common(&flow));
		flow.saddr = endpoint->source6;
		if (!ipv6_addr_any(&flow.saddr) &&
		    !ipv6_chk_addr(net, &flow.saddr, NULL, 0)) {
			*source_gone = true;
			flow.saddr = in6addr_any;
		}
		if (ipv6_addr_any(&flow.saddr))
			flow.saddr = inet6_sk(sk)->saddr;
		dst = ip6_dst_lookup_flow(net, sk, &flow, NULL);
		if (IS_ERR(dst))
			return PTR_ERR(dst);
		if (unlikely(dst->dev == warren->dev)) {
			dst_release(dst);
			return -ELOOP;
		}
		if (cache)
			dst_cache_set_ip6(cache, dst, &flow.saddr);
	}

	udp = push_udp(skb, flow.fl6_sport, flow.fl6_dport);
	udp->check = ~udp_v6_check(skb->len, &flow.saddr, &flow.daddr, 0);

	skb_dst_set(skb, dst);
	ip6 = __skb_push(skb, sizeof(*ip6));
	skb_reset_network_header(skb);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	ip6_flow_hdr(ip6, dsfield, 0);
	ip6->payload_len = udp->len;
	ip6->nexthdr = IPPROTO_UDP;
	ip6->hop_limit = ip6_dst_hoplimit(dst);
	ip6->saddr = flow.saddr;
	ip6->daddr = flow.daddr;
	/* A path narrower than our MTU is served by fragments. */
	skb->ignore_df = 1;
	ip6_local_out(net, sk, skb);
	return 0;
#else
	return -EAFNOSUPPORT;
#endif
}

static int send(struct warren_device *warren, struct sk_buff *skb,
		const struct warren_endpoint *endpoint, u8 dsfield,
		struct warren_peer *peer, bool *source_gone)
{
	struct warren_sockets *sockets;
	int err = -ENETDOWN;

	skb->mark = READ_ONCE(warren->fwmark);
	skb->dev = warren->dev;

	rcu_read_lock_bh();
	sockets = rcu_dereference_bh(warren->sockets);
	if (sockets) {
		if (endpoint->addr.sa_family == AF_INET)
			err = send4(warren, sockets->sock4, skb, endpoint,
				    dsfield, peer, source_gone);
		else if (endpoint->addr.sa_family == AF_INET6)
			err = sockets->sock6 ?
				      send6(warren, sockets->sock6, skb,
					    endpoint, dsfield, peer,
					    source_gone) :
				      -EAFNOSUPPORT;
		else
			err = -EDESTADDRREQ;
	}
	rcu_read_unlock_bh();
	if (unlikely(err))
		kfree_skb(skb);
	return err;
}

int warren_socket_send(struct warren_peer *peer, struct sk_buff *skb, u8 dsfield)
{
	struct warren_device *warren = peer->warren;
	struct warren_endpoint endpoint;
	unsigned int len = skb->len;
	bool source_gone = false;
	int err;

	warren_peer_read_endpoint(peer, &endpoint);
	err = send(warren, skb, &endpoint, dsfield, peer, &source_gone);
	if (unlikely(source_gone))
		warren_peer_clear_endpoint_source(peer);
	if (likely(!err))
		atomic64_add(len, &peer->tx_bytes);
	else if (err == -EDESTADDRREQ)
		warren_stats_peer_inc(peer, WARREN_STAT_TX_NO_ENDPOINT);
	else if (err == -ELOOP)
		warren_stats_peer_inc(peer, WARREN_STAT_TX_LOOP);
	else
		warren_stats_peer_inc(peer, WARREN_STAT_TX_NO_ROUTE);
	return err;
}

static struct sk_buff *skb_with(const void *buffer, size_t len)
{
	struct sk_buff *skb;

	skb = alloc_skb(WARREN_OUTER_HEADROOM + len, GFP_ATOMIC);
	if (skb) {
		skb_reserve(skb, WARREN_OUTER_HEADROOM);
		skb_put_data(skb, buffer, len);
	}
	return skb;
}

int warren_socket_send_buffer(struct warren_peer *peer, const void *buffer,
			      size_t len, u8 dsfield)
{
	struct sk_buff *skb = skb_with(buffer, len);

	if (!skb) {
		warren_stats_peer_inc(peer, WARREN_STAT_TX_NO_MEMORY);
		return -ENOMEM;
	}
	return warren_socket_send(peer, skb, dsfield);
}

int warren_socket_send_reply(struct warren_device *warren,
			     const struct sk_buff *in, const void *buffer,
			     size_t len)
{
	struct warren_endpoint endpoint;
	struct sk_buff *skb;
	bool source_gone;
	int err;

	err = warren_socket_endpoint_from_skb(&endpoint, in);
	if (err)
		return err;
	skb = skb_with(buffer, len);
	if (!skb)
		return -ENOMEM;
	return send(warren, skb, &endpoint, 0, NULL, &source_gone);
}

/* Nothing more is received after it, and RCU. */
static void silence_sock(struct sock *sk)
{
	if (sk)
		rcu_assign_sk_user_data(sk, NULL);
}

static void close_sock(struct sock *sk)
{
	if (!sk)
		return;
	sk_clear_memalloc(sk);
	kernel_sock_shutdown(sk->sk_socket, SHUT_RDWR);
	sock_release(sk->sk_socket);
}

static int open_sock(struct sock **sk, struct warren_device *warren,
		     struct net *net, struct udp_port_cfg *config)
{
	struct socket *sock;
	int err, on = 1;

	err = udp_sock_create(net, config, &sock);
	if (err)
		return err;
	*sk = sock->sk;
	err = sock->ops->setsockopt(sock, SOL_UDP, UDP_GRO,
				    KERNEL_SOCKPTR(&on), sizeof(on));
	if (err) {
		sock_release(sock);
		*sk = NULL;
		return err;
	}
	sock->sk->sk_allocation = GFP_ATOMIC;
	sock->sk->sk_sndbuf = INT_MAX;
	sock->sk->sk_rcvbuf = RECEIVE_BUFFER;
	sock->sk->sk_mark = warren->fwmark;
#ifdef CONFIG_NET_RX_BUSY_POLL
	/* We empty the queue in softirqs, where waiting would be fatal. */
	sock->sk->sk_ll_usec = 0;
#endif
	sk_set_memalloc(sock->sk);

	write_lock_bh(&sock->sk->sk_callback_lock);
	rcu_assign_sk_user_data(sock->sk, warren);
	sock->sk->sk_data_ready = data_ready;
	write_unlock_bh(&sock->sk->sk_callback_lock);
	return 0;
}

static int open_both(struct warren_sockets *sockets,
		     struct warren_device *warren, struct net *net, u16 port,
		     const struct warren_bind *bind)
{
	struct udp_port_cfg config4 = {
		.family = AF_INET,
		.local_ip = bind->addr4,
		.local_udp_port = htons(port),
		.bind_ifindex = bind->ifindex,
		.use_udp_checksums = true,
	};
	int err;

	err = open_sock(&sockets->sock4, warren, net, &config4);
	if (err)
		return err;
	sockets->port = ntohs(inet_sk(sockets->sock4)->inet_sport);

	if (IS_ENABLED(CONFIG_IPV6) && ipv6_mod_enabled()) {
		struct udp_port_cfg config6 = {
			.family = AF_INET6,
			.local_ip6 = bind->addr6,
			.local_udp_port = htons(sockets->port),
			.bind_ifindex = bind->ifindex,
			.use_udp6_tx_checksums = true,
			.use_udp6_rx_checksums = true,
			.ipv6_v6only = true,
		};

		err = open_sock(&sockets->sock6, warren, net, &config6);
		if (err) {
			silence_sock(sockets->sock4);
			synchronize_net();
			close_sock(sockets->sock4);
			sockets->sock4 = NULL;
		}
	}
	return err;
}

static void free_sockets(struct warren_sockets *old)
{
	if (!old)
		return;
	silence_sock(old->sock4);
	silence_sock(old->sock6);
	synchronize_net();
	close_sock(old->sock4);
	close_sock(old->sock6);
	kfree(old);
}

static void replace_sockets(struct warren_device *warren,
			    struct warren_sockets *new)
{
	free_sockets(rcu_replace_pointer(warren->sockets, new,
					 lockdep_is_held(&warren->lock)));
}

static int open_new(struct warren_device *warren, struct net *net, u16 port,
		    const struct warren_bind *bind)
{
	struct warren_sockets *new;
	int err, tries = 0;

	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	do {
		err = open_both(new, warren, net, port, bind);
	} while (err == -EADDRINUSE && !port && ++tries < PORT_TRIES);
	if (err) {
		kfree(new);
		return err;
	}
	warren->listen_port = new->port;
	warren->bind = *bind;
	replace_sockets(warren, new);
	return 0;
}

int warren_socket_open(struct warren_device *warren, struct net *net, u16 port,
		       const struct warren_bind *bind)
{
	bool reopen;
	int err;

	lockdep_assert_held(&warren->lock);
	/* Ours would be in the new ones' way. */
	reopen = rcu_access_pointer(warren->sockets) &&
		 port == warren->listen_port;
	if (reopen)
		replace_sockets(warren, NULL);
	err = open_new(warren, net, port, bind);
	if (err && reopen &&
	    open_new(warren, net, warren->listen_port, &warren->bind))
		net_err_ratelimited("%s: the listen port could not be taken again\n",
				    warren->dev->name);
	return err;
}

void warren_socket_close(struct warren_device *warren)
{
	struct warren_peer *peer;

	lockdep_assert_held(&warren->lock);
	replace_sockets(warren, NULL);
	/* Nobody sends now, so the routes can be let go of: they pin devices. */
	list_for_each_entry(peer, &warren->peers, list)
		dst_cache_reset_now(&peer->route);
}

void warren_socket_set_fwmark(struct warren_device *warren)
{
	struct warren_sockets *sockets;

	sockets = rcu_dereference_protected(warren->sockets,
					    lockdep_is_held(&warren->lock));
	if (!sockets)
		return;
	WRITE_ONCE(sockets->sock4->sk_mark, warren->fwmark);
	if (sockets->sock6)
		WRITE_ONCE(sockets->sock6->sk_mark, warren->fwmark);
}
