// SPDX-License-Identifier: GPL-2.0
/* Changes of allowed IPs as the input says, against a list that is searched whole. */
#include <string.h>
#include <sys/socket.h>

#include "allowedips.h"
#include "fuzz.h"
#include "shim.h"

#define OWNERS 4
#define MOST   64

static struct warren_allowedips table;
static struct warren_allowedips_owner owners[OWNERS];
static struct warren_allowedips_prefix model[MOST];
static struct warren_allowedips_owner *model_owner[MOST];
static int count;

static bool same_bits(const u8 *a, const u8 *b, u8 bits)
{
	u8 rest = 0xff00 >> bits % 8;

	return !memcmp(a, b, bits / 8) && (!(bits % 8) || !((a[bits / 8] ^ b[bits / 8]) & rest));
}

static int find(const struct warren_allowedips_prefix *prefix)
{
	for (int i = 0; i < count; i++)
		if (model[i].family == prefix->family && model[i].cidr == prefix->cidr &&
		    same_bits(model[i].address, prefix->address, prefix->cidr))
			return i;
	return -1;
}

static void forget(int at)
{
	model[at] = model[--count];
	model_owner[at] = model_owner[count];
}

/* IPv6 addresses differ in the first and last bytes, which is enough to nest. */
static struct warren_allowedips_prefix next_prefix(struct input *input)
{
	struct warren_allowedips_prefix prefix = {.cidr = next_byte(input)};

	if (next_byte(input) % 2) {
		prefix.family = AF_INET6;
		prefix.cidr %= 129;
		next_bytes(input, prefix.address, 3);
		next_bytes(input, prefix.address + 14, 2);
	} else {
		prefix.family = AF_INET;
		prefix.cidr %= 33;
		next_bytes(input, prefix.address, 4);
	}
	return prefix;
}

static void insert(struct input *input)
{
	struct warren_allowedips_owner *owner = &owners[next_byte(input) % OWNERS];
	struct warren_allowedips_prefix prefix = next_prefix(input);
	int at = find(&prefix);
	bool fails = false;

	if (at < 0 && count == MOST)
		return;
	if (next_byte(input) == 1) {
		shim_fail_allocation(0);
		fails = at < 0;
	}
	must(!warren_allowedips_insert(&table, prefix.family, prefix.address, prefix.cidr, owner) ==
	     !fails);
	shim_fail_allocation(-1);
	if (fails)
		return;
	if (at < 0) {
		at = count++;
		model[at] = prefix;
	}
	model_owner[at] = owner;
}

static void take_away(struct input *input)
{
	struct warren_allowedips_owner *owner = &owners[next_byte(input) % OWNERS];
	struct warren_allowedips_prefix prefix = next_prefix(input);
	int at = find(&prefix);

	must(!warren_allowedips_remove(&table, prefix.family, prefix.address, prefix.cidr, owner));
	if (at >= 0 && model_owner[at] == owner)
		forget(at);
}

static void remove_owner(struct input *input)
{
	struct warren_allowedips_owner *owner = &owners[next_byte(input) % OWNERS];

	warren_allowedips_remove_owner(&table, owner);
	must(list_empty(&owner->prefixes));
	for (int i = count - 1; i >= 0; i--)
		if (model_owner[i] == owner)
			forget(i);
}

static void look_up(struct input *input)
{
	struct warren_allowedips_prefix prefix = next_prefix(input);
	struct warren_allowedips_owner *want = NULL;
	int longest = -1;

	for (int i = 0; i < count; i++)
		if (model[i].family == prefix.family && model[i].cidr > longest &&
		    same_bits(model[i].address, prefix.address, model[i].cidr)) {
			longest = model[i].cidr;
			want = model_owner[i];
		}
	must(warren_allowedips_lookup(&table, prefix.family, prefix.address) == want);
}

static void walk(void)
{
	struct warren_allowedips_prefix prefix;
	int seen = 0;

	for (int i = 0; i < OWNERS; i++) {
		const struct list_head *position = NULL;

		while ((position = warren_allowedips_next(&owners[i], position, &prefix))) {
			int at = find(&prefix);

			must(at >= 0 && model_owner[at] == &owners[i]);
			seen++;
		}
	}
	must(seen == count);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input input = {data, data + size};

	must(!warren_allowedips_cache_create());
	warren_allowedips_init(&table);
	for (int i = 0; i < OWNERS; i++)
		warren_allowedips_owner_init(&owners[i]);
	count = 0;
	while (!at_end(&input)) {
		switch (next_byte(&input) % 8) {
		case 0 ... 3:
			insert(&input);
			break;
		case 4:
			take_away(&input);
			break;
		case 5:
			remove_owner(&input);
			break;
		default:
			look_up(&input);
		}
	}
	walk();
	warren_allowedips_free(&table);
	must(!table.root4 && !table.root6);
	/* Aborts when anything is left. */
	warren_allowedips_cache_destroy();
	return 0;
}
