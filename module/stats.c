// SPDX-License-Identifier: GPL-2.0
#include <linux/build_bug.h>
#include <linux/percpu.h>
#include "device.h"
#include "peer.h"
#include "stats.h"
#include "uapi/warren.h"

/* A peer's have the numbers of the contract, which begin at 1. */
static const int numbers_are_right[] __maybe_unused = {
#define X(id, name)                               \
	BUILD_BUG_ON_ZERO(WARREN_STAT_##id + 1 != \
			  (int)WARREN_PEER_STATS_A_##id),
	WARREN_PEER_STATS(X)
#undef X
};

void warren_stats_add(struct warren_device *warren, enum warren_stat stat,
		      unsigned int n)
{
	this_cpu_add(warren->stats->count[stat], n);
}

void warren_stats_peer_add(struct warren_peer *peer, enum warren_stat stat,
			   unsigned int n)
{
	warren_stats_add(peer->warren, stat, n);
	if (stat < WARREN_PEER_STAT_COUNT)
		atomic64_add(n, &peer->stats.count[stat]);
}
