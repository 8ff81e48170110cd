// SPDX-License-Identifier: GPL-2.0
/* The replay window: its edges, and random counters against a set that forgets nothing. */
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#include "replay.h"
#include "ktap.h"

#define WINDOW WARREN_REPLAY_WINDOW

static struct warren_replay replay;

static bool accept(u64 counter)
{
	return warren_replay_accept(&replay, counter);
}

static void setup(void)
{
	memset(&replay, 0, sizeof(replay));
}

TEST(counters_in_order_are_accepted_once)
{
	setup();
	for (u64 i = 0; i < 3 * WINDOW; i++) {
		CHECK(accept(i));
		CHECK(!accept(i));
	}
}

TEST(first_counter_may_be_any)
{
	setup();
	CHECK(accept(123456));
	CHECK(!accept(123456));
	CHECK(accept(123456 - WINDOW + 1));
	CHECK(!accept(123456 - WINDOW));
	CHECK(!accept(0));
}

TEST(counters_in_reverse_order_are_accepted_once)
{
	setup();
	for (u64 i = WINDOW; i-- > 0;)
		CHECK(accept(i));
	for (u64 i = 0; i < WINDOW; i++)
		CHECK(!accept(i));
}

TEST(window_is_exactly_8192_wide)
{
	setup();
	CHECK(WINDOW == 8192);
	CHECK(accept(8192));
	CHECK(!accept(0));
	CHECK(accept(1));
	CHECK(!accept(1));
	CHECK(accept(8191));
	CHECK(accept(8193));
	CHECK(!accept(1));
	CHECK(accept(2));
}

/* A place in the ring is used again: what was there before must be forgotten. */
TEST(jumps_forget_what_they_pass)
{
	static const u64 jumps[] = {1,		2,	   63,	 64,   65,   127,   128,
				    8128,	8191,	   8192, 8193, 8255, 16384, WINDOW * 5 + 3,
				    1ULL << 32, 1ULL << 60};

	for (unsigned int i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		u64 newest = WINDOW + 77 + jumps[i];

		setup();
		for (u64 counter = 0; counter <= WINDOW + 77; counter++)
			CHECK(accept(counter));
		CHECK(accept(newest));
		for (u64 counter = newest - WINDOW + 1; counter < newest; counter++)
			CHECK(accept(counter) == (counter > WINDOW + 77));
		CHECK(!accept(newest - WINDOW));
		CHECK(!accept(newest));
	}
}

TEST(reject_limit_is_never_passed)
{
	const u64 limit = WARREN_REJECT_AFTER_MESSAGES;

	setup();
	CHECK(!accept(limit));
	CHECK(!accept(U64_MAX));
	CHECK(replay.next == 0);
	CHECK(accept(0));
	CHECK(accept(limit - 1));
	CHECK(!accept(limit - 1));
	CHECK(!accept(limit));
	CHECK(!accept(U64_MAX));
	CHECK(accept(limit - WINDOW));
	CHECK(!accept(limit - WINDOW - 1));
	CHECK(!accept(0));
}

/* All counters below a bound, seen or not: the window needs no more care. */
#define MODEL_SIZE (64 * WINDOW)

static u64 random_state = 1;

static u64 random_below(u64 bound)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (random_state >> 33) % bound;
}

/* Mostly a little before or after the newest, sometimes anywhere in the window. */
static u64 random_counter(u64 newest)
{
	u64 back = random_below(4) ? random_below(64) : random_below(WINDOW + 100);

	switch (random_below(512)) {
	case 0:
		return newest + random_below(2 * WINDOW);
	case 1 ... 128:
		return newest + random_below(16);
	default:
		return newest > back ? newest - back : 0;
	}
}

TEST(random_counters_agree_with_a_set)
{
	bool *seen = calloc(MODEL_SIZE, sizeof(*seen));
	u64 newest = 0, counter;
	bool want, any = false;
	int steps = 0;

	setup();
	while ((counter = random_counter(newest)) < MODEL_SIZE) {
		steps++;
		want = !seen[counter] && (!any || counter + WINDOW > newest);
		if (accept(counter) != want) {
			ktap_note("step %d: counter %llu, newest %llu, expected %d", steps,
				  (unsigned long long)counter, (unsigned long long)newest, want);
			CHECK(!"window and set disagree");
			break;
		}
		seen[counter] = true;
		any = true;
		if (counter > newest)
			newest = counter;
	}
	ktap_note("%d random counters", steps);
	CHECK(steps > 10000);
	free(seen);
}
