/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The difference between a running device and a wanted one.
 */
#ifndef WARREN_LIB_SYNC_H
#define WARREN_LIB_SYNC_H

#include "device.h"

/**
 * enum warren_sync_silence - what it means that a file does not mention a thing
 * @WARREN_SYNC_AS_WG: as in wg syncconf: no private key, no mark and no binding is
 *                     none, a preshared key and a keepalive interval stay as they are
 * @WARREN_SYNC_EXACT: none, but the private key stays: a file without one has it
 *                     set by a hook
 */
enum warren_sync_silence {
	WARREN_SYNC_AS_WG,
	WARREN_SYNC_EXACT,
};

/**
 * warren_sync_diff() - the smallest request that makes a device the wanted one
 * @request: filled; free it with warren_device_free()
 * @running: the device as it is
 * @wanted: the device as it shall be, endpoint names resolved
 * @silence: what it means that @wanted does not say something
 * @err: filled on failure
 *
 * Peers that stay the same are not in the request, so their sessions and routes
 * are not touched; a peer that changes keeps its session. Any listen port will do
 * where @wanted names none, and an endpoint the peer has roamed to stays where it
 * names none. Where two peers of @wanted claim a network, the last one has it, as
 * in setconf.
 *
 * Return: 0 or -1.
 */
int warren_sync_diff(struct warren_device *request, const struct warren_device *running,
		     const struct warren_device *wanted, enum warren_sync_silence silence,
		     struct warren_error *err);

/**
 * warren_sync_takes_away() - whether a request takes single networks from peers
 * @request: the request
 *
 * Return: true if an allowed IP of it has @remove.
 */
bool warren_sync_takes_away(const struct warren_device *request);

/**
 * warren_sync_whole_lists() - say the same without taking single networks away
 * @request: for every peer that loses a network, its whole new list instead
 * @running: the device as it is
 * @err: filled on failure
 *
 * For those who cannot take one away: the kernel's WireGuard before Linux 6.16.
 *
 * Return: 0 or -1.
 */
int warren_sync_whole_lists(struct warren_device *request, const struct warren_device *running,
			    struct warren_error *err);

/**
 * warren_sync_empty() - whether a request changes nothing
 * @request: from warren_sync_diff()
 *
 * Return: true if there is nothing to do.
 */
bool warren_sync_empty(const struct warren_device *request);

#endif /* WARREN_LIB_SYNC_H */
