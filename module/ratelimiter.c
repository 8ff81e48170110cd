// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "ratelimiter.h"

#define SETS 1024
#define PLACES 7

/* What one handshake takes out of a bucket, as time to fill it again. */
#define COST_NS (NSEC_PER_SEC / WARREN_HANDSHAKES_PER_SECOND)
#define BUCKET_NS (WARREN_HANDSHAKES_BURST * COST_NS)

/*
 * A bucket is one number, the time at which it will be full; so an unused place
 * is like one whose time has passed, and zero memory is an empty table.
 */
struct bucket {
	u64 source;
	u64 full_ns;
};

/* 128 bytes, unless the lock is a debugging one. */
struct warren_ratelimiter_set {
	spinlock_t lock;
	struct bucket buckets[PLACES];
};

/* IPv4 goes where no IPv6 source can be, in the multicast addresses. */
static u64 source_key(const struct warren_source *source)
{
	__be32 ipv4;
	__be64 ipv6;

	if (source->address_len == sizeof(ipv4)) {
		memcpy(&ipv4, source->address, sizeof(ipv4));
		return U64_MAX << 32 | be32_to_cpu(ipv4);
	}
	memcpy(&ipv6, source->address, sizeof(ipv6));
	return be64_to_cpu(ipv6);
}

/* The source's bucket, else a place nobody needs, else NULL. */
static struct bucket *find_bucket(struct warren_ratelimiter_set *set,
				  u64 source, u64 now_ns)
{
	struct bucket *unused = NULL;
	int i;

	for (i = 0; i < PLACES; i++) {
		struct bucket *bucket = &set->buckets[i];

		if (bucket->full_ns <= now_ns)
			unused = bucket;
		else if (bucket->source == source)
			return bucket;
	}
	return unused;
}

static bool take(struct bucket *bucket, u64 source, u64 now_ns)
{
	u64 full_ns = max(bucket->full_ns, now_ns) + COST_NS;

	if (full_ns - now_ns > BUCKET_NS)
		return false;
	bucket->source = source;
	bucket->full_ns = full_ns;
	return true;
}

static struct warren_ratelimiter_set *get_sets(struct warren_ratelimiter *limiter)
{
	struct warren_ratelimiter_set *sets, *others;
	int i;

	/* Pairs with cmpxchg() below: the locks are ready before they are seen. */
	sets = smp_load_acquire(&limiter->sets);
	if (likely(sets))
		return sets;

	sets = kvcalloc(SETS, sizeof(*sets), GFP_KERNEL | __GFP_NOWARN);
	if (!sets)
		return NULL;
	for (i = 0; i < SETS; i++)
		spin_lock_init(&sets[i].lock);

	others = cmpxchg(&limiter->sets, NULL, sets);
	if (others) {
		kvfree(sets);
		return others;
	}
	return sets;
}

void warren_ratelimiter_init(struct warren_ratelimiter *limiter)
{
	get_random_bytes(&limiter->key, sizeof(limiter->key));
	limiter->sets = NULL;
}

void warren_ratelimiter_free(struct warren_ratelimiter *limiter)
{
	kvfree(limiter->sets);
	limiter->sets = NULL;
}

bool warren_ratelimiter_allow(struct warren_ratelimiter *limiter,
			      const struct warren_source *source, u64 now_ns)
{
	struct warren_ratelimiter_set *sets = get_sets(limiter), *set;
	u64 key = source_key(source);
	struct bucket *bucket;
	bool allowed = false;

	if (!sets)
		return false;
	/* Keyed, so that nobody can choose whose set to fill. */
	set = &sets[siphash_1u64(key, &limiter->key) % SETS];

	spin_lock(&set->lock);
	bucket = find_bucket(set, key, now_ns);
	if (bucket)
		allowed = take(bucket, key, now_ns);
	spin_unlock(&set->lock);
	return allowed;
}
