// SPDX-License-Identifier: GPL-2.0
#include "limiter.h"
#include "mesh.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void control_limiter_init(struct control_limiter *l, double rate, double burst)
{
	memset(l, 0, sizeof(*l));
	l->rate = (float)rate;
	l->burst = (float)burst;
	l->entries = mesh_alloc(LIMITER_ENTRIES * sizeof(*l->entries));
	for (size_t i = 0; i < LIMITER_ENTRIES; i++)
		l->entries[i].tokens = l->burst;
	randombytes_buf(l->seed, sizeof(l->seed));
}

void control_limiter_free(struct control_limiter *l)
{
	free(l->entries);
	memset(l, 0, sizeof(*l));
}

size_t control_limiter_entry(const struct control_limiter *l, const struct mesh_ip *from)
{
	uint64_t h;

	/* IPv4 with all its bytes, IPv6 with the network's half. */
	crypto_shorthash((uint8_t *)&h, from->b, from->family == 4 ? 16 : 8, l->seed);
	return h % LIMITER_ENTRIES;
}

static float *refill(struct control_limiter *l, const struct mesh_ip *from, uint64_t now_ms)
{
	uint32_t now = (uint32_t)now_ms;
	size_t i = control_limiter_entry(l, from);

	l->entries[i].tokens += (float)(now - l->entries[i].when) / 1000 * l->rate;
	l->entries[i].when = now;
	if (l->entries[i].tokens > l->burst)
		l->entries[i].tokens = l->burst;
	return &l->entries[i].tokens;
}

bool control_limiter_has(struct control_limiter *l, const struct mesh_ip *from, uint64_t now_ms)
{
	return l->rate == 0 || *refill(l, from, now_ms) >= 1;
}

bool control_limiter_take(struct control_limiter *l, const struct mesh_ip *from, uint64_t now_ms)
{
	float *tokens;

	if (l->rate == 0)
		return true;
	tokens = refill(l, from, now_ms);
	if (*tokens < 1)
		return false;
	*tokens -= 1;
	return true;
}
