/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_JUMP_LABEL_H
#define WARREN_SHIM_LINUX_JUMP_LABEL_H

#include <stdbool.h>

#define DEFINE_STATIC_KEY_FALSE(name) bool name
#define static_branch_enable(key)     (*(key) = true)
#define static_branch_disable(key)    (*(key) = false)
#define static_branch_likely(key)     (*(key))
#define static_branch_unlikely(key)   (*(key))

#endif
