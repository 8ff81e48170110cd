/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for packets, cut from large pages that each CPU uses again and again.
 *
 * A hardened kernel (init_on_alloc, as Debian's) clears each page that it hands
 * out, which costs as much as a third of a packet's encryption. Once the packets
 * in a page have gone, nobody but its CPU's ring holds it; it is then filled anew
 * without being cleared. What was in it is never shown: packets reach only as
 * far as they were written.
 */
#ifndef WARREN_PAGES_H
#define WARREN_PAGES_H

#include <linux/mm.h>
#include <linux/skbuff.h>

/**
 * struct warren_slice - a piece of memory
 * @page: with a reference that is the holder's
 * @offset: of the piece in it, a multiple of a cache line
 * @size: in bytes
 */
struct warren_slice {
	struct page *page;
	unsigned int offset;
	unsigned int size;
};

static inline u8 *warren_slice_start(const struct warren_slice *slice)
{
	return (u8 *)page_address(slice->page) + slice->offset;
}

/**
 * warren_pages_take() - have a piece of memory
 * @slice: written
 * @min: bytes it has to have
 * @max: bytes that can be made use of
 *
 * Context: softirqs off. Return: false when there is no memory.
 */
bool warren_pages_take(struct warren_slice *slice, unsigned int min,
		       unsigned int max);

/**
 * warren_pages_skb() - an empty skb, with its data in such a page
 * @headroom: bytes
 * @size: bytes after them
 *
 * Context: softirqs off. Return: NULL when there is no memory.
 */
struct sk_buff *warren_pages_skb(unsigned int headroom, unsigned int size);

/* Frees what the rings hold. Nobody takes any more. Context: process. */
void warren_pages_exit(void);

#endif /* WARREN_PAGES_H */
