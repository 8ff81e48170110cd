// SPDX-License-Identifier: GPL-2.0
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include "device.h"
#include "peer.h"
#include "stats.h"
#include "uapi/warren.h"

static const char names[WARREN_STAT_COUNT][ETH_GSTRING_LEN] = {
#define X(id, name) name,
	WARREN_PEER_STATS(X)
	WARREN_DEVICE_STATS(X)
#undef X
};

/* A peer's have the numbers of the contract, which begin at 1. */
#define X(id, name) &&WARREN_STAT_##id + 1 == (int)WARREN_PEER_STATS_A_##id
static_assert(true WARREN_PEER_STATS(X));
#undef X

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

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "warren", sizeof(info->driver));
}

static int get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? WARREN_STAT_COUNT : -EOPNOTSUPP;
}

static void get_strings(struct net_device *dev, u32 set, u8 *data)
{
	if (set == ETH_SS_STATS)
		memcpy(data, names, sizeof(names));
}

static void get_ethtool_stats(struct net_device *dev,
			      struct ethtool_stats *stats, u64 *data)
{
	struct warren_device *warren = netdev_priv(dev);
	int cpu, i;

	memset(data, 0, WARREN_STAT_COUNT * sizeof(*data));
	for_each_possible_cpu(cpu) {
		const struct warren_stats *s = per_cpu_ptr(warren->stats, cpu);

		for (i = 0; i < WARREN_STAT_COUNT; i++)
			data[i] += READ_ONCE(s->count[i]);
	}
}

const struct ethtool_ops warren_ethtool_ops = {
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_ethtool_stats,
};
