/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SHIM_LINUX_SOCKET_H
#define WARREN_SHIM_LINUX_SOCKET_H

#include <sys/socket.h>

#endif
