/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices over generic netlink: the families "warren" and "wireguard", as
 * module/uapi/warren.h describes. Programs use ipc.h, which chooses the way.
 */
#ifndef WARREN_LIB_NETLINK_H
#define WARREN_LIB_NETLINK_H

#include "device.h"

/**
 * warren_netlink_get() - read a device
 * @dev: empty, with its name and kind; filled
 * @err: filled on failure
 *
 * Asks again when the device was changed while it was read.
 *
 * Return: 0 or -1; on failure @dev is as it was.
 */
int warren_netlink_get(struct warren_device *dev, struct warren_error *err);

/**
 * warren_netlink_set() - change a device
 * @dev: name, kind and what shall change
 * @err: filled on failure
 *
 * A large change is sent as several messages. The kernel applies them one by
 * one: after a refusal the earlier ones stay.
 *
 * Return: 0 or -1.
 */
int warren_netlink_set(const struct warren_device *dev, struct warren_error *err);

#endif /* WARREN_LIB_NETLINK_H */
