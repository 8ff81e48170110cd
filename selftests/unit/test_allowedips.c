// SPDX-License-Identifier: GPL-2.0
/* Allowed IPs: named cases, and random ones against a list that is searched whole. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>

#include "allowedips.h"
#include "ktap.h"
#include "shim.h"

#define OWNERS 8

static struct warren_allowedips table;
static struct warren_allowedips_owner owners[OWNERS];
static size_t objects_before;

static void setup(void)
{
	EXPECT(warren_allowedips_cache_create() == 0);
	objects_before = shim_objects();
	warren_allowedips_init(&table);
	for (int i = 0; i < OWNERS; i++)
		warren_allowedips_owner_init(&owners[i]);
}

/* Nothing may be left, whatever the case did. */
static void teardown(void)
{
	warren_allowedips_free(&table);
	for (int i = 0; i < OWNERS; i++)
		CHECK(list_empty(&owners[i].prefixes));
	CHECK(!rcu_access_pointer(table.root4) && !rcu_access_pointer(table.root6));
	shim_work();
	CHECK(shim_objects() == objects_before);
	/* Aborts when a cache still has objects. */
	warren_allowedips_cache_destroy();
}

/* "10.0.0.0/8" or "fd00::/8"; without a slash the whole address. */
static int parse(const char *text, u8 address[16], u8 *cidr)
{
	char copy[64];
	char *slash;
	int family;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = 0;
	family = strchr(copy, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, copy, address) != 1)
		abort();
	*cidr = slash ? atoi(slash) : family == AF_INET ? 32 : 128;
	return family;
}

static int insert(const char *prefix, int owner)
{
	u8 address[16], cidr;
	int family = parse(prefix, address, &cidr);

	return warren_allowedips_insert(&table, family, address, cidr, &owners[owner]);
}

static int remove_prefix(const char *prefix, int owner)
{
	u8 address[16], cidr;
	int family = parse(prefix, address, &cidr);

	return warren_allowedips_remove(&table, family, address, cidr, &owners[owner]);
}

/* The number of the owner, -1 for none. */
static int find(int family, const void *address)
{
	struct warren_allowedips_owner *owner;

	rcu_read_lock();
	owner = warren_allowedips_lookup(&table, family, address);
	rcu_read_unlock();
	return owner ? owner - owners : -1;
}

static int lookup(const char *text)
{
	u8 address[16], cidr;
	int family = parse(text, address, &cidr);

	return find(family, address);
}

/* An owner's prefixes as text, in the order in which they are given out. */
static const char *prefixes(int owner)
{
	static char text[4096];
	struct warren_allowedips_prefix prefix;
	const struct list_head *position = NULL;
	size_t len = 0;

	text[0] = 0;
	while ((position = warren_allowedips_next(&owners[owner], position, &prefix))) {
		char address[64];

		inet_ntop(prefix.family, prefix.address, address, sizeof(address));
		len += snprintf(text + len, sizeof(text) - len, "%s%s/%d", len ? " " : "", address,
				prefix.cidr);
	}
	return text;
}

TEST(empty_table_finds_nothing)
{
	setup();
	CHECK(lookup("10.0.0.1") == -1);
	CHECK(lookup("fd00::1") == -1);
	teardown();
}

TEST(longest_prefix_wins)
{
	setup();
	CHECK(!insert("10.0.0.0/8", 0));
	CHECK(!insert("10.1.0.0/16", 1));
	CHECK(!insert("10.1.2.0/24", 2));
	CHECK(!insert("10.1.2.3/32", 3));
	CHECK(lookup("10.255.0.1") == 0);
	CHECK(lookup("10.1.255.1") == 1);
	CHECK(lookup("10.1.2.255") == 2);
	CHECK(lookup("10.1.2.3") == 3);
	CHECK(lookup("11.0.0.0") == -1);
	CHECK(lookup("9.255.255.255") == -1);
	teardown();
}

TEST(order_of_insertion_does_not_matter)
{
	static const char *const nested[] = {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16",
					     "10.1.2.3/32"};

	for (int order = 0; order < 24; order++) {
		int left[4] = {0, 1, 2, 3};

		setup();
		for (int i = 4, code = order; i > 0; code /= i, i--) {
			int pick = code % i, which = left[pick];

			left[pick] = left[i - 1];
			CHECK(!insert(nested[which], which));
		}
		CHECK(lookup("1.1.1.1") == 0);
		CHECK(lookup("10.2.0.0") == 1);
		CHECK(lookup("10.1.2.4") == 2);
		CHECK(lookup("10.1.2.3") == 3);
		teardown();
	}
}

TEST(default_routes_catch_the_rest)
{
	setup();
	CHECK(!insert("0.0.0.0/0", 0));
	CHECK(!insert("::/0", 1));
	CHECK(!insert("10.0.0.0/8", 2));
	CHECK(!insert("fd00::/8", 3));
	CHECK(lookup("255.255.255.255") == 0);
	CHECK(lookup("0.0.0.0") == 0);
	CHECK(lookup("10.0.0.0") == 2);
	CHECK(lookup("::") == 1);
	CHECK(lookup("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == 1);
	CHECK(lookup("fdff::") == 3);
	teardown();
}

TEST(families_do_not_mix)
{
	setup();
	CHECK(!insert("0.0.0.0/0", 0));
	CHECK(lookup("::") == -1);
	CHECK(lookup("::ffff:1.2.3.4") == -1);
	CHECK(!remove_prefix("0.0.0.0/0", 0));
	CHECK(!insert("::/0", 1));
	CHECK(lookup("0.0.0.0") == -1);
	CHECK(find(AF_UNIX, "0000000000000000") == -1);
	teardown();
}

TEST(host_prefixes_are_exact)
{
	setup();
	CHECK(!insert("192.0.2.1/32", 0));
	CHECK(!insert("2001:db8::1/128", 1));
	CHECK(lookup("192.0.2.1") == 0);
	CHECK(lookup("192.0.2.0") == -1);
	CHECK(lookup("192.0.2.3") == -1);
	CHECK(lookup("2001:db8::1") == 1);
	CHECK(lookup("2001:db8::") == -1);
	CHECK(lookup("2001:db8::3") == -1);
	teardown();
}

TEST(host_bits_are_ignored)
{
	setup();
	CHECK(!insert("10.1.2.3/8", 0));
	CHECK(!insert("fd00:1:2:3:4:5:6:7/61", 1));
	CHECK(!strcmp(prefixes(0), "10.0.0.0/8"));
	CHECK(!strcmp(prefixes(1), "fd00:1:2::/61"));
	CHECK(lookup("10.9.9.9") == 0);
	CHECK(!insert("10.255.255.255/8", 2));
	CHECK(!strcmp(prefixes(0), ""));
	CHECK(!remove_prefix("10.3.3.3/8", 2));
	CHECK(lookup("10.9.9.9") == -1);
	teardown();
}

TEST(impossible_prefixes_are_refused)
{
	u8 address[16] = {};

	setup();
	CHECK(warren_allowedips_insert(&table, AF_INET, address, 33, &owners[0]) == -EINVAL);
	CHECK(warren_allowedips_insert(&table, AF_INET, address, 255, &owners[0]) == -EINVAL);
	CHECK(warren_allowedips_insert(&table, AF_INET6, address, 129, &owners[0]) == -EINVAL);
	CHECK(warren_allowedips_insert(&table, AF_UNSPEC, address, 0, &owners[0]) == -EINVAL);
	CHECK(warren_allowedips_remove(&table, AF_INET, address, 33, &owners[0]) == -EINVAL);
	CHECK(warren_allowedips_remove(&table, AF_INET6, address, 129, &owners[0]) == -EINVAL);
	CHECK(warren_allowedips_remove(&table, AF_UNSPEC, address, 0, &owners[0]) == -EINVAL);
	CHECK(!strcmp(prefixes(0), ""));
	CHECK(shim_objects() == objects_before);
	teardown();
}

TEST(last_owner_has_the_prefix)
{
	setup();
	CHECK(!insert("10.0.0.0/24", 0));
	CHECK(!insert("10.0.1.0/24", 0));
	CHECK(!insert("10.0.0.0/24", 1));
	CHECK(lookup("10.0.0.1") == 1);
	CHECK(lookup("10.0.1.1") == 0);
	CHECK(!strcmp(prefixes(0), "10.0.1.0/24"));
	CHECK(!strcmp(prefixes(1), "10.0.0.0/24"));
	CHECK(!insert("10.0.0.0/24", 1));
	CHECK(!strcmp(prefixes(1), "10.0.0.0/24"));
	teardown();
}

TEST(only_the_owner_can_remove)
{
	setup();
	CHECK(!insert("10.0.0.0/24", 0));
	CHECK(!remove_prefix("10.0.0.0/24", 1));
	CHECK(lookup("10.0.0.1") == 0);
	CHECK(!remove_prefix("10.0.0.0/24", 0));
	CHECK(lookup("10.0.0.1") == -1);
	CHECK(!remove_prefix("10.0.0.0/24", 0));
	teardown();
}

TEST(removal_of_what_is_not_there_changes_nothing)
{
	setup();
	CHECK(!insert("10.0.0.0/16", 0));
	CHECK(!insert("10.0.0.0/24", 0));
	CHECK(!insert("10.0.1.0/24", 0));
	CHECK(!remove_prefix("10.0.0.0/8", 0));
	CHECK(!remove_prefix("10.0.0.0/20", 0));
	CHECK(!remove_prefix("10.0.0.0/23", 0));
	CHECK(!remove_prefix("10.0.0.0/25", 0));
	CHECK(!remove_prefix("10.0.2.0/24", 0));
	CHECK(!remove_prefix("11.0.0.0/24", 0));
	CHECK(!remove_prefix("fd00::/8", 0));
	CHECK(!strcmp(prefixes(0), "10.0.0.0/16 10.0.0.0/24 10.0.1.0/24"));
	CHECK(lookup("10.0.0.1") == 0);
	CHECK(lookup("10.0.9.1") == 0);
	teardown();
}

TEST(removal_uncovers_the_shorter_prefix)
{
	setup();
	CHECK(!insert("10.0.0.0/8", 0));
	CHECK(!insert("10.1.0.0/16", 1));
	CHECK(!insert("10.1.1.0/24", 2));
	CHECK(!remove_prefix("10.1.0.0/16", 1));
	CHECK(lookup("10.1.2.0") == 0);
	CHECK(lookup("10.1.1.0") == 2);
	CHECK(!remove_prefix("10.0.0.0/8", 0));
	CHECK(lookup("10.1.2.0") == -1);
	CHECK(lookup("10.1.1.0") == 2);
	teardown();
}

TEST(removal_of_an_owner_leaves_the_others)
{
	setup();
	CHECK(!insert("10.0.0.0/8", 0));
	CHECK(!insert("fd00::/8", 0));
	CHECK(!insert("10.1.0.0/16", 1));
	CHECK(!insert("10.1.1.0/24", 0));
	CHECK(!insert("fd00:1::/32", 1));
	warren_allowedips_remove_owner(&table, &owners[0]);
	CHECK(!strcmp(prefixes(0), ""));
	CHECK(!strcmp(prefixes(1), "10.1.0.0/16 fd00:1::/32"));
	CHECK(lookup("10.0.0.0") == -1);
	CHECK(lookup("10.1.1.1") == 1);
	CHECK(lookup("fd00::") == -1);
	CHECK(lookup("fd00:1::") == 1);
	warren_allowedips_remove_owner(&table, &owners[0]);
	teardown();
}

TEST(prefixes_come_in_order_of_insertion)
{
	setup();
	CHECK(!insert("10.0.0.0/8", 0));
	CHECK(!insert("::/0", 0));
	CHECK(!insert("1.0.0.0/9", 0));
	CHECK(!insert("192.168.0.0/31", 0));
	CHECK(!strcmp(prefixes(0), "10.0.0.0/8 ::/0 1.0.0.0/9 192.168.0.0/31"));
	/* What is given to its owner again stays; what comes back is new. */
	CHECK(!insert("10.0.0.0/8", 0));
	CHECK(!insert("1.0.0.0/9", 1));
	CHECK(!insert("1.0.0.0/9", 0));
	CHECK(!strcmp(prefixes(0), "10.0.0.0/8 ::/0 192.168.0.0/31 1.0.0.0/9"));
	teardown();
}

TEST(addresses_may_be_unaligned)
{
	u8 buffer[20];

	setup();
	CHECK(!insert("10.1.0.0/16", 0));
	CHECK(!insert("fd00:1::/32", 1));
	for (int offset = 0; offset < 4; offset++) {
		inet_pton(AF_INET, "10.1.2.3", buffer + offset);
		CHECK(find(AF_INET, buffer + offset) == 0);
		CHECK(!warren_allowedips_insert(&table, AF_INET, buffer + offset, 32, &owners[2]));
		CHECK(!warren_allowedips_remove(&table, AF_INET, buffer + offset, 32, &owners[2]));
		inet_pton(AF_INET6, "fd00:1::2", buffer + offset);
		CHECK(find(AF_INET6, buffer + offset) == 1);
	}
	teardown();
}

/* Every length at once, the deepest there is: a cover and a branch each. */
TEST(every_length_of_one_address)
{
	u8 address[16], beside[16];

	setup();
	memset(address, 0xa5, sizeof(address));
	for (int cidr = 128; cidr >= 0; cidr--) {
		CHECK(!warren_allowedips_insert(&table, AF_INET6, address, cidr,
						&owners[cidr % 7]));
		if (!cidr)
			break;
		memcpy(beside, address, sizeof(beside));
		beside[(cidr - 1) / 8] ^= 0x80 >> (cidr - 1) % 8;
		CHECK(!warren_allowedips_insert(&table, AF_INET6, beside, cidr, &owners[7]));
	}
	CHECK(find(AF_INET6, address) == 128 % 7);
	for (int cidr = 128; cidr > 0; cidr--) {
		memcpy(beside, address, sizeof(beside));
		beside[(cidr - 1) / 8] ^= 0x80 >> (cidr - 1) % 8;
		CHECK(find(AF_INET6, beside) == 7);
	}
	warren_allowedips_remove_owner(&table, &owners[7]);
	for (int cidr = 128; cidr > 0; cidr--) {
		memcpy(beside, address, sizeof(beside));
		beside[(cidr - 1) / 8] ^= 0x80 >> (cidr - 1) % 8;
		CHECK(find(AF_INET6, beside) == (cidr - 1) % 7);
	}
	teardown();
}

TEST(failed_allocation_changes_nothing)
{
	setup();
	for (int first = 0; first < 2; first++) {
		for (int countdown = 0; countdown < 1 + first; countdown++) {
			size_t objects = shim_objects();

			shim_fail_allocation(countdown);
			CHECK(insert("10.1.0.0/16", 1) == -ENOMEM);
			shim_fail_allocation(-1);
			CHECK(shim_objects() == objects);
			CHECK(!strcmp(prefixes(1), ""));
			CHECK(lookup("10.1.0.0") == (first ? 0 : -1));
		}
		CHECK(!insert("10.0.0.0/8", 0));
	}
	/* A change of owner needs no memory. */
	shim_fail_allocation(0);
	CHECK(!insert("10.0.0.0/8", 2));
	shim_fail_allocation(-1);
	CHECK(lookup("10.1.0.0") == 2);
	teardown();
}

TEST(failed_caches_are_reported)
{
	for (int countdown = 0; countdown < 4; countdown++) {
		shim_fail_allocation(countdown);
		CHECK(warren_allowedips_cache_create() == -ENOMEM);
	}
	shim_fail_allocation(-1);
}

/* Aborts when a cache goes before what is in it. */
TEST(caches_wait_for_what_was_removed)
{
	setup();
	CHECK(!insert("10.0.0.0/8", 0));
	CHECK(!insert("fd00::/8", 0));
	warren_allowedips_free(&table);
	warren_allowedips_cache_destroy();
}

/* A reader that came before a removal goes on from what was removed. */
TEST(removed_nodes_stay_for_their_readers)
{
	struct warren_allowedips_owner *owner;

	setup();
	CHECK(!insert("10.0.0.0/8", 0));
	CHECK(!insert("10.1.0.0/16", 1));
	rcu_read_lock();
	owner = warren_allowedips_lookup(&table, AF_INET, "\x0a\x01\x00\x00");
	CHECK(owner == &owners[1]);
	CHECK(!remove_prefix("10.1.0.0/16", 1));
	CHECK(shim_objects() == objects_before + 3);
	rcu_read_unlock();
	shim_work();
	CHECK(shim_objects() == objects_before + 1);
	teardown();
}

/* The same when an owner loses few prefixes, or many, or all owners lose all. */
TEST(nodes_of_a_removed_owner_stay_for_their_readers)
{
	enum { FEW, MANY, ALL };

	for (int how = FEW; how <= ALL; how++) {
		setup();
		for (int i = 0; i < 40; i++) {
			u8 address[4] = {10, i};

			CHECK(!warren_allowedips_insert(&table, AF_INET, address, 16,
							&owners[i < (how == FEW ? 2 : 20)]));
		}
		rcu_read_lock();
		CHECK(lookup("10.0.0.1") == 1);
		if (how == ALL)
			warren_allowedips_free(&table);
		else
			warren_allowedips_remove_owner(&table, &owners[1]);
		CHECK(lookup("10.0.0.1") == -1);
		CHECK(shim_objects() == objects_before + 79);
		rcu_read_unlock();
		teardown();
	}
}

/* --- against a list that is searched whole --- */

#define MODEL_SIZE 600

static struct model_entry {
	int family, owner;
	u8 address[16], cidr;
} model[MODEL_SIZE];
static int model_count;

static u64 random_state;

static u32 random32(void)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return random_state >> 33;
}

static bool same_bits(const u8 *a, const u8 *b, int bits)
{
	for (int i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

static int model_find(int family, const u8 *address, u8 cidr)
{
	for (int i = 0; i < model_count; i++)
		if (model[i].family == family && model[i].cidr == cidr &&
		    same_bits(model[i].address, address, cidr))
			return i;
	return -1;
}

static int model_lookup(int family, const u8 *address)
{
	int best = -1;

	for (int i = 0; i < model_count; i++)
		if (model[i].family == family &&
		    same_bits(model[i].address, address, model[i].cidr) &&
		    (best < 0 || model[i].cidr > model[best].cidr))
			best = i;
	return best < 0 ? -1 : model[best].owner;
}

/* Close together, so that they nest and part at every bit. */
static int random_address(u8 address[16])
{
	int family = random32() % 2 ? AF_INET : AF_INET6;
	int size = family == AF_INET ? 4 : 16;

	memset(address, random32() % 3 ? 0 : 0xff, 16);
	for (int flips = random32() % 4; flips > 0; flips--) {
		int bit = random32() % (size * 8);

		address[bit / 8] ^= 0x80 >> bit % 8;
	}
	return family;
}

static void compare_lists(void)
{
	struct warren_allowedips_prefix prefix;
	int seen = 0;

	for (int i = 0; i < OWNERS; i++) {
		const struct list_head *position = NULL;

		while ((position = warren_allowedips_next(&owners[i], position, &prefix))) {
			int at = model_find(prefix.family, prefix.address, prefix.cidr);

			seen++;
			EXPECT(at >= 0 && model[at].owner == i);
		}
	}
	CHECK(seen == model_count);
	CHECK(table.count == (unsigned long)model_count);
	/* One leaf each, and one fork less in each family. */
	shim_work();
	CHECK(shim_objects() - objects_before ==
	      (size_t)(2 * model_count - !!rcu_access_pointer(table.root4) -
		       !!rcu_access_pointer(table.root6)));
}

static void model_set(int at, int family, const u8 *address, u8 cidr, int owner)
{
	if (at < 0)
		at = model_count++;
	model[at].family = family;
	model[at].cidr = cidr;
	memcpy(model[at].address, address, 16);
	model[at].owner = owner;
}

static void remove_owner(int owner)
{
	warren_allowedips_remove_owner(&table, &owners[owner]);
	for (int i = model_count - 1; i >= 0; i--)
		if (model[i].owner == owner)
			model[i] = model[--model_count];
}

static void random_step(void)
{
	u8 address[16];
	int family = random_address(address), size = family == AF_INET ? 4 : 16;
	u8 cidr = random32() % (size * 8 + 1);
	int owner = random32() % OWNERS, at = model_find(family, address, cidr);

	switch (random32() % 64) {
	case 0:
		remove_owner(owner);
		break;
	case 1 ... 20:
		if (model_count && random32() % 4) {
			at = random32() % model_count;
			family = model[at].family;
			cidr = model[at].cidr;
			memcpy(address, model[at].address, 16);
			owner = random32() % 4 ? model[at].owner : owner;
		}
		CHECK(!warren_allowedips_remove(&table, family, address, cidr, &owners[owner]));
		if (at >= 0 && model[at].owner == owner)
			model[at] = model[--model_count];
		break;
	default:
		if (at < 0 && model_count == MODEL_SIZE)
			break;
		CHECK(!warren_allowedips_insert(&table, family, address, cidr, &owners[owner]));
		model_set(at, family, address, cidr, owner);
	}
}

static bool lookups_agree(int times)
{
	u8 address[16];

	for (; times > 0; times--) {
		int family = random_address(address);

		if (find(family, address) != model_lookup(family, address))
			return false;
	}
	return true;
}

TEST(random_changes_agree_with_a_list)
{
	for (u64 seed = 1; seed <= 20; seed++) {
		random_state = seed;
		model_count = 0;
		setup();
		for (int step = 0; step < 1000; step++) {
			random_step();
			if (lookups_agree(4))
				continue;
			ktap_note("seed %llu, step %d", (unsigned long long)seed, step);
			CHECK(!"look-up and list disagree");
			teardown();
			return;
		}
		compare_lists();
		teardown();
	}
}

/*
 * Owners with half of the prefixes, a quarter and so on, and with a few: by a walk,
 * and by descents. They nest in each other's, in both families.
 */
TEST(owners_of_many_and_of_few_leave_what_is_others)
{
	u8 address[16];

	for (u64 seed = 1; seed <= 30; seed++) {
		random_state = seed;
		model_count = 0;
		setup();
		while (model_count < MODEL_SIZE) {
			int family = random_address(address);
			u8 cidr = random32() % (family == AF_INET ? 33 : 129);
			int owner = __builtin_ctz(random32() | 1 << (OWNERS - 1));
			int at = model_find(family, address, cidr);

			EXPECT(!warren_allowedips_insert(&table, family, address, cidr,
							 &owners[owner]));
			model_set(at, family, address, cidr, owner);
		}
		compare_lists();
		for (int i = 0; i < OWNERS; i++) {
			/* From few to many, and the other way round. */
			int owner = seed % 2 ? i : OWNERS - 1 - i;

			remove_owner(owner);
			CHECK(list_empty(&owners[owner].prefixes));
			compare_lists();
			CHECK(lookups_agree(200));
		}
		CHECK(model_count == 0);
		teardown();
	}
}

/* --- size --- */

static double bytes_a_prefix(int family, int count)
{
	size_t before = shim_bytes();
	double bytes;
	u8 address[16];

	random_state = 7;
	for (int i = 0; i < count; i++) {
		for (int k = 0; k < 16; k += 4) {
			u32 word = random32() ^ random32() << 16;

			memcpy(address + k, &word, 4);
		}
		if (warren_allowedips_insert(&table, family, address, family == AF_INET ? 32 : 128,
					     &owners[i % OWNERS]))
			abort();
	}
	bytes = shim_bytes() - before;
	return bytes / count;
}

TEST(memory_a_prefix)
{
	double ipv4, ipv6;

	setup();
	ipv4 = bytes_a_prefix(AF_INET, 1000000);
	ipv6 = bytes_a_prefix(AF_INET6, 1000000);
	ktap_note("1,000,000 random hosts: %.1f bytes a prefix for IPv4, %.1f for IPv6", ipv4,
		  ipv6);
	CHECK(ipv4 <= 56 && ipv6 <= 72);
	teardown();
}
