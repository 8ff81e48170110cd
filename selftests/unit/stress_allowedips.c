// SPDX-License-Identifier: GPL-2.0
/*
 * Readers without locks and one writer, under the thread sanitizer: whatever
 * the writer does, a reader finds an owner that may be the right one.
 *
 * 10.0.0.0/8 belongs to the first owner all the time, and all other changes are
 * within it; so every look-up in it finds somebody. 10.255.0.0/16 is the last
 * owner's, and what else comes and goes lies beside it.
 */
#include <pthread.h>
#include <sys/socket.h>

#include "allowedips.h"
#include "ktap.h"
#include "shim.h"

#define OWNERS	4
#define READERS 3
#define CHANGES 20000

static struct warren_allowedips table;
static struct warren_allowedips_owner owners[OWNERS];
static bool done;

static u32 next_random(u64 *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

struct reader {
	pthread_t thread;
	u64 random_state;
	long lookups, wrong;
};

static void *read_on(void *argument)
{
	struct reader *reader = argument;

	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		rcu_read_lock();
		for (int i = 0; i < 100; i++) {
			struct warren_allowedips_owner *owner;
			u8 ours[4] = {10, next_random(&reader->random_state) % 8,
				      next_random(&reader->random_state) % 8, 1};
			u8 fixed[4] = {10, 255, next_random(&reader->random_state), 1};

			owner = warren_allowedips_lookup(&table, AF_INET, ours);
			reader->wrong += owner < owners || owner >= owners + OWNERS - 1;
			owner = warren_allowedips_lookup(&table, AF_INET, fixed);
			reader->wrong += owner != &owners[OWNERS - 1];
			reader->lookups += 2;
		}
		rcu_read_unlock();
	}
	return NULL;
}

static bool change(u64 *random_state)
{
	u8 address[4] = {10, next_random(random_state) % 8, next_random(random_state) % 8, 0};
	u8 cidr = 9 + next_random(random_state) % 24;
	struct warren_allowedips_owner *owner =
		&owners[1 + next_random(random_state) % (OWNERS - 2)];

	if (next_random(random_state) % 128 == 0) {
		warren_allowedips_remove_owner(&table, owner);
		return true;
	}
	if (next_random(random_state) % 2)
		return !warren_allowedips_remove(&table, AF_INET, address, cidr, owner);
	return !warren_allowedips_insert(&table, AF_INET, address, cidr, owner);
}

TEST(readers_and_a_writer)
{
	struct reader readers[READERS] = {};
	u64 random_state = 99;
	long lookups = 0;

	EXPECT(!warren_allowedips_cache_create());
	warren_allowedips_init(&table);
	for (int i = 0; i < OWNERS; i++)
		warren_allowedips_owner_init(&owners[i]);
	CHECK(!warren_allowedips_insert(&table, AF_INET, "\x0a\x00\x00\x00", 8, &owners[0]));
	CHECK(!warren_allowedips_insert(&table, AF_INET, "\x0a\xff\x00\x00", 16,
					&owners[OWNERS - 1]));
	for (int i = 0; i < READERS; i++) {
		readers[i].random_state = i;
		pthread_create(&readers[i].thread, NULL, read_on, &readers[i]);
	}

	for (int i = 0; i < CHANGES; i++) {
		CHECK(change(&random_state));
		if (i % 64 == 0)
			shim_work();
	}

	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		CHECK(!readers[i].wrong);
		lookups += readers[i].lookups;
	}
	ktap_note("%d changes during %ld look-ups", CHANGES, lookups);
	CHECK(lookups > 0);
	warren_allowedips_free(&table);
	warren_allowedips_cache_destroy();
}
