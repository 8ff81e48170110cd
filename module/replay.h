/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which counters of a session were seen (paper, section 5.4.6; RFC 6479).
 * The caller excludes others.
 */
#ifndef WARREN_REPLAY_H
#define WARREN_REPLAY_H

#include <linux/bits.h>
#include "messages.h"

/*
 * A ring with one bit a counter: the place of @next is the place of the counter
 * that leaves the window when @next comes in, so no spare word is needed.
 */
#define WARREN_REPLAY_WORDS (WARREN_REPLAY_WINDOW / BITS_PER_LONG)

struct warren_replay {
	u64 next;	/* one more than the largest counter seen */
	unsigned long seen[WARREN_REPLAY_WORDS];
};

/**
 * warren_replay_accept() - mark a counter as seen
 * @replay: the session's
 * @counter: of an authenticated message
 *
 * Return: false if it was seen before, is too old to tell, or is at or above
 * WARREN_REJECT_AFTER_MESSAGES.
 */
bool warren_replay_accept(struct warren_replay *replay, u64 counter);

#endif /* WARREN_REPLAY_H */
