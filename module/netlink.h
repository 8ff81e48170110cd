/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink: the contract is uapi/warren.h. */
#ifndef WARREN_NETLINK_H
#define WARREN_NETLINK_H

#include <linux/types.h>

/* @compat: register the family "wireguard" as well. */
int warren_netlink_init(bool compat);
void warren_netlink_exit(void);

#endif /* WARREN_NETLINK_H */
