// SPDX-License-Identifier: GPL-2.0
/* Linear probing, with removal by moving later entries back. */
#include "index.h"
#include "mesh.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static size_t home(const struct control_index *ix, const struct mesh_key *key)
{
	uint64_t h;

	/* Keyed: strangers choose their node keys and must not choose the slot. */
	crypto_shorthash((uint8_t *)&h, key->b, sizeof(key->b), ix->seed);
	return h & (ix->size - 1);
}

static size_t find(const struct control_index *ix, const struct mesh_key *key)
{
	size_t i = home(ix, key);

	while (ix->slots[i].value && !mesh_key_same(&ix->slots[i].key, key))
		i = (i + 1) & (ix->size - 1);
	return i;
}

static void grow(struct control_index *ix)
{
	struct control_index_slot *old = ix->slots;
	size_t n = ix->size;

	if (!n)
		randombytes_buf(ix->seed, sizeof(ix->seed));
	ix->size = n ? 2 * n : 64;
	ix->slots = mesh_alloc(ix->size * sizeof(*ix->slots));
	for (size_t i = 0; i < n; i++)
		if (old[i].value)
			ix->slots[find(ix, &old[i].key)] = old[i];
	free(old);
}

void control_index_set(struct control_index *ix, const struct mesh_key *key, void *value)
{
	size_t i;

	if (2 * (ix->n + 1) > ix->size)
		grow(ix);
	i = find(ix, key);
	if (!ix->slots[i].value)
		ix->n++;
	ix->slots[i].key = *key;
	ix->slots[i].value = value;
}

void *control_index_get(const struct control_index *ix, const struct mesh_key *key)
{
	return ix->size ? ix->slots[find(ix, key)].value : NULL;
}

void control_index_remove(struct control_index *ix, const struct mesh_key *key)
{
	size_t mask = ix->size - 1, hole, i;

	if (!ix->size)
		return;
	hole = find(ix, key);
	if (!ix->slots[hole].value)
		return;
	ix->n--;
	for (i = (hole + 1) & mask; ix->slots[i].value; i = (i + 1) & mask) {
		/* An entry may fill the hole unless its home lies after the hole. */
		if (((i - home(ix, &ix->slots[i].key)) & mask) >= ((i - hole) & mask)) {
			ix->slots[hole] = ix->slots[i];
			hole = i;
		}
	}
	ix->slots[hole].value = NULL;
}

void control_index_free(struct control_index *ix)
{
	free(ix->slots);
	memset(ix, 0, sizeof(*ix));
}

struct mesh_key control_index_number(uint64_t number)
{
	struct mesh_key k = {{0}};

	memcpy(k.b, &number, sizeof(number));
	return k;
}
