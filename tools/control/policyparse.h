/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the policy's parser share:
 *
 *   policy.c      the sections, and all together
 *   policyalias.c who and what: users, groups, tags, hosts, prefixes
 *   policyrule.c  acls and grants
 *
 * Each function that returns false has written an error with its place.
 */
#ifndef CONTROL_POLICYPARSE_H
#define CONTROL_POLICYPARSE_H

#include "policy.h"

struct policy_parser {
	struct control_policy *policy;
	struct mesh_arena *arena;
	struct mesh_error *err;
	const struct control_hujson *hosts;
	const struct control_hujson *tag_owners;
};

/* Always false: "must be @want, not a string". */
bool policy_wrong(struct policy_parser *s, const struct control_hujson *v, const char *want);
bool policy_is_list(struct policy_parser *s, const struct control_hujson *v);
bool policy_is_object(struct policy_parser *s, const struct control_hujson *v);
bool policy_is_string(struct policy_parser *s, const struct control_hujson *v);
/* The members that an object may have; NULL ends the list. */
bool policy_only(struct policy_parser *s, const struct control_hujson *object,
		 const char *const *names);
/* A member that must be there; NULL with an error. */
const struct control_hujson *policy_need(struct policy_parser *s,
					 const struct control_hujson *object, const char *name);
bool policy_read_strings(struct policy_parser *s, const struct control_hujson *v,
			 mesh_strings *out);

/**
 * policy_read_alias() - what a name stands for
 * @s: parser
 * @at: where the name is
 * @text: the name
 * @out: result
 */
bool policy_read_alias(struct policy_parser *s, const struct control_hujson *at, const char *text,
		       struct policy_alias *out);

/* What a list of names is for; some names only make sense in one. */
enum policy_place {
	PLACE_SOURCES,
	PLACE_DEVICES, /* owners, targets, approvers */
};

bool policy_read_aliases(struct policy_parser *s, const struct control_hujson *v,
			 struct policy_aliases *out, enum policy_place place);

/**
 * policy_read_protocol() - a protocol's name or number
 * @s: parser
 * @at: where it is
 * @text: need not end in NUL
 * @len: its length
 *
 * Return: the number, or -1.
 */
int64_t policy_read_protocol(struct policy_parser *s, const struct control_hujson *at,
			     const char *text, size_t len);
/* Whether it has ports. */
bool policy_has_ports(int64_t protocol);

/* One rule; adds its edges. */
bool policy_read_acl(struct policy_parser *s, const struct control_hujson *v);
bool policy_read_grant(struct policy_parser *s, const struct control_hujson *v);

#endif /* CONTROL_POLICYPARSE_H */
