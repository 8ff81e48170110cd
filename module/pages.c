// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>
#include "pages.h"

#define PAGES_ORDER PAGE_ALLOC_COSTLY_ORDER
#define PAGES_SIZE (PAGE_SIZE << PAGES_ORDER)

/* 2 MiB a CPU: what one fast session has under way. */
#define RING_PAGES 64

/* After as many seconds without traffic a CPU's pages are freed. */
#define IDLE_SECONDS 10

/*
 * Slices are cut from the page at @at up to @used. Then it is the turn of the
 * next one, which has waited longest; if it is still in use, a new one takes its
 * place. A place is empty while its page is worked with, so that the CPU and the
 * work below never have the same.
 */
struct ring {
	struct page *page[RING_PAGES];
	unsigned int at;
	unsigned int used;
	bool busy;	/* since the work looked last */
};

static DEFINE_PER_CPU(struct ring, rings);
static bool watched;	/* the work will run */

static void free_idle(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(idle_work, free_idle);

static void empty(struct ring *ring)
{
	int i;

	for (i = 0; i < RING_PAGES; i++) {
		struct page *page = xchg(&ring->page[i], NULL);

		if (page)
			put_page(page);
	}
}

static void watch(void)
{
	if (likely(READ_ONCE(watched)))
		return;
	WRITE_ONCE(watched, true);
	schedule_delayed_work(&idle_work, IDLE_SECONDS * HZ);
}

static void free_idle(struct work_struct *work)
{
	bool again = false;
	int cpu;

	WRITE_ONCE(watched, false);
	for_each_possible_cpu(cpu) {
		struct ring *ring = per_cpu_ptr(&rings, cpu);

		if (READ_ONCE(ring->busy)) {
			WRITE_ONCE(ring->busy, false);
			again = true;
		} else {
			empty(ring);
		}
	}
	if (again)
		watch();
}

/* The place is empty, and only its CPU fills it. */
static void put_into(struct ring *ring, struct page *page)
{
	/* Pairs with xchg() in empty(), which may let go of the page. */
	smp_store_release(&ring->page[ring->at], page);
}

static bool take_directly(struct warren_slice *slice, unsigned int min,
			  unsigned int max)
{
	slice->page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN,
				  get_order(min));
	if (!slice->page)
		return false;
	slice->offset = 0;
	slice->size = min_t(unsigned int, max, page_size(slice->page));
	return true;
}

bool warren_pages_take(struct warren_slice *slice, unsigned int min,
		       unsigned int max)
{
	struct ring *ring = this_cpu_ptr(&rings);
	struct page *page;

	if (unlikely(min > PAGES_SIZE))
		return take_directly(slice, min, max);

	page = xchg(&ring->page[ring->at], NULL);
	/* All that was cut from it has come back: stay where the cache is warm. */
	if (page && page_ref_count(page) == 1)
		ring->used = 0;
	if (unlikely(!page || PAGES_SIZE - ring->used < min)) {
		if (page)
			put_into(ring, page);
		ring->at = (ring->at + 1) % RING_PAGES;
		ring->used = 0;
		page = xchg(&ring->page[ring->at], NULL);
		if (page && page_ref_count(page) != 1) {
			put_page(page);
			page = NULL;
		}
		/* The last reserves are not for rings. */
		if (!page)
			page = alloc_pages(GFP_ATOMIC | __GFP_COMP |
						   __GFP_NOWARN |
						   __GFP_NORETRY |
						   __GFP_NOMEMALLOC,
					   PAGES_ORDER);
		if (unlikely(!page))
			return take_directly(slice, min, max);
		WRITE_ONCE(ring->busy, true);
		watch();
	}
	get_page(page);
	slice->page = page;
	slice->offset = ring->used;
	slice->size = min_t(unsigned int, max, PAGES_SIZE - ring->used);
	ring->used = min_t(unsigned int, PAGES_SIZE,
			   ALIGN(ring->used + slice->size, SMP_CACHE_BYTES));
	put_into(ring, page);
	return true;
}

struct sk_buff *warren_pages_skb(unsigned int headroom, unsigned int size)
{
	struct warren_slice slice;
	struct sk_buff *skb;

	size = SKB_DATA_ALIGN(headroom + size) +
	       SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	if (!warren_pages_take(&slice, size, size))
		return NULL;
	skb = napi_build_skb(warren_slice_start(&slice), size);
	if (unlikely(!skb)) {
		put_page(slice.page);
		return NULL;
	}
	skb_reserve(skb, headroom);
	return skb;
}

void warren_pages_exit(void)
{
	int cpu;

	cancel_delayed_work_sync(&idle_work);
	for_each_possible_cpu(cpu)
		empty(per_cpu_ptr(&rings, cpu));
}
