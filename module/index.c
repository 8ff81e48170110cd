// SPDX-License-Identifier: GPL-2.0
#include <linux/random.h>
#include <linux/rhashtable.h>
#include "device.h"
#include "index.h"

/* Indices are random already: they are their own hash. */
static u32 hash_index(const void *data, u32 len, u32 seed)
{
	return *(const u32 *)data;
}

static const struct rhashtable_params index_params = {
	.key_len = sizeof(u32),
	.key_offset = offsetof(struct warren_index, value),
	.head_offset = offsetof(struct warren_index, node),
	.hashfn = hash_index,
	.automatic_shrinking = true,
};

int warren_index_table_init(struct warren_device *warren)
{
	return rhashtable_init(&warren->index_table, &index_params);
}

void warren_index_table_free(struct warren_device *warren)
{
	rhashtable_destroy(&warren->index_table);
}

int warren_index_add(struct warren_device *warren, struct warren_index *entry)
{
	int err;

	do {
		entry->value = get_random_u32();
		err = rhashtable_lookup_insert_fast(&warren->index_table,
						    &entry->node, index_params);
	} while (err == -EEXIST);
	entry->used = !err;
	return err;
}

bool warren_index_replace(struct warren_device *warren,
			  struct warren_index *old, struct warren_index *new)
{
	if (!old->used)
		return false;
	new->value = old->value;
	if (rhashtable_replace_fast(&warren->index_table, &old->node,
				    &new->node, index_params))
		return false;
	old->used = false;
	new->used = true;
	return true;
}

void warren_index_remove(struct warren_device *warren,
			 struct warren_index *entry)
{
	if (!entry->used)
		return;
	rhashtable_remove_fast(&warren->index_table, &entry->node,
			       index_params);
	entry->used = false;
}

struct warren_index *warren_index_find(struct warren_device *warren,
				       __le32 value)
{
	u32 key = le32_to_cpu(value);

	return rhashtable_lookup_fast(&warren->index_table, &key, index_params);
}
