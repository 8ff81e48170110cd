/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The WireGuard protocol as it is on the wire: message layouts, sizes and the
 * constants of time and number, named as in the paper (J. A. Donenfeld,
 * "WireGuard: Next Generation Kernel Network Tunnel", sections 5.4 and 6.1).
 */
#ifndef WARREN_MESSAGES_H
#define WARREN_MESSAGES_H

#include <linux/types.h>
#include <linux/build_bug.h>

enum {
	WARREN_KEY_SIZE = 32,		/* Curve25519 keys, preshared keys */
	WARREN_HASH_SIZE = 32,		/* BLAKE2s-256 */
	WARREN_TAG_SIZE = 16,		/* Poly1305 */
	WARREN_TIMESTAMP_SIZE = 12,	/* TAI64N */
	WARREN_MAC_SIZE = 16,		/* mac1, mac2, cookie */
	WARREN_COOKIE_NONCE_SIZE = 24,	/* XChaCha20 */
};

/* Section 6.1; seconds unless the name says otherwise. */
enum {
	WARREN_REKEY_AFTER_TIME = 120,
	WARREN_REJECT_AFTER_TIME = 180,
	WARREN_REKEY_TIMEOUT = 5,
	WARREN_REKEY_TIMEOUT_JITTER_MS = 333,
	WARREN_REKEY_ATTEMPT_TIME = 90,
	WARREN_KEEPALIVE_TIMEOUT = 10,
	WARREN_COOKIE_SECRET_TIME = 120,
	/* Section 5.4.7: how much of a cookie's life is left for the way back. */
	WARREN_COOKIE_LATENCY = 5,
	/* One initiation a peer is answered in this many milliseconds. */
	WARREN_INITIATION_INTERVAL_MS = 20,
};

#define WARREN_REKEY_AFTER_MESSAGES  (1ULL << 60)
#define WARREN_REJECT_AFTER_MESSAGES (U64_MAX - WARREN_REPLAY_WINDOW)

/* Section 5.4.6: counters this far behind the newest are still accepted. */
#define WARREN_REPLAY_WINDOW 8192

enum warren_message_type {
	WARREN_MESSAGE_INITIATION = 1,
	WARREN_MESSAGE_RESPONSE = 2,
	WARREN_MESSAGE_COOKIE = 3,
	WARREN_MESSAGE_DATA = 4,
};

/* One type byte and three zero bytes, read as one little-endian word. */
struct warren_message_header {
	__le32 type;
} __packed;

/* Section 5.4.4. Last in a handshake message; they cover what is before them. */
struct warren_message_macs {
	u8 mac1[WARREN_MAC_SIZE];
	u8 mac2[WARREN_MAC_SIZE];
} __packed;

/* Section 5.4.2. */
struct warren_message_initiation {
	struct warren_message_header header;
	__le32 sender;
	u8 ephemeral[WARREN_KEY_SIZE];
	u8 encrypted_static[WARREN_KEY_SIZE + WARREN_TAG_SIZE];
	u8 encrypted_timestamp[WARREN_TIMESTAMP_SIZE + WARREN_TAG_SIZE];
	struct warren_message_macs macs;
} __packed;

/* Section 5.4.3. */
struct warren_message_response {
	struct warren_message_header header;
	__le32 sender;
	__le32 receiver;
	u8 ephemeral[WARREN_KEY_SIZE];
	u8 encrypted_nothing[WARREN_TAG_SIZE];
	struct warren_message_macs macs;
} __packed;

/* Section 5.4.7. */
struct warren_message_cookie {
	struct warren_message_header header;
	__le32 receiver;
	u8 nonce[WARREN_COOKIE_NONCE_SIZE];
	u8 encrypted_cookie[WARREN_MAC_SIZE + WARREN_TAG_SIZE];
} __packed;

/* Section 5.4.6; the encrypted packet and its tag follow. */
struct warren_message_data {
	struct warren_message_header header;
	__le32 receiver;
	__le64 counter;
} __packed;

static_assert(sizeof(struct warren_message_initiation) == 148);
static_assert(sizeof(struct warren_message_response) == 92);
static_assert(sizeof(struct warren_message_cookie) == 64);
static_assert(sizeof(struct warren_message_data) == 16);

/* Inner packets are padded with zeros to a multiple of this (section 5.4.6). */
#define WARREN_PADDING 16

/* What a data message adds to the padded inner packet. */
#define WARREN_DATA_OVERHEAD (sizeof(struct warren_message_data) + WARREN_TAG_SIZE)

#endif /* WARREN_MESSAGES_H */
