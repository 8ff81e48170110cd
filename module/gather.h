/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Large packets out of small ones. The messages of an outer packet mostly are
 * segments of one TCP stream. They are decrypted so that their payloads lie side
 * by side: a header lands on the end of the payload before it, is looked at, and
 * what was there is put back. A run of them goes up as one GSO packet, the one
 * that GRO would make, without an skb and a look-up for each.
 *
 * For each message:	to = warren_gather_place(); decrypt to there
 *	forged:		warren_gather_put_back()
 *	next of a run:	warren_gather_join() does it all
 *	else:		warren_gather_start() makes an skb of its own;
 *			warren_gather_take() is the run before it, now whole;
 *			if the new one is good, warren_gather_hold() may begin
 *			a run with it
 * At the end: take, and warren_gather_end().
 */
#ifndef WARREN_GATHER_H
#define WARREN_GATHER_H

#include <linux/skbuff.h>
#include "aead.h"
#include "pages.h"

/* The longest headers of a packet in a run. */
#define WARREN_GATHER_HEADERS 128

/**
 * struct warren_gather - the run being gathered, and where its payload goes
 * @slice: memory; no page when there is none yet
 * @at: end of the last payload in it
 * @place: of the message being decrypted, in @slice
 * @overlap: bytes from @place to @at; what was there is in @saved
 * @saved_size: that, and what was before it
 * @rest: bytes that will come, about
 * @owner: the caller's: packets of others cannot follow
 * @dsfield: of the outer packets, the same
 * @skb: the run's first packet, which grows; NULL when there is no run
 * @header_len: of each of its packets; 0 when it can take no more
 * @transport: offset of the TCP header
 * @count: packets in it
 * @mss: payload of each but the last
 * @max_len: that its total length may reach
 * @next_seq: of the packet that would be next
 * @first: the first word of the IP header, without a length
 * @flags: the TCP flags of all of them
 * @id: of the first IPv4 header
 * @fixed_id: all have this id
 * @saved: what lies before @at
 */
struct warren_gather {
	struct warren_slice slice;
	unsigned int at;
	unsigned int place;
	unsigned int overlap;
	unsigned int saved_size;
	unsigned int rest;
	const void *owner;
	u8 dsfield;
	struct sk_buff *skb;
	unsigned int header_len;
	unsigned int transport;
	unsigned int count;
	unsigned int mss;
	unsigned int max_len;
	u32 next_seq;
	__be32 first;
	__be32 flags;
	u16 id;
	bool fixed_id;
	u8 saved[WARREN_AEAD_ROOM + WARREN_GATHER_HEADERS];
};

/**
 * warren_gather_place() - have room for a message
 * @gather: all zero at first; set @gather->rest
 * @len: of its plain text
 * @room: how many bytes before it may be overwritten: WARREN_AEAD_ROOM at most,
 *	in units of 64
 *
 * Return: where to decrypt it to; NULL when there is no memory. Context: softirq.
 */
u8 *warren_gather_place(struct warren_gather *gather, unsigned int len,
			unsigned int room);

/* There is nothing at the place: as it was before warren_gather_place(). */
void warren_gather_put_back(struct warren_gather *gather);

/* Return: the length of the packet at the place, if it is now in the run; or 0. */
unsigned int warren_gather_join(struct warren_gather *gather, unsigned int len);

/**
 * warren_gather_start() - make an skb of the packet at the place
 * @gather: its run, if there is one, stays as it was
 * @len: as given to warren_gather_place()
 *
 * Return: it, its headers in the linear part, at what is to be its network
 * header; NULL when there is no memory.
 */
struct sk_buff *warren_gather_start(struct warren_gather *gather,
				    unsigned int len);

/*
 * Return: the run as one packet, or NULL; there is none any more. Nothing may lie
 * at the place.
 */
struct sk_buff *warren_gather_take(struct warren_gather *gather);

/**
 * warren_gather_hold() - begin a run with that packet
 * @gather: without a run
 * @skb: from warren_gather_start(), ready for the stack and without padding
 *
 * Return: false when others cannot follow it; it then is the caller's.
 */
bool warren_gather_hold(struct warren_gather *gather, struct sk_buff *skb);

/* Lets go of the memory. There is no run. */
void warren_gather_end(struct warren_gather *gather);

#endif /* WARREN_GATHER_H */
