// SPDX-License-Identifier: GPL-2.0
#include "rule.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

/* Messages of our own: libnl's rules know neither inversion nor suppression. */
static struct nl_msg *make_message(int type, int flags, const struct warren_rule *rule)
{
	struct fib_rule_hdr head = {
		.family = rule->family,
		.table = rule->table < 256 ? rule->table : RT_TABLE_UNSPEC,
		.action = FR_ACT_TO_TBL,
		.flags = rule->inverted ? FIB_RULE_INVERT : 0,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (!msg)
		return NULL;
	if (nlmsg_append(msg, &head, sizeof(head), NLMSG_ALIGNTO) ||
	    nla_put_u32(msg, FRA_TABLE, rule->table) ||
	    nla_put_u32(msg, FRA_PRIORITY, rule->priority) ||
	    (rule->mark && nla_put_u32(msg, FRA_FWMARK, rule->mark)) ||
	    (rule->suppress_default && nla_put_u32(msg, FRA_SUPPRESS_PREFIXLEN, 0))) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int warren_rule_add(struct warren_rtnl *rtnl, const struct warren_rule *rule,
		    struct warren_error *err)
{
	struct nl_msg *msg = make_message(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
	int ret;

	if (!msg)
		return warren_error_nomem(err);
	rtnl->error = 0;
	ret = nl_send_sync(rtnl->sock, msg);
	if (ret < 0)
		return warren_rtnl_fail(rtnl, ret, err, "add a routing rule for table %u",
					rule->table);
	return 0;
}

int warren_rule_del(struct warren_rtnl *rtnl, const struct warren_rule *rule,
		    struct warren_error *err)
{
	struct nl_msg *msg = make_message(RTM_DELRULE, 0, rule);
	int ret;

	if (!msg)
		return warren_error_nomem(err);
	rtnl->error = 0;
	ret = nl_send_sync(rtnl->sock, msg);
	if (ret >= 0)
		return 0;
	if (rtnl->error == ENOENT)
		return 1;
	return warren_rtnl_fail(rtnl, ret, err, "delete a routing rule of table %u", rule->table);
}

struct visitor {
	uint16_t family;
	void (*each)(void *arg, const struct warren_rule *rule);
	void *arg;
};

static uint32_t number(struct nlattr *attr)
{
	return attr && nla_len(attr) >= (int)sizeof(uint32_t) ? nla_get_u32(attr) : 0;
}

static int visit(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct nlattr *attrs[FRA_MAX + 1];
	const struct visitor *v = arg;
	const struct fib_rule_hdr *head;
	struct warren_rule rule = {};

	if (nlh->nlmsg_type != RTM_NEWRULE || !nlmsg_valid_hdr(nlh, sizeof(*head)) ||
	    nlmsg_parse(nlh, sizeof(*head), attrs, FRA_MAX, NULL))
		return NL_OK;
	head = nlmsg_data(nlh);
	/* Where a family has no rules of its own, a kernel may give those of all. */
	if (head->family != v->family)
		return NL_OK;
	rule.family = head->family;
	if (head->action == FR_ACT_TO_TBL)
		rule.table = attrs[FRA_TABLE] ? number(attrs[FRA_TABLE]) : head->table;
	rule.priority = number(attrs[FRA_PRIORITY]);
	rule.mark = number(attrs[FRA_FWMARK]);
	rule.inverted = head->flags & FIB_RULE_INVERT;
	/* What is not set is told as all bits set. */
	rule.suppress_default =
		attrs[FRA_SUPPRESS_PREFIXLEN] && !number(attrs[FRA_SUPPRESS_PREFIXLEN]);
	v->each(v->arg, &rule);
	return NL_OK;
}

int warren_rule_each(struct warren_rtnl *rtnl, uint16_t family,
		     void (*each)(void *arg, const struct warren_rule *rule), void *arg,
		     struct warren_error *err)
{
	struct visitor v = {.family = family, .each = each, .arg = arg};
	struct fib_rule_hdr head = {.family = family};
	struct nl_cb *own = nl_socket_get_cb(rtnl->sock), *cb = nl_cb_clone(own);
	int tries = 16, ret;

	nl_cb_put(own);
	rtnl->error = 0;
	if (!cb)
		return warren_error_nomem(err);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, visit, &v);
	/* Rules that change meanwhile are read once more. */
	do {
		ret = nl_send_simple(rtnl->sock, RTM_GETRULE, NLM_F_DUMP, &head, sizeof(head));
		if (ret >= 0)
			ret = nl_recvmsgs(rtnl->sock, cb);
	} while (ret == -NLE_DUMP_INTR && --tries);
	nl_cb_put(cb);
	if (ret < 0)
		return warren_rtnl_fail(rtnl, ret, err, "list the routing rules");
	return 0;
}
