/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Handshakes a source may start while the device is under load: 20 a second,
 * five at once, for each IPv4 address or IPv6 /64 (paper, section 5.3).
 *
 * The table has a fixed size and no entries to free: a source whose bucket is
 * full again needs no memory, so its place is anybody's. When all places of a
 * set are in use by busy sources, a new source is refused.
 */
#ifndef WARREN_RATELIMITER_H
#define WARREN_RATELIMITER_H

#include <linux/spinlock.h>
#include <linux/siphash.h>
#include "cookie.h"

struct warren_ratelimiter_set;

struct warren_ratelimiter {
	siphash_key_t key;
	struct warren_ratelimiter_set *sets;	/* NULL until first needed */
};

#define WARREN_HANDSHAKES_PER_SECOND 20
#define WARREN_HANDSHAKES_BURST 5

void warren_ratelimiter_init(struct warren_ratelimiter *limiter);
void warren_ratelimiter_free(struct warren_ratelimiter *limiter);

/**
 * warren_ratelimiter_allow() - may this source start a handshake now?
 * @limiter: the device's
 * @source: only the address counts, of IPv6 its first 64 bits
 * @now_ns: monotonic
 *
 * May sleep (the table is allocated at the first call). Callers may be many.
 * Return: false also when there is no memory for the table.
 */
bool warren_ratelimiter_allow(struct warren_ratelimiter *limiter,
			      const struct warren_source *source, u64 now_ns);

#endif /* WARREN_RATELIMITER_H */
