/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The whole contract between warren.ko and user space.
 *
 * rtnetlink
 *   Devices are made and deleted with RTM_NEWLINK / RTM_DELLINK and
 *   IFLA_INFO_KIND "warren". The UDP socket lives in the network namespace in
 *   which the device was made, and stays there when the device moves.
 *
 * generic netlink, family "warren", version 1
 *   Commands, attributes, numbers and types up to 63 are those of the family
 *   "wireguard", so that one program can speak both. What is Warren's own
 *   starts at 64. All commands need CAP_NET_ADMIN in the device's network
 *   namespace. Every refusal carries an extended-ack text which names the
 *   attribute, and leaves the device as it was.
 *
 * WARREN_CMD_GET_DEVICE (dump)
 *   Request: WARREN_DEVICE_A_IFINDEX or WARREN_DEVICE_A_IFNAME, and
 *   WARREN_DEVICE_A_FLAGS with WARREN_DEVICE_F_STATS to have counters too.
 *   Answer: one or more messages. Device attributes come with the first one
 *   only; every message has the name and index. A peer whose allowed IPs do
 *   not fit into one message is continued in the next: the same
 *   WARREN_PEER_A_PUBLIC_KEY, then more WARREN_PEER_A_ALLOWEDIPS. If the device
 *   was changed between two messages, NLM_F_DUMP_INTR is set: ask again.
 *
 * WARREN_CMD_SET_DEVICE
 *   Request: WARREN_DEVICE_A_IFINDEX or _IFNAME, then what should change:
 *     WARREN_DEVICE_A_FLAGS        WARREN_DEVICE_F_REPLACE_PEERS: remove all
 *                                  peers before those of this message
 *     WARREN_DEVICE_A_PRIVATE_KEY  32 bytes, all zero to have none
 *     WARREN_DEVICE_A_LISTEN_PORT  u16, 0 to have one chosen
 *     WARREN_DEVICE_A_FWMARK       u32, 0 for none
 *     WARREN_DEVICE_A_BIND_IFINDEX u32, the outer sockets' interface or VRF, in
 *                                  the namespace in which the device was made;
 *                                  0 for any
 *     WARREN_DEVICE_A_BIND_IFNAME  instead of that: its name there
 *     WARREN_DEVICE_A_BIND_ADDR4   struct in_addr, the IPv4 socket's address
 *     WARREN_DEVICE_A_BIND_ADDR6   struct in6_addr, the IPv6 socket's; all zero
 *                                  for any, either
 *     WARREN_DEVICE_A_PEERS        a nest of nests, one a peer:
 *       WARREN_PEER_A_PUBLIC_KEY      32 bytes, says which peer
 *       WARREN_PEER_A_FLAGS           WARREN_PEER_F_*
 *       WARREN_PEER_A_PRESHARED_KEY   32 bytes, all zero to have none
 *       WARREN_PEER_A_ENDPOINT        struct sockaddr_in or sockaddr_in6
 *       WARREN_PEER_A_PERSISTENT_KEEPALIVE_INTERVAL  u16, seconds, 0 for off
 *       WARREN_PEER_A_PROTOCOL_VERSION  u32, 1
 *       WARREN_PEER_A_ALLOWEDIPS      a nest of nests, one a prefix:
 *         WARREN_ALLOWEDIP_A_FAMILY     u16, AF_INET or AF_INET6
 *         WARREN_ALLOWEDIP_A_IPADDR     struct in_addr or in6_addr
 *         WARREN_ALLOWEDIP_A_CIDR_MASK  u8
 *         WARREN_ALLOWEDIP_A_FLAGS      WARREN_ALLOWEDIP_F_*
 *   A configuration larger than a message is sent as several; only the first
 *   has WARREN_DEVICE_F_REPLACE_PEERS, and only the first with a given peer has
 *   WARREN_PEER_F_REPLACE_ALLOWEDIPS.
 *
 * WARREN_CMD_EVENT (multicast)
 *   Sent to the group WARREN_EVENT_GROUP in the device's network namespace, with
 *   WARREN_EVENT_A_*; to listen needs CAP_NET_ADMIN there. What happens to a peer
 *   many times in a moment may be told once; a failed handshake is told once a
 *   second for each reason. A listener that is too slow gets ENOBUFS from recv()
 *   and has missed some: it reads the device to see how things are.
 */
#ifndef _UAPI_WARREN_H
#define _UAPI_WARREN_H

#define WARREN_GENL_NAME    "warren"
#define WARREN_GENL_VERSION 1
#define WARREN_LINK_KIND    "warren"

/* Registered as well with the module parameter wireguard_compat=1. */
#define WARREN_COMPAT_NAME "wireguard"

/* Bytes in a Curve25519 key and in a preshared key. */
#define WARREN_KEY_LEN 32

/* The multicast group of the family "warren" in which WARREN_CMD_EVENT comes. */
#define WARREN_EVENT_GROUP "events"

enum warren_cmd {
	WARREN_CMD_GET_DEVICE = 0,
	WARREN_CMD_SET_DEVICE = 1,
	WARREN_CMD_EVENT = 64, /* from the kernel */
};

/* Ours are from bit 16 on. */
enum warren_device_flag {
	WARREN_DEVICE_F_REPLACE_PEERS = 1U << 0,
	/* Get only: with WARREN_PEER_A_STATS of each peer. */
	WARREN_DEVICE_F_STATS = 1U << 16,
};

enum warren_device_attribute {
	WARREN_DEVICE_A_UNSPEC = 0,
	WARREN_DEVICE_A_IFINDEX = 1,	 /* u32 */
	WARREN_DEVICE_A_IFNAME = 2,	 /* string */
	WARREN_DEVICE_A_PRIVATE_KEY = 3, /* binary, 32 */
	WARREN_DEVICE_A_PUBLIC_KEY = 4,	 /* binary, 32; get only */
	WARREN_DEVICE_A_FLAGS = 5,	 /* u32; in requests only */
	WARREN_DEVICE_A_LISTEN_PORT = 6, /* u16 */
	WARREN_DEVICE_A_FWMARK = 7,	 /* u32 */
	WARREN_DEVICE_A_PEERS = 8,	 /* nest of nests */
	WARREN_DEVICE_A_BIND_IFINDEX = 64, /* u32; left out for 0 */
	WARREN_DEVICE_A_BIND_ADDR4 = 65,   /* struct in_addr; the same */
	WARREN_DEVICE_A_BIND_ADDR6 = 66,   /* struct in6_addr; the same */
	WARREN_DEVICE_A_BIND_IFNAME = 67,  /* string; the same, or when it is gone */
};

enum warren_peer_flag {
	/* Remove the peer. */
	WARREN_PEER_F_REMOVE_ME = 1U << 0,
	/* Remove the peer's allowed IPs before those of this message. */
	WARREN_PEER_F_REPLACE_ALLOWEDIPS = 1U << 1,
	/* Change the peer only if it exists. */
	WARREN_PEER_F_UPDATE_ONLY = 1U << 2,
};

enum warren_peer_attribute {
	WARREN_PEER_A_UNSPEC = 0,
	WARREN_PEER_A_PUBLIC_KEY = 1,		       /* binary, 32 */
	WARREN_PEER_A_PRESHARED_KEY = 2,	       /* binary, 32 */
	WARREN_PEER_A_FLAGS = 3,		       /* u32; set only */
	WARREN_PEER_A_ENDPOINT = 4,		       /* struct sockaddr_in(6) */
	WARREN_PEER_A_PERSISTENT_KEEPALIVE_INTERVAL = 5, /* u16, seconds */
	WARREN_PEER_A_LAST_HANDSHAKE_TIME = 6, /* two s64: seconds, nanoseconds */
	WARREN_PEER_A_RX_BYTES = 7,	       /* u64 */
	WARREN_PEER_A_TX_BYTES = 8,	       /* u64 */
	WARREN_PEER_A_ALLOWEDIPS = 9,	       /* nest of nests */
	WARREN_PEER_A_PROTOCOL_VERSION = 10,   /* u32 */
	WARREN_PEER_A_STATS = 64,	       /* nest of WARREN_PEER_STATS_A_*; get only */
};

/*
 * What happened to a peer's packets since it was added. Each is a u64; what is
 * 0 is left out. A dropped packet is in exactly one of the drops.
 */
enum warren_peer_stats_attribute {
	WARREN_PEER_STATS_A_UNSPEC = 0,
	/* Inner packets, delivered and sent; keepalives are none. */
	WARREN_PEER_STATS_A_RX_PACKETS = 1,
	WARREN_PEER_STATS_A_TX_PACKETS = 2,
	/* Messages taken. */
	WARREN_PEER_STATS_A_RX_KEEPALIVE = 3,
	WARREN_PEER_STATS_A_RX_INITIATION = 4,
	WARREN_PEER_STATS_A_RX_RESPONSE = 5,
	WARREN_PEER_STATS_A_RX_COOKIE = 6,
	/* Messages sent. */
	WARREN_PEER_STATS_A_TX_KEEPALIVE = 7,
	WARREN_PEER_STATS_A_TX_INITIATION = 8,
	WARREN_PEER_STATS_A_TX_RESPONSE = 9,
	/* Handshake messages dropped. */
	WARREN_PEER_STATS_A_RX_BAD_HANDSHAKE = 10,
	WARREN_PEER_STATS_A_RX_REPLAYED_HANDSHAKE = 11,
	WARREN_PEER_STATS_A_RX_EARLY_HANDSHAKE = 12,
	WARREN_PEER_STATS_A_RX_BAD_COOKIE = 13,
	/* Data messages dropped. */
	WARREN_PEER_STATS_A_RX_NO_MEMORY = 14,
	WARREN_PEER_STATS_A_RX_EXPIRED_KEY = 15,
	WARREN_PEER_STATS_A_RX_BAD_TAG = 16,
	WARREN_PEER_STATS_A_RX_REPLAYED = 17,
	WARREN_PEER_STATS_A_RX_NOT_IP = 18,
	WARREN_PEER_STATS_A_RX_BAD_ECN = 19,
	WARREN_PEER_STATS_A_RX_DISALLOWED_SOURCE = 20,
	/* Dropped before they were sent. */
	WARREN_PEER_STATS_A_TX_NOT_IP = 21,
	WARREN_PEER_STATS_A_TX_NO_ENDPOINT = 22,
	WARREN_PEER_STATS_A_TX_LOOP = 23,
	WARREN_PEER_STATS_A_TX_STAGED_OVERFLOW = 24,
	WARREN_PEER_STATS_A_TX_STAGED_EXPIRED = 25,
	WARREN_PEER_STATS_A_TX_NO_MEMORY = 26,
	WARREN_PEER_STATS_A_TX_NO_ROUTE = 27,
};

enum warren_allowedip_flag {
	/* Take this one prefix away from the peer. */
	WARREN_ALLOWEDIP_F_REMOVE_ME = 1U << 0,
};

enum warren_allowedip_attribute {
	WARREN_ALLOWEDIP_A_UNSPEC = 0,
	WARREN_ALLOWEDIP_A_FAMILY = 1,	  /* u16 */
	WARREN_ALLOWEDIP_A_IPADDR = 2,	  /* struct in_addr or in6_addr */
	WARREN_ALLOWEDIP_A_CIDR_MASK = 3, /* u8 */
	WARREN_ALLOWEDIP_A_FLAGS = 4,	  /* u32 */
};

enum warren_event_type {
	/* By configuration. */
	WARREN_EVENT_PEER_ADDED = 1,
	WARREN_EVENT_PEER_REMOVED = 2,
	/* A session began; with WARREN_EVENT_A_INITIATOR if we asked for it. */
	WARREN_EVENT_HANDSHAKE_DONE = 3,
	/* None began, for the reason given. */
	WARREN_EVENT_HANDSHAKE_FAILED = 4,
	/* The peer was heard from another address, where we send to from now on. */
	WARREN_EVENT_ENDPOINT_MOVED = 5,
	/* We sent data and heard nothing for 15 seconds; a handshake follows. */
	WARREN_EVENT_SESSION_STALLED = 6,
	/* Nine minutes without a new session: the keys were wiped. */
	WARREN_EVENT_KEYS_EXPIRED = 7,
};

enum warren_handshake_failure {
	/* No response to any initiation for 90 seconds. */
	WARREN_HANDSHAKE_NO_ANSWER = 1,
	/* A response that does not fit: another preshared key, or forged. */
	WARREN_HANDSHAKE_BAD_RESPONSE = 2,
	/* An initiation that cannot be answered. */
	WARREN_HANDSHAKE_BAD_INITIATION = 3,
	/* An initiation not newer than the last one: repeated, or a clock ran back. */
	WARREN_HANDSHAKE_REPLAYED = 4,
	/* An initiation too soon after the last one. */
	WARREN_HANDSHAKE_EARLY = 5,
	/* The device has no private key. */
	WARREN_HANDSHAKE_NO_PRIVATE_KEY = 6,
	/* The peer's public key is one that no private key has. */
	WARREN_HANDSHAKE_BAD_PUBLIC_KEY = 7,
	/* It is not known where the peer is. */
	WARREN_HANDSHAKE_NO_ENDPOINT = 8,
	/* There is no way to the endpoint. */
	WARREN_HANDSHAKE_NO_ROUTE = 9,

	WARREN_HANDSHAKE_FAILURES /* one more than the last */
};

enum warren_event_attribute {
	WARREN_EVENT_A_UNSPEC = 0,
	WARREN_EVENT_A_TYPE = 1,       /* u32, WARREN_EVENT_* */
	WARREN_EVENT_A_IFINDEX = 2,    /* u32 */
	WARREN_EVENT_A_IFNAME = 3,     /* string */
	WARREN_EVENT_A_PUBLIC_KEY = 4, /* binary, 32: the peer's */
	WARREN_EVENT_A_ENDPOINT = 5,   /* struct sockaddr_in(6), where known */
	WARREN_EVENT_A_INITIATOR = 6,  /* flag */
	WARREN_EVENT_A_REASON = 7,     /* u32, WARREN_HANDSHAKE_* */
};

#endif /* _UAPI_WARREN_H */
