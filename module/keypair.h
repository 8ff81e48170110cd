/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transport keys of a peer (paper, section 5.4.5 and 6).
 *
 * A peer has up to three: the one it sends with (current), the one before
 * (previous, so that packets under way still open), and, on the responder's
 * side, the one the initiator has not used yet (next).
 *
 * Readers hold RCU, and nothing else: a keypair taken out of its place lives on
 * until they are done. Changes hold warren_keypairs.lock.
 */
#ifndef WARREN_KEYPAIR_H
#define WARREN_KEYPAIR_H

#include <linux/atomic.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include "index.h"
#include "noise.h"
#include "replay.h"

/**
 * struct warren_keypair - one session
 * @index: our receiver index, found by incoming messages
 * @remote_index: theirs, put into outgoing ones
 * @initiator: whether we began it: only then do we renew it by age
 * @renewing: a handshake was asked for because @receiving is about to end
 * @birth: ktime_get_coarse_boottime_ns() when the keys were derived
 * @sending_valid: false once expired or replaced by a change of identity
 * @sending_key: ChaCha20-Poly1305
 * @sending_counter: next nonce; taken in runs, by any CPU
 * @receiving_key: ChaCha20-Poly1305
 * @replay_lock: for @replay
 * @replay: counters seen
 * @rcu: wiped and freed behind it
 */
struct warren_keypair {
	struct warren_index index;
	__le32 remote_index;
	bool initiator;
	bool renewing;
	bool sending_valid;
	u64 birth;
	u8 sending_key[WARREN_KEY_SIZE];
	u8 receiving_key[WARREN_KEY_SIZE];
	atomic64_t sending_counter ____cacheline_aligned_in_smp;
	spinlock_t replay_lock ____cacheline_aligned_in_smp;
	struct warren_replay replay;
	struct rcu_head rcu;
};

struct warren_keypairs {
	struct warren_keypair __rcu *current_keypair;
	struct warren_keypair __rcu *previous_keypair;
	struct warren_keypair __rcu *next_keypair;
	spinlock_t lock;
};

void warren_keypairs_init(struct warren_keypairs *keypairs);

/**
 * warren_keypairs_begin() - start to use a session
 * @peer: whose
 * @session: what the handshake gave
 * @index: the handshake's, which goes over to the new keypair
 *
 * As initiator the new keypair becomes current at once; as responder it is next
 * until the initiator has used it.
 * Context: process, holding the peer's handshake lock.
 * Return: 0, -ENOMEM, or -ESTALE when the peer is being removed.
 */
int warren_keypairs_begin(struct warren_peer *peer,
			  const struct warren_session *session,
			  struct warren_index *index);

/**
 * warren_keypairs_confirm() - a message came in with this keypair
 * @peer: whose
 * @keypair: under RCU
 *
 * Return: true if it was the next one, which is now current: the initiator has
 * confirmed the session. Context: softirq or process.
 */
bool warren_keypairs_confirm(struct warren_peer *peer,
			     struct warren_keypair *keypair);

/* Wipes all three. Context: any. */
void warren_keypairs_clear(struct warren_peer *peer);

/* Stops sending with what there is, so that a new handshake must come first. */
void warren_keypairs_expire(struct warren_peer *peer);

/**
 * warren_keypair_may_send() - is the keypair good for sending?
 * @keypair: under RCU, or NULL
 * @now: ktime_get_coarse_boottime_ns()
 */
bool warren_keypair_may_send(const struct warren_keypair *keypair, u64 now);

/* And for receiving. */
bool warren_keypair_may_receive(const struct warren_keypair *keypair, u64 now);

#endif /* WARREN_KEYPAIR_H */
