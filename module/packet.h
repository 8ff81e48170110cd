/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The map of the packet path.
 *
 * Out. All on the CPU that has the packet, up to the outer device's queue:
 *
 *	stack -> warren_xmit (device.c)		one look-up in the allowed IPs
 *	  -> warren_send_packet (send.c)	no keypair: staged, and a handshake
 *	    -> seal_in_place (send.c)		a packet that is all ours
 *	    -> seal_batch (send.c)		a run of nonces; segments are cut
 *		(segment.c), checksummed and encrypted straight into pages
 *		that are used again and again (pages.c)
 *	    -> warren_socket_send (socket.c)	one UDP GSO packet, one trip
 *		through the outer stack
 *
 * In. A UDP (GRO) packet stays whole until it is decrypted:
 *
 *	UDP -> data_ready (socket.c)
 *	 data -> warren_receive_data (receive.c)  to a cell: this CPU's, or
 *		where the session's packets before it still are, or, when this
 *		CPU is full, that of one which has room (spread.c)
 *	    -> poll (receive.c, NAPI), or receive_at_once: decrypt, replay
 *		window, source check; once for an outer packet: timers,
 *		counters, endpoint
 *	      -> receive_single (receive.c)	a message alone, where it lies
 *	      -> receive_pieces (receive.c)	segments become large packets
 *		(gather.c), which go to the inner GRO
 *	  else -> warren_handshake_enqueue (handshake.c)
 *	    -> worker (handshake.c, process context)
 *
 * Handshakes are sent from process context: warren_peer_queue_work() (peer.c)
 * -> warren_handshake_send_initiation (handshake.c).
 */
#ifndef WARREN_PACKET_H
#define WARREN_PACKET_H

#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include "messages.h"

struct warren_bind;
struct warren_device;
struct warren_endpoint;
struct warren_peer;

/* Packets that wait for a peer's handshake, in segments of the inner MTU. */
#define WARREN_MAX_STAGED 128

/* Handshake messages that wait for a worker; load begins at an eighth. */
#define WARREN_MAX_HANDSHAKES 4096

/* Outer packets that wait in a cell, and batches, which are larger. */
#define WARREN_MAX_CELL 4096
#define WARREN_MAX_CELL_BATCHES 256

/* Messages in one outer UDP GSO packet. */
#define WARREN_MAX_BATCH 64

/*
 * Headers below an outer packet: Ethernet with two tags, IPv6, UDP. The stack
 * makes more room where there is need for it; where it cuts a batch, each piece
 * gets as much.
 */
#define WARREN_OUTER_HEADROOM                                              \
	ALIGN(sizeof(struct ipv6hdr) + sizeof(struct udphdr) + ETH_HLEN +  \
	      2 * VLAN_HLEN, 16)

/*
 * Before an inner packet, to encrypt it where it is: for the headers of message,
 * UDP and IP, and what the stack wants to have for Ethernet's. Senders are asked
 * for no more than IPv4 takes, since one who forwards copies a packet that has
 * less: those of network cards have NET_SKB_PAD and an Ethernet header, 78.
 */
#define WARREN_INNER_HEADROOM(ip_header)                                      \
	ALIGN(sizeof(struct warren_message_data) + sizeof(struct udphdr) +    \
	      sizeof(ip_header) + HH_DATA_MOD, HH_DATA_MOD)
#define WARREN_INNER_HEADROOM4 WARREN_INNER_HEADROOM(struct iphdr)
#define WARREN_INNER_HEADROOM6 WARREN_INNER_HEADROOM(struct ipv6hdr)

/* send.c */

/**
 * warren_send_packet() - encrypt and send, or stage until that can be done
 * @peer: to whom, under RCU
 * @skb: an IP packet, GSO or not; taken
 *
 * Context: softirqs off, no locks.
 */
void warren_send_packet(struct warren_peer *peer, struct sk_buff *skb);

/* Sends what is staged, if there is a keypair; else asks for a handshake. */
void warren_send_staged(struct warren_peer *peer);

/* Sends a keepalive, unless staged packets do the same. Context: any. */
void warren_send_keepalive(struct warren_peer *peer);

/* Drops what is staged. */
void warren_send_purge_staged(struct warren_peer *peer, unsigned int stat);

/* receive.c */

int warren_receive_init(struct warren_device *warren);
void warren_receive_free(struct warren_device *warren);

/**
 * warren_receive_data() - take an outer packet with data messages
 * @warren: the device
 * @skb: at the first message header; with UDP GRO, messages of gso_size and a
 *	shorter last one; taken
 *
 * Context: softirq.
 */
void warren_receive_data(struct warren_device *warren, struct sk_buff *skb);

/* handshake.c */

int warren_handshake_queue_init(struct warren_device *warren);
void warren_handshake_queue_free(struct warren_device *warren);

/* Drops what waits, and waits for what is being worked on. Context: process. */
void warren_handshake_queue_flush(struct warren_device *warren);

/* Takes @skb, one message, at its header. Context: softirq. */
void warren_handshake_enqueue(struct warren_device *warren, struct sk_buff *skb);

/* Asks for an initiation, unless one was sent just now. Context: any. */
void warren_handshake_request(struct warren_peer *peer, bool retry);

/* Sends it. Context: process. */
void warren_handshake_send_initiation(struct warren_peer *peer);

/* socket.c */

/**
 * struct warren_sockets - a device's UDP sockets
 * @sock4: bound to the listen port, never NULL
 * @sock6: the same; NULL without IPv6
 * @port: host order
 */
struct warren_sockets {
	struct sock *sock4;
	struct sock *sock6;
	u16 port;
};

/**
 * warren_socket_open() - bind new sockets and use them
 * @warren: configuration lock held; the old ones are closed
 * @net: where
 * @port: host order, 0 to have one chosen
 * @bind: to what
 *
 * Port and binding become the device's. Return: 0 or the error of binding; what
 * was open stays then, or is opened again.
 */
int warren_socket_open(struct warren_device *warren, struct net *net, u16 port,
		       const struct warren_bind *bind);

/* Closes them. Context: process, configuration lock held. */
void warren_socket_close(struct warren_device *warren);

/* Puts the device's fwmark on its sockets. Context: the same. */
void warren_socket_set_fwmark(struct warren_device *warren);

/**
 * warren_socket_route_piece() - take one message out of a batch
 * @warren: the device
 * @batch: what UDP GRO put together; any types, as sizes are all it looks at
 * @offset: of the message
 * @len: its size
 *
 * It goes the way that one of its type goes. Context: softirq.
 */
void warren_socket_route_piece(struct warren_device *warren,
			       const struct sk_buff *batch, unsigned int offset,
			       unsigned int len);

/**
 * warren_socket_send() - send to a peer's endpoint
 * @peer: under RCU or by reference
 * @skb: the UDP payload, WARREN_OUTER_HEADROOM before it; GSO if gso_size is
 *	set. Taken. skb->mark is overwritten.
 * @dsfield: for the outer header
 *
 * Return: 0, -EDESTADDRREQ, -ENETDOWN, or the error of routing.
 * Context: softirqs off, or process.
 */
int warren_socket_send(struct warren_peer *peer, struct sk_buff *skb, u8 dsfield);

/* The same for a short message from process context. */
int warren_socket_send_buffer(struct warren_peer *peer, const void *buffer,
			      size_t len, u8 dsfield);

/* Answers where @in came from, without a peer: a cookie reply. */
int warren_socket_send_reply(struct warren_device *warren,
			     const struct sk_buff *in, const void *buffer,
			     size_t len);

/* Return: 0, or -EINVAL for what is neither IPv4 nor IPv6. */
int warren_socket_endpoint_from_skb(struct warren_endpoint *endpoint,
				    const struct sk_buff *skb);

#endif /* WARREN_PACKET_H */
