// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/random.h>
#include <linux/time64.h>

#include "cookie.h"
#include "crypto.h"

#define LABEL_SIZE 8

static const u8 label_mac1[LABEL_SIZE] __nonstring = "mac1----";
static const u8 label_cookie[LABEL_SIZE] __nonstring = "cookie--";

/* HASH(label || public key): keys that anybody who knows us can compute. */
static void derive_key(u8 key[WARREN_KEY_SIZE], const u8 label[LABEL_SIZE],
		       const u8 public_key[WARREN_KEY_SIZE])
{
	warren_blake2s_ctx ctx;

	warren_blake2s_init(&ctx, WARREN_KEY_SIZE);
	warren_blake2s_update(&ctx, label, LABEL_SIZE);
	warren_blake2s_update(&ctx, public_key, WARREN_KEY_SIZE);
	warren_blake2s_final(&ctx, key);
}

/* The MACs are the last bytes of a message, and cover what is before them. */
static size_t len_before_mac1(size_t len)
{
	return len - sizeof(struct warren_message_macs);
}

static size_t len_before_mac2(size_t len)
{
	return len - WARREN_MAC_SIZE;
}

static void compute_mac1(u8 mac1[WARREN_MAC_SIZE],
			 const u8 key[WARREN_KEY_SIZE], const void *message,
			 size_t len)
{
	warren_blake2s(mac1, WARREN_MAC_SIZE, key, WARREN_KEY_SIZE, message,
		       len_before_mac1(len));
}

static void compute_mac2(u8 mac2[WARREN_MAC_SIZE],
			 const u8 cookie[WARREN_MAC_SIZE], const void *message,
			 size_t len)
{
	warren_blake2s(mac2, WARREN_MAC_SIZE, cookie, WARREN_MAC_SIZE, message,
		       len_before_mac2(len));
}

static bool still_valid(u64 birth_ns, u32 seconds, u64 now_ns)
{
	return now_ns < birth_ns + (u64)seconds * NSEC_PER_SEC;
}

static bool have_fresh_secret(const struct warren_cookie_checker *checker,
			      u64 now_ns)
{
	return checker->have_secret &&
	       still_valid(checker->secret_birth_ns, WARREN_COOKIE_SECRET_TIME,
			   now_ns);
}

/* The cookie of a source is a MAC of its address and port: no state a source. */
static void make_cookie(u8 cookie[WARREN_MAC_SIZE],
			struct warren_cookie_checker *checker,
			const struct warren_source *source, u64 now_ns)
{
	warren_blake2s_ctx ctx;

	down_read(&checker->secret_lock);
	if (!have_fresh_secret(checker, now_ns)) {
		up_read(&checker->secret_lock);
		down_write(&checker->secret_lock);
		/* Another worker may have been faster. */
		if (!have_fresh_secret(checker, now_ns)) {
			get_random_bytes(checker->secret,
					 sizeof(checker->secret));
			checker->secret_birth_ns = now_ns;
			checker->have_secret = true;
		}
		downgrade_write(&checker->secret_lock);
	}

	warren_blake2s_init_key(&ctx, WARREN_MAC_SIZE, checker->secret,
				sizeof(checker->secret));
	warren_blake2s_update(&ctx, source->address, source->address_len);
	warren_blake2s_update(&ctx, &source->port, sizeof(source->port));
	warren_blake2s_final(&ctx, cookie);
	up_read(&checker->secret_lock);
}

void warren_cookie_checker_init(struct warren_cookie_checker *checker)
{
	memset(checker, 0, sizeof(*checker));
	init_rwsem(&checker->secret_lock);
}

void warren_cookie_checker_rekey(struct warren_cookie_checker *checker,
				 const u8 public_key[WARREN_KEY_SIZE])
{
	derive_key(checker->mac1_key, label_mac1, public_key);
	derive_key(checker->cookie_key, label_cookie, public_key);
}

enum warren_mac_state warren_cookie_check(struct warren_cookie_checker *checker,
					  const void *message, size_t len,
					  const struct warren_source *source,
					  bool want_cookie, u64 now_ns)
{
	u8 mac[WARREN_MAC_SIZE], cookie[WARREN_MAC_SIZE];
	enum warren_mac_state state = WARREN_MAC_VALID;

	if (len < sizeof(struct warren_message_macs))
		return WARREN_MAC_INVALID;

	compute_mac1(mac, checker->mac1_key, message, len);
	if (!warren_equal(mac, message + len_before_mac1(len), sizeof(mac)))
		return WARREN_MAC_INVALID;
	if (!want_cookie)
		return WARREN_MAC_VALID;

	make_cookie(cookie, checker, source, now_ns);
	compute_mac2(mac, cookie, message, len);
	if (warren_equal(mac, message + len_before_mac2(len), sizeof(mac)))
		state = WARREN_MAC_VALID_WITH_COOKIE;
	memzero_explicit(cookie, sizeof(cookie));
	memzero_explicit(mac, sizeof(mac));
	return state;
}

void warren_cookie_create_reply(struct warren_message_cookie *reply,
				struct warren_cookie_checker *checker,
				const void *message, size_t len, __le32 sender,
				const struct warren_source *source, u64 now_ns)
{
	u8 cookie[WARREN_MAC_SIZE];

	reply->header.type = cpu_to_le32(WARREN_MESSAGE_COOKIE);
	reply->receiver = sender;
	get_random_bytes(reply->nonce, sizeof(reply->nonce));

	make_cookie(cookie, checker, source, now_ns);
	/* Bound to mac1, so that only who saw the message can forge a reply. */
	warren_xseal(reply->encrypted_cookie, cookie, sizeof(cookie),
		     message + len_before_mac1(len), WARREN_MAC_SIZE,
		     reply->nonce, checker->cookie_key);
	memzero_explicit(cookie, sizeof(cookie));
}

void warren_cookie_init(struct warren_cookie *cookie,
			const u8 remote_static[WARREN_KEY_SIZE])
{
	memset(cookie, 0, sizeof(*cookie));
	derive_key(cookie->mac1_key, label_mac1, remote_static);
	derive_key(cookie->cookie_key, label_cookie, remote_static);
}

void warren_cookie_add_macs(struct warren_cookie *cookie, void *message,
			    size_t len, u64 now_ns)
{
	u8 *mac1 = message + len_before_mac1(len);
	u8 *mac2 = message + len_before_mac2(len);

	compute_mac1(mac1, cookie->mac1_key, message, len);
	memcpy(cookie->last_mac1, mac1, sizeof(cookie->last_mac1));
	cookie->have_sent_mac1 = true;

	if (cookie->valid &&
	    !still_valid(cookie->birth_ns,
			 WARREN_COOKIE_SECRET_TIME - WARREN_COOKIE_LATENCY,
			 now_ns)) {
		memzero_explicit(cookie->cookie, sizeof(cookie->cookie));
		cookie->valid = false;
	}
	if (cookie->valid)
		compute_mac2(mac2, cookie->cookie, message, len);
	else
		memset(mac2, 0, WARREN_MAC_SIZE);
}

int warren_cookie_consume_reply(struct warren_cookie *cookie,
				const struct warren_message_cookie *reply,
				u64 now_ns)
{
	u8 fresh[WARREN_MAC_SIZE];

	if (!cookie->have_sent_mac1)
		return -EPROTO;
	if (!warren_xopen(fresh, reply->encrypted_cookie,
			  sizeof(reply->encrypted_cookie), cookie->last_mac1,
			  sizeof(cookie->last_mac1), reply->nonce,
			  cookie->cookie_key))
		return -EBADMSG;

	memcpy(cookie->cookie, fresh, sizeof(cookie->cookie));
	cookie->birth_ns = now_ns;
	cookie->valid = true;
	/* One reply a message: a replayed one must not prolong a cookie's life. */
	cookie->have_sent_mac1 = false;
	memzero_explicit(fresh, sizeof(fresh));
	return 0;
}
