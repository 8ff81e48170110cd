/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Extended acknowledgements with a text that is not a literal, and multicast
 * groups for administrators only: since 6.7, and in later ones of 6.1 and 6.6.
 */
#ifndef WARREN_COMPAT_NETLINK_H
#define WARREN_COMPAT_NETLINK_H

#include <linux/netlink.h>
#include <net/genetlink.h>

/* @text outlives the request. */
static inline void warren_extack_attr(struct netlink_ext_ack *extack,
				      const struct nlattr *attr,
				      const char *text)
{
	if (!extack)
		return;
	NL_SET_BAD_ATTR(extack, attr);
	extack->_msg = text;
}

#ifdef WARREN_HAVE_GENL_MCAST_CAP
#define WARREN_MCAST_ADMIN .flags = GENL_MCAST_CAP_NET_ADMIN
#define WARREN_MCAST_GROUPS(groups) ARRAY_SIZE(groups)
#else
/* Anybody could listen: better no events. */
#define WARREN_MCAST_ADMIN
#define WARREN_MCAST_GROUPS(groups) 0
#endif

#endif /* WARREN_COMPAT_NETLINK_H */
