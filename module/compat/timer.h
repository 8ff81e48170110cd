/* SPDX-License-Identifier: GPL-2.0 */
/* Timers: renamed since 6.15 and 6.16. */
#ifndef WARREN_COMPAT_TIMER_H
#define WARREN_COMPAT_TIMER_H

#include <linux/timer.h>

#ifdef WARREN_HAVE_TIMER_CONTAINER_OF
#define warren_timer_container(var, timer, field) \
	timer_container_of(var, timer, field)
#else
#define warren_timer_container(var, timer, field) from_timer(var, timer, field)
#endif

#ifdef WARREN_HAVE_TIMER_DELETE_SYNC
#define warren_timer_delete_sync(timer) timer_delete_sync(timer)
#else
#define warren_timer_delete_sync(timer) del_timer_sync(timer)
#endif

#endif /* WARREN_COMPAT_TIMER_H */
