// SPDX-License-Identifier: GPL-2.0
/* Many workers at one device's cookie checker and rate limiter, under the thread sanitizer. */
#include <pthread.h>
#include <string.h>

#include <linux/time64.h>

#include "cookie.h"
#include "ratelimiter.h"
#include "ktap.h"
#include "shim.h"

#define WORKERS 4
#define SECOND	((u64)NSEC_PER_SEC)

static pthread_barrier_t start;
static u64 now = 1000 * SECOND;

static void run_workers(void *(*worker)(void *result), int results[WORKERS])
{
	pthread_t threads[WORKERS];

	pthread_barrier_init(&start, NULL, WORKERS);
	for (int i = 0; i < WORKERS; i++)
		pthread_create(&threads[i], NULL, worker, &results[i]);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
}

/* --- the rate limiter: the first callers make the table --- */

#define SOURCES 50

static struct warren_ratelimiter limiter;

static void *start_handshakes(void *result)
{
	struct warren_source source = {.address_len = 4};

	pthread_barrier_wait(&start);
	for (int i = 0; i < 4 * SOURCES; i++) {
		source.address[0] = i / 4;
		*(int *)result += warren_ratelimiter_allow(&limiter, &source, now);
	}
	return NULL;
}

TEST(workers_share_the_buckets)
{
	size_t objects = shim_objects();

	for (int round = 0; round < 100; round++) {
		int allowed[WORKERS] = {};

		warren_ratelimiter_init(&limiter);
		run_workers(start_handshakes, allowed);
		CHECK(allowed[0] + allowed[1] + allowed[2] + allowed[3] ==
		      SOURCES * WARREN_HANDSHAKES_BURST);
		warren_ratelimiter_free(&limiter);
		CHECK(shim_objects() == objects);
	}
}

/* --- the checker: its secret is renewed again and again --- */

#define CHECKS 1000

static const u8 public_key[WARREN_KEY_SIZE] = {42};
static struct warren_cookie_checker checker;
static struct warren_source source = {.address_len = 4};

/* Each a sender of its own, told to prove its address while time flies. */
static void *prove_address(void *result)
{
	struct warren_message_initiation message = {};
	struct warren_message_cookie reply;
	struct warren_cookie cookie;

	warren_cookie_init(&cookie, public_key);
	pthread_barrier_wait(&start);
	for (int i = 0; i < CHECKS; i++) {
		u64 then = now + i * SECOND;

		warren_cookie_add_macs(&cookie, &message, sizeof(message), then);
		switch (warren_cookie_check(&checker, &message, sizeof(message), &source, true,
					    then)) {
		case WARREN_MAC_INVALID:
			return NULL;
		case WARREN_MAC_VALID:
			warren_cookie_create_reply(&reply, &checker, &message, sizeof(message), 0,
						   &source, then);
			if (warren_cookie_consume_reply(&cookie, &reply, then))
				return NULL;
			break;
		case WARREN_MAC_VALID_WITH_COOKIE:
			++*(int *)result;
			break;
		}
	}
	return NULL;
}

TEST(workers_share_a_secret)
{
	int proven[WORKERS] = {};

	warren_cookie_checker_init(&checker);
	warren_cookie_checker_rekey(&checker, public_key);
	run_workers(prove_address, proven);
	ktap_note("proven: %d %d %d %d of %d", proven[0], proven[1], proven[2], proven[3], CHECKS);
	for (int i = 0; i < WORKERS; i++)
		CHECK(proven[i] > CHECKS / 2);
}
