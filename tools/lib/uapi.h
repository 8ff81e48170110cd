/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices run by a program, such as wireguard-go: the cross-platform userspace
 * interface (wireguard.com/xplatform, "Configuration Protocol"), lines of
 * key=value over /var/run/wireguard/NAME.sock. Programs use ipc.h.
 */
#ifndef WARREN_LIB_UAPI_H
#define WARREN_LIB_UAPI_H

#include "device.h"

#define WARREN_UAPI_DIR "/var/run/wireguard"

/**
 * warren_uapi_present() - whether a program answers for an interface
 * @name: interface name
 *
 * Return: true if its socket takes a connection. A dead socket's file stays.
 */
bool warren_uapi_present(const char *name);

/**
 * warren_uapi_get() - read a device
 * @dev: empty, with its name; filled
 * @err: filled on failure
 *
 * Return: 0 or -1; on failure @dev is as it was.
 */
int warren_uapi_get(struct warren_device *dev, struct warren_error *err);

/**
 * warren_uapi_set() - change a device
 * @dev: name and what shall change
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_uapi_set(const struct warren_device *dev, struct warren_error *err);

#endif /* WARREN_LIB_UAPI_H */
