// SPDX-License-Identifier: GPL-2.0
#include "stats.h"

#include <string.h>

#include "../../module/uapi/warren.h"

static const char *const names[] = {
	[WARREN_PEER_STATS_A_RX_PACKETS] = "rx_packets",
	[WARREN_PEER_STATS_A_TX_PACKETS] = "tx_packets",
	[WARREN_PEER_STATS_A_RX_KEEPALIVE] = "rx_keepalive",
	[WARREN_PEER_STATS_A_RX_INITIATION] = "rx_initiation",
	[WARREN_PEER_STATS_A_RX_RESPONSE] = "rx_response",
	[WARREN_PEER_STATS_A_RX_COOKIE] = "rx_cookie",
	[WARREN_PEER_STATS_A_TX_KEEPALIVE] = "tx_keepalive",
	[WARREN_PEER_STATS_A_TX_INITIATION] = "tx_initiation",
	[WARREN_PEER_STATS_A_TX_RESPONSE] = "tx_response",
	[WARREN_PEER_STATS_A_RX_BAD_HANDSHAKE] = "rx_drop_bad_handshake",
	[WARREN_PEER_STATS_A_RX_REPLAYED_HANDSHAKE] = "rx_drop_replayed_handshake",
	[WARREN_PEER_STATS_A_RX_EARLY_HANDSHAKE] = "rx_drop_early_handshake",
	[WARREN_PEER_STATS_A_RX_BAD_COOKIE] = "rx_drop_bad_cookie",
	[WARREN_PEER_STATS_A_RX_NO_MEMORY] = "rx_drop_no_memory",
	[WARREN_PEER_STATS_A_RX_EXPIRED_KEY] = "rx_drop_expired_key",
	[WARREN_PEER_STATS_A_RX_BAD_TAG] = "rx_drop_bad_tag",
	[WARREN_PEER_STATS_A_RX_REPLAYED] = "rx_drop_replayed",
	[WARREN_PEER_STATS_A_RX_NOT_IP] = "rx_drop_not_ip",
	[WARREN_PEER_STATS_A_RX_BAD_ECN] = "rx_drop_bad_ecn",
	[WARREN_PEER_STATS_A_RX_DISALLOWED_SOURCE] = "rx_drop_disallowed_source",
	[WARREN_PEER_STATS_A_TX_NOT_IP] = "tx_drop_not_ip",
	[WARREN_PEER_STATS_A_TX_NO_ENDPOINT] = "tx_drop_no_endpoint",
	[WARREN_PEER_STATS_A_TX_LOOP] = "tx_drop_loop",
	[WARREN_PEER_STATS_A_TX_STAGED_OVERFLOW] = "tx_drop_staged_overflow",
	[WARREN_PEER_STATS_A_TX_STAGED_EXPIRED] = "tx_drop_staged_expired",
	[WARREN_PEER_STATS_A_TX_NO_MEMORY] = "tx_drop_no_memory",
	[WARREN_PEER_STATS_A_TX_NO_ROUTE] = "tx_drop_no_route",
};

_Static_assert(sizeof(names) / sizeof(*names) == WARREN_STATS_N, "each has a name");

const char *warren_stats_name(unsigned int number)
{
	return names[number];
}

bool warren_stats_is_drop(unsigned int number)
{
	return strstr(names[number], "_drop_");
}
