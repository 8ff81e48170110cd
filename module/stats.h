/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens to packets, counted by reason: for each device, on each CPU,
 * and, where it is known whose packet it is, for each peer as well. A device's
 * are shown by `ethtool -S` under the names given here, a peer's by generic
 * netlink (uapi/warren.h, WARREN_PEER_STATS_A_*).
 */
#ifndef WARREN_STATS_H
#define WARREN_STATS_H

#include <linux/atomic.h>
#include <linux/types.h>

/*
 * Each reason once: a dropped packet is in exactly one rx_ or tx_ drop. Those
 * that are counted for peers too, in the order of WARREN_PEER_STATS_A_*:
 */
#define WARREN_PEER_STATS(X)                                                    \
	/* inner packets that came through, and went */                         \
	X(RX_PACKETS, "rx_packets")                                             \
	X(TX_PACKETS, "tx_packets")                                             \
	/* messages taken */                                                    \
	X(RX_KEEPALIVE, "rx_keepalive")                                         \
	X(RX_INITIATION, "rx_initiation")                                       \
	X(RX_RESPONSE, "rx_response")                                           \
	X(RX_COOKIE, "rx_cookie")                                               \
	/* sent */                                                              \
	X(TX_KEEPALIVE, "tx_keepalive")                                         \
	X(TX_INITIATION, "tx_initiation")                                       \
	X(TX_RESPONSE, "tx_response")                                           \
	/* dropped: handshake messages */                                       \
	X(RX_BAD_HANDSHAKE, "rx_drop_bad_handshake")                            \
	X(RX_REPLAYED_HANDSHAKE, "rx_drop_replayed_handshake")                  \
	X(RX_EARLY_HANDSHAKE, "rx_drop_early_handshake")                        \
	X(RX_BAD_COOKIE, "rx_drop_bad_cookie")                                  \
	/* dropped: data messages */                                            \
	X(RX_NO_MEMORY, "rx_drop_no_memory")                                    \
	X(RX_EXPIRED_KEY, "rx_drop_expired_key")                                \
	X(RX_BAD_TAG, "rx_drop_bad_tag")                                        \
	X(RX_REPLAYED, "rx_drop_replayed")                                      \
	X(RX_NOT_IP, "rx_drop_not_ip")                                          \
	X(RX_BAD_ECN, "rx_drop_bad_ecn")                                        \
	X(RX_DISALLOWED_SOURCE, "rx_drop_disallowed_source")                    \
	/* dropped before sending */                                            \
	X(TX_NOT_IP, "tx_drop_not_ip")                                          \
	X(TX_NO_ENDPOINT, "tx_drop_no_endpoint")                                \
	X(TX_LOOP, "tx_drop_loop")                                              \
	X(TX_STAGED_OVERFLOW, "tx_drop_staged_overflow")                        \
	X(TX_STAGED_EXPIRED, "tx_drop_staged_expired")                          \
	X(TX_NO_MEMORY, "tx_drop_no_memory")                                    \
	X(TX_NO_ROUTE, "tx_drop_no_route")

/* And those of the device alone. */
#define WARREN_DEVICE_STATS(X)                                                  \
	/* dropped: what is not a message of the protocol */                    \
	X(RX_MALFORMED, "rx_drop_malformed")                                    \
	/* dropped: handshake messages */                                       \
	X(RX_HANDSHAKE_OVERFLOW, "rx_drop_handshake_overflow")                  \
	X(RX_BAD_MAC1, "rx_drop_bad_mac1")                                      \
	X(RX_NO_COOKIE, "rx_drop_no_cookie")                                    \
	X(RX_RATE_LIMIT, "rx_drop_rate_limit")                                  \
	X(RX_UNKNOWN_PEER, "rx_drop_unknown_peer")                              \
	/* dropped: any message with a receiver index */                        \
	X(RX_UNKNOWN_INDEX, "rx_drop_unknown_index")                            \
	/* dropped: data messages */                                            \
	X(RX_OVERFLOW, "rx_drop_overflow")                                      \
	/* sent */                                                              \
	X(TX_COOKIE, "tx_cookie")                                               \
	/* dropped before sending */                                            \
	X(TX_NO_PEER, "tx_drop_no_peer")                                        \
	/* messages made of the inner packet where it was, without a copy */     \
	X(TX_IN_PLACE, "tx_in_place")                                           \
	/* how well batching works: batches of two messages or more */          \
	X(TX_GSO_BATCHES, "tx_gso_batches")                                     \
	X(TX_GSO_MESSAGES, "tx_gso_messages")                                   \
	X(RX_GRO_BATCHES, "rx_gro_batches")                                     \
	X(RX_GRO_MESSAGES, "rx_gro_messages")                                   \
	/* outer packets decrypted on another CPU than they came in by */       \
	X(RX_SPREAD, "rx_spread")

enum warren_stat {
#define X(id, name) WARREN_STAT_##id,
	WARREN_PEER_STATS(X)
	WARREN_DEVICE_STATS(X)
#undef X
	WARREN_STAT_COUNT,
	WARREN_PEER_STAT_COUNT = WARREN_STAT_TX_NO_ROUTE + 1
};

struct warren_stats {
	u64 count[WARREN_STAT_COUNT];
};

struct warren_peer_stats {
	atomic64_t count[WARREN_PEER_STAT_COUNT];
};

struct warren_device;
struct warren_peer;

/* Any context; may lose nothing on 64 bit, where a CPU's add is one instruction. */
void warren_stats_add(struct warren_device *warren, enum warren_stat stat,
		      unsigned int n);

static inline void warren_stats_inc(struct warren_device *warren,
				    enum warren_stat stat)
{
	warren_stats_add(warren, stat, 1);
}

/*
 * Counts for a peer and for its device. Those of the device alone may be named
 * as well: then only the device counts. Context: any.
 */
void warren_stats_peer_add(struct warren_peer *peer, enum warren_stat stat,
			   unsigned int n);

static inline void warren_stats_peer_inc(struct warren_peer *peer,
					 enum warren_stat stat)
{
	warren_stats_peer_add(peer, stat, 1);
}

#endif /* WARREN_STATS_H */
