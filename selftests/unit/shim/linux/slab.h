/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_SLAB_H
#define WARREN_SHIM_LINUX_SLAB_H

#include <linux/types.h>

#define GFP_KERNEL   0
#define __GFP_NOWARN 0

struct kmem_cache;

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned int flags, void (*constructor)(void *));
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t flags);
void kmem_cache_free(struct kmem_cache *cache, void *object);
void kmem_cache_free_bulk(struct kmem_cache *cache, size_t number, void **objects);

void *kvcalloc(size_t count, size_t size, gfp_t flags);
void kvfree(const void *object);

#endif
