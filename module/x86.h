/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The AEAD of data messages with the vector units of x86-64: x86/.
 *
 * The library computes keys, cipher and authenticator in calls of their own, each
 * with all that it takes to begin one. Here a message is one.
 */
#ifndef WARREN_X86_H
#define WARREN_X86_H

#include <linux/compiler.h>
#include <linux/types.h>
#include "messages.h"

enum warren_x86_unit {
	WARREN_X86_NONE,
	WARREN_X86_AVX2,	/* with BMI2 */
	WARREN_X86_AVX512,	/* AVX-512VL: more registers, not wider ones */
};

/* So many messages of one length are authenticated faster than one by one. */
#define WARREN_X86_FOUR 4
/* The key of one message's authenticator. */
struct warren_x86_one_time {
	u8 key[32];
};

/* The start of a message's key stream, and where it goes on. */
struct warren_x86_begun {
	u8 state[704];
} __aligned(32);

#ifdef CONFIG_X86_64

/**
 * warren_x86_init() - choose the vector unit to use
 * @most: the best to choose
 *
 * One whose results differ from the library's is not chosen, and the log says so.
 * Context: process; before any message, or when there are none.
 * Return: the one that is used.
 */
enum warren_x86_unit warren_x86_init(enum warren_x86_unit most);

/* Is there one, if perhaps in use? Context: any. */
bool warren_x86_present(void);

/**
 * warren_x86_begin() - take the vector unit
 *
 * Context: any. If it returns true, preemption is off until warren_x86_end().
 * Return: false if there is none, or it is in use by what was interrupted.
 */
bool warren_x86_begin(void);
void warren_x86_end(void);

/**
 * warren_x86_seal() - encrypt a packet to where its start is
 * @packet: the first @head bytes, and room for the rest and the tag
 * @head: how much is there
 * @rest: the other bytes: elsewhere, or where they belong. They are read once
 * @len: of the whole packet
 * @nonce: never used before with @key
 * @key: the session's
 * @one_time: NULL, or where to put the authenticator's key: the tag then is left to
 *	warren_x86_tag()
 *
 * Context: between warren_x86_begin() and warren_x86_end().
 */
void warren_x86_seal(u8 *packet, size_t head, const u8 *rest, size_t len,
		     u64 nonce, const u8 key[WARREN_KEY_SIZE],
		     struct warren_x86_one_time *one_time);

/**
 * warren_x86_tag() - write the tags that warren_x86_seal() left out
 * @packets: encrypted, with room for the tags behind them
 * @count: up to WARREN_X86_FOUR; as many are faster than fewer
 * @len: of each packet
 * @one_time: their keys; wiped
 *
 * Context: between warren_x86_begin() and warren_x86_end().
 */
void warren_x86_tag(u8 *const *packets, unsigned int count, size_t len,
		    struct warren_x86_one_time *one_time);

/**
 * warren_x86_open() - decrypt a packet
 * @to: room for @len; may be @from
 * @from: @len bytes, and after them the tag
 * @len: of the packet
 * @nonce: the message's
 * @key: the session's
 *
 * Context: between warren_x86_begin() and warren_x86_end().
 * Return: false if it is forged; @to is as it was then.
 */
bool warren_x86_open(u8 *to, const u8 *from, size_t len, u64 nonce,
		     const u8 key[WARREN_KEY_SIZE]);

/**
 * warren_x86_check_four() - authenticate messages before any of them is decrypted
 * @begun: of each; for warren_x86_decrypt() if it is good, else wiped
 * @good: written; false for a forged one
 * @from: WARREN_X86_FOUR of them, as for warren_x86_open()
 * @len: of each packet, not 0
 * @nonces: theirs
 * @key: the session's
 *
 * Context: between warren_x86_begin() and warren_x86_end().
 */
void warren_x86_check_four(struct warren_x86_begun *begun, bool *good,
			   const u8 *const *from, size_t len, const u64 *nonces,
			   const u8 key[WARREN_KEY_SIZE]);

/**
 * warren_x86_decrypt() - decrypt what warren_x86_check_four() found good
 * @begun: from there; wiped
 * @to: room for @len
 * @from: the same bytes
 * @len: of the packet
 *
 * Context: between warren_x86_begin() and warren_x86_end().
 */
void warren_x86_decrypt(struct warren_x86_begun *begun, u8 *to, const u8 *from,
			size_t len);

#else

static inline enum warren_x86_unit warren_x86_init(enum warren_x86_unit most)
{
	return WARREN_X86_NONE;
}

static inline bool warren_x86_present(void)
{
	return false;
}

static inline bool warren_x86_begin(void)
{
	return false;
}

static inline void warren_x86_end(void)
{
}

static inline void warren_x86_seal(u8 *packet, size_t head, const u8 *rest,
				   size_t len, u64 nonce,
				   const u8 key[WARREN_KEY_SIZE],
				   struct warren_x86_one_time *one_time)
{
}

static inline void warren_x86_tag(u8 *const *packets, unsigned int count,
				  size_t len,
				  struct warren_x86_one_time *one_time)
{
}

static inline bool warren_x86_open(u8 *to, const u8 *from, size_t len,
				   u64 nonce, const u8 key[WARREN_KEY_SIZE])
{
	return false;
}

static inline void warren_x86_check_four(struct warren_x86_begun *begun,
					 bool *good, const u8 *const *from,
					 size_t len, const u64 *nonces,
					 const u8 key[WARREN_KEY_SIZE])
{
}

static inline void warren_x86_decrypt(struct warren_x86_begun *begun, u8 *to,
				      const u8 *from, size_t len)
{
}

#endif /* CONFIG_X86_64 */
#endif /* WARREN_X86_H */
