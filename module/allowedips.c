// SPDX-License-Identifier: GPL-2.0
/*
 * All prefixes are leaves, and between n of them there are n - 1 forks of two
 * kinds. A branch parts those whose next bit is 0 from those where it is 1. A
 * cover has a prefix on one side, and on the other all that lie within it:
 *
 *	cover /8 --- 10.0.0.0/8
 *	   `-------- branch at bit 15 --- 10.0.0.0/16
 *			    `------------ 10.1.0.0/16
 *
 * So a prefix brings one leaf and one fork and takes one leaf and one fork away
 * again, whatever lies around it. A fork holds no address: a look-up compares
 * at the leaves only, of which it passes few. The depth is at most one branch
 * for each bit and one cover for each length.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/errno.h>
#include <linux/llist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "allowedips.h"

enum kind {
	BRANCH,
	COVER,
	LEAF_IPV4,
	LEAF_IPV6,
};

/* What a fork and a leaf have in common. */
struct warren_allowedips_node {
	u8 kind;
	u8 bits;	/* leaf and cover: length; branch: the bit that it tests */
};

struct fork {
	/* Of a cover: the prefix, and what lies within it. */
	struct warren_allowedips_node __rcu *child[2];
	struct warren_allowedips_node node;
};

struct leaf {
	union {
		struct list_head list;		/* in the owner's prefixes */
		struct llist_node removed;	/* once removed */
	};
	/* Once removed: the fork that went with it, or NULL, marked as GONE. */
	struct warren_allowedips_owner __rcu *owner;
	struct warren_allowedips_node node;
	u8 address[];		/* network order, 4 or 16 bytes */
};

#define GONE 1UL

#define LEAF_SIZE(address_size) (offsetof(struct leaf, address) + (address_size))
#define IPV4_SIZE 4
#define IPV6_SIZE 16

static struct kmem_cache *fork_cache, *leaf_ipv4_cache, *leaf_ipv6_cache;

/* Writers exclude each other; nothing here can say by which lock. */
#define writer_dereference(p) rcu_dereference_protected(p, true)

/* Readers are under RCU, or in a softirq, which is as good. */
#define reader_dereference(p) rcu_dereference_check(p, rcu_read_lock_bh_held())

static bool is_leaf(const struct warren_allowedips_node *node)
{
	return node->kind >= LEAF_IPV4;
}

static struct leaf *leaf_of(const struct warren_allowedips_node *node)
{
	return container_of(node, struct leaf, node);
}

static struct fork *fork_of(const struct warren_allowedips_node *node)
{
	return container_of(node, struct fork, node);
}

static __always_inline unsigned int bit_at(const u8 *address, unsigned int bit)
{
	return address[bit / 8] >> (7 - bit % 8) & 1;
}

/* How many bits two addresses share at their beginning. */
static __always_inline unsigned int common_bits(const u8 *a, const u8 *b,
						unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size; i += sizeof(u32)) {
		__be32 x, y;

		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		if (x != y)
			return i * 8 + 32 - fls(be32_to_cpu(x ^ y));
	}
	return size * 8;
}

static __always_inline bool contains(const struct leaf *leaf, const u8 *address,
				     unsigned int size)
{
	return common_bits(leaf->address, address, size) >= leaf->node.bits;
}

static __always_inline bool is_gone(const struct warren_allowedips_owner *owner)
{
	return (unsigned long)owner & GONE;
}

/* The owner, or @otherwise when the leaf has just been removed. */
static __always_inline struct warren_allowedips_owner *
owner_of(const struct leaf *leaf, struct warren_allowedips_owner *otherwise)
{
	struct warren_allowedips_owner *owner = reader_dereference(leaf->owner);

	return likely(!is_gone(owner)) ? owner : otherwise;
}

/*
 * Follows the address. Leaves on the way are ever longer prefixes of it, until
 * the first that does not fit: nothing below can fit then.
 */
static __always_inline struct warren_allowedips_owner *
lookup(const struct warren_allowedips_node *node, const u8 *address, unsigned int size)
{
	struct warren_allowedips_owner *owner = NULL;

	while (node) {
		const struct warren_allowedips_node *prefix = node;
		const struct fork *fork = fork_of(node);

		if (likely(node->kind == BRANCH)) {
			node = reader_dereference(fork->child[bit_at(address, node->bits)]);
			continue;
		}
		if (node->kind == COVER) {
			prefix = reader_dereference(fork->child[0]);
			node = reader_dereference(fork->child[1]);
		} else {
			node = NULL;
		}
		if (!contains(leaf_of(prefix), address, size))
			break;
		owner = owner_of(leaf_of(prefix), owner);
	}
	return owner;
}

struct warren_allowedips_owner *
warren_allowedips_lookup(const struct warren_allowedips *table, int family,
			 const void *address)
{
	if (family == AF_INET)
		return lookup(reader_dereference(table->root4), address, IPV4_SIZE);
	if (family == AF_INET6)
		return lookup(reader_dereference(table->root6), address, IPV6_SIZE);
	return NULL;
}

static struct kmem_cache *leaf_cache(u8 kind)
{
	return kind == LEAF_IPV4 ? leaf_ipv4_cache : leaf_ipv6_cache;
}

/* Of all tables: leaves that were removed, with forks, and may have readers. */
static LLIST_HEAD(removed);
static struct workqueue_struct *removal_wq;

/*
 * Leaves are freed in about the order in which they were allocated, neighbours
 * together. Forks are not: each for itself is cheaper then.
 */
struct batch {
	struct kmem_cache *cache;
	unsigned int count;
	void *objects[32];
};

static void free_batch(struct batch *batch)
{
	if (batch->count)
		kmem_cache_free_bulk(batch->cache, batch->count, batch->objects);
	batch->count = 0;
}

static void free_later(struct batch *batch, void *object)
{
	batch->objects[batch->count++] = object;
	if (batch->count == ARRAY_SIZE(batch->objects)) {
		free_batch(batch);
		cond_resched();
	}
}

static void free_removed(struct work_struct *work)
{
	struct batch ipv4 = { .cache = leaf_ipv4_cache };
	struct batch ipv6 = { .cache = leaf_ipv6_cache };
	struct llist_node *leaves = llist_del_all(&removed);
	struct leaf *leaf, *next;

	synchronize_rcu();
	llist_for_each_entry_safe(leaf, next, leaves, removed) {
		unsigned long fork = (unsigned long)rcu_access_pointer(leaf->owner) & ~GONE;

		if (fork)
			kmem_cache_free(fork_cache, (void *)fork);
		free_later(leaf->node.kind == LEAF_IPV4 ? &ipv4 : &ipv6, leaf);
	}
	free_batch(&ipv4);
	free_batch(&ipv6);
}

static DECLARE_WORK(removal_work, free_removed);

/* A leaf that is gone has no list any more. */
static void free_after_readers(struct leaf *leaf)
{
	if (llist_add(&leaf->removed, &removed))
		queue_work(removal_wq, &removal_work);
}

int warren_allowedips_cache_create(void)
{
	fork_cache = kmem_cache_create("warren_allowedips_fork",
				       sizeof(struct fork), 0, 0, NULL);
	leaf_ipv4_cache = kmem_cache_create("warren_allowedips_ipv4",
					    LEAF_SIZE(IPV4_SIZE),
					    __alignof__(struct leaf), 0, NULL);
	leaf_ipv6_cache = kmem_cache_create("warren_allowedips_ipv6",
					    LEAF_SIZE(IPV6_SIZE),
					    __alignof__(struct leaf), 0, NULL);
	removal_wq = alloc_workqueue("warren_allowedips", WQ_UNBOUND, 0);
	if (fork_cache && leaf_ipv4_cache && leaf_ipv6_cache && removal_wq)
		return 0;
	warren_allowedips_cache_destroy();
	return -ENOMEM;
}

void warren_allowedips_cache_destroy(void)
{
	/* What was removed last may still wait for its readers: it ends first. */
	if (removal_wq)
		destroy_workqueue(removal_wq);
	removal_wq = NULL;
	kmem_cache_destroy(leaf_ipv6_cache);
	kmem_cache_destroy(leaf_ipv4_cache);
	kmem_cache_destroy(fork_cache);
	leaf_ipv6_cache = leaf_ipv4_cache = fork_cache = NULL;
}

/* The place of the root of a family, and the size of its addresses in bytes. */
static struct warren_allowedips_node __rcu **
root_of(struct warren_allowedips *table, int family, unsigned int *size)
{
	switch (family) {
	case AF_INET:
		*size = IPV4_SIZE;
		return &table->root4;
	case AF_INET6:
		*size = IPV6_SIZE;
		return &table->root6;
	default:
		return NULL;
	}
}

void warren_allowedips_init(struct warren_allowedips *table)
{
	RCU_INIT_POINTER(table->root4, NULL);
	RCU_INIT_POINTER(table->root6, NULL);
	table->count = 0;
}

void warren_allowedips_owner_init(struct warren_allowedips_owner *owner)
{
	INIT_LIST_HEAD(&owner->prefixes);
}

/*
 * A leaf that shares as many bits with a prefix as any does: below the point
 * where they part, all leaves share the same bits with it.
 */
static struct leaf *nearest_leaf(struct warren_allowedips_node *node,
				 const u8 *address, u8 cidr)
{
	while (!is_leaf(node)) {
		unsigned int side = 1;

		if (node->kind == BRANCH)
			side = node->bits < cidr ? bit_at(address, node->bits) : 0;
		node = writer_dereference(fork_of(node)->child[side]);
	}
	return leaf_of(node);
}

/*
 * The place where a prefix is or belongs, when it shares @common bits with what
 * is nearest: below all that is shorter, above all that is not.
 */
static struct warren_allowedips_node __rcu **
find_place(struct warren_allowedips_node __rcu **place, const u8 *address,
	   u8 cidr, unsigned int common)
{
	struct warren_allowedips_node *node = writer_dereference(*place);

	while (!is_leaf(node)) {
		struct fork *fork = fork_of(node);

		if (node->kind == BRANCH) {
			if (node->bits >= common)
				break;
			place = &fork->child[bit_at(address, node->bits)];
		} else {
			if (node->bits > common)
				break;
			place = &fork->child[node->bits < cidr];
		}
		node = writer_dereference(*place);
	}
	return place;
}

static struct leaf *new_leaf(const u8 *address, u8 cidr, unsigned int size)
{
	u8 kind = size == IPV4_SIZE ? LEAF_IPV4 : LEAF_IPV6;
	struct leaf *leaf = kmem_cache_zalloc(leaf_cache(kind), GFP_KERNEL);

	if (!leaf)
		return NULL;
	leaf->node.kind = kind;
	leaf->node.bits = cidr;
	memcpy(leaf->address, address, DIV_ROUND_UP(cidr, 8));
	if (cidr % 8)
		leaf->address[cidr / 8] &= 0xff << (8 - cidr % 8);
	return leaf;
}

/* Joins a new leaf and what is at its place, at the @common bits they share. */
static void set_fork(struct fork *fork, struct leaf *leaf,
		     struct warren_allowedips_node *other, unsigned int common)
{
	unsigned int side;

	fork->node.bits = common;
	if (leaf->node.bits == common) {
		fork->node.kind = COVER;
		side = 0;
	} else if (is_leaf(other) && other->bits == common) {
		fork->node.kind = COVER;
		side = 1;
	} else {
		fork->node.kind = BRANCH;
		side = bit_at(leaf->address, common);
	}
	RCU_INIT_POINTER(fork->child[side], &leaf->node);
	RCU_INIT_POINTER(fork->child[!side], other);
}

static void give(struct leaf *leaf, struct warren_allowedips_owner *owner)
{
	if (rcu_access_pointer(leaf->owner) == owner)
		return;
	list_move_tail(&leaf->list, &owner->prefixes);
	rcu_assign_pointer(leaf->owner, owner);
}

int warren_allowedips_insert(struct warren_allowedips *table, int family,
			     const void *address, u8 cidr,
			     struct warren_allowedips_owner *owner)
{
	struct warren_allowedips_node __rcu **place;
	struct warren_allowedips_node *node;
	unsigned int common = 0, size;
	struct leaf *leaf, *nearest;
	struct fork *fork = NULL;

	place = root_of(table, family, &size);
	if (!place || cidr > size * 8)
		return -EINVAL;

	node = writer_dereference(*place);
	if (node) {
		nearest = nearest_leaf(node, address, cidr);
		common = common_bits(nearest->address, address, size);
		common = min3(common, (unsigned int)cidr,
			      (unsigned int)nearest->node.bits);
		place = find_place(place, address, cidr, common);
		node = writer_dereference(*place);
		if (is_leaf(node) && node->bits == cidr && common == cidr) {
			give(leaf_of(node), owner);
			return 0;
		}
		fork = kmem_cache_zalloc(fork_cache, GFP_KERNEL);
		if (!fork)
			return -ENOMEM;
	}

	leaf = new_leaf(address, cidr, size);
	if (!leaf) {
		if (fork)
			kmem_cache_free(fork_cache, fork);
		return -ENOMEM;
	}
	RCU_INIT_POINTER(leaf->owner, owner);
	list_add_tail(&leaf->list, &owner->prefixes);
	table->count++;

	if (fork) {
		set_fork(fork, leaf, node, common);
		rcu_assign_pointer(*place, &fork->node);
	} else {
		rcu_assign_pointer(*place, &leaf->node);
	}
	return 0;
}

/*
 * The way down to a prefix: where its leaf hangs, below which fork, and where
 * that hangs.
 */
struct way {
	struct warren_allowedips_node __rcu **place, **fork_place;
	struct fork *fork;
};

/* Follows a prefix down to the leaf that would be it; NULL if there is none. */
static struct leaf *descend(struct way *way,
			    struct warren_allowedips_node __rcu **root,
			    const u8 *address, u8 cidr)
{
	struct warren_allowedips_node *node = writer_dereference(*root);

	way->place = root;
	way->fork_place = NULL;
	way->fork = NULL;
	while (node && !is_leaf(node)) {
		struct fork *fork = fork_of(node);
		unsigned int side = 1;

		if (node->bits > cidr || (node->bits == cidr && node->kind == BRANCH))
			return NULL;
		if (node->kind == BRANCH)
			side = bit_at(address, node->bits);
		else if (node->bits == cidr)
			side = 0;

		way->fork_place = way->place;
		way->fork = fork;
		way->place = &fork->child[side];
		node = writer_dereference(*way->place);
	}
	if (!node || node->bits != cidr)
		return NULL;
	return leaf_of(node);
}

/*
 * Takes a leaf out; its sibling goes where their fork was. Readers may still be
 * at both, until free_after_readers(): a fork has no room to wait for that in a
 * list, so the leaf takes it along.
 */
static void unhang(struct warren_allowedips *table, const struct way *way,
		   struct leaf *leaf)
{
	struct fork *fork = way->fork;
	unsigned long gone = (unsigned long)fork | GONE;
	struct warren_allowedips_node *sibling;

	if (fork) {
		sibling = writer_dereference(fork->child[way->place == &fork->child[0]]);
		rcu_assign_pointer(*way->fork_place, sibling);
	} else {
		RCU_INIT_POINTER(*way->place, NULL);
	}
	rcu_assign_pointer(leaf->owner,
			   (struct warren_allowedips_owner __force *)gone);
	table->count--;
}

int warren_allowedips_remove(struct warren_allowedips *table, int family,
			     const void *address, u8 cidr,
			     struct warren_allowedips_owner *owner)
{
	struct warren_allowedips_node __rcu **root;
	unsigned int size;
	struct leaf *leaf;
	struct way way;

	root = root_of(table, family, &size);
	if (!root || cidr > size * 8)
		return -EINVAL;

	leaf = descend(&way, root, address, cidr);
	if (leaf && contains(leaf, address, size) &&
	    rcu_access_pointer(leaf->owner) == owner) {
		unhang(table, &way, leaf);
		list_del(&leaf->list);
		free_after_readers(leaf);
	}
	return 0;
}

/*
 * So many forks can be above a leaf of IPv4. Of IPv6 it is half of that, but for
 * more the prefixes have to be chosen for it.
 */
#define SWEEP_DEPTH (2 * 8 * IPV4_SIZE)

struct walk {
	/* The forks above @place hang here, each from a side of the one before. */
	struct warren_allowedips_node __rcu **above[SWEEP_DEPTH], **place;
	unsigned int depth;
};

static struct fork *fork_above(const struct walk *walk)
{
	return fork_of(writer_dereference(*walk->above[walk->depth - 1]));
}

/* When all is done at its place: on to a second side. False if there is none left. */
static bool walk_on(struct walk *walk)
{
	while (walk->depth) {
		struct fork *fork = fork_above(walk);

		if (walk->place == &fork->child[0]) {
			walk->place = &fork->child[1];
			return true;
		}
		walk->place = walk->above[--walk->depth];
	}
	return false;
}

/* Takes the leaf out that hangs there, and goes on. */
static bool walk_unhang(struct warren_allowedips *table, struct walk *walk,
			struct leaf *leaf)
{
	struct way way = { .place = walk->place };

	if (!walk->depth) {
		unhang(table, &way, leaf);
		return false;
	}
	way.fork = fork_above(walk);
	way.fork_place = walk->above[--walk->depth];
	unhang(table, &way, leaf);
	/* The sibling is there now: next, if it was not before. */
	walk->place = way.fork_place;
	return way.place == &way.fork->child[0] || walk_on(walk);
}

/*
 * Takes all leaves of @owner out in one walk, or all there are if it is NULL,
 * except those that are deeper than the walk goes. They stay in @owner's list,
 * or all owners' lists go to @gone: from there the caller frees them, in the
 * order in which they were allocated, which is the cheapest.
 */
static void sweep(struct warren_allowedips *table,
		  struct warren_allowedips_node __rcu **root,
		  const struct warren_allowedips_owner *owner, struct list_head *gone)
{
	struct walk walk = { .place = root, .depth = 0 };
	bool more = !!rcu_access_pointer(*root);

	while (more) {
		struct warren_allowedips_node *node = writer_dereference(*walk.place);
		struct warren_allowedips_owner *has;

		if (!is_leaf(node)) {
			if (walk.depth == SWEEP_DEPTH) {
				more = walk_on(&walk);
				continue;
			}
			walk.above[walk.depth++] = walk.place;
			walk.place = &fork_of(node)->child[0];
			continue;
		}
		cond_resched();
		has = writer_dereference(leaf_of(node)->owner);
		if (owner && has != owner) {
			more = walk_on(&walk);
			continue;
		}
		if (!owner)
			list_splice_tail_init(&has->prefixes, gone);
		more = walk_unhang(table, &walk, leaf_of(node));
	}
}

/* A descent costs about as much as a walk past so many prefixes. */
#define DESCENT_COST 16

void warren_allowedips_remove_owner(struct warren_allowedips *table,
				    struct warren_allowedips_owner *owner)
{
	/* How many it has nobody counts: until a walk would have cost less. */
	unsigned long descents = table->count / DESCENT_COST;
	struct leaf *leaf, *next;
	bool swept = false;

	list_for_each_entry_safe(leaf, next, &owner->prefixes, list) {
		struct way way;

		if (!swept && !descents--) {
			sweep(table, &table->root4, owner, NULL);
			sweep(table, &table->root6, owner, NULL);
			swept = true;
		}
		if (!is_gone(rcu_access_pointer(leaf->owner))) {
			descend(&way,
				leaf->node.kind == LEAF_IPV4 ? &table->root4 : &table->root6,
				leaf->address, leaf->node.bits);
			unhang(table, &way, leaf);
		}
		free_after_readers(leaf);
		cond_resched();
	}
	INIT_LIST_HEAD(&owner->prefixes);
}

void warren_allowedips_free(struct warren_allowedips *table)
{
	struct leaf *leaf, *next;
	LIST_HEAD(gone);

	/*
	 * Each walk brings up what was too deep for it, and finds some leaf: it
	 * would take 2^64 of them to have none at its depth.
	 */
	while (rcu_access_pointer(table->root4))
		sweep(table, &table->root4, NULL, &gone);
	while (rcu_access_pointer(table->root6))
		sweep(table, &table->root6, NULL, &gone);

	list_for_each_entry_safe(leaf, next, &gone, list) {
		free_after_readers(leaf);
		cond_resched();
	}
}

const struct list_head *
warren_allowedips_next(const struct warren_allowedips_owner *owner,
		       const struct list_head *position,
		       struct warren_allowedips_prefix *prefix)
{
	const struct leaf *leaf;

	position = position ? position->next : owner->prefixes.next;
	if (position == &owner->prefixes)
		return NULL;

	leaf = list_entry(position, struct leaf, list);
	memset(prefix, 0, sizeof(*prefix));
	prefix->family = leaf->node.kind == LEAF_IPV4 ? AF_INET : AF_INET6;
	memcpy(prefix->address, leaf->address,
	       prefix->family == AF_INET ? IPV4_SIZE : IPV6_SIZE);
	prefix->cidr = leaf->node.bits;
	return position;
}
