/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policy: who may reach whom. A policy is HuJSON; control_policy_parse() checks it completely
 * and turns rules into edges "sources -> one destination with protocols and ports". Names of users
 * are not looked up here: a policy may speak of people who have not come yet.
 *
 * Without a policy every user's devices reach each other and what is routed behind them, and
 * nothing else; that too is a policy, see control_policy_default.
 */
#ifndef CONTROL_POLICY_H
#define CONTROL_POLICY_H

#include "hujson.h"
#include "state.h"

enum policy_alias_kind {
	ALIAS_ANY, /* "*" */
	ALIAS_USER,
	ALIAS_GROUP,
	ALIAS_TAG,
	ALIAS_PREFIX, /* also hosts */
	ALIAS_MEMBER,
	ALIAS_TAGGED,
	ALIAS_SELF,
	ALIAS_INTERNET,
	ALIAS_DANGER, /* "autogroup:danger-all": everybody, also from outside the mesh */
};

struct policy_alias {
	enum policy_alias_kind kind;
	const char *name; /* user or tag */
	const struct policy_group *group;
	struct mesh_prefix prefix;
};

struct policy_aliases {
	struct policy_alias *v;
	size_t n;
};

/* A member with this in front is a group of the identity provider: all who are in it. */
#define POLICY_OIDC "oidc:"

struct policy_group {
	struct policy_group *next;
	const char *name;
	mesh_strings members;
};

struct policy_ports {
	uint16_t first;
	uint16_t last;
};

struct policy_edge {
	size_t rule;
	struct policy_alias dst;
	MESH_LIST_OF(int64_t) protocols; /* empty: TCP, UDP, ICMP */
	MESH_LIST_OF(struct policy_ports) ports;
	const char *app; /* a grant of capabilities: the CapMap as JSON; then no ports */
	/* The sources reach these routes by these routers and no others; empty: by any. */
	struct policy_aliases via;
};

struct policy_test {
	unsigned int line;
	unsigned int column;
	const char *src;
	int64_t protocol;
	mesh_strings accept; /* "host:port" */
	mesh_strings deny;
};

struct policy_owner {
	const char *tag;
	struct policy_aliases owners;
};

struct policy_approver {
	struct mesh_prefix prefix; /* family 0: exit nodes */
	struct policy_aliases who;
};

struct policy_attr {
	struct policy_aliases target;
	mesh_strings attr;
};

#define POLICY_MAX_EDGES 4096
#define POLICY_MAX_TEXT	 (1 << 20)

struct control_policy {
	struct mesh_arena arena;
	struct policy_aliases *rules; /* sources of each */
	size_t n_rules;
	struct policy_edge *edges; /* in the order of their rules */
	size_t n_edges;
	bool has_via;
	size_t *first_edge; /* of each rule, and one past the last rule */
	struct policy_group *groups;
	MESH_LIST_OF(struct policy_owner) tag_owners;
	MESH_LIST_OF(struct policy_approver) approvers;
	MESH_LIST_OF(struct policy_attr) attrs;
	MESH_LIST_OF(struct policy_test) tests;
};

/* What is in force when there is no policy. */
extern const char control_policy_default[];

/**
 * control_policy_parse() - check and compile a policy
 * @text: HuJSON
 * @len: its length
 * @err: "line L, column C: what"
 *
 * Return: NULL on failure.
 */
struct control_policy *control_policy_parse(const char *text, size_t len, struct mesh_error *err);
void control_policy_free(struct control_policy *policy);

/* Whether an alias means this node (as a device; not for "self" and "internet"). */
bool control_policy_matches(const struct policy_alias *alias, const struct control_node *node);
/* Whether one of them does. */
bool control_policy_matches_any(const struct policy_aliases *list, const struct control_node *node);
/* Whether an alias (user or group) means this user. */
bool control_policy_is_user(const struct policy_alias *alias, const struct control_user *user);
/* Whether this user may give a device the tag. */
bool control_policy_may_tag(const struct control_policy *policy, const struct control_user *user,
			    const char *tag);
/* Whether a route that this node advertises is approved without an administrator. */
bool control_policy_approves(const struct control_policy *policy, const struct control_node *node,
			     const struct mesh_prefix *route);

#endif /* CONTROL_POLICY_H */
