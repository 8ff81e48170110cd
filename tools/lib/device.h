/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one model of a tunnel device that every reader fills and every writer
 * takes: configuration files, arguments, netlink and the userspace socket.
 */
#ifndef WARREN_LIB_DEVICE_H
#define WARREN_LIB_DEVICE_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "key.h"

/**
 * enum warren_kind - who runs the device
 * @WARREN_KIND_WARREN: warren.ko
 * @WARREN_KIND_WIREGUARD: the kernel's WireGuard, or warren.ko with wireguard_compat=1
 * @WARREN_KIND_USERSPACE: a program such as wireguard-go, by its socket
 */
enum warren_kind {
	WARREN_KIND_WARREN,
	WARREN_KIND_WIREGUARD,
	WARREN_KIND_USERSPACE,
};

/**
 * struct warren_prefix - an IPv4 or IPv6 network
 * @family: AF_INET or AF_INET6
 * @cidr: prefix length in bits
 * @ip4: the address, when @family is AF_INET
 * @ip6: the address, when @family is AF_INET6
 */
struct warren_prefix {
	uint16_t family;
	uint8_t cidr;
	union {
		struct in_addr ip4;
		struct in6_addr ip6;
	};
};

/**
 * struct warren_allowedip - one allowed IP of a peer
 * @prefix: the network
 * @line: where the file says it, or 0
 * @remove: in a request: take it away instead of adding it
 */
struct warren_allowedip {
	struct warren_prefix prefix;
	unsigned int line;
	bool remove;
};

/**
 * struct warren_endpoint - where a peer is
 * @addr: generic view; AF_UNSPEC for "unknown"
 * @in: IPv4 view
 * @in6: IPv6 view
 */
union warren_endpoint {
	struct sockaddr addr;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/**
 * struct warren_peer - one peer
 * @public_key: who it is
 * @preshared_key: zero for none
 * @endpoint: where it is
 * @endpoint_name: "HOST:PORT" as the user wrote it when HOST is a name that must
 *                 be resolved before the device can be written; else NULL
 * @keepalive: persistent keepalive interval in seconds, 0 for off
 * @handshake_sec: time of the last handshake since the epoch, 0 for never
 * @handshake_nsec: its nanoseconds
 * @rx_bytes: bytes received
 * @tx_bytes: bytes sent
 * @stats: WARREN_STATS_N counters, see stats.h; NULL where nobody asked or counts
 * @allowedips: its networks
 * @allowedips_n: their number
 * @allowedips_room: how many @allowedips has memory for
 * @has_public_key: @public_key is known
 * @has_preshared_key: @preshared_key is known (in a request: shall be written)
 * @has_keepalive: likewise @keepalive
 * @replace_allowedips: request: forget the networks the peer has now
 * @remove: request: remove the peer
 * @update_only: request: change it if it is there, do not make it
 * @line: line of its section, or 0
 * @endpoint_line: line of its endpoint, or 0
 */
struct warren_peer {
	uint8_t public_key[WARREN_KEY_BYTES];
	uint8_t preshared_key[WARREN_KEY_BYTES];
	union warren_endpoint endpoint;
	char *endpoint_name;
	uint16_t keepalive;
	int64_t handshake_sec;
	int64_t handshake_nsec;
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	uint64_t *stats;
	struct warren_allowedip *allowedips;
	size_t allowedips_n;
	size_t allowedips_room;
	bool has_public_key;
	bool has_preshared_key;
	bool has_keepalive;
	bool replace_allowedips;
	bool remove;
	bool update_only;
	unsigned int line;
	unsigned int endpoint_line;
};

/**
 * struct warren_device - one device, read or to be written
 * @name: interface name
 * @ifindex: its index, 0 if unknown
 * @kind: who runs it
 * @private_key: zero for none
 * @public_key: of @private_key
 * @listen_port: 0 for any
 * @fwmark: 0 for none
 * @bind: interface or VRF that its outer sockets are bound to, or empty; the number
 *        of one that has no name in this network namespace
 * @bind4: address that its IPv4 socket is bound to, or 0
 * @bind6: address that its IPv6 socket is bound to, or all zero
 * @peers: its peers
 * @peers_n: their number
 * @peers_room: how many @peers has memory for
 * @has_private_key: @private_key is known (in a request: shall be written)
 * @has_public_key: likewise @public_key
 * @has_listen_port: likewise @listen_port
 * @has_fwmark: likewise @fwmark
 * @has_bind: likewise @bind
 * @has_bind_address: likewise @bind4 and @bind6
 * @replace_peers: request: forget the peers the device has now
 * @want_stats: read the counters of its peers as well
 */
struct warren_device {
	char name[IFNAMSIZ];
	uint32_t ifindex;
	enum warren_kind kind;
	uint8_t private_key[WARREN_KEY_BYTES];
	uint8_t public_key[WARREN_KEY_BYTES];
	uint16_t listen_port;
	uint32_t fwmark;
	char bind[IFNAMSIZ];
	struct in_addr bind4;
	struct in6_addr bind6;
	struct warren_peer *peers;
	size_t peers_n;
	size_t peers_room;
	bool has_private_key;
	bool has_public_key;
	bool has_listen_port;
	bool has_fwmark;
	bool has_bind;
	bool has_bind_address;
	bool replace_peers;
	bool want_stats;
};

/**
 * warren_device_init() - an empty device
 * @dev: the device
 * @name: interface name of at most 15 characters; longer ones are cut
 */
void warren_device_init(struct warren_device *dev, const char *name);

/**
 * warren_device_free() - give memory back, keys overwritten
 * @dev: the device; afterwards as after warren_device_init() without a name
 */
void warren_device_free(struct warren_device *dev);

/**
 * warren_device_is_bound() - whether its outer sockets are bound to anything
 * @dev: the device
 *
 * Return: true if @bind, @bind4 or @bind6 is set.
 */
bool warren_device_is_bound(const struct warren_device *dev);

/**
 * warren_device_add_peer() - a new, empty peer at the end
 * @dev: the device
 *
 * Return: the peer, good until the next one is added; NULL without memory.
 */
struct warren_peer *warren_device_add_peer(struct warren_device *dev);

/**
 * warren_device_add_allowedip() - one more allowed IP of a peer
 * @peer: the peer
 * @prefix: the network
 *
 * Return: the entry, good until the next one is added; NULL without memory.
 */
struct warren_allowedip *warren_device_add_allowedip(struct warren_peer *peer,
						     const struct warren_prefix *prefix);

/**
 * warren_device_order() - the peers by latest handshake
 * @dev: the device
 *
 * Return: a new array of @dev->peers_n pointers, most recent handshake first,
 * peers without one last, otherwise in the device's order; NULL without memory.
 */
const struct warren_peer **warren_device_order(const struct warren_device *dev);

/**
 * warren_device_name_ok() - whether a name can be an interface's
 * @name: the name
 *
 * Return: true for 1 to 15 characters the kernel accepts: no '/', no ':', no
 * white space, not "." or "..".
 */
bool warren_device_name_ok(const char *name);

#endif /* WARREN_LIB_DEVICE_H */
