/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_CACHE_H
#define WARREN_SHIM_LINUX_CACHE_H

#define __ro_after_init

#endif
