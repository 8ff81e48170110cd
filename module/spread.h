/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which CPU decrypts. The one that a packet came in by, as long as it has time:
 * that costs least. One that is full gives large packets to one that has room.
 *
 * Each CPU is measured by the load that is its own, wherever it was worked off:
 * the time it was not idle, less what it did for others, and what others did
 * for it. So one that was relieved stays relieved, and two never relieve each
 * other. Of all devices together; the loads are those of the last 20 ms or so.
 */
#ifndef WARREN_SPREAD_H
#define WARREN_SPREAD_H

#include <linux/types.h>

/**
 * warren_spread_target() - where a packet that came in here is to be decrypted
 * @before: the CPU that those before it went to
 *
 * Context: softirq. Return: a CPU of the same node that has room and is not
 * isolated, @before if possible; this one if it is not full itself, or when
 * there is no other. It may be going offline.
 */
int warren_spread_target(int before);

/**
 * warren_spread_account() - note that this CPU worked for another one
 * @origin: for which
 * @ns: how long
 *
 * Context: softirq.
 */
void warren_spread_account(int origin, u64 ns);

#endif /* WARREN_SPREAD_H */
