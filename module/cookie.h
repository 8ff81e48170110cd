/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MACs and cookies (paper, sections 5.3, 5.4.4 and 5.4.7): what makes us
 * silent to strangers, and lets us make a sender prove its address under load.
 *
 * Pure: the caller brings the time (monotonic nanoseconds) and keeps a checker
 * from being rekeyed during a call. A checker's secret is renewed under its own
 * lock, because many workers check at once.
 */
#ifndef WARREN_COOKIE_H
#define WARREN_COOKIE_H

#include <linux/rwsem.h>
#include "messages.h"

/* Where a message came from, in a form that can be hashed. */
struct warren_source {
	u8 address[16];		/* IPv4 in the first four bytes, rest zero */
	u8 address_len;		/* 4 or 16 */
	__be16 port;
};

/* A device's side: checks what others send. */
struct warren_cookie_checker {
	u8 mac1_key[WARREN_KEY_SIZE];
	u8 cookie_key[WARREN_KEY_SIZE];	/* encrypts the cookies we hand out */
	struct rw_semaphore secret_lock;	/* for the two below */
	u8 secret[WARREN_HASH_SIZE];
	u64 secret_birth_ns;
	bool have_secret;
};

/* A peer's side: what we know for sending to it. */
struct warren_cookie {
	u8 mac1_key[WARREN_KEY_SIZE];
	u8 cookie_key[WARREN_KEY_SIZE];
	u8 cookie[WARREN_MAC_SIZE];
	u64 birth_ns;
	bool valid;
	u8 last_mac1[WARREN_MAC_SIZE];	/* a reply must be bound to it */
	bool have_sent_mac1;
};

enum warren_mac_state {
	WARREN_MAC_INVALID,	/* mac1 is wrong: a stranger */
	WARREN_MAC_VALID,	/* mac1 is right, mac2 is not or was not asked for */
	WARREN_MAC_VALID_WITH_COOKIE,
};

void warren_cookie_checker_init(struct warren_cookie_checker *checker);

/* @public_key: the device's own. */
void warren_cookie_checker_rekey(struct warren_cookie_checker *checker,
				 const u8 public_key[WARREN_KEY_SIZE]);

/**
 * warren_cookie_check() - check mac1, and mac2 when under load
 * @checker: the device's
 * @message: an initiation or a response, whole
 * @len: its size; the MACs are its last 32 bytes
 * @source: where it came from
 * @want_cookie: whether mac2 should be looked at
 * @now_ns: monotonic
 *
 * Constant time in the contents. May sleep.
 */
enum warren_mac_state warren_cookie_check(struct warren_cookie_checker *checker,
					  const void *message, size_t len,
					  const struct warren_source *source,
					  bool want_cookie, u64 now_ns);

/**
 * warren_cookie_create_reply() - make the answer to a message under load
 * @reply: written whole
 * @checker: the device's
 * @message: an initiation or a response with a valid mac1
 * @len: its size
 * @sender: its sender index, which becomes the reply's receiver
 * @source: where it came from
 * @now_ns: monotonic
 */
void warren_cookie_create_reply(struct warren_message_cookie *reply,
				struct warren_cookie_checker *checker,
				const void *message, size_t len, __le32 sender,
				const struct warren_source *source, u64 now_ns);

/* @remote_static: the peer's public key. */
void warren_cookie_init(struct warren_cookie *cookie,
			const u8 remote_static[WARREN_KEY_SIZE]);

/**
 * warren_cookie_add_macs() - fill in the MACs of a message to a peer
 * @cookie: the peer's; the caller excludes others
 * @message: an initiation or a response, written up to its MACs
 * @len: its whole size
 * @now_ns: monotonic
 */
void warren_cookie_add_macs(struct warren_cookie *cookie, void *message,
			    size_t len, u64 now_ns);

/**
 * warren_cookie_consume_reply() - take the cookie a peer sent us
 * @cookie: the peer's; the caller excludes others
 * @reply: the message
 * @now_ns: monotonic
 *
 * Return: 0, -EPROTO when we have sent nothing it could answer, -EBADMSG when
 * it is forged or answers something else. On error @cookie is as it was.
 */
int warren_cookie_consume_reply(struct warren_cookie *cookie,
				const struct warren_message_cookie *reply,
				u64 now_ns);

#endif /* WARREN_COOKIE_H */
