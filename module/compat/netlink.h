/* SPDX-License-Identifier: GPL-2.0 */
/* Extended acknowledgements with a text that is not a literal. */
#ifndef WARREN_COMPAT_NETLINK_H
#define WARREN_COMPAT_NETLINK_H

#include <linux/netlink.h>

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

#endif /* WARREN_COMPAT_NETLINK_H */
