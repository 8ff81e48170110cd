/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The AEAD of data messages (paper, section 5.4.6; RFC 8439 with a 64-bit
 * nonce), for packets that lie in a buffer with something before them.
 *
 * The library's chacha20poly1305_encrypt() makes the one-time authenticator key
 * with a scalar ChaCha block, which costs as much as a third of a packet. Here
 * that block is the first of one long pass over the packet, in vector registers
 * with the rest: it covers the 64 bytes before the packet.
 */
#ifndef WARREN_AEAD_H
#define WARREN_AEAD_H

#include "messages.h"

#define WARREN_AEAD_ROOM 64

/* How far behind a packet of @len bytes warren_aead_seal() writes. */
static inline size_t warren_aead_end(size_t len)
{
	return WARREN_TAG_SIZE + (-len & (WARREN_TAG_SIZE - 1));
}

/**
 * warren_aead_seal() - encrypt a packet where it is
 * @packet: @len bytes, and after them room for warren_aead_end(): there will be
 *	the tag, and nothing of use. The WARREN_AEAD_ROOM bytes before it can be
 *	written, and are afterwards as they were
 * @len: of the packet
 * @nonce: never used before with @key
 * @key: the session's
 */
void warren_aead_seal(u8 *packet, size_t len, u64 nonce,
		      const u8 key[WARREN_KEY_SIZE]);

/**
 * warren_aead_open() - decrypt a packet
 * @to: room for @len
 * @from: @len bytes; with @room not the same place as @to
 * @len: with the tag, so at least WARREN_TAG_SIZE
 * @room: the WARREN_AEAD_ROOM bytes before @from can be read and do not change
 *	meanwhile, and those before @to are overwritten; it is faster
 * @nonce: the message's
 * @key: the session's
 *
 * Return: false if it is forged. Without @room, @to is as it was then; with it,
 * it holds nothing of use.
 */
bool warren_aead_open(u8 *to, const u8 *from, size_t len, bool room, u64 nonce,
		      const u8 key[WARREN_KEY_SIZE]);

#endif /* WARREN_AEAD_H */
