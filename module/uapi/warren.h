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
 *   Request: WARREN_DEVICE_A_IFINDEX or WARREN_DEVICE_A_IFNAME.
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

enum warren_cmd {
	WARREN_CMD_GET_DEVICE = 0,
	WARREN_CMD_SET_DEVICE = 1,
};

enum warren_device_flag {
	WARREN_DEVICE_F_REPLACE_PEERS = 1U << 0,
};

enum warren_device_attribute {
	WARREN_DEVICE_A_UNSPEC = 0,
	WARREN_DEVICE_A_IFINDEX = 1,	 /* u32 */
	WARREN_DEVICE_A_IFNAME = 2,	 /* string */
	WARREN_DEVICE_A_PRIVATE_KEY = 3, /* binary, 32 */
	WARREN_DEVICE_A_PUBLIC_KEY = 4,	 /* binary, 32; get only */
	WARREN_DEVICE_A_FLAGS = 5,	 /* u32; set only */
	WARREN_DEVICE_A_LISTEN_PORT = 6, /* u16 */
	WARREN_DEVICE_A_FWMARK = 7,	 /* u32 */
	WARREN_DEVICE_A_PEERS = 8,	 /* nest of nests */
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

#endif /* _UAPI_WARREN_H */
