/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cryptokey routing (paper, section 2): which peer has which addresses. A
 * path-compressed binary trie for each family: a prefix costs two small
 * allocations when it is inserted (56 bytes for IPv4, 72 for IPv6), and none
 * when it changes its owner.
 *
 * Pure: look-ups run under RCU, changes are made by one caller at a time. What
 * is put in is an owner, embedded in the peer; a prefix has one owner, and goes
 * to whoever inserts it last.
 */
#ifndef WARREN_ALLOWEDIPS_H
#define WARREN_ALLOWEDIPS_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct warren_allowedips_node;

struct warren_allowedips {
	struct warren_allowedips_node __rcu *root4;
	struct warren_allowedips_node __rcu *root6;
	unsigned long count;	/* of prefixes */
};

struct warren_allowedips_owner {
	struct list_head prefixes;	/* in order of insertion */
};

/* A place in an owner's list, for reading it in pieces. */
struct warren_allowedips_prefix {
	int family;		/* AF_INET or AF_INET6 */
	u8 address[16];		/* network order, host bits zero */
	u8 cidr;
};

/* For all tables: before the first one, and after the last one was freed. */
int warren_allowedips_cache_create(void);
void warren_allowedips_cache_destroy(void);

void warren_allowedips_init(struct warren_allowedips *table);
void warren_allowedips_owner_init(struct warren_allowedips_owner *owner);

/*
 * Empties the table, at less cost than owner for owner; their lists are empty
 * then. May sleep; frees after RCU.
 */
void warren_allowedips_free(struct warren_allowedips *table);

/**
 * warren_allowedips_insert() - give a prefix to an owner
 * @table: the device's
 * @family: AF_INET or AF_INET6
 * @address: struct in_addr or in6_addr; bits beyond @cidr are ignored
 * @cidr: at most 32 or 128
 * @owner: takes it from whoever has it
 *
 * May sleep. Return: 0, -EINVAL, -ENOMEM (and nothing has changed).
 */
int warren_allowedips_insert(struct warren_allowedips *table, int family,
			     const void *address, u8 cidr,
			     struct warren_allowedips_owner *owner);

/* Takes a prefix away from @owner, if it has it. Return: 0 or -EINVAL. */
int warren_allowedips_remove(struct warren_allowedips *table, int family,
			     const void *address, u8 cidr,
			     struct warren_allowedips_owner *owner);

/*
 * Takes all prefixes away from @owner. Cost: a descent for each of them, or a
 * walk through the table when they are many. May sleep.
 */
void warren_allowedips_remove_owner(struct warren_allowedips *table,
				    struct warren_allowedips_owner *owner);

/**
 * warren_allowedips_lookup() - the owner of the longest prefix that fits
 * @table: the device's
 * @family: AF_INET or AF_INET6
 * @address: network order, any alignment
 *
 * Context: under rcu_read_lock() or its like; so is the result.
 */
struct warren_allowedips_owner *
warren_allowedips_lookup(const struct warren_allowedips *table, int family,
			 const void *address);

/**
 * warren_allowedips_next() - walk an owner's prefixes
 * @owner: whose
 * @position: NULL for the first one, else what the last call gave
 * @prefix: written, unless NULL is returned
 *
 * The caller excludes changes from the first call to the last, or notices them
 * by other means and begins again before it passes an old position in.
 * Return: the new position, or NULL after the last one.
 */
const struct list_head *
warren_allowedips_next(const struct warren_allowedips_owner *owner,
		       const struct list_head *position,
		       struct warren_allowedips_prefix *prefix);

#endif /* WARREN_ALLOWEDIPS_H */
