// SPDX-License-Identifier: GPL-2.0
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include "device.h"
#include "stats.h"

static const char counters[WARREN_STAT_COUNT][ETH_GSTRING_LEN] = {
#define X(id, name) name,
	WARREN_PEER_STATS(X)
	WARREN_DEVICE_STATS(X)
#undef X
};

/* Private flags, by bit. */
static const char flags[][ETH_GSTRING_LEN] = { "udp-segmentation" };
#define UDP_SEGMENTATION BIT(0)

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "warren", sizeof(info->driver));
}

static int get_sset_count(struct net_device *dev, int set)
{
	switch (set) {
	case ETH_SS_STATS:
		return ARRAY_SIZE(counters);
	case ETH_SS_PRIV_FLAGS:
		return ARRAY_SIZE(flags);
	default:
		return -EOPNOTSUPP;
	}
}

static void get_strings(struct net_device *dev, u32 set, u8 *data)
{
	if (set == ETH_SS_STATS)
		memcpy(data, counters, sizeof(counters));
	else if (set == ETH_SS_PRIV_FLAGS)
		memcpy(data, flags, sizeof(flags));
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

static u32 get_priv_flags(struct net_device *dev)
{
	struct warren_device *warren = netdev_priv(dev);

	return READ_ONCE(warren->no_batches) ? 0 : UDP_SEGMENTATION;
}

static int set_priv_flags(struct net_device *dev, u32 wanted)
{
	struct warren_device *warren = netdev_priv(dev);

	WRITE_ONCE(warren->no_batches, !(wanted & UDP_SEGMENTATION));
	return 0;
}

const struct ethtool_ops warren_ethtool_ops = {
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_ethtool_stats,
	.get_priv_flags = get_priv_flags,
	.set_priv_flags = set_priv_flags,
};
