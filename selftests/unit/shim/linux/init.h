/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_INIT_H
#define WARREN_SHIM_LINUX_INIT_H

#define __init
#define __initdata
#define __initconst

#endif
