/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_RCUPDATE_H
#define WARREN_SHIM_LINUX_RCUPDATE_H

/*
 * A real grace period: readers hold a lock for reading; what waits for them
 * takes it for writing, and only the shim does that.
 */
#include <linux/types.h>

struct rcu_head {
	struct rcu_head *next;
	void (*function)(struct rcu_head *head);
};

void rcu_read_lock(void);
void rcu_read_unlock(void);
void call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head));
void rcu_barrier(void);
void synchronize_rcu(void);

#define rcu_read_lock_bh_held() true

#define rcu_dereference_check(p, condition)                                                        \
	((void)(condition), __atomic_load_n(&(p), __ATOMIC_ACQUIRE))
#define rcu_dereference_protected(p, condition) ((void)(condition), (p))
#define rcu_access_pointer(p)			__atomic_load_n(&(p), __ATOMIC_RELAXED)
#define rcu_assign_pointer(p, value)		__atomic_store_n(&(p), value, __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(p, value)		__atomic_store_n(&(p), value, __ATOMIC_RELAXED)

#endif
