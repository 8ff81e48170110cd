/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a peer: what its packets met, dropped ones by reason. Only
 * warren.ko has them; module/uapi/warren.h lists them.
 */
#ifndef WARREN_LIB_STATS_H
#define WARREN_LIB_STATS_H

#include <stdbool.h>

/* Counters are numbered from 1, as in the kernel's interface. */
#define WARREN_STATS_N 28

/**
 * warren_stats_name() - a counter's name
 * @number: from 1 to WARREN_STATS_N - 1
 *
 * Return: the name it has in `ethtool -S`, such as "rx_drop_bad_tag".
 */
const char *warren_stats_name(unsigned int number);

/**
 * warren_stats_is_drop() - whether it counts packets that were dropped
 * @number: as above
 *
 * Return: true if so.
 */
bool warren_stats_is_drop(unsigned int number);

#endif /* WARREN_LIB_STATS_H */
