/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What nftables keeps from going wrong: one table an interface, inet warren-NAME,
 * which the kernel replaces as a whole and which stays when the interface goes.
 */
#ifndef WARREN_GUARD_H
#define WARREN_GUARD_H

#include "quick.h"

/**
 * struct guard - what an interface's table says about itself
 * @there: there is a table
 * @full: full_set() was to follow
 * @kill_switch: it has a kill switch
 * @mark: the mark it lets through
 * @digest: of its content
 */
struct guard {
	bool there;
	bool full;
	bool kill_switch;
	uint32_t mark;
	uint64_t digest;
};

/**
 * guard_find() - read an interface's table
 * @q: the interface, which need not exist
 * @guard: filled; without a table all zero
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int guard_find(const struct quick *q, struct guard *guard, struct warren_error *err);

/**
 * guard_set() - make the table what the file asks for
 * @q: the interface, which need not exist yet
 * @mark: the mark of the tunnel's own packets
 * @err: filled on failure; the table is then as it was
 *
 * With full_wanted(), the mark comes back on answers, and packets for the tunnel's
 * addresses that come by another way are dropped. With KillSwitch, what is for the
 * peers' networks leaves by the tunnel or not at all: all of it, when one of them
 * has a default route of either family. Let through are the tunnel's own packets,
 * what stays on this host or came out of the tunnel, KillSwitchExcept, and what a
 * host needs to stay on its links: DHCP and IPv6's neighbour discovery.
 *
 * Return: 0 or -1.
 */
int guard_set(const struct quick *q, uint32_t mark, struct warren_error *err);

/**
 * guard_compare() - whether guard_set() would change anything
 * @q: the interface
 * @guard: from guard_find()
 * @mark: the mark for guard_set()
 * @same: filled: true if not
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int guard_compare(const struct quick *q, const struct guard *guard, uint32_t mark, bool *same,
		  struct warren_error *err);

/**
 * guard_unset() - take the table away
 * @q: the interface
 * @err: filled on failure
 *
 * Return: 0, also when there is none, or -1.
 */
int guard_unset(const struct quick *q, struct warren_error *err);

#endif /* WARREN_GUARD_H */
