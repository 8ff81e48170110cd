/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTROL_CLOCK_H
#define CONTROL_CLOCK_H

#include <stdint.h>

/* Now, in seconds since 1970. A variable so that tests can move the clock. */
extern int64_t (*control_now)(void);

#endif /* CONTROL_CLOCK_H */
