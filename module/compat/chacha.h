/* SPDX-License-Identifier: GPL-2.0 */
/* ChaCha: the state became a structure in 6.16. */
#ifndef WARREN_COMPAT_CHACHA_H
#define WARREN_COMPAT_CHACHA_H

#include <crypto/chacha.h>

#ifdef WARREN_HAVE_CHACHA_STATE
typedef struct chacha_state warren_chacha_state;
#define WARREN_CHACHA(state) (&(state))
#else
typedef struct {
	u32 x[CHACHA_STATE_WORDS];
} warren_chacha_state;
#define WARREN_CHACHA(state) ((state).x)
#endif

#endif /* WARREN_COMPAT_CHACHA_H */
