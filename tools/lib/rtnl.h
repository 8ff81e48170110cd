/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A routing netlink socket (libnl-route-3) that keeps the kernel's own words of
 * a refusal. Used with link.h and route.h.
 */
#ifndef WARREN_LIB_RTNL_H
#define WARREN_LIB_RTNL_H

#include <netlink/netlink.h>

#include "error.h"

/**
 * struct warren_rtnl - an open socket
 * @sock: the socket
 * @error: errno of the last refusal, 0 for none
 * @text: the kernel's words for it, or empty
 */
struct warren_rtnl {
	struct nl_sock *sock;
	int error;
	char text[160];
};

/**
 * warren_rtnl_open() - open a socket in the caller's network namespace
 * @rtnl: the socket; it must not move in memory while it is open
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_rtnl_open(struct warren_rtnl *rtnl, struct warren_error *err);

/**
 * warren_rtnl_close() - close it
 * @rtnl: the socket
 */
void warren_rtnl_close(struct warren_rtnl *rtnl);

/**
 * warren_rtnl_fail() - record why a libnl call failed
 * @rtnl: the socket it was made on; @error is filled where libnl failed itself
 * @nle: what the call returned
 * @err: filled
 * @fmt: what was tried, as printf
 *
 * Return: -1.
 */
int warren_rtnl_fail(struct warren_rtnl *rtnl, int nle, struct warren_error *err, const char *fmt,
		     ...) __attribute__((format(printf, 4, 5)));

#endif /* WARREN_LIB_RTNL_H */
