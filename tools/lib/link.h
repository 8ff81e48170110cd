/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Network interfaces: find, make, bring up, delete.
 */
#ifndef WARREN_LIB_LINK_H
#define WARREN_LIB_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtnl.h"

/**
 * struct warren_link - an interface
 * @name: its name
 * @kind: kind as in "ip link add type KIND", or empty
 * @ifindex: its index
 * @mtu: its MTU in bytes
 * @up: whether it is administratively up
 */
struct warren_link {
	char name[IFNAMSIZ];
	char kind[32];
	uint32_t ifindex;
	uint32_t mtu;
	bool up;
};

/**
 * warren_link_is_tunnel() - whether an interface is one of ours to configure
 * @link: the interface
 *
 * Return: true for the kinds "warren" and "wireguard".
 */
bool warren_link_is_tunnel(const struct warren_link *link);

/**
 * warren_link_get() - find an interface by name
 * @rtnl: open socket
 * @link: filled
 * @name: its name
 * @err: filled on failure; WARREN_E_NODEV if there is none
 *
 * Return: 0 or -1.
 */
int warren_link_get(struct warren_rtnl *rtnl, struct warren_link *link, const char *name,
		    struct warren_error *err);

/**
 * warren_link_get_index() - find an interface by index
 * @rtnl: open socket
 * @link: filled
 * @ifindex: its index
 * @err: filled on failure; WARREN_E_NODEV if there is none
 *
 * Return: 0 or -1.
 */
int warren_link_get_index(struct warren_rtnl *rtnl, struct warren_link *link, uint32_t ifindex,
			  struct warren_error *err);

/**
 * warren_link_each() - call a function for each interface, by index
 * @rtnl: open socket
 * @each: the function; anything but 0 ends the walk for lack of memory
 * @arg: its first argument
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_link_each(struct warren_rtnl *rtnl, int (*each)(void *arg, const struct warren_link *l),
		     void *arg, struct warren_error *err);

/**
 * warren_link_add() - make an interface, down
 * @rtnl: open socket
 * @name: its name
 * @kind: "warren" or "wireguard"
 * @mtu: its MTU, 0 for the kind's own
 * @err: filled on failure; WARREN_E_EXISTS, WARREN_E_UNSUPPORTED
 *
 * Return: 0 or -1.
 */
int warren_link_add(struct warren_rtnl *rtnl, const char *name, const char *kind, uint32_t mtu,
		    struct warren_error *err);

/**
 * warren_link_del() - delete an interface
 * @rtnl: open socket
 * @name: its name
 * @err: filled on failure; WARREN_E_NODEV
 *
 * Return: 0 or -1.
 */
int warren_link_del(struct warren_rtnl *rtnl, const char *name, struct warren_error *err);

/**
 * warren_link_rename() - give an interface, which must be down, another name
 * @rtnl: open socket
 * @from: its name
 * @to: the name to be
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_link_rename(struct warren_rtnl *rtnl, const char *from, const char *to,
		       struct warren_error *err);

/**
 * warren_link_up() - bring an interface up
 * @rtnl: open socket
 * @name: its name
 * @mtu: MTU to set first, 0 to leave it
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_link_up(struct warren_rtnl *rtnl, const char *name, uint32_t mtu,
		   struct warren_error *err);

#endif /* WARREN_LIB_LINK_H */
