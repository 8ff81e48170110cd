/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading and writing tunnel devices, whoever runs them: warren.ko, the
 * kernel's WireGuard, or a program. The way is found by the interface's name.
 */
#ifndef WARREN_LIB_IPC_H
#define WARREN_LIB_IPC_H

#include "device.h"

/**
 * struct warren_names - a list of interface names
 * @names: the names
 * @n: their number
 */
struct warren_names {
	char (*names)[IFNAMSIZ];
	size_t n;
};

/**
 * warren_ipc_list() - all tunnel devices of this network namespace
 * @list: filled; free it with warren_ipc_list_free(), also after a failure
 * @err: filled on failure
 *
 * The kernel's come first, by interface index, then those of programs, in the
 * order of their folder, as wg lists them.
 *
 * Return: 0 or -1.
 */
int warren_ipc_list(struct warren_names *list, struct warren_error *err);

/**
 * warren_ipc_list_free() - give a list's memory back
 * @list: the list
 */
void warren_ipc_list_free(struct warren_names *list);

/**
 * warren_ipc_find() - who runs an interface
 * @dev: with its name; @kind and @ifindex are filled
 * @err: filled on failure; WARREN_E_NODEV if there is none or it is no tunnel
 *
 * Return: 0 or -1.
 */
int warren_ipc_find(struct warren_device *dev, struct warren_error *err);

/**
 * warren_ipc_get() - read a device
 * @dev: memory for it; initialised here, to be freed with warren_device_free()
 * @name: interface name
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_ipc_get(struct warren_device *dev, const char *name, struct warren_error *err);

/**
 * warren_ipc_get_stats() - read a device, with the counters of its peers
 * @dev: as for warren_ipc_get(); only devices of kind warren count
 * @name: interface name
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_ipc_get_stats(struct warren_device *dev, const char *name, struct warren_error *err);

/**
 * warren_ipc_set() - change a device
 * @dev: name and what shall change; @kind and @ifindex are filled. Endpoint
 *       names must be resolved, see warren_addr_resolve()
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_ipc_set(struct warren_device *dev, struct warren_error *err);

#endif /* WARREN_LIB_IPC_H */
