/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_ATOMIC_H
#define WARREN_SHIM_LINUX_ATOMIC_H

#define smp_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define cmpxchg(p, old, new)                                                                       \
	({                                                                                         \
		__typeof__(*(p)) expected = (old);                                                 \
		__atomic_compare_exchange_n(p, &expected, new, false, __ATOMIC_SEQ_CST,            \
					    __ATOMIC_SEQ_CST);                                     \
		expected;                                                                          \
	})

#endif
