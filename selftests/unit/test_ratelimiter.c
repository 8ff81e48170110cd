// SPDX-License-Identifier: GPL-2.0
/* The rate limiter: 20 a second, five at once, a source each; and its bounds. */
#include <string.h>

#include <linux/time64.h>

#include "ratelimiter.h"
#include "ktap.h"
#include "shim.h"

#define SECOND ((u64)NSEC_PER_SEC)
#define PERIOD (SECOND / WARREN_HANDSHAKES_PER_SECOND)

static struct warren_ratelimiter limiter;
static u64 now;

static void setup(void)
{
	now = 1000 * SECOND;
	warren_ratelimiter_init(&limiter);
}

static void teardown(void)
{
	warren_ratelimiter_free(&limiter);
}

static struct warren_source ipv4(u32 address)
{
	struct warren_source source = {.address_len = 4};

	address = cpu_to_be32(address);
	memcpy(source.address, &address, 4);
	return source;
}

static struct warren_source ipv6(u64 prefix, u64 host)
{
	struct warren_source source = {.address_len = 16};

	prefix = cpu_to_be64(prefix);
	host = cpu_to_be64(host);
	memcpy(source.address, &prefix, 8);
	memcpy(source.address + 8, &host, 8);
	return source;
}

static bool allow(struct warren_source source)
{
	return warren_ratelimiter_allow(&limiter, &source, now);
}

/* How many of so many are allowed at this moment. */
static int allowed_of(struct warren_source source, int tries)
{
	int allowed = 0;

	while (tries--)
		allowed += allow(source);
	return allowed;
}

TEST(a_burst_of_five)
{
	setup();
	CHECK(allowed_of(ipv4(1), 100) == 5);
	CHECK(allowed_of(ipv6(1, 1), 100) == 5);
	teardown();
}

TEST(twenty_a_second_after_the_burst)
{
	int allowed = 0;

	setup();
	CHECK(allowed_of(ipv4(1), 10) == 5);
	for (int ms = 0; ms < 10000; ms++) {
		now += SECOND / 1000;
		allowed += allow(ipv4(1));
	}
	CHECK(allowed == 200);
	teardown();
}

TEST(a_token_comes_every_50_ms)
{
	setup();
	CHECK(allowed_of(ipv4(1), 10) == 5);
	now += PERIOD - 1;
	CHECK(!allow(ipv4(1)));
	now += 1;
	CHECK(allow(ipv4(1)));
	CHECK(!allow(ipv4(1)));
	now += 5 * PERIOD;
	CHECK(allowed_of(ipv4(1), 10) == 5);
	teardown();
}

TEST(a_long_rest_saves_no_more_than_the_burst)
{
	setup();
	CHECK(allowed_of(ipv4(1), 10) == 5);
	now += 3600 * SECOND;
	CHECK(allowed_of(ipv4(1), 10) == 5);
	teardown();
}

/* A worker whose clock was read a little earlier gives nothing away. */
TEST(an_earlier_clock_gives_no_tokens)
{
	setup();
	CHECK(allowed_of(ipv4(1), 10) == 5);
	now -= PERIOD / 2;
	CHECK(!allow(ipv4(1)));
	now += PERIOD / 2;
	CHECK(!allow(ipv4(1)));
	teardown();
}

TEST(sources_have_a_bucket_each)
{
	setup();
	CHECK(allowed_of(ipv4(1), 10) == 5);
	CHECK(allowed_of(ipv4(2), 10) == 5);
	CHECK(allowed_of(ipv6(2, 0), 10) == 5);
	CHECK(!allow(ipv4(1)));
	teardown();
}

TEST(an_ipv6_network_is_one_source)
{
	setup();
	for (u64 host = 0; host < 5; host++)
		CHECK(allow(ipv6(0x20010db800000000, host << 60 | host)));
	CHECK(!allow(ipv6(0x20010db800000000, 99)));
	CHECK(allow(ipv6(0x20010db800000001, 99)));
	teardown();
}

/* An IPv4 address is not the IPv6 network that looks like it. */
TEST(families_have_buckets_of_their_own)
{
	setup();
	CHECK(allowed_of(ipv4(0xc0000201), 10) == 5);
	CHECK(allowed_of(ipv6(0xc0000201, 0), 10) == 5);
	CHECK(allowed_of(ipv6(0xc000020100000000, 0), 10) == 5);
	CHECK(allowed_of(ipv6(0x20010db8ffffffff, 0), 10) == 5);
	teardown();
}

TEST(the_port_does_not_count)
{
	struct warren_source source = ipv4(1);

	setup();
	CHECK(allowed_of(source, 10) == 5);
	source.port = 1;
	CHECK(!allow(source));
	teardown();
}

/* More sources than there are places: new ones wait, those that have one do not. */
TEST(full_table_refuses_newcomers)
{
	int allowed = 0, twice = 0;

	setup();
	for (u32 i = 0; i < 50000; i++)
		allowed += allow(ipv4(i));
	ktap_note("%d of 50000 sources at once have a place", allowed);
	CHECK(allowed > 6000 && allowed < 10000);

	for (u32 i = 0; i < 50000; i++)
		twice += allow(ipv4(i));
	CHECK(twice == allowed);

	/* When the buckets are full again, the places are anybody's. */
	now += 2 * PERIOD;
	allowed = 0;
	for (u32 i = 1000000; i < 1001000; i++)
		allowed += allow(ipv4(i));
	CHECK(allowed == 1000);
	teardown();
}

TEST(no_memory_refuses_until_there_is_some)
{
	setup();
	shim_fail_allocation(0);
	CHECK(!allow(ipv4(1)));
	shim_fail_allocation(-1);
	CHECK(allow(ipv4(1)));
	teardown();
}

TEST(unused_limiter_has_no_table)
{
	setup();
	CHECK(!limiter.sets);
	teardown();
	setup();
	CHECK(allow(ipv4(1)) && limiter.sets);
	teardown();
	CHECK(!limiter.sets);
}
