/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens to packets, counted by reason for each device, on each CPU.
 * Shown by `ethtool -S`, under the names given here.
 */
#ifndef WARREN_STATS_H
#define WARREN_STATS_H

#include <linux/types.h>

/* Each reason once: a dropped packet is in exactly one rx_ or tx_ drop. */
#define WARREN_STATS(X)                                                         \
	/* handshake messages taken */                                          \
	X(RX_INITIATION, "rx_initiation")                                       \
	X(RX_RESPONSE, "rx_response")                                           \
	X(RX_COOKIE, "rx_cookie")                                               \
	X(RX_KEEPALIVE, "rx_keepalive")                                         \
	/* dropped: what is not a message of the protocol */                    \
	X(RX_MALFORMED, "rx_drop_malformed")                                    \
	/* dropped: handshake messages */                                       \
	X(RX_HANDSHAKE_OVERFLOW, "rx_drop_handshake_overflow")                  \
	X(RX_BAD_MAC1, "rx_drop_bad_mac1")                                      \
	X(RX_NO_COOKIE, "rx_drop_no_cookie")                                    \
	X(RX_RATE_LIMIT, "rx_drop_rate_limit")                                  \
	X(RX_UNKNOWN_PEER, "rx_drop_unknown_peer")                              \
	X(RX_BAD_HANDSHAKE, "rx_drop_bad_handshake")                            \
	X(RX_REPLAYED_HANDSHAKE, "rx_drop_replayed_handshake")                  \
	X(RX_EARLY_HANDSHAKE, "rx_drop_early_handshake")                        \
	X(RX_BAD_COOKIE, "rx_drop_bad_cookie")                                  \
	/* dropped: any message with a receiver index */                        \
	X(RX_UNKNOWN_INDEX, "rx_drop_unknown_index")                            \
	/* dropped: data messages */                                            \
	X(RX_OVERFLOW, "rx_drop_overflow")                                      \
	X(RX_NO_MEMORY, "rx_drop_no_memory")                                    \
	X(RX_EXPIRED_KEY, "rx_drop_expired_key")                                \
	X(RX_BAD_TAG, "rx_drop_bad_tag")                                        \
	X(RX_REPLAYED, "rx_drop_replayed")                                      \
	X(RX_NOT_IP, "rx_drop_not_ip")                                          \
	X(RX_BAD_ECN, "rx_drop_bad_ecn")                                        \
	X(RX_DISALLOWED_SOURCE, "rx_drop_disallowed_source")                    \
	/* sent */                                                              \
	X(TX_INITIATION, "tx_initiation")                                       \
	X(TX_RESPONSE, "tx_response")                                           \
	X(TX_COOKIE, "tx_cookie")                                               \
	X(TX_KEEPALIVE, "tx_keepalive")                                         \
	/* dropped before sending */                                            \
	X(TX_NOT_IP, "tx_drop_not_ip")                                          \
	X(TX_NO_PEER, "tx_drop_no_peer")                                        \
	X(TX_NO_ENDPOINT, "tx_drop_no_endpoint")                                \
	X(TX_LOOP, "tx_drop_loop")                                              \
	X(TX_STAGED_OVERFLOW, "tx_drop_staged_overflow")                        \
	X(TX_STAGED_EXPIRED, "tx_drop_staged_expired")                          \
	X(TX_NO_MEMORY, "tx_drop_no_memory")                                    \
	X(TX_NO_ROUTE, "tx_drop_no_route")                                      \
	/* how well batching works: batches of two messages or more */          \
	X(TX_GSO_BATCHES, "tx_gso_batches")                                     \
	X(TX_GSO_MESSAGES, "tx_gso_messages")                                   \
	X(RX_GRO_BATCHES, "rx_gro_batches")                                     \
	X(RX_GRO_MESSAGES, "rx_gro_messages")

enum warren_stat {
#define X(id, name) WARREN_STAT_##id,
	WARREN_STATS(X)
#undef X
	WARREN_STAT_COUNT
};

struct warren_stats {
	u64 count[WARREN_STAT_COUNT];
};

struct warren_device;
struct ethtool_ops;

/* Any context; may lose nothing on 64 bit, where a CPU's add is one instruction. */
void warren_stats_add(struct warren_device *warren, enum warren_stat stat,
		      unsigned int n);

static inline void warren_stats_inc(struct warren_device *warren,
				    enum warren_stat stat)
{
	warren_stats_add(warren, stat, 1);
}

extern const struct ethtool_ops warren_ethtool_ops;

#endif /* WARREN_STATS_H */
