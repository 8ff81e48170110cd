// SPDX-License-Identifier: GPL-2.0
/* Parsing and checking of the policy. */
#include "policyparse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char control_policy_default[] =
	"{\"acls\": [{\"action\": \"accept\", \"src\": [\"autogroup:member\"], "
	"\"dst\": [\"autogroup:self:*\"]}]}";

static bool read_groups(struct policy_parser *s, const struct control_hujson *v)
{
	if (!policy_is_object(s, v))
		return false;
	for (const struct control_hujson *g = v->first; g; g = g->next) {
		struct policy_group *group = mesh_arena_alloc(s->arena, sizeof(*group));

		if (strncmp(g->name, "group:", 6) || !g->name[6]) {
			control_hujson_error(s->err, g,
					     "the name of a group begins with \"group:\"");
			return false;
		}
		if (!policy_read_strings(s, g, &group->members))
			return false;
		for (const struct control_hujson *m = g->first; m; m = m->next) {
			bool foreign = !strncmp(m->string, POLICY_OIDC, strlen(POLICY_OIDC)) &&
				       m->string[strlen(POLICY_OIDC)];

			if (!foreign && !strchr(m->string, '@')) {
				control_hujson_error(s->err, m,
						     "\"%s\" is no user: write \"%s@\", or "
						     "\"oidc:NAME\" for a group of the identity "
						     "provider (groups cannot be nested)",
						     m->string, m->string);
				return false;
			}
		}
		group->name = g->name;
		group->next = s->policy->groups;
		s->policy->groups = group;
	}
	return true;
}

static bool read_hosts(struct policy_parser *s, const struct control_hujson *v)
{
	struct mesh_prefix p;

	if (!policy_is_object(s, v))
		return false;
	for (const struct control_hujson *h = v->first; h; h = h->next) {
		if (strpbrk(h->name, ":@*/")) {
			control_hujson_error(s->err, h, "a host name has no : @ * or / in it");
			return false;
		}
		if (!policy_is_string(s, h))
			return false;
		if (!mesh_text_unprefix(&p, h->string)) {
			control_hujson_error(
				s->err, h, "\"%s\" is no address and no prefix with zero host bits",
				h->string);
			return false;
		}
	}
	s->hosts = v;
	return true;
}

static bool read_tag_owners(struct policy_parser *s, const struct control_hujson *v)
{
	struct control_policy *p = s->policy;

	if (!policy_is_object(s, v))
		return false;
	s->tag_owners = v;
	p->tag_owners.v = mesh_arena_alloc(s->arena, v->n * sizeof(*p->tag_owners.v));
	for (const struct control_hujson *t = v->first; t; t = t->next) {
		struct policy_owner *o = &p->tag_owners.v[p->tag_owners.n++];
		struct mesh_error inner;

		if (!control_preauth_tags_ok(t->name, &inner) || strchr(t->name, ' ')) {
			control_hujson_error(s->err, t, "%s", inner.text);
			return false;
		}
		o->tag = t->name;
		if (!policy_read_aliases(s, t, &o->owners, PLACE_DEVICES))
			return false;
	}
	return true;
}

static bool read_approvers(struct policy_parser *s, const struct control_hujson *v)
{
	static const char *const names[] = {"routes", "exitNode", NULL};
	struct control_policy *p = s->policy;
	const struct control_hujson *routes, *exit_node;

	if (!policy_is_object(s, v) || !policy_only(s, v, names))
		return false;
	routes = control_hujson_get(v, "routes");
	exit_node = control_hujson_get(v, "exitNode");
	if (routes && !policy_is_object(s, routes))
		return false;
	p->approvers.v = mesh_arena_alloc(s->arena,
					  ((routes ? routes->n : 0) + 1) * sizeof(*p->approvers.v));
	for (const struct control_hujson *r = routes ? routes->first : NULL; r; r = r->next) {
		struct policy_approver *a = &p->approvers.v[p->approvers.n++];

		if (!mesh_text_unprefix(&a->prefix, r->name)) {
			control_hujson_error(s->err, r, "\"%s\" is no prefix with zero host bits",
					     r->name);
			return false;
		}
		if (!policy_read_aliases(s, r, &a->who, PLACE_DEVICES))
			return false;
	}
	return !exit_node ||
	       policy_read_aliases(s, exit_node, &p->approvers.v[p->approvers.n++].who,
				   PLACE_DEVICES);
}

static bool read_attrs(struct policy_parser *s, const struct control_hujson *v)
{
	static const char *const names[] = {"target", "attr", NULL};
	struct control_policy *p = s->policy;

	if (!policy_is_list(s, v))
		return false;
	p->attrs.v = mesh_arena_alloc(s->arena, v->n * sizeof(*p->attrs.v));
	for (const struct control_hujson *item = v->first; item; item = item->next) {
		struct policy_attr *a = &p->attrs.v[p->attrs.n++];
		const struct control_hujson *target, *attr;

		if (!policy_is_object(s, item) || !policy_only(s, item, names) ||
		    !(target = policy_need(s, item, "target")) ||
		    !(attr = policy_need(s, item, "attr")) ||
		    !policy_read_aliases(s, target, &a->target, PLACE_DEVICES) ||
		    !policy_read_strings(s, attr, &a->attr))
			return false;
	}
	return true;
}

/* Targets of a test; a name of "hosts" becomes its address. */
static bool read_targets(struct policy_parser *s, const struct control_hujson *v, mesh_strings *out)
{
	if (!policy_read_strings(s, v, out))
		return false;
	for (size_t i = 0; s->hosts && i < out->n; i++) {
		const char *colon = strrchr(out->v[i], ':');
		size_t len = colon ? (size_t)(colon - out->v[i]) : 0;
		char *name = mesh_arena_strdup(s->arena, out->v[i], len);
		const struct control_hujson *host = control_hujson_get(s->hosts, name);
		char text[2 * MESH_ADDR_TEXT], ip[MESH_ADDR_TEXT];
		struct mesh_prefix p;

		if (!host || !mesh_text_unprefix(&p, host->string))
			continue;
		mesh_text_ip(ip, &p.ip);
		snprintf(text, sizeof(text), "[%s]%.8s", ip, colon);
		out->v[i] = mesh_arena_strdup(s->arena, text, strlen(text));
	}
	return true;
}

static bool read_tests(struct policy_parser *s, const struct control_hujson *v)
{
	static const char *const names[] = {"src", "proto", "accept", "deny", NULL};
	struct control_policy *p = s->policy;

	if (!policy_is_list(s, v))
		return false;
	p->tests.v = mesh_arena_alloc(s->arena, v->n * sizeof(*p->tests.v));
	for (const struct control_hujson *item = v->first; item; item = item->next) {
		struct policy_test *t = &p->tests.v[p->tests.n++];
		const struct control_hujson *src, *list;

		if (!policy_is_object(s, item) || !policy_only(s, item, names) ||
		    !(src = policy_need(s, item, "src")) || !policy_is_string(s, src))
			return false;
		t->line = item->line;
		t->column = item->column;
		t->src = src->string;
		t->protocol = 6;
		list = control_hujson_get(item, "proto");
		if (list) {
			if (!policy_is_string(s, list))
				return false;
			t->protocol =
				policy_read_protocol(s, list, list->string, strlen(list->string));
			if (t->protocol < 0)
				return false;
		}
		list = control_hujson_get(item, "accept");
		if (list && !read_targets(s, list, &t->accept))
			return false;
		list = control_hujson_get(item, "deny");
		if (list && !read_targets(s, list, &t->deny))
			return false;
	}
	return true;
}

static bool read_rules(struct policy_parser *s, const struct control_hujson *v,
		       bool (*one)(struct policy_parser *s, const struct control_hujson *v))
{
	if (!policy_is_list(s, v))
		return false;
	for (const struct control_hujson *item = v->first; item; item = item->next)
		if (!one(s, item))
			return false;
	return true;
}

static bool read_policy(struct policy_parser *s, const struct control_hujson *root)
{
	/* In the order in which they need each other. */
	static const char *const names[] = {"groups",	 "hosts",  "tagOwners",
					    "acls",	 "grants", "autoApprovers",
					    "nodeAttrs", "tests",  NULL};
	const struct control_hujson *v[8];
	size_t rules;

	if (!policy_is_object(s, root) || !policy_only(s, root, names))
		return false;
	for (int i = 0; i < 8; i++)
		v[i] = control_hujson_get(root, names[i]);
	rules = (v[3] ? v[3]->n : 0) + (v[4] ? v[4]->n : 0);
	s->policy->rules = mesh_arena_alloc(s->arena, (rules + 1) * sizeof(*s->policy->rules));
	return (!v[0] || read_groups(s, v[0])) && (!v[1] || read_hosts(s, v[1])) &&
	       (!v[2] || read_tag_owners(s, v[2])) &&
	       (!v[3] || read_rules(s, v[3], policy_read_acl)) &&
	       (!v[4] || read_rules(s, v[4], policy_read_grant)) &&
	       (!v[5] || read_approvers(s, v[5])) && (!v[6] || read_attrs(s, v[6])) &&
	       (!v[7] || read_tests(s, v[7]));
}

struct control_policy *control_policy_parse(const char *text, size_t len, struct mesh_error *err)
{
	struct control_policy *p = mesh_alloc(sizeof(*p));
	struct policy_parser s = {.policy = p, .arena = &p->arena, .err = err};
	const struct control_hujson *root;

	if (len > POLICY_MAX_TEXT) {
		mesh_error_set(err, "the policy is larger than %d bytes", POLICY_MAX_TEXT);
		control_policy_free(p);
		return NULL;
	}
	root = control_hujson_parse(&p->arena, text, len, err);
	if (!root || !read_policy(&s, root)) {
		control_policy_free(p);
		return NULL;
	}
	p->first_edge = mesh_arena_alloc(&p->arena, (p->n_rules + 1) * sizeof(size_t));
	for (size_t i = 0, rule = 0; rule <= p->n_rules; rule++) {
		p->first_edge[rule] = i;
		while (i < p->n_edges && p->edges[i].rule == rule)
			i++;
	}
	return p;
}

void control_policy_free(struct control_policy *policy)
{
	if (!policy)
		return;
	mesh_arena_free(&policy->arena);
	free(policy);
}
