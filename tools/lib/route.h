/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses and routes of an interface.
 */
#ifndef WARREN_LIB_ROUTE_H
#define WARREN_LIB_ROUTE_H

#include "device.h"
#include "rtnl.h"

struct rtnl_route;

/**
 * warren_route_add_address() - give an interface an address
 * @rtnl: open socket
 * @ifindex: the interface
 * @prefix: the address with its host bits
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_route_add_address(struct warren_rtnl *rtnl, uint32_t ifindex,
			     const struct warren_prefix *prefix, struct warren_error *err);

/**
 * warren_route_del_address() - take an address from an interface
 * @rtnl: open socket
 * @ifindex: the interface
 * @prefix: the address with its host bits
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_route_del_address(struct warren_rtnl *rtnl, uint32_t ifindex,
			     const struct warren_prefix *prefix, struct warren_error *err);

/**
 * warren_route_each_address() - call a function for each address of an interface
 * @rtnl: open socket
 * @ifindex: the interface
 * @each: the function; anything but 0 ends the walk for lack of memory
 * @arg: its first argument
 * @err: filled on failure
 *
 * IPv4 comes first. Link-local IPv6 addresses that the kernel made are left out.
 *
 * Return: 0 or -1.
 */
int warren_route_each_address(struct warren_rtnl *rtnl, uint32_t ifindex,
			      int (*each)(void *arg, const struct warren_prefix *prefix), void *arg,
			      struct warren_error *err);

/**
 * warren_route_add() - route a network into an interface
 * @rtnl: open socket
 * @ifindex: the interface
 * @prefix: the network, masked
 * @table: routing table, 254 for main
 * @err: filled on failure
 *
 * Return: 0 or -1; a route that is there already is a failure.
 */
int warren_route_add(struct warren_rtnl *rtnl, uint32_t ifindex, const struct warren_prefix *prefix,
		     uint32_t table, struct warren_error *err);

/**
 * warren_route_del() - take a route back
 * @rtnl: open socket
 * @ifindex: the interface
 * @prefix: the network, masked
 * @table: routing table
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_route_del(struct warren_rtnl *rtnl, uint32_t ifindex, const struct warren_prefix *prefix,
		     uint32_t table, struct warren_error *err);

/**
 * warren_route_each() - call a function for each route into an interface
 * @rtnl: open socket
 * @ifindex: the interface, 0 for all
 * @each: the function; anything but 0 ends the walk for lack of memory
 * @arg: its first argument
 * @err: filled on failure
 *
 * Only what `up` and administrators add: routes the kernel made, such as those
 * of addresses, are left out.
 *
 * Return: 0 or -1.
 */
int warren_route_each(struct warren_rtnl *rtnl, uint32_t ifindex,
		      int (*each)(void *arg, const struct warren_prefix *prefix, uint32_t table),
		      void *arg, struct warren_error *err);

/**
 * struct warren_route_copy - the routes into an interface, with all they have
 * @routes: copies of libnl's, to be given back with warren_route_copy_free()
 * @n: their number
 */
struct warren_route_copy {
	struct rtnl_route **routes;
	size_t n;
};

/**
 * warren_route_copy() - remember the routes that warren_route_each() would give
 * @rtnl: open socket
 * @copy: filled; also after a failure for warren_route_copy_free()
 * @ifindex: the interface
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_route_copy(struct warren_rtnl *rtnl, struct warren_route_copy *copy, uint32_t ifindex,
		      struct warren_error *err);

/**
 * warren_route_paste() - make remembered routes again
 * @rtnl: open socket
 * @copy: the routes
 * @ifindex: the interface they shall lead into now
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_route_paste(struct warren_rtnl *rtnl, const struct warren_route_copy *copy,
		       uint32_t ifindex, struct warren_error *err);

/**
 * warren_route_copy_free() - give their memory back
 * @copy: the routes
 */
void warren_route_copy_free(struct warren_route_copy *copy);

/**
 * warren_route_mtu() - the MTU of the way to an address
 * @rtnl: open socket
 * @to: the address
 * @mtu: the route's own MTU, or that of the interface it leaves by
 * @ifindex: that interface; may be NULL
 * @err: filled on failure, also when there is no route
 *
 * Return: 0 or -1.
 */
int warren_route_mtu(struct warren_rtnl *rtnl, const struct warren_prefix *to, uint32_t *mtu,
		     uint32_t *ifindex, struct warren_error *err);

#endif /* WARREN_LIB_ROUTE_H */
