/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_WORKQUEUE_H
#define WARREN_SHIM_LINUX_WORKQUEUE_H

/* Work is done when a test asks for it: shim_work(); or when its queue goes. */
#include <linux/types.h>

struct workqueue_struct;

struct work_struct {
	void (*function)(struct work_struct *work);
	struct work_struct *next;
	bool queued;
};

#define DECLARE_WORK(name, f) struct work_struct name = {.function = (f)}
#define WQ_UNBOUND	      0

struct workqueue_struct *alloc_workqueue(const char *format, unsigned int flags, int most, ...);
bool queue_work(struct workqueue_struct *queue, struct work_struct *work);
void destroy_workqueue(struct workqueue_struct *queue);

#endif
