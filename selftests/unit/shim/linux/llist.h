/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_LLIST_H
#define WARREN_SHIM_LINUX_LLIST_H

#include <linux/kernel.h>

struct llist_node {
	struct llist_node *next;
};

struct llist_head {
	struct llist_node *first;
};

#define LLIST_HEAD(name) struct llist_head name

/* True if the list was empty. */
static inline bool llist_add(struct llist_node *entry, struct llist_head *list)
{
	struct llist_node *first = __atomic_load_n(&list->first, __ATOMIC_RELAXED);

	do {
		entry->next = first;
	} while (!__atomic_compare_exchange_n(&list->first, &first, entry, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	return !first;
}

static inline struct llist_node *llist_del_all(struct llist_head *list)
{
	return __atomic_exchange_n(&list->first, NULL, __ATOMIC_ACQUIRE);
}

/* NULL of an entry's node is the end: it is compared as an address, as in the kernel. */
#define llist_for_each_entry_safe(entry, following, node, member)                                  \
	for ((entry) = container_of(node, __typeof__(*(entry)), member);                           \
	     (uintptr_t)(entry) + offsetof(__typeof__(*(entry)), member) &&                        \
	     ((following) = container_of((entry)->member.next, __typeof__(*(entry)), member), 1);  \
	     (entry) = (following))

#endif
