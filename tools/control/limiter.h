/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A token bucket for each source address, in a table of fixed size, so that strangers cannot make
 * it grow. Addresses that share an entry share its tokens. An IPv6 source is its /64.
 */
#ifndef CONTROL_LIMITER_H
#define CONTROL_LIMITER_H

#include "text.h"

#define LIMITER_ENTRIES 8192

struct control_limiter {
	struct {
		float tokens;
		uint32_t when; /* ms, of the caller's clock */
	} * entries;
	uint8_t seed[16];
	float rate; /* tokens a second; 0: no limit */
	float burst;
};

void control_limiter_init(struct control_limiter *l, double rate, double burst);
void control_limiter_free(struct control_limiter *l);
/* The entry of an address, below LIMITER_ENTRIES. */
size_t control_limiter_entry(const struct control_limiter *l, const struct mesh_ip *from);
/* Takes a token. Return: whether there was one. */
bool control_limiter_take(struct control_limiter *l, const struct mesh_ip *from, uint64_t now_ms);
/* Whether there is one, without taking it. */
bool control_limiter_has(struct control_limiter *l, const struct mesh_ip *from, uint64_t now_ms);

#endif /* CONTROL_LIMITER_H */
