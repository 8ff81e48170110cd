/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The AEAD of data messages (paper, section 5.4.6; RFC 8439 with a 64-bit
 * nonce), for packets that lie in a buffer with something before them.
 *
 * On x86-64 it is our own (x86.h). Elsewhere the kernel's library does the work;
 * but its chacha20poly1305_encrypt() makes the one-time authenticator key with a
 * scalar ChaCha block, which costs as much as a third of a packet. Here that block
 * is the first of one long pass over the packet, in vector registers with the rest:
 * it covers the 64 bytes before the packet.
 */
#ifndef WARREN_AEAD_H
#define WARREN_AEAD_H

#include "messages.h"
#include "x86.h"

#define WARREN_AEAD_ROOM 64

/* How far behind a packet of @len bytes warren_aead_seal() writes. */
static inline size_t warren_aead_end_size(size_t len)
{
	return WARREN_TAG_SIZE + (-len & (WARREN_TAG_SIZE - 1));
}

/**
 * warren_aead_begin() - before one or more messages
 *
 * Context: softirqs off. Until warren_aead_end() nothing may sleep or use the
 * vector unit.
 * Return: whether there is a vector unit, for the functions below.
 */
static inline bool warren_aead_begin(void)
{
	return warren_x86_begin();
}

static inline void warren_aead_end(bool vector)
{
	if (vector)
		warren_x86_end();
}

/**
 * struct warren_aead_untagged - messages encrypted one after another
 * @count: how many lack their tags yet; 0 at first
 * @len: of each of those
 * @packets: those
 * @one_time: their authenticator's keys
 */
struct warren_aead_untagged {
	unsigned int count;
	size_t len;
	u8 *packets[WARREN_X86_FOUR];
	struct warren_x86_one_time one_time[WARREN_X86_FOUR];
};

/**
 * warren_aead_seal() - encrypt a packet to where its start is
 * @vector: from warren_aead_begin()
 * @packet: room for @len bytes, and after them for warren_aead_end_size(): there
 *	will be the tag, and nothing of use. The WARREN_AEAD_ROOM bytes before it
 *	can be written, and are afterwards as they were
 * @head: how many bytes of the packet are there
 * @rest: the others: elsewhere, or where they belong. They are read once
 * @len: of the whole packet
 * @nonce: never used before with @key
 * @key: the session's
 * @untagged: NULL, or where a message may wait for others of its length, as the tags of
 *	several are cheaper together; until warren_aead_tag() its packet must stay
 */
void warren_aead_seal(bool vector, u8 *packet, size_t head, const u8 *rest,
		      size_t len, u64 nonce, const u8 key[WARREN_KEY_SIZE],
		      struct warren_aead_untagged *untagged);

/* Writes the tags that are not there yet; before warren_aead_end(). */
void warren_aead_tag(struct warren_aead_untagged *untagged);

/* Of the room before its target, how much warren_aead_open() has a use for. */
static inline unsigned int warren_aead_room(void)
{
	return warren_x86_present() ? 0 : WARREN_AEAD_ROOM;
}

/**
 * warren_aead_open() - decrypt a packet
 * @vector: from warren_aead_begin()
 * @to: room for @len
 * @from: @len bytes; with @room not the same place as @to
 * @len: with the tag, so at least WARREN_TAG_SIZE
 * @room: the WARREN_AEAD_ROOM bytes before @from can be read and do not change
 *	meanwhile, and those before @to are overwritten; without a vector unit it
 *	is faster
 * @nonce: the message's
 * @key: the session's
 *
 * Return: false if it is forged. Without @room, @to is as it was then; with it,
 * it may hold nothing of use.
 */
bool warren_aead_open(bool vector, u8 *to, const u8 *from, size_t len,
		      bool room, u64 nonce, const u8 key[WARREN_KEY_SIZE]);

/**
 * struct warren_aead_checked - messages authenticated, and not decrypted yet
 * @good: which of them are not forged
 * @begun: how to go on with those
 *
 * Too large for a stack.
 */
struct warren_aead_checked {
	bool good[WARREN_X86_FOUR];
	struct warren_x86_begun begun[WARREN_X86_FOUR];
};

/* Whether there is a vector unit at all, for the functions below. */
static inline bool warren_aead_checks_four(void)
{
	return warren_x86_present();
}

/**
 * warren_aead_check_four() - authenticate messages of one length together
 * @checked: written
 * @from: WARREN_X86_FOUR messages, each as for warren_aead_open()
 * @len: of each, with the tag; more than WARREN_TAG_SIZE
 * @nonces: theirs
 * @key: the session's
 *
 * Costs less than one by one. Only when warren_aead_begin() has found a vector unit. In
 * the end warren_aead_forget() has to be called.
 */
void warren_aead_check_four(struct warren_aead_checked *checked,
			    const u8 *const *from, size_t len,
			    const u64 *nonces, const u8 key[WARREN_KEY_SIZE]);

/**
 * warren_aead_decrypt() - decrypt one of those messages, once
 * @checked: from warren_aead_check_four()
 * @i: which
 * @to: room for it
 * @from: as given there; what has changed since is not found
 * @len: as given there
 *
 * Only between warren_aead_begin(), when there is a vector unit, and warren_aead_end().
 * Return: false if it is forged; @to is as it was then.
 */
bool warren_aead_decrypt(struct warren_aead_checked *checked, unsigned int i,
			 u8 *to, const u8 *from, size_t len);

/* Wipes what is left of those that were not decrypted. */
void warren_aead_forget(struct warren_aead_checked *checked);

#endif /* WARREN_AEAD_H */
