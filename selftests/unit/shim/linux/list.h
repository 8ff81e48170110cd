/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_LIST_H
#define WARREN_SHIM_LINUX_LIST_H

#include <linux/kernel.h>

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD(name) struct list_head name = {&(name), &(name)}

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *list)
{
	entry->prev = list->prev;
	entry->next = list;
	list->prev->next = entry;
	list->prev = entry;
}

static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	/* Whoever goes on from here falls over. */
	entry->next = entry->prev = NULL;
}

static inline void list_splice_tail_init(struct list_head *from, struct list_head *list)
{
	if (list_empty(from))
		return;
	from->next->prev = list->prev;
	list->prev->next = from->next;
	from->prev->next = list;
	list->prev = from->prev;
	INIT_LIST_HEAD(from);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *list)
{
	list_del(entry);
	list_add_tail(entry, list);
}

#define list_entry(pointer, type, member) container_of(pointer, type, member)

#define list_for_each_entry_safe(entry, following, list, member)                                   \
	for ((entry) = list_entry((list)->next, __typeof__(*(entry)), member),                     \
	    (following) = list_entry((entry)->member.next, __typeof__(*(entry)), member);          \
	     &(entry)->member != (list); (entry) = (following),                                    \
	    (following) = list_entry((following)->member.next, __typeof__(*(following)), member))

#endif
