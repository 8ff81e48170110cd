// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/minmax.h>

#include "replay.h"

static_assert(WARREN_REPLAY_WINDOW % BITS_PER_LONG == 0);

/* Counters [replay->next, counter) were jumped over: not seen yet. */
static void skip_to(struct warren_replay *replay, u64 counter)
{
	u64 skipped = counter - replay->next;
	unsigned int first = replay->next % WARREN_REPLAY_WINDOW;
	unsigned int to_end;

	if (skipped >= WARREN_REPLAY_WINDOW) {
		bitmap_zero(replay->seen, WARREN_REPLAY_WINDOW);
		return;
	}
	to_end = min_t(u64, skipped, WARREN_REPLAY_WINDOW - first);
	bitmap_clear(replay->seen, first, to_end);
	bitmap_clear(replay->seen, 0, skipped - to_end);
}

bool warren_replay_accept(struct warren_replay *replay, u64 counter)
{
	unsigned int place = counter % WARREN_REPLAY_WINDOW;

	if (unlikely(counter >= WARREN_REJECT_AFTER_MESSAGES))
		return false;

	if (likely(counter >= replay->next)) {
		if (unlikely(counter != replay->next))
			skip_to(replay, counter);
		__set_bit(place, replay->seen);
		replay->next = counter + 1;
		return true;
	}

	if (replay->next - counter > WARREN_REPLAY_WINDOW)
		return false;
	return !__test_and_set_bit(place, replay->seen);
}
