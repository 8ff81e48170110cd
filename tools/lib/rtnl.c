// SPDX-License-Identifier: GPL-2.0
#include "rtnl.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "genl.h"

static int note_refusal(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	const struct nlmsghdr *nlh = (const void *)((const char *)e - NLMSG_HDRLEN);
	struct warren_rtnl *rtnl = arg;
	const char *text = warren_genl_extack(nlh);

	(void)from;
	rtnl->error = e->error < 0 ? -e->error : e->error;
	snprintf(rtnl->text, sizeof(rtnl->text), "%s", text ? text : "");
	return NL_STOP;
}

int warren_rtnl_open(struct warren_rtnl *rtnl, struct warren_error *err)
{
	int on = 1, ret;

	memset(rtnl, 0, sizeof(*rtnl));
	rtnl->sock = nl_socket_alloc();
	if (!rtnl->sock)
		return warren_error_nomem(err);
	ret = nl_connect(rtnl->sock, NETLINK_ROUTE);
	if (ret) {
		warren_rtnl_fail(rtnl, ret, err, "open a routing netlink socket");
		warren_rtnl_close(rtnl);
		return -1;
	}
	nl_socket_modify_err_cb(rtnl->sock, NL_CB_CUSTOM, note_refusal, rtnl);
	/* Old kernels lack it; then errors have no text of the kernel's. */
	setsockopt(nl_socket_get_fd(rtnl->sock), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return 0;
}

void warren_rtnl_close(struct warren_rtnl *rtnl)
{
	nl_socket_free(rtnl->sock);
	rtnl->sock = NULL;
}

/* The errno nearest to a failure of libnl's own, or that lost its number. */
static int nearest(int nle)
{
	switch (-nle) {
	case NLE_NODEV:
	case NLE_OBJ_NOTFOUND:
		return ENODEV;
	case NLE_EXIST:
		return EEXIST;
	case NLE_NOMEM:
		return ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return EPERM;
	case NLE_OPNOTSUPP:
		return EOPNOTSUPP;
	}
	return EIO;
}

int warren_rtnl_fail(struct warren_rtnl *rtnl, int nle, struct warren_error *err, const char *fmt,
		     ...)
{
	char what[256], *text = rtnl->text;
	va_list ap;

	if (!rtnl->error) {
		rtnl->error = nearest(nle);
		snprintf(rtnl->text, sizeof(rtnl->text), "%s",
			 rtnl->error == EIO ? nl_geterror(nle) : "");
	}
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	warren_error_errno(err, WARREN_E_KERNEL, rtnl->error, *text ? "cannot %s: %s" : "cannot %s",
			   what, text);
	return -1;
}
