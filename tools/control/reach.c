// SPDX-License-Identifier: GPL-2.0
/* Classes and visibility. */
#include "reach.h"

#include <stdlib.h>
#include <string.h>

static void set_bit(uint64_t *set, size_t i)
{
	set[i / 64] |= (uint64_t)1 << (i % 64);
}

bool control_policy_is_user(const struct policy_alias *alias, const struct control_user *user)
{
	const char *const *names = &alias->name;
	size_t n = 1;

	if (alias->kind == ALIAS_GROUP) {
		names = alias->group->members.v;
		n = alias->group->members.n;
	} else if (alias->kind != ALIAS_USER) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);

		if (alias->kind == ALIAS_GROUP &&
		    !strncmp(names[i], POLICY_OIDC, strlen(POLICY_OIDC))) {
			if (control_state_in_group(user, names[i] + strlen(POLICY_OIDC)))
				return true;
			continue;
		}
		/* By e-mail address, by name, or by name with an @ behind it. */
		if (!strcmp(names[i], user->email) || !strcmp(names[i], user->name) ||
		    (names[i][len - 1] == '@' && strlen(user->name) == len - 1 &&
		     !memcmp(names[i], user->name, len - 1)))
			return true;
	}
	return false;
}

bool control_policy_matches(const struct policy_alias *alias, const struct control_node *node)
{
	switch (alias->kind) {
	case ALIAS_ANY:
	case ALIAS_DANGER:
		return true;
	case ALIAS_USER:
	case ALIAS_GROUP:
		return node->user && control_policy_is_user(alias, node->user);
	case ALIAS_TAG:
		return control_node_has_tag(node, alias->name);
	case ALIAS_PREFIX:
		return mesh_text_contains(&alias->prefix, &node->ip4) ||
		       mesh_text_contains(&alias->prefix, &node->ip6);
	case ALIAS_MEMBER:
		return node->user;
	case ALIAS_TAGGED:
		return !node->user;
	case ALIAS_SELF:
	case ALIAS_INTERNET:
		break;
	}
	return false;
}

bool control_policy_matches_any(const struct policy_aliases *list, const struct control_node *node)
{
	for (size_t i = 0; i < list->n; i++)
		if (control_policy_matches(&list->v[i], node))
			return true;
	return false;
}

bool control_policy_may_tag(const struct control_policy *policy, const struct control_user *user,
			    const char *tag)
{
	for (size_t i = 0; i < policy->tag_owners.n; i++) {
		const struct policy_owner *o = &policy->tag_owners.v[i];

		if (strcmp(o->tag, tag))
			continue;
		for (size_t k = 0; k < o->owners.n; k++)
			if (o->owners.v[k].kind == ALIAS_MEMBER ||
			    control_policy_is_user(&o->owners.v[k], user))
				return true;
	}
	return false;
}

bool control_policy_approves(const struct control_policy *policy, const struct control_node *node,
			     const struct mesh_prefix *route)
{
	for (size_t i = 0; i < policy->approvers.n; i++) {
		const struct policy_approver *a = &policy->approvers.v[i];
		bool fits = a->prefix.ip.family ? route->bits && a->prefix.bits <= route->bits &&
							  mesh_text_contains(&a->prefix, &route->ip)
						: !route->bits;

		if (fits && control_policy_matches_any(&a->who, node))
			return true;
	}
	return false;
}

/* Whether a route that the node serves lies in the prefix, at least partly. */
static bool serves_within(const struct control_node *node, const struct mesh_prefix *p)
{
	for (size_t i = 0; i < node->approved.n; i++)
		if (node->approved.v[i].bits && mesh_text_overlaps(&node->approved.v[i], p) &&
		    control_node_serves(node, &node->approved.v[i]))
			return true;
	return false;
}

static bool is_source(const struct policy_aliases *list, const struct control_node *node)
{
	if (control_policy_matches_any(list, node))
		return true;
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].kind == ALIAS_PREFIX && serves_within(node, &list->v[i].prefix))
			return true;
	return false;
}

static bool is_destination(const struct policy_edge *e, const struct control_node *node)
{
	const struct policy_alias *dst = &e->dst;

	if (e->via.n && !control_policy_matches_any(&e->via, node))
		return false;
	switch (dst->kind) {
	case ALIAS_SELF:
		return node->user;
	case ALIAS_INTERNET:
		return control_node_is_exit(node);
	case ALIAS_PREFIX:
		return control_policy_matches(dst, node) || serves_within(node, &dst->prefix);
	default:
		return control_policy_matches(dst, node);
	}
}

static void free_class(struct control_class *c)
{
	free(c->src_rules);
	free(c->src);
	free(c->dst);
	free(c);
}

/* The class of a node; an existing one when all its bits agree. */
static struct control_class *classify(struct control_reach *r, const struct control_node *node)
{
	const struct control_policy *p = r->policy;
	struct control_class *c = mesh_alloc(sizeof(*c));

	c->user = node->user;
	c->src_rules = mesh_alloc(r->rule_words * sizeof(uint64_t));
	c->src = mesh_alloc(r->edge_words * sizeof(uint64_t));
	c->dst = mesh_alloc(r->edge_words * sizeof(uint64_t));
	for (size_t i = 0; i < p->n_rules; i++)
		if (is_source(&p->rules[i], node))
			set_bit(c->src_rules, i);
	for (size_t i = 0; i < p->n_edges; i++) {
		if (control_reach_bit(c->src_rules, p->edges[i].rule))
			set_bit(c->src, i);
		if (is_destination(&p->edges[i], node))
			set_bit(c->dst, i);
	}
	for (size_t i = 0; i < r->n_classes; i++) {
		struct control_class *o = r->classes[i];

		if (o->user == c->user &&
		    !memcmp(o->src_rules, c->src_rules, r->rule_words * sizeof(uint64_t)) &&
		    !memcmp(o->dst, c->dst, r->edge_words * sizeof(uint64_t))) {
			free_class(c);
			return o;
		}
	}
	if (!(r->n_classes % 64))
		r->classes = mesh_realloc(r->classes, (r->n_classes + 64) * sizeof(*r->classes));
	r->classes[r->n_classes++] = c;
	return c;
}

static void mark_stale(struct control_reach *r, const struct control_class *c)
{
	struct control_sources *own;

	if (!c)
		return;
	for (size_t i = 0; i < r->policy->n_rules; i++)
		if (control_reach_bit(c->src_rules, i))
			r->sources[i].stale = true;
	if (!c->user)
		return;
	for (own = r->own; own && own->user != c->user; own = own->next)
		;
	if (!own) {
		own = mesh_alloc(sizeof(*own));
		own->user = c->user;
		own->next = r->own;
		r->own = own;
	}
	own->stale = true;
}

struct control_class *control_reach_class(const struct control_reach *r,
					  const struct control_node *node)
{
	return node->slot < r->n_of ? r->of[node->slot] : NULL;
}

bool control_reach_update(struct control_reach *r, struct control_node *node, bool gone)
{
	struct control_class *before = control_reach_class(r, node);

	if (node->slot >= r->n_of) {
		size_t n = r->state->n_slots;

		r->of = mesh_realloc(r->of, n * sizeof(*r->of));
		memset(r->of + r->n_of, 0, (n - r->n_of) * sizeof(*r->of));
		r->n_of = n;
	}
	r->of[node->slot] = gone ? NULL : classify(r, node);
	mark_stale(r, before);
	mark_stale(r, r->of[node->slot]);
	return r->of[node->slot] != before;
}

/* Frees all but the policy. */
static void clear(struct control_reach *r)
{
	for (size_t i = 0; i < r->n_classes; i++)
		free_class(r->classes[i]);
	free(r->classes);
	r->classes = NULL;
	free(r->of);
	r->of = NULL;
	r->n_of = 0;
	r->n_classes = 0;
	for (size_t i = 0; r->sources && i < r->policy->n_rules; i++)
		free(r->sources[i].text);
	free(r->sources);
	r->sources = NULL;
	while (r->own) {
		struct control_sources *own = r->own;

		r->own = own->next;
		free(own->text);
		free(own);
	}
	free(r->self_edges);
	r->self_edges = NULL;
}

void control_reach_set(struct control_reach *r, struct control_policy *policy)
{
	struct control_state *st = r->state;

	clear(r);
	control_policy_free(r->policy);
	r->policy = policy;
	r->rule_words = policy->n_rules / 64 + 1;
	r->edge_words = policy->n_edges / 64 + 1;
	r->sources = mesh_alloc((policy->n_rules + 1) * sizeof(*r->sources));
	/* Also those of rules whose sources nobody is yet get a text. */
	for (size_t i = 0; i < policy->n_rules; i++)
		r->sources[i].stale = true;
	r->self_edges = mesh_alloc(r->edge_words * sizeof(uint64_t));
	for (size_t i = 0; i < policy->n_edges; i++)
		if (policy->edges[i].dst.kind == ALIAS_SELF)
			set_bit(r->self_edges, i);
	for (size_t i = 0; i < st->n_slots; i++)
		if (st->nodes[i])
			control_reach_update(r, st->nodes[i], false);
	control_reach_refresh(r);
}

struct control_reach *control_reach_new(struct control_state *st)
{
	struct control_reach *r = mesh_alloc(sizeof(*r));

	r->state = st;
	return r;
}

void control_reach_free(struct control_reach *r)
{
	if (!r)
		return;
	clear(r);
	control_policy_free(r->policy);
	free(r);
}

bool control_reach_to(const struct control_reach *r, const struct control_class *a,
		      const struct control_class *b)
{
	bool same = a->user && a->user == b->user;

	for (size_t i = 0; i < r->edge_words; i++) {
		uint64_t both = a->src[i] & b->dst[i];

		if (!same)
			both &= ~r->self_edges[i];
		if (both)
			return true;
	}
	return false;
}

bool control_reach_sees(const struct control_reach *r, const struct control_node *a,
			const struct control_node *b)
{
	const struct control_class *ca = control_reach_class(r, a), *cb = control_reach_class(r, b);

	return ca && cb && (control_reach_to(r, ca, cb) || control_reach_to(r, cb, ca));
}

static bool covers(const struct policy_edge *e, const struct mesh_prefix *route)
{
	if (e->dst.kind == ALIAS_INTERNET)
		return !route->bits;
	return route->bits && mesh_text_overlaps(&e->dst.prefix, route);
}

enum control_via control_reach_via(const struct control_reach *r, const struct control_node *viewer,
				   const struct control_node *router,
				   const struct mesh_prefix *route)
{
	const struct control_class *class = control_reach_class(r, viewer);
	enum control_via found = VIA_ANY;

	for (size_t i = 0; class && r->policy->has_via && i < r->policy->n_edges; i++) {
		const struct policy_edge *e = &r->policy->edges[i];

		if (!e->via.n || !control_reach_bit(class->src, i) || !covers(e, route))
			continue;
		if (control_policy_matches_any(&e->via, router))
			return VIA_THIS;
		found = VIA_OTHER;
	}
	return found;
}

bool control_reach_route(const struct control_reach *r, const struct control_node *viewer,
			 const struct control_node *router, const struct mesh_prefix *route)
{
	const struct control_class *class = control_reach_class(r, viewer);

	for (size_t i = 0; class && i < r->policy->n_edges; i++) {
		const struct policy_edge *e = &r->policy->edges[i];

		if (!control_reach_bit(class->src, i) || e->app || e->via.n)
			continue;
		switch (e->dst.kind) {
		case ALIAS_ANY:
			return true;
		case ALIAS_SELF:
			if (viewer->user && viewer->user == router->user)
				return true;
			break;
		case ALIAS_PREFIX:
			if (route->bits && mesh_text_overlaps(&e->dst.prefix, route))
				return true;
			break;
		case ALIAS_INTERNET:
			if (!route->bits)
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}
