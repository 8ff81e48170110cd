// SPDX-License-Identifier: GPL-2.0
/* Counters as the input says, against a list of all that were accepted. */
#include <string.h>

#include "replay.h"
#include "fuzz.h"

#define MOST 512

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input input = {data, data + size};
	struct warren_replay replay = {};
	u64 accepted[MOST], newest = 0;
	int count = 0;

	while (!at_end(&input) && count < MOST) {
		u8 how = next_byte(&input);
		u64 step = next_number(&input, 1 + how % 8);
		u64 counter = how & 0x80 ? newest - step : newest + step;
		bool want = counter < WARREN_REJECT_AFTER_MESSAGES;

		if (count && newest >= WARREN_REPLAY_WINDOW)
			want &= counter > newest - WARREN_REPLAY_WINDOW;
		for (int i = 0; i < count; i++)
			want &= accepted[i] != counter;
		must(warren_replay_accept(&replay, counter) == want);
		if (!want)
			continue;
		accepted[count++] = counter;
		if (counter > newest)
			newest = counter;
	}
	return 0;
}
