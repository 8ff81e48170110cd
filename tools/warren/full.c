// SPDX-License-Identifier: GPL-2.0
#include "full.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "../lib/route.h"
#include "../lib/rule.h"
#include "routes.h"

#define FIRST_TABLE   51820
#define MAIN_PRIORITY 32766

static const uint16_t families[] = {AF_INET, AF_INET6};

bool full_wanted(const struct quick *q, uint16_t family)
{
	const struct warren_config *c = &q->config;
	const struct warren_device *dev = &c->device;
	bool own = c->rule_priority && c->table > 0 && c->table != ROUTES_MAIN_TABLE;
	size_t i, j;

	if (c->table != WARREN_TABLE_AUTO && !own)
		return false;
	for (i = 0; i < dev->peers_n; i++)
		for (j = 0; j < dev->peers[i].allowedips_n; j++) {
			const struct warren_prefix *p = &dev->peers[i].allowedips[j].prefix;

			if (p->family == family && (own || !p->cidr))
				return true;
		}
	return false;
}

/* An automatic table has the mark's number. */
static uint32_t table_of(const struct quick *q, uint32_t mark)
{
	return q->config.table > 0 ? q->config.table : mark;
}

struct used {
	uint8_t taken[1024];
};

static void note_used(struct used *used, uint32_t number)
{
	if (number >= FIRST_TABLE && number - FIRST_TABLE < sizeof(used->taken))
		used->taken[number - FIRST_TABLE] = 1;
}

static int note_table(void *arg, const struct warren_prefix *prefix, uint32_t table)
{
	(void)prefix;
	note_used(arg, table);
	return 0;
}

static void note_rule(void *arg, const struct warren_rule *rule)
{
	note_used(arg, rule->table);
	note_used(arg, rule->mark);
}

int full_choose_mark(struct quick *q, uint32_t *mark, struct warren_error *err)
{
	struct used used = {};
	size_t i;

	*mark = q->config.device.fwmark;
	if (*mark)
		return 0;
	if (warren_route_each(&q->rtnl, 0, note_table, &used, err) ||
	    warren_rule_each(&q->rtnl, AF_INET, note_rule, &used, err) ||
	    warren_rule_each(&q->rtnl, AF_INET6, note_rule, &used, err))
		return -1;
	for (i = 0; i < sizeof(used.taken); i++)
		if (!used.taken[i]) {
			*mark = FIRST_TABLE + i;
			return 0;
		}
	return warren_error_set(err, WARREN_E_KERNEL, "set FwMark to the number of a free table",
				"the routing tables from %u on are all in use", FIRST_TABLE);
}

/* Where the two rules can go: @first is the file's place, or 0. */
struct place {
	uint32_t first;
	uint32_t lowest;
	uint32_t taken;
};

static void note_place(void *arg, const struct warren_rule *rule)
{
	struct place *place = arg;

	/* The local table's rule is at 0 and stays first. */
	if (rule->priority && rule->priority < place->lowest)
		place->lowest = rule->priority;
	if (place->first && (rule->priority == place->first || rule->priority == place->first + 1))
		place->taken = rule->priority;
}

static int choose_place(struct quick *q, uint16_t family, uint32_t *first, struct warren_error *err)
{
	struct place place = {.first = q->config.rule_priority, .lowest = MAIN_PRIORITY};

	if (warren_rule_each(&q->rtnl, family, note_place, &place, err))
		return -1;
	if (place.first)
		warren_error_place(err, q->path, q->config.rule_priority_line, "RulePriority");
	if (place.taken)
		return warren_error_set(err, WARREN_E_KERNEL,
					"choose another number, of which the next is free as well",
					"there is a routing rule of priority %" PRIu32 " already",
					place.taken);
	if (!place.first && place.lowest <= 2)
		return warren_error_set(err, WARREN_E_KERNEL, "set RulePriority in [Interface]",
					"there is no place for rules before that of priority "
					"%" PRIu32,
					place.lowest);
	*first = place.first ? place.first : place.lowest - 2;
	warren_error_place(err, NULL, 0, NULL);
	return 0;
}

static void make_rules(struct warren_rule rules[2], uint16_t family, uint32_t first, uint32_t mark,
		       uint32_t table)
{
	rules[0] = (struct warren_rule){.family = family,
					.table = ROUTES_MAIN_TABLE,
					.priority = first,
					.suppress_default = true};
	rules[1] = (struct warren_rule){.family = family,
					.table = table,
					.priority = first + 1,
					.mark = mark,
					.inverted = true};
}

static int set_family(struct quick *q, uint16_t family, uint32_t mark, struct warren_error *err)
{
	const struct warren_prefix everything = {.family = family};
	uint32_t table = table_of(q, mark), first = 0;
	int v = family == AF_INET ? 4 : 6;
	struct warren_rule rules[2];

	if (q->config.table == WARREN_TABLE_AUTO) {
		quick_say("ip -%d route add default dev %s table %" PRIu32, v, q->name, table);
		if (warren_route_add(&q->rtnl, q->ifindex, &everything, table, err))
			return -1;
	}
	if (choose_place(q, family, &first, err))
		return -1;
	make_rules(rules, family, first, mark, table);
	/* This one first: full_unset() finds the other one by it. */
	quick_say("ip -%d rule add not fwmark %" PRIu32 " table %" PRIu32 " priority %" PRIu32, v,
		  mark, table, first + 1);
	if (warren_rule_add(&q->rtnl, &rules[1], err))
		return -1;
	quick_say("ip -%d rule add table main suppress_prefixlength 0 priority %" PRIu32, v, first);
	return warren_rule_add(&q->rtnl, &rules[0], err);
}

/* Without it, strict reverse path filtering drops the tunnel's own answers. */
static int set_src_valid_mark(struct warren_error *err)
{
	static const char path[] = "/proc/sys/net/ipv4/conf/all/src_valid_mark";
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	quick_say("sysctl -q net.ipv4.conf.all.src_valid_mark=1");
	if (fd < 0 || write(fd, "1\n", 2) != 2)
		ret = warren_error_errno(err, WARREN_E_KERNEL, errno, "cannot write %s", path);
	if (fd >= 0)
		close(fd);
	return ret;
}

int full_set(struct quick *q, uint32_t mark, struct warren_error *err)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (full_wanted(q, families[i]) && set_family(q, families[i], mark, err))
			return -1;
	return full_wanted(q, AF_INET) ? set_src_valid_mark(err) : 0;
}

/* The rule of a mark among those there are; its priority is 0 if there is none. */
struct search {
	uint32_t mark;
	struct warren_rule found;
};

static void match(void *arg, const struct warren_rule *rule)
{
	struct search *search = arg;

	if (rule->inverted && rule->mark == search->mark && rule->table && rule->priority)
		search->found = *rule;
}

int full_there(struct quick *q, uint16_t family, uint32_t mark, bool *there,
	       struct warren_error *err)
{
	struct search search = {.mark = mark};

	if (mark && warren_rule_each(&q->rtnl, family, match, &search, err))
		return -1;
	*there = search.found.priority && search.found.table == table_of(q, mark) &&
		 (!q->config.rule_priority || search.found.priority == q->config.rule_priority + 1);
	return 0;
}

static int unset_family(struct quick *q, uint16_t family, uint32_t mark, struct warren_error *err)
{
	struct search search = {.mark = mark};
	int v = family == AF_INET ? 4 : 6, ret;
	struct warren_rule rules[2];

	if (warren_rule_each(&q->rtnl, family, match, &search, err))
		return -1;
	/* Not there: nor is the other, unless it is another tunnel's. */
	if (!search.found.priority)
		return 0;
	make_rules(rules, family, search.found.priority - 1, mark, search.found.table);
	quick_say("ip -%d rule delete not fwmark %" PRIu32 " table %" PRIu32, v, mark,
		  search.found.table);
	ret = warren_rule_del(&q->rtnl, &rules[1], err);
	quick_say("ip -%d rule delete table main suppress_prefixlength 0 priority %" PRIu32, v,
		  rules[0].priority);
	if (warren_rule_del(&q->rtnl, &rules[0], err) < 0)
		ret = -1;
	return ret < 0 ? -1 : 0;
}

int full_unset(struct quick *q, uint32_t mark, struct warren_error *err)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < 2 && mark; i++)
		if (unset_family(q, families[i], mark, err))
			ret = -1;
	return ret;
}
