/* SPDX-License-Identifier: GPL-2.0 */
/* What tests can do to the stand-ins for the kernel. */
#ifndef WARREN_SHIM_H
#define WARREN_SHIM_H

#include <linux/types.h>

/*
 * get_random_bytes() gives these bytes next, in one call of just this length;
 * more than one may wait. Afterwards it gives pseudo-random bytes, the same in
 * every run.
 */
void shim_random_next(const void *bytes, size_t len);

/* How many of those are still waiting. */
unsigned int shim_random_waiting(void);

/* The allocation after @countdown others fails; -1: none does. */
void shim_fail_allocation(int countdown);

/* What is allocated and not yet freed; and of objects of caches their bytes as the slab packs them.
 */
size_t shim_objects(void);
size_t shim_bytes(void);

/* Does what is queued in workqueues. */
void shim_work(void);

#endif
