/* SPDX-License-Identifier: GPL-2.0 */
/* Helpers for the published vectors, whose keys are runs of consecutive bytes. */
#ifndef VECTORS_H
#define VECTORS_H

#include "key.h"
#include "mesh.h"

/* Bytes @first, @first + 1, ... */
static inline struct mesh_key seq(uint8_t first)
{
	struct mesh_key k;

	for (size_t i = 0; i < sizeof(k.b); i++)
		k.b[i] = (uint8_t)(first + i);
	return k;
}

static inline struct mesh_key clamped(uint8_t first)
{
	struct mesh_key k = seq(first);

	k.b[0] &= 248;
	k.b[31] = (k.b[31] & 127) | 64;
	return k;
}

/* Whether the bytes have this hexadecimal form. */
bool is_hex(const void *data, size_t len, const char *hex);

#endif /* VECTORS_H */
