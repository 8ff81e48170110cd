// SPDX-License-Identifier: GPL-2.0
/* The tests that a policy brings with it. */
#include "reach.h"

#include <stdlib.h>
#include <string.h>

static bool has_address(const struct control_node *n, const struct mesh_ip *ip)
{
	return !memcmp(n->ip4.b, ip->b, sizeof(ip->b)) || !memcmp(n->ip6.b, ip->b, sizeof(ip->b));
}

/* The node that a test means: by name, address, or any device of a user or with a tag. */
static struct control_node *find_node(struct control_reach *r, const char *text, size_t len)
{
	struct control_state *st = r->state;
	char name[256];
	struct mesh_ip ip = {.family = 0};
	struct policy_alias alias = {.kind = ALIAS_USER, .name = name};

	if (len >= sizeof(name))
		return NULL;
	memcpy(name, text, len);
	name[len] = 0;
	mesh_text_unip(&ip, name);
	if (!strncmp(name, "tag:", 4))
		alias.kind = ALIAS_TAG;
	for (size_t i = 0; i < st->n_slots; i++) {
		struct control_node *n = st->nodes[i];

		if (!n)
			continue;
		if (ip.family ? has_address(n, &ip)
		    : alias.kind == ALIAS_TAG || strchr(name, '@')
			    ? control_policy_matches(&alias, n)
			    : !strcmp(n->name, name))
			return n;
	}
	return NULL;
}

/* Where a test goes: a device, or an address behind one. */
struct target {
	const struct control_node *node;
	struct mesh_ip ip;
	int64_t protocol;
	unsigned int port;
};

/* Whether a router that the edge leads to from @src serves the address. */
static bool leads_behind(const struct control_reach *r, const struct policy_edge *e, size_t edge,
			 const struct control_node *src, const struct mesh_ip *ip)
{
	const struct mesh_prefix *p;

	if (e->dst.kind == ALIAS_PREFIX && !mesh_text_contains(&e->dst.prefix, ip))
		return false;
	if (e->dst.kind != ALIAS_PREFIX && e->dst.kind != ALIAS_ANY && e->dst.kind != ALIAS_SELF &&
	    (e->dst.kind != ALIAS_INTERNET || !control_reach_is_internet(ip)))
		return false;
	for (size_t i = 0; i < r->state->n_slots; i++) {
		const struct control_node *n = r->state->nodes[i];
		const struct control_class *class = n ? control_reach_class(r, n) : NULL;

		if (!class || !control_reach_bit(class->dst, edge) ||
		    (e->dst.kind == ALIAS_SELF && (!src->user || src->user != n->user)))
			continue;
		for (size_t k = 0; k < n->approved.n; k++) {
			p = &n->approved.v[k];
			if (control_node_serves(n, p) && mesh_text_contains(p, ip) &&
			    (p->bits || e->dst.kind == ALIAS_INTERNET))
				return true;
		}
	}
	return false;
}

static bool leads_to(const struct control_reach *r, const struct policy_edge *e, size_t edge,
		     const struct control_node *src, const struct target *to)
{
	const struct control_class *class;

	if (!to->node)
		return leads_behind(r, e, edge, src, &to->ip);
	class = control_reach_class(r, to->node);
	return class && control_reach_bit(class->dst, edge) && e->dst.kind != ALIAS_INTERNET &&
	       (e->dst.kind != ALIAS_SELF || (src->user && src->user == to->node->user)) &&
	       (e->dst.kind != ALIAS_PREFIX || control_policy_matches(&e->dst, to->node));
}

/* Without protocols an edge is for TCP, UDP and ICMP. */
static bool takes(const struct policy_edge *e, const struct target *to)
{
	bool protocol = !e->protocols.n && (to->protocol == 6 || to->protocol == 17 ||
					    to->protocol == 1 || to->protocol == 58);

	for (size_t i = 0; i < e->protocols.n; i++)
		protocol |= e->protocols.v[i] == to->protocol;
	for (size_t i = 0; protocol && i < e->ports.n; i++)
		if (to->port >= e->ports.v[i].first && to->port <= e->ports.v[i].last)
			return true;
	return false;
}

static bool allows(const struct control_reach *r, const struct control_node *src,
		   const struct target *to)
{
	const struct control_class *class = control_reach_class(r, src);

	for (size_t i = 0; class && i < r->policy->n_edges; i++) {
		const struct policy_edge *e = &r->policy->edges[i];

		if (control_reach_bit(class->src, i) && !e->app && takes(e, to) &&
		    leads_to(r, e, i, src, to))
			return true;
	}
	return false;
}

/* "host:22"; "[2001:db8::1]:22"; without ports the protocol's port is 0. */
static bool read_target(struct control_reach *r, const struct policy_test *t, const char *text,
			struct target *to, struct mesh_error *err)
{
	const char *colon = strrchr(text, ':');
	bool ports = t->protocol == 6 || t->protocol == 17 || t->protocol == 132;
	size_t len = colon ? (size_t)(colon - text) : 0;
	char host[256], *end;
	long port = colon ? strtol(colon + 1, &end, 10) : -1;

	if (port < ports || port > 65535 || end == colon + 1 || *end || !len ||
	    len >= sizeof(host)) {
		mesh_error_set(err, "line %u, column %u: test target \"%.100s\" needs a port",
			       t->line, t->column, text);
		return false;
	}
	if (*text == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	memset(to, 0, sizeof(*to));
	to->node = find_node(r, text, len);
	to->protocol = t->protocol;
	to->port = (unsigned int)port;
	memcpy(host, text, len);
	host[len] = 0;
	mesh_text_unip(&to->ip, host);
	return true;
}

static bool run_test(struct control_reach *r, const struct policy_test *t, const char *text,
		     bool want, struct mesh_error *err)
{
	struct control_node *src = find_node(r, t->src, strlen(t->src));
	struct target to;
	bool there, got;

	if (!read_target(r, t, text, &to, err))
		return false;
	there = src && (to.node || to.ip.family);
	got = there && allows(r, src, &to);
	if (got == want)
		return true;
	mesh_error_set(err, "line %u, column %u: test failed: %s %s %s%s", t->line, t->column,
		       t->src, got ? "reaches" : "does not reach", text,
		       there ? "" : " (there is no such device)");
	return false;
}

bool control_reach_test(struct control_reach *r, struct mesh_error *err)
{
	for (size_t i = 0; i < r->policy->tests.n; i++) {
		const struct policy_test *t = &r->policy->tests.v[i];

		for (size_t k = 0; k < t->accept.n; k++)
			if (!run_test(r, t, t->accept.v[k], true, err))
				return false;
		for (size_t k = 0; k < t->deny.n; k++)
			if (!run_test(r, t, t->deny.v[k], false, err))
				return false;
	}
	return true;
}
