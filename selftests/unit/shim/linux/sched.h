/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_SCHED_H
#define WARREN_SHIM_LINUX_SCHED_H

static inline void cond_resched(void)
{
}

#endif
