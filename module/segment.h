/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cutting an inner GSO packet into the packets that its receiver will see,
 * written one by one into the buffers they are encrypted in. The payload is
 * read once, and its checksum computed on the way.
 */
#ifndef WARREN_SEGMENT_H
#define WARREN_SEGMENT_H

#include <linux/skbuff.h>

/**
 * struct warren_segments - how a packet is cut
 * @skb: the packet, at its network header; read only
 * @count: how many there are
 * @size: of each, headers included, but for the last
 * @last_size: of the last
 * @header_len: bytes that each one repeats; 0 when there is one only
 * @transport: offset of the TCP or UDP header, when @count is above 1
 */
struct warren_segments {
	struct sk_buff *skb;
	unsigned int count;
	unsigned int size;
	unsigned int last_size;
	unsigned int header_len;
	unsigned int transport;
};

/**
 * warren_segments_plan() - look at a packet
 * @segments: written
 * @skb: may be empty (a keepalive)
 *
 * Of GSO packets, those of WARREN_SEGMENT_FEATURES are understood; the stack
 * cuts others before a device sees them. Makes the headers linear.
 * Return: 0, -EINVAL for headers that make no sense, -ENOMEM.
 */
int warren_segments_plan(struct warren_segments *segments, struct sk_buff *skb);

/* Size of segment @i. */
static inline unsigned int
warren_segments_size(const struct warren_segments *segments, unsigned int i)
{
	return i + 1 == segments->count ? segments->last_size : segments->size;
}

/**
 * warren_segments_payload() - where the payload of segment @i can be read
 * @segments: from warren_segments_plan()
 * @i: below @segments->count
 *
 * Return: warren_segments_size() less @segments->header_len bytes, which somebody
 * may still change who sends them without a copy; NULL if they are not in one piece
 * of memory, or the segment is the packet as it is.
 */
const u8 *warren_segments_payload(const struct warren_segments *segments,
				  unsigned int i);

/**
 * warren_segments_write_headers() - write segment @i but for its payload
 * @segments: from warren_segments_plan(), with a @header_len
 * @i: below @segments->count
 * @to: has room for @segments->header_len
 * @sum: of the payload
 */
void warren_segments_write_headers(const struct warren_segments *segments,
				   unsigned int i, u8 *to, __wsum sum);

/**
 * warren_segments_write() - write segment @i, checksums complete
 * @segments: from warren_segments_plan()
 * @i: below @segments->count, in any order
 * @to: has room for warren_segments_size()
 *
 * Return: 0, or -EFAULT if the packet is shorter than it says.
 */
int warren_segments_write(const struct warren_segments *segments,
			  unsigned int i, u8 *to);

#define WARREN_SEGMENT_FEATURES                                              \
	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | NETIF_F_HW_CSUM | \
	 NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN | NETIF_F_TSO_MANGLEID | \
	 NETIF_F_GSO_UDP_L4)

#endif /* WARREN_SEGMENT_H */
