// SPDX-License-Identifier: GPL-2.0
#include "genl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "key.h"

static int family_attr(const struct nlattr *attr, void *data)
{
	uint16_t *id = data;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
	    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
		*id = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int family_message(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), family_attr, data);
}

static int find_family(struct warren_genl *genl, const char *family, struct warren_error *err)
{
	struct nlmsghdr *nlh;
	uint16_t id = 0;

	genl->family = GENL_ID_CTRL;
	genl->version = 1;
	nlh = warren_genl_begin(genl, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, family);
	if (warren_genl_run(genl, nlh, family_message, &id, NULL, "find the netlink family", err) &&
	    errno != ENOENT)
		return -1;
	if (!id)
		return warren_error_set(err, WARREN_E_UNSUPPORTED,
					"load the kernel module: modprobe warren (or wireguard)",
					"the kernel has no netlink family \"%s\"", family);
	genl->family = id;
	return 0;
}

/* A group that is looked for among those of a family. */
struct group {
	const char *name;
	bool matches;
	uint32_t id;
	uint32_t found;
};

static int group_attr(const struct nlattr *attr, void *data)
{
	struct group *g = data;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		g->matches = !strcmp(mnl_attr_get_str(attr), g->name);
	else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID &&
		 mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		g->id = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int group_nest(const struct nlattr *attr, void *data)
{
	struct group *g = data;

	g->matches = false;
	g->id = 0;
	if (mnl_attr_parse_nested(attr, group_attr, g) < 0)
		return MNL_CB_ERROR;
	if (g->matches)
		g->found = g->id;
	return MNL_CB_OK;
}

static int groups_attr(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
		return mnl_attr_parse_nested(attr, group_nest, data);
	return MNL_CB_OK;
}

static int groups_message(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), groups_attr, data);
}

int warren_genl_join(struct warren_genl *genl, const char *family, const char *group,
		     struct warren_error *err)
{
	struct group g = {.name = group};
	struct nlmsghdr *nlh;

	genl->family = GENL_ID_CTRL;
	nlh = warren_genl_begin(genl, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, family);
	if (warren_genl_run(genl, nlh, groups_message, &g, NULL, "find the netlink group", err))
		return -1;
	if (!g.found)
		return warren_error_set(err, WARREN_E_UNSUPPORTED,
					"update the kernel, and load a warren.ko built for it",
					"the netlink family \"%s\" of this kernel has no group "
					"\"%s\"",
					family, group);
	if (mnl_socket_setsockopt(genl->sock, NETLINK_ADD_MEMBERSHIP, &g.found, sizeof(g.found)))
		return warren_error_errno(err, WARREN_E_KERNEL, errno, "cannot listen to \"%s\"",
					  group);
	return 0;
}

int warren_genl_open(struct warren_genl *genl, const char *family, uint8_t version,
		     struct warren_error *err)
{
	int on = 1;

	memset(genl, 0, sizeof(*genl));
	genl->seq = time(NULL);
	genl->buf = malloc(WARREN_GENL_MESSAGE);
	if (!genl->buf)
		return warren_error_nomem(err);
	genl->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!genl->sock || mnl_socket_bind(genl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		warren_error_errno(err, WARREN_E_KERNEL, errno, "cannot open a netlink socket");
		goto fail;
	}
	/* Old kernels lack these; then errors have no text of the kernel's. */
	mnl_socket_setsockopt(genl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(genl->sock, NETLINK_CAP_ACK, &on, sizeof(on));
	if (find_family(genl, family, err))
		goto fail;
	genl->version = version;
	return 0;
fail:
	warren_genl_close(genl);
	return -1;
}

void warren_genl_close(struct warren_genl *genl)
{
	int saved = errno;

	if (genl->sock)
		mnl_socket_close(genl->sock);
	if (genl->buf)
		warren_key_wipe(genl->buf, WARREN_GENL_MESSAGE);
	free(genl->buf);
	memset(genl, 0, sizeof(*genl));
	errno = saved;
}

struct nlmsghdr *warren_genl_begin(struct warren_genl *genl, uint8_t command, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(genl->buf);
	struct genlmsghdr *head;

	nlh->nlmsg_type = genl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++genl->seq;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->cmd = command;
	head->version = genl->version;
	return nlh;
}

const char *warren_genl_extack(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	size_t skip = sizeof(*e);

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	/* Without NLM_F_CAPPED the request follows the error number. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&e->msg);
	if (skip > mnl_nlmsg_get_payload_len(nlh))
		return NULL;
	mnl_attr_for_each(attr, nlh, skip) if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
					       mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >=
						       0) return mnl_attr_get_str(attr);
	return NULL;
}

/* Looks for a refusal in what came; true when one is there and recorded. */
static bool refused(const void *buf, int len, uint32_t seq, const char *what,
		    struct warren_error *err)
{
	const struct nlmsghdr *nlh;

	for (nlh = buf; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
		const char *text;
		int error;

		if (nlh->nlmsg_seq != seq || nlh->nlmsg_type != NLMSG_ERROR ||
		    mnl_nlmsg_get_payload_len(nlh) < sizeof(*e) || !e->error)
			continue;
		error = e->error < 0 ? -e->error : e->error;
		text = warren_genl_extack(nlh);
		warren_error_errno(err, WARREN_E_KERNEL, error,
				   text ? "cannot %s: %s" : "cannot %s", what, text);
		errno = error;
		return true;
	}
	return false;
}

int warren_genl_run(struct warren_genl *genl, struct nlmsghdr *nlh, mnl_cb_t cb, void *arg,
		    bool *interrupted, const char *what, struct warren_error *err)
{
	unsigned int port = mnl_socket_get_portid(genl->sock);
	uint32_t seq = nlh->nlmsg_seq;
	ssize_t len;
	int ret;

	if (mnl_socket_sendto(genl->sock, nlh, nlh->nlmsg_len) < 0)
		return warren_error_errno(err, WARREN_E_KERNEL, errno, "cannot %s: sending", what);
	do {
		const struct nlmsghdr *answer = (const struct nlmsghdr *)genl->buf;
		int left;

		len = mnl_socket_recvfrom(genl->sock, genl->buf, WARREN_GENL_MESSAGE);
		if (len < 0 && errno == EINTR) {
			ret = MNL_CB_OK;
			continue;
		}
		if (len < 0)
			return warren_error_errno(err, WARREN_E_KERNEL, errno,
						  "cannot %s: receiving", what);
		/* mnl_cb_run() would stop at the mark: note it, and read to the end. */
		for (left = len; mnl_nlmsg_ok(answer, left); answer = mnl_nlmsg_next(answer, &left))
			if (answer->nlmsg_flags & NLM_F_DUMP_INTR) {
				((struct nlmsghdr *)answer)->nlmsg_flags &= ~NLM_F_DUMP_INTR;
				if (interrupted)
					*interrupted = true;
			}
		if (refused(genl->buf, len, seq, what, err))
			return -1;
		ret = mnl_cb_run(genl->buf, len, seq, port, cb, arg);
	} while (ret > MNL_CB_STOP);
	if (ret < 0)
		return warren_error_errno(err, WARREN_E_KERNEL, errno, "cannot %s", what);
	return 0;
}
