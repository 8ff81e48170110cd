// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include "device.h"
#include "keypair.h"
#include "peer.h"

static void free_keypair(struct rcu_head *rcu)
{
	kfree_sensitive(container_of(rcu, struct warren_keypair, rcu));
}

static struct warren_keypair *locked(struct warren_keypairs *keypairs,
				     struct warren_keypair __rcu *place)
{
	return rcu_dereference_protected(place,
					 lockdep_is_held(&keypairs->lock));
}

/* Of a keypair already taken out of its place. Context: keypairs' lock. */
static void retire(struct warren_peer *peer, struct warren_keypair *keypair)
{
	if (!keypair)
		return;
	WRITE_ONCE(keypair->sending_valid, false);
	warren_index_remove(peer->warren, &keypair->index);
	call_rcu(&keypair->rcu, free_keypair);
}

void warren_keypairs_init(struct warren_keypairs *keypairs)
{
	spin_lock_init(&keypairs->lock);
}

static struct warren_keypair *create(struct warren_peer *peer,
				     const struct warren_session *session)
{
	struct warren_keypair *keypair;

	keypair = kzalloc(sizeof(*keypair), GFP_KERNEL);
	if (!keypair)
		return NULL;
	keypair->index.is_keypair = true;
	keypair->index.peer = peer;
	keypair->remote_index = cpu_to_le32(session->remote_index);
	keypair->initiator = session->initiator;
	keypair->birth = ktime_get_coarse_boottime_ns();
	keypair->sending_valid = true;
	memcpy(keypair->sending_key, session->sending_key, WARREN_KEY_SIZE);
	memcpy(keypair->receiving_key, session->receiving_key, WARREN_KEY_SIZE);
	spin_lock_init(&keypair->replay_lock);
	return keypair;
}

int warren_keypairs_begin(struct warren_peer *peer,
			  const struct warren_session *session,
			  struct warren_index *index)
{
	struct warren_keypairs *keypairs = &peer->keypairs;
	struct warren_keypair *new, *current_keypair, *next;

	lockdep_assert_held(&peer->handshake_lock);
	new = create(peer, session);
	if (!new)
		return -ENOMEM;

	spin_lock_bh(&keypairs->lock);
	if (READ_ONCE(peer->dead) ||
	    !warren_index_replace(peer->warren, index, &new->index)) {
		spin_unlock_bh(&keypairs->lock);
		kfree_sensitive(new);
		return -ESTALE;
	}
	next = locked(keypairs, keypairs->next_keypair);
	if (!session->initiator) {
		/*
		 * Not sent with before the initiator is known to have it. A
		 * next one that it never used makes room.
		 */
		rcu_assign_pointer(keypairs->next_keypair, new);
		retire(peer, next);
		retire(peer, locked(keypairs, keypairs->previous_keypair));
		RCU_INIT_POINTER(keypairs->previous_keypair, NULL);
	} else {
		/*
		 * What the peer may be sending with is kept: the unconfirmed
		 * one where there is one, else the one in use until now.
		 */
		current_keypair = locked(keypairs, keypairs->current_keypair);
		retire(peer, locked(keypairs, keypairs->previous_keypair));
		if (next) {
			rcu_assign_pointer(keypairs->previous_keypair, next);
			RCU_INIT_POINTER(keypairs->next_keypair, NULL);
			retire(peer, current_keypair);
		} else {
			rcu_assign_pointer(keypairs->previous_keypair,
					   current_keypair);
		}
		rcu_assign_pointer(keypairs->current_keypair, new);
	}
	spin_unlock_bh(&keypairs->lock);
	return 0;
}

bool warren_keypairs_confirm(struct warren_peer *peer,
			     struct warren_keypair *keypair)
{
	struct warren_keypairs *keypairs = &peer->keypairs;

	if (likely(keypair != rcu_access_pointer(keypairs->next_keypair)))
		return false;

	spin_lock_bh(&keypairs->lock);
	if (keypair != locked(keypairs, keypairs->next_keypair)) {
		spin_unlock_bh(&keypairs->lock);
		return false;
	}
	retire(peer, locked(keypairs, keypairs->previous_keypair));
	rcu_assign_pointer(keypairs->previous_keypair,
			   locked(keypairs, keypairs->current_keypair));
	rcu_assign_pointer(keypairs->current_keypair, keypair);
	RCU_INIT_POINTER(keypairs->next_keypair, NULL);
	spin_unlock_bh(&keypairs->lock);
	return true;
}

void warren_keypairs_clear(struct warren_peer *peer)
{
	struct warren_keypairs *keypairs = &peer->keypairs;

	spin_lock_bh(&keypairs->lock);
	retire(peer, locked(keypairs, keypairs->current_keypair));
	retire(peer, locked(keypairs, keypairs->previous_keypair));
	retire(peer, locked(keypairs, keypairs->next_keypair));
	RCU_INIT_POINTER(keypairs->current_keypair, NULL);
	RCU_INIT_POINTER(keypairs->previous_keypair, NULL);
	RCU_INIT_POINTER(keypairs->next_keypair, NULL);
	spin_unlock_bh(&keypairs->lock);
}

void warren_keypairs_expire(struct warren_peer *peer)
{
	struct warren_keypairs *keypairs = &peer->keypairs;
	struct warren_keypair *keypair;

	spin_lock_bh(&keypairs->lock);
	keypair = locked(keypairs, keypairs->current_keypair);
	if (keypair)
		WRITE_ONCE(keypair->sending_valid, false);
	keypair = locked(keypairs, keypairs->next_keypair);
	if (keypair)
		WRITE_ONCE(keypair->sending_valid, false);
	spin_unlock_bh(&keypairs->lock);
}

static bool young(const struct warren_keypair *keypair, u64 now)
{
	return now - keypair->birth <
	       (u64)WARREN_REJECT_AFTER_TIME * NSEC_PER_SEC;
}

bool warren_keypair_may_send(const struct warren_keypair *keypair, u64 now)
{
	return keypair && READ_ONCE(keypair->sending_valid) &&
	       young(keypair, now) &&
	       (u64)atomic64_read(&keypair->sending_counter) <
		       WARREN_REJECT_AFTER_MESSAGES;
}

bool warren_keypair_may_receive(const struct warren_keypair *keypair, u64 now)
{
	return young(keypair, now);
}
