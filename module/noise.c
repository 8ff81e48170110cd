// SPDX-License-Identifier: GPL-2.0
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "crypto.h"
#include "noise.h"

static const char construction[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

static const u8 zero_key[WARREN_KEY_SIZE];

/*
 * What the messages of a handshake are mixed into (Noise, section 5.2). Work is
 * done on a copy, which goes back to its owner when all has gone well.
 */
struct symmetric {
	u8 hash[WARREN_HASH_SIZE];
	u8 chaining_key[WARREN_HASH_SIZE];
};

/* The same at the start of every handshake, but for the responder's key. */
static struct symmetric initial __ro_after_init;

/* HMAC (RFC 2104) with BLAKE2s; @out may be @in. */
static void hmac(u8 out[WARREN_HASH_SIZE], const u8 key[WARREN_HASH_SIZE],
		 const void *in, size_t in_len)
{
	u8 block[BLAKE2S_BLOCK_SIZE] = {};
	warren_blake2s_ctx ctx;
	int i;

	memcpy(block, key, WARREN_HASH_SIZE);
	for (i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36;
	warren_blake2s_init(&ctx, WARREN_HASH_SIZE);
	warren_blake2s_update(&ctx, block, sizeof(block));
	warren_blake2s_update(&ctx, in, in_len);
	warren_blake2s_final(&ctx, out);

	for (i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36 ^ 0x5c;
	warren_blake2s_init(&ctx, WARREN_HASH_SIZE);
	warren_blake2s_update(&ctx, block, sizeof(block));
	warren_blake2s_update(&ctx, out, WARREN_HASH_SIZE);
	warren_blake2s_final(&ctx, out);

	memzero_explicit(block, sizeof(block));
}

/*
 * KDF1, KDF2 and KDF3: as many outputs as there are, up to the first NULL.
 * They may be the chaining key.
 */
static void kdf(u8 *first, u8 *second, u8 *third,
		const u8 chaining_key[WARREN_HASH_SIZE], const u8 *material,
		size_t len)
{
	u8 *const outputs[] = { first, second, third };
	u8 secret[WARREN_HASH_SIZE], last[WARREN_HASH_SIZE + 1];
	int i;

	hmac(secret, chaining_key, material, len);
	for (i = 0; i < ARRAY_SIZE(outputs) && outputs[i]; i++) {
		last[WARREN_HASH_SIZE] = i + 1;
		if (i == 0)
			hmac(last, secret, last + WARREN_HASH_SIZE, 1);
		else
			hmac(last, secret, last, sizeof(last));
		memcpy(outputs[i], last, WARREN_HASH_SIZE);
	}
	memzero_explicit(secret, sizeof(secret));
	memzero_explicit(last, sizeof(last));
}

static void mix_hash(struct symmetric *sym, const void *data, size_t len)
{
	warren_blake2s_ctx ctx;

	warren_blake2s_init(&ctx, WARREN_HASH_SIZE);
	warren_blake2s_update(&ctx, sym->hash, WARREN_HASH_SIZE);
	warren_blake2s_update(&ctx, data, len);
	warren_blake2s_final(&ctx, sym->hash);
}

static void mix_key(struct symmetric *sym, u8 *key,
		    const u8 material[WARREN_KEY_SIZE])
{
	kdf(sym->chaining_key, key, NULL, sym->chaining_key, material,
	    WARREN_KEY_SIZE);
}

static void mix_psk(struct symmetric *sym, u8 key[WARREN_KEY_SIZE],
		    const u8 psk[WARREN_KEY_SIZE])
{
	u8 tau[WARREN_HASH_SIZE];

	kdf(sym->chaining_key, tau, key, sym->chaining_key, psk,
	    WARREN_KEY_SIZE);
	mix_hash(sym, tau, sizeof(tau));
	memzero_explicit(tau, sizeof(tau));
}

/* False when the shared secret is zero. */
static bool mix_dh(struct symmetric *sym, u8 *key,
		   const u8 private_key[WARREN_KEY_SIZE],
		   const u8 public_key[WARREN_KEY_SIZE])
{
	u8 shared[WARREN_KEY_SIZE];
	bool ok = warren_dh(shared, private_key, public_key);

	if (ok)
		mix_key(sym, key, shared);
	memzero_explicit(shared, sizeof(shared));
	return ok;
}

static bool mix_static_static(struct symmetric *sym, u8 key[WARREN_KEY_SIZE],
			      const struct warren_handshake *handshake)
{
	if (warren_equal(handshake->static_static, zero_key, WARREN_KEY_SIZE))
		return false;
	mix_key(sym, key, handshake->static_static);
	return true;
}

static void mix_ephemeral(struct symmetric *sym,
			  const u8 ephemeral[WARREN_KEY_SIZE])
{
	mix_hash(sym, ephemeral, WARREN_KEY_SIZE);
	mix_key(sym, NULL, ephemeral);
}

static void seal_and_mix(struct symmetric *sym, u8 *dst, const u8 *src,
			 size_t len, const u8 key[WARREN_KEY_SIZE])
{
	warren_seal(dst, src, len, sym->hash, sizeof(sym->hash), 0, key);
	mix_hash(sym, dst, len + WARREN_TAG_SIZE);
}

/* @len counts the tag. */
static bool open_and_mix(struct symmetric *sym, u8 *dst, const u8 *src,
			 size_t len, const u8 key[WARREN_KEY_SIZE])
{
	if (!warren_open(dst, src, len, sym->hash, sizeof(sym->hash), 0, key))
		return false;
	mix_hash(sym, src, len);
	return true;
}

static void start(struct symmetric *sym,
		  const u8 responder_static[WARREN_KEY_SIZE])
{
	*sym = initial;
	mix_hash(sym, responder_static, WARREN_KEY_SIZE);
}

static void save(struct warren_handshake *handshake, const struct symmetric *sym)
{
	memcpy(handshake->hash, sym->hash, sizeof(handshake->hash));
	memcpy(handshake->chaining_key, sym->chaining_key,
	       sizeof(handshake->chaining_key));
}

static void load(struct symmetric *sym, const struct warren_handshake *handshake)
{
	memcpy(sym->hash, handshake->hash, sizeof(sym->hash));
	memcpy(sym->chaining_key, handshake->chaining_key,
	       sizeof(sym->chaining_key));
}

void __init warren_noise_init(void)
{
	warren_blake2s(initial.chaining_key, WARREN_HASH_SIZE, NULL, 0,
		       construction, sizeof(construction) - 1);
	memcpy(initial.hash, initial.chaining_key, WARREN_HASH_SIZE);
	mix_hash(&initial, identifier, sizeof(identifier) - 1);
}

void warren_identity_set(struct warren_identity *identity,
			 const u8 private_key[WARREN_KEY_SIZE])
{
	memzero_explicit(identity, sizeof(*identity));
	if (warren_equal(private_key, zero_key, WARREN_KEY_SIZE))
		return;
	memcpy(identity->private_key, private_key, WARREN_KEY_SIZE);
	warren_dh_clamp(identity->private_key);
	identity->valid = warren_dh_public(identity->public_key,
					   identity->private_key);
}

void warren_handshake_init(struct warren_handshake *handshake,
			   const u8 remote_static[WARREN_KEY_SIZE])
{
	memset(handshake, 0, sizeof(*handshake));
	memcpy(handshake->remote_static, remote_static, WARREN_KEY_SIZE);
}

void warren_handshake_prepare(struct warren_handshake *handshake,
			      const struct warren_identity *identity)
{
	if (!identity->valid ||
	    !warren_equal(handshake->static_static, zero_key, WARREN_KEY_SIZE))
		return;
	if (!warren_dh(handshake->static_static, identity->private_key,
		       handshake->remote_static))
		memzero_explicit(handshake->static_static, WARREN_KEY_SIZE);
}

void warren_handshake_forget_identity(struct warren_handshake *handshake)
{
	warren_handshake_clear(handshake);
	memzero_explicit(handshake->static_static, WARREN_KEY_SIZE);
}

void warren_handshake_clear(struct warren_handshake *handshake)
{
	handshake->state = WARREN_HANDSHAKE_NONE;
	handshake->local_index = 0;
	handshake->remote_index = 0;
	memzero_explicit(handshake->ephemeral_private, WARREN_KEY_SIZE);
	memzero_explicit(handshake->remote_ephemeral, WARREN_KEY_SIZE);
	memzero_explicit(handshake->hash, WARREN_HASH_SIZE);
	memzero_explicit(handshake->chaining_key, WARREN_HASH_SIZE);
}

int warren_noise_create_initiation(struct warren_message_initiation *message,
				   struct warren_handshake *handshake,
				   const struct warren_identity *identity,
				   u32 local_index,
				   const u8 timestamp[WARREN_TIMESTAMP_SIZE])
{
	struct symmetric sym;
	u8 key[WARREN_KEY_SIZE];
	int ret = -EKEYREJECTED;

	warren_handshake_clear(handshake);
	if (!identity->valid)
		return -ENOKEY;

	message->header.type = cpu_to_le32(WARREN_MESSAGE_INITIATION);
	message->sender = cpu_to_le32(local_index);
	start(&sym, handshake->remote_static);

	/* e */
	warren_dh_generate(handshake->ephemeral_private);
	if (!warren_dh_public(message->ephemeral, handshake->ephemeral_private))
		goto out;
	mix_ephemeral(&sym, message->ephemeral);

	/* es, s */
	if (!mix_dh(&sym, key, handshake->ephemeral_private,
		    handshake->remote_static))
		goto out;
	seal_and_mix(&sym, message->encrypted_static, identity->public_key,
		     WARREN_KEY_SIZE, key);

	/* ss, the timestamp */
	if (!mix_static_static(&sym, key, handshake))
		goto out;
	seal_and_mix(&sym, message->encrypted_timestamp, timestamp,
		     WARREN_TIMESTAMP_SIZE, key);

	save(handshake, &sym);
	handshake->local_index = local_index;
	handshake->state = WARREN_HANDSHAKE_CREATED_INITIATION;
	ret = 0;
out:
	if (ret)
		warren_handshake_clear(handshake);
	memzero_explicit(key, sizeof(key));
	memzero_explicit(&sym, sizeof(sym));
	return ret;
}

int warren_noise_open_initiation(struct warren_opened_initiation *opened,
				 const struct warren_message_initiation *message,
				 const struct warren_identity *identity)
{
	struct symmetric sym;
	u8 key[WARREN_KEY_SIZE];
	int ret;

	if (!identity->valid)
		return -ENOKEY;
	start(&sym, identity->public_key);

	/* e */
	mix_ephemeral(&sym, message->ephemeral);

	/* es, s */
	ret = -EKEYREJECTED;
	if (!mix_dh(&sym, key, identity->private_key, message->ephemeral))
		goto out;
	ret = -EBADMSG;
	if (!open_and_mix(&sym, opened->remote_static,
			  message->encrypted_static,
			  sizeof(message->encrypted_static), key))
		goto out;

	memcpy(opened->remote_ephemeral, message->ephemeral, WARREN_KEY_SIZE);
	memcpy(opened->hash, sym.hash, WARREN_HASH_SIZE);
	memcpy(opened->chaining_key, sym.chaining_key, WARREN_HASH_SIZE);
	ret = 0;
out:
	memzero_explicit(key, sizeof(key));
	memzero_explicit(&sym, sizeof(sym));
	return ret;
}

/* The first message is authentic; is it new, and not one of a flood? */
static int check_freshness(const struct warren_handshake *handshake,
			   const u8 timestamp[WARREN_TIMESTAMP_SIZE],
			   u64 now_ns)
{
	u64 last = handshake->last_initiation_ns;

	/* TAI64N is big-endian, so that bytes compare as times do. */
	if (memcmp(timestamp, handshake->latest_timestamp,
		   WARREN_TIMESTAMP_SIZE) <= 0)
		return -EALREADY;
	if (last && now_ns < last + WARREN_INITIATION_INTERVAL_MS * NSEC_PER_MSEC)
		return -EAGAIN;
	return 0;
}

int warren_noise_accept_initiation(struct warren_handshake *handshake,
				   const struct warren_opened_initiation *opened,
				   const struct warren_message_initiation *message,
				   u64 now_ns)
{
	struct symmetric sym;
	u8 key[WARREN_KEY_SIZE], timestamp[WARREN_TIMESTAMP_SIZE];
	int ret;

	memcpy(sym.hash, opened->hash, WARREN_HASH_SIZE);
	memcpy(sym.chaining_key, opened->chaining_key, WARREN_HASH_SIZE);

	/* ss, the timestamp */
	ret = -EKEYREJECTED;
	if (!mix_static_static(&sym, key, handshake))
		goto out;
	ret = -EBADMSG;
	if (!open_and_mix(&sym, timestamp, message->encrypted_timestamp,
			  sizeof(message->encrypted_timestamp), key))
		goto out;
	ret = check_freshness(handshake, timestamp, now_ns);
	if (ret)
		goto out;

	/* Whatever was under way gives way to what the peer wants now. */
	warren_handshake_clear(handshake);
	memcpy(handshake->latest_timestamp, timestamp, WARREN_TIMESTAMP_SIZE);
	handshake->last_initiation_ns = now_ns;
	memcpy(handshake->remote_ephemeral, opened->remote_ephemeral,
	       WARREN_KEY_SIZE);
	save(handshake, &sym);
	handshake->remote_index = le32_to_cpu(message->sender);
	handshake->state = WARREN_HANDSHAKE_ACCEPTED_INITIATION;
out:
	memzero_explicit(key, sizeof(key));
	memzero_explicit(&sym, sizeof(sym));
	return ret;
}

int warren_noise_create_response(struct warren_message_response *message,
				 struct warren_handshake *handshake,
				 u32 local_index)
{
	struct symmetric sym;
	u8 key[WARREN_KEY_SIZE], ephemeral[WARREN_KEY_SIZE];
	int ret = -EKEYREJECTED;

	if (handshake->state != WARREN_HANDSHAKE_ACCEPTED_INITIATION)
		return -EPROTO;

	message->header.type = cpu_to_le32(WARREN_MESSAGE_RESPONSE);
	message->sender = cpu_to_le32(local_index);
	message->receiver = cpu_to_le32(handshake->remote_index);
	load(&sym, handshake);

	/* e */
	warren_dh_generate(ephemeral);
	if (!warren_dh_public(message->ephemeral, ephemeral))
		goto out;
	mix_ephemeral(&sym, message->ephemeral);

	/* ee, se */
	if (!mix_dh(&sym, NULL, ephemeral, handshake->remote_ephemeral) ||
	    !mix_dh(&sym, NULL, ephemeral, handshake->remote_static))
		goto out;

	/* psk, nothing */
	mix_psk(&sym, key, handshake->preshared_key);
	seal_and_mix(&sym, message->encrypted_nothing, NULL, 0, key);

	save(handshake, &sym);
	handshake->local_index = local_index;
	handshake->state = WARREN_HANDSHAKE_CREATED_RESPONSE;
	ret = 0;
out:
	memzero_explicit(ephemeral, sizeof(ephemeral));
	memzero_explicit(key, sizeof(key));
	memzero_explicit(&sym, sizeof(sym));
	return ret;
}

int warren_noise_consume_response(struct warren_handshake *handshake,
				  const struct warren_message_response *message,
				  const struct warren_identity *identity)
{
	struct symmetric sym;
	u8 key[WARREN_KEY_SIZE];
	int ret;

	if (handshake->state != WARREN_HANDSHAKE_CREATED_INITIATION)
		return -EPROTO;
	if (le32_to_cpu(message->receiver) != handshake->local_index)
		return -EBADMSG;
	load(&sym, handshake);

	/* e */
	mix_ephemeral(&sym, message->ephemeral);

	/* ee, se */
	ret = -EKEYREJECTED;
	if (!mix_dh(&sym, NULL, handshake->ephemeral_private,
		    message->ephemeral) ||
	    !mix_dh(&sym, NULL, identity->private_key, message->ephemeral))
		goto out;

	/* psk, nothing */
	ret = -EBADMSG;
	mix_psk(&sym, key, handshake->preshared_key);
	if (!open_and_mix(&sym, NULL, message->encrypted_nothing,
			  sizeof(message->encrypted_nothing), key))
		goto out;

	memzero_explicit(handshake->ephemeral_private, WARREN_KEY_SIZE);
	memcpy(handshake->remote_ephemeral, message->ephemeral,
	       WARREN_KEY_SIZE);
	save(handshake, &sym);
	handshake->remote_index = le32_to_cpu(message->sender);
	handshake->state = WARREN_HANDSHAKE_CONSUMED_RESPONSE;
	ret = 0;
out:
	memzero_explicit(key, sizeof(key));
	memzero_explicit(&sym, sizeof(sym));
	return ret;
}

int warren_noise_derive_session(struct warren_session *session,
				struct warren_handshake *handshake)
{
	u8 *initiators = session->sending_key;
	u8 *responders = session->receiving_key;

	switch (handshake->state) {
	case WARREN_HANDSHAKE_CONSUMED_RESPONSE:
		session->initiator = true;
		break;
	case WARREN_HANDSHAKE_CREATED_RESPONSE:
		session->initiator = false;
		swap(initiators, responders);
		break;
	default:
		return -EPROTO;
	}

	kdf(initiators, responders, NULL, handshake->chaining_key, NULL, 0);
	session->local_index = handshake->local_index;
	session->remote_index = handshake->remote_index;
	warren_handshake_clear(handshake);
	return 0;
}

void warren_noise_timestamp(u8 timestamp[WARREN_TIMESTAMP_SIZE], s64 seconds,
			    u32 nanoseconds)
{
	/* TAI64: 2^62 is the second that began 1970, which was TAI - UTC = 10 s. */
	const __be64 label = cpu_to_be64(0x400000000000000aULL + seconds);
	const __be32 coarse = cpu_to_be32(nanoseconds & ~0xffffffU);

	memcpy(timestamp, &label, sizeof(label));
	memcpy(timestamp + sizeof(label), &coarse, sizeof(coarse));
}
