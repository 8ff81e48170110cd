/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sender indices: random 32-bit names of handshakes and sessions, by which an
 * incoming message finds its peer. One table a device.
 */
#ifndef WARREN_INDEX_H
#define WARREN_INDEX_H

#include <linux/rhashtable-types.h>
#include <linux/types.h>

struct warren_device;
struct warren_peer;

/**
 * struct warren_index - an entry, embedded in a peer or in a keypair
 * @node: hash table linkage
 * @value: the index
 * @used: whether it is in the table; changed under the peer's handshake lock
 *	or the keypairs' lock
 * @is_keypair: embedded in a struct warren_keypair, not in the peer
 * @peer: whose
 */
struct warren_index {
	struct rhash_head node;
	u32 value;
	bool used;
	bool is_keypair;
	struct warren_peer *peer;
};

int warren_index_table_init(struct warren_device *warren);
void warren_index_table_free(struct warren_device *warren);

/* Enters under a new random value. Return: 0 or -ENOMEM and the like. */
int warren_index_add(struct warren_device *warren, struct warren_index *entry);

/* Puts @new where @old is, under the same value. False if @old was not there. */
bool warren_index_replace(struct warren_device *warren,
			  struct warren_index *old, struct warren_index *new);

/* Takes an entry out, if it is in. Its memory lives on until RCU is done. */
void warren_index_remove(struct warren_device *warren,
			 struct warren_index *entry);

/* Context: under RCU, and so is the result. */
struct warren_index *warren_index_find(struct warren_device *warren,
				       __le32 value);

#endif /* WARREN_INDEX_H */
