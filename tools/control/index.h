/* SPDX-License-Identifier: GPL-2.0 */
/* A hash table from 32-byte keys to pointers. Zeroed is empty. */
#ifndef CONTROL_INDEX_H
#define CONTROL_INDEX_H

#include "key.h"

#include <stddef.h>

struct control_index {
	struct control_index_slot {
		struct mesh_key key;
		void *value;
	} * slots;
	size_t size; /* a power of two */
	size_t n;
	uint8_t seed[16];
};

/* @value is not NULL. An older value of the key is replaced. */
void control_index_set(struct control_index *ix, const struct mesh_key *key, void *value);
void *control_index_get(const struct control_index *ix, const struct mesh_key *key);
void control_index_remove(struct control_index *ix, const struct mesh_key *key);
void control_index_free(struct control_index *ix);

/* A key for things that are known by number. */
struct mesh_key control_index_number(uint64_t number);

#endif /* CONTROL_INDEX_H */
