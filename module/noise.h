/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handshake, Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s (paper, section 5.4).
 *
 * Pure: no sockets, no devices, no clocks and no locks in here. The caller
 * brings time and sender indices, and excludes others: a handshake is used by
 * one thread at a time, an identity does not change during a call. Randomness
 * comes from the kernel (from the shim in the unit tests).
 *
 *	initiator			responder
 *	prepare
 *	create_initiation  ---------->	open_initiation (whose is it?)
 *					prepare, accept_initiation
 *	consume_response   <----------	create_response
 *	derive_session			derive_session
 */
#ifndef WARREN_NOISE_H
#define WARREN_NOISE_H

#include "messages.h"

/* Who we are. All zero and not @valid while the device has no private key. */
struct warren_identity {
	u8 private_key[WARREN_KEY_SIZE];
	u8 public_key[WARREN_KEY_SIZE];
	bool valid;
};

enum warren_handshake_state {
	WARREN_HANDSHAKE_NONE,
	WARREN_HANDSHAKE_CREATED_INITIATION,
	WARREN_HANDSHAKE_ACCEPTED_INITIATION,
	WARREN_HANDSHAKE_CREATED_RESPONSE,
	WARREN_HANDSHAKE_CONSUMED_RESPONSE,
};

/**
 * struct warren_handshake - one peer's handshake
 * @state: how far it has come
 * @local_index: our sender index of the handshake under way
 * @remote_index: theirs
 * @remote_static: the peer's public key
 * @static_static: DH(our static, their static), once it was needed; else zero
 * @preshared_key: all zero when there is none
 * @ephemeral_private: ours, of the handshake under way
 * @remote_ephemeral: theirs
 * @hash: the transcript
 * @chaining_key: the chaining key
 * @latest_timestamp: the newest accepted; survives warren_handshake_clear()
 * @last_initiation_ns: when that was accepted, monotonic
 */
struct warren_handshake {
	enum warren_handshake_state state;
	u32 local_index;
	u32 remote_index;
	u8 remote_static[WARREN_KEY_SIZE];
	u8 static_static[WARREN_KEY_SIZE];
	u8 preshared_key[WARREN_KEY_SIZE];
	u8 ephemeral_private[WARREN_KEY_SIZE];
	u8 remote_ephemeral[WARREN_KEY_SIZE];
	u8 hash[WARREN_HASH_SIZE];
	u8 chaining_key[WARREN_HASH_SIZE];
	u8 latest_timestamp[WARREN_TIMESTAMP_SIZE];
	u64 last_initiation_ns;
};

/* An initiation whose sender is known but not yet believed; wipe after use. */
struct warren_opened_initiation {
	u8 remote_static[WARREN_KEY_SIZE];
	u8 remote_ephemeral[WARREN_KEY_SIZE];
	u8 hash[WARREN_HASH_SIZE];
	u8 chaining_key[WARREN_HASH_SIZE];
};

/* What a finished handshake leaves for the data messages; wipe after use. */
struct warren_session {
	u8 sending_key[WARREN_KEY_SIZE];
	u8 receiving_key[WARREN_KEY_SIZE];
	u32 local_index;
	u32 remote_index;
	bool initiator;
};

/* Prepares the constants of the protocol; once, before anything else here. */
void warren_noise_init(void);

/**
 * warren_identity_set() - give the device a private key, or take it away
 * @identity: set
 * @private_key: clamped here; all zero means none
 */
void warren_identity_set(struct warren_identity *identity,
			 const u8 private_key[WARREN_KEY_SIZE]);

/* Starts a peer. @remote_static: its public key. */
void warren_handshake_init(struct warren_handshake *handshake,
			   const u8 remote_static[WARREN_KEY_SIZE]);

/**
 * warren_handshake_prepare() - compute static_static, unless it is there
 * @handshake: to be used for creating or accepting an initiation
 * @identity: ours
 *
 * Not done when a peer is made, because it is what makes that slow, and most
 * peers of a long list never come. A low-order @remote_static leaves it zero,
 * which makes creating and accepting fail.
 */
void warren_handshake_prepare(struct warren_handshake *handshake,
			      const struct warren_identity *identity);

/* Our private key has changed: clears what is under way, and static_static. */
void warren_handshake_forget_identity(struct warren_handshake *handshake);

/* Wipes what is under way; the keys and the latest timestamp stay. */
void warren_handshake_clear(struct warren_handshake *handshake);

/**
 * warren_noise_create_initiation() - write the first message, without its MACs
 * @message: written whole except @message->macs
 * @handshake: becomes CREATED_INITIATION
 * @identity: ours
 * @local_index: fresh and random
 * @timestamp: TAI64N, larger than any sent before
 *
 * Return: 0, -ENOKEY without a private key, -EKEYREJECTED when a shared secret
 * would be zero (a low-order point). On error @handshake is NONE.
 */
int warren_noise_create_initiation(struct warren_message_initiation *message,
				   struct warren_handshake *handshake,
				   const struct warren_identity *identity,
				   u32 local_index,
				   const u8 timestamp[WARREN_TIMESTAMP_SIZE]);

/**
 * warren_noise_open_initiation() - find out who sent the first message
 * @opened: the claimed sender and the transcript so far
 * @message: with its MACs already checked
 * @identity: ours
 *
 * Needs no peer, and changes none.
 * Return: 0, -ENOKEY, -EKEYREJECTED (low-order point), -EBADMSG.
 */
int warren_noise_open_initiation(struct warren_opened_initiation *opened,
				 const struct warren_message_initiation *message,
				 const struct warren_identity *identity);

/**
 * warren_noise_accept_initiation() - believe the first message, or do not
 * @handshake: of the peer @opened->remote_static; becomes ACCEPTED_INITIATION
 * @opened: from warren_noise_open_initiation()
 * @message: the same message
 * @now_ns: monotonic
 *
 * Return: 0, -EKEYREJECTED, -EBADMSG, -EALREADY for a timestamp not newer than
 * the latest, -EAGAIN within WARREN_INITIATION_INTERVAL_MS of the one before. On error
 * @handshake is as it was.
 */
int warren_noise_accept_initiation(struct warren_handshake *handshake,
				   const struct warren_opened_initiation *opened,
				   const struct warren_message_initiation *message,
				   u64 now_ns);

/**
 * warren_noise_create_response() - write the second message, without its MACs
 * @message: written whole except @message->macs
 * @handshake: ACCEPTED_INITIATION, becomes CREATED_RESPONSE
 * @local_index: fresh and random
 *
 * Return: 0, -EPROTO in another state, -EKEYREJECTED.
 */
int warren_noise_create_response(struct warren_message_response *message,
				 struct warren_handshake *handshake,
				 u32 local_index);

/**
 * warren_noise_consume_response() - believe the second message, or do not
 * @handshake: CREATED_INITIATION, becomes CONSUMED_RESPONSE
 * @message: with its MACs already checked
 * @identity: ours
 *
 * Return: 0, -EPROTO in another state, -EKEYREJECTED, -EBADMSG. On error
 * @handshake is as it was: a forged response does not stop the real one.
 */
int warren_noise_consume_response(struct warren_handshake *handshake,
				  const struct warren_message_response *message,
				  const struct warren_identity *identity);

/**
 * warren_noise_derive_session() - the transport keys (section 5.4.5)
 * @session: written
 * @handshake: CREATED_RESPONSE or CONSUMED_RESPONSE; is cleared
 *
 * Return: 0 or -EPROTO in another state.
 */
int warren_noise_derive_session(struct warren_session *session,
				struct warren_handshake *handshake);

/**
 * warren_noise_timestamp() - TAI64N label of a moment
 * @timestamp: written, big-endian
 * @seconds: since 1970, UTC as the kernel has it
 * @nanoseconds: below 1e9. Their low 24 bits are dropped, so that the time of
 *	sending says less about the host; the caller sends rarely enough.
 */
void warren_noise_timestamp(u8 timestamp[WARREN_TIMESTAMP_SIZE], s64 seconds,
			    u32 nanoseconds);

#endif /* WARREN_NOISE_H */
