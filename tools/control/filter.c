// SPDX-License-Identifier: GPL-2.0
/* Packet filters from the policy. */
#include "reach.h"

#include <stdlib.h>
#include <string.h>

/* What "the internet" is: everything but private, shared, link-local and multicast addresses. */
static const char *const internet[] = {
	"0.0.0.0-9.255.255.255",       "11.0.0.0-100.63.255.255",
	"100.128.0.0-126.255.255.255", "128.0.0.0-169.253.255.255",
	"169.255.0.0-172.15.255.255",  "172.32.0.0-192.167.255.255",
	"192.169.0.0-223.255.255.255", "2000::/3",
};

struct ip_list {
	struct mesh_ip *v;
	size_t n;
};

static void add_ip(struct ip_list *l, const struct mesh_ip *ip)
{
	if (!ip->family)
		return;
	if (!(l->n & (l->n - 1)))
		l->v = mesh_realloc(l->v, (l->n ? 2 * l->n : 1) * sizeof(*l->v));
	l->v[l->n++] = *ip;
}

static int compare_ip(const void *a, const void *b)
{
	return memcmp(((const struct mesh_ip *)a)->b, ((const struct mesh_ip *)b)->b, 16);
}

static bool follows(const struct mesh_ip *a, const struct mesh_ip *b)
{
	struct mesh_ip next = *a;

	for (int i = 15; i >= 0 && !++next.b[i]; i--)
		;
	return a->family == b->family && !memcmp(next.b, b->b, 16);
}

static void add_text(struct mesh_buf *out, const char *a, const char *b)
{
	mesh_buf_printf(out, b ? "%s\"%s-%s\"" : "%s\"%s\"", out->len ? "," : "", a, b);
}

/* Addresses as few strings: runs of consecutive ones become "a-b". */
static void add_ranges(struct mesh_buf *out, struct ip_list *l)
{
	char first[MESH_ADDR_TEXT], last[MESH_ADDR_TEXT];

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), compare_ip);
	for (size_t i = 0, k; i < l->n; i = k) {
		for (k = i + 1; k < l->n && (follows(&l->v[k - 1], &l->v[k]) ||
					     !compare_ip(&l->v[k - 1], &l->v[k]));
		     k++)
			;
		mesh_text_ip(first, &l->v[i]);
		mesh_text_ip(last, &l->v[k - 1]);
		add_text(out, first, strcmp(first, last) ? last : NULL);
	}
}

static void add_prefix(struct mesh_buf *out, const struct mesh_prefix *p)
{
	char text[MESH_ADDR_TEXT];

	if (!p->ip.family)
		return;
	mesh_text_prefix(text, p);
	add_text(out, text, NULL);
}

/* "*" as a source is the mesh and what is routed into it, not everybody on earth. */
static void add_everyone(struct control_reach *r, struct mesh_buf *out)
{
	struct control_state *st = r->state;

	add_prefix(out, &st->config->v4);
	add_prefix(out, &st->config->v6);
	for (size_t i = 0; i < st->n_slots; i++) {
		struct control_node *n = st->nodes[i];

		for (size_t k = 0; n && k < n->approved.n; k++)
			if (n->approved.v[k].bits && control_node_serves(n, &n->approved.v[k]))
				add_prefix(out, &n->approved.v[k]);
	}
}

static void renew(struct control_reach *r, struct control_sources *src, struct mesh_buf *text)
{
	src->stale = false;
	mesh_buf_add(text, "", 1);
	if (!src->text || strcmp(src->text, (char *)text->data)) {
		free(src->text);
		src->text = mesh_strdup((char *)text->data);
		src->version = ++r->version;
	}
	mesh_buf_free(text);
}

static void refresh_rule(struct control_reach *r, size_t rule)
{
	const struct policy_aliases *list = &r->policy->rules[rule];
	struct control_state *st = r->state;
	struct mesh_buf text = {0};
	struct ip_list ips = {0};
	bool any = false, danger = false;

	for (size_t i = 0; i < list->n; i++)
		danger |= list->v[i].kind == ALIAS_DANGER;
	if (danger) {
		add_text(&text, "*", NULL);
		renew(r, &r->sources[rule], &text);
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		any |= list->v[i].kind == ALIAS_ANY;
		if (list->v[i].kind == ALIAS_PREFIX)
			add_prefix(&text, &list->v[i].prefix);
	}
	if (any)
		add_everyone(r, &text);
	for (size_t i = 0; i < st->n_slots && !any; i++) {
		struct control_node *n = st->nodes[i];

		const struct control_class *class = n ? control_reach_class(r, n) : NULL;

		if (class && control_reach_bit(class->src_rules, rule)) {
			add_ip(&ips, &n->ip4);
			add_ip(&ips, &n->ip6);
		}
	}
	add_ranges(&text, &ips);
	free(ips.v);
	renew(r, &r->sources[rule], &text);
}

static void refresh_own(struct control_reach *r, struct control_sources *own)
{
	struct control_state *st = r->state;
	struct mesh_buf text = {0};
	struct ip_list ips = {0};

	for (size_t i = 0; i < st->n_slots; i++) {
		struct control_node *n = st->nodes[i];

		if (n && control_reach_class(r, n) && n->user == own->user) {
			add_ip(&ips, &n->ip4);
			add_ip(&ips, &n->ip6);
		}
	}
	add_ranges(&text, &ips);
	free(ips.v);
	renew(r, own, &text);
}

/* Whether filters name the sources as such; edges to autogroup:self name the owner's devices. */
static bool is_used(const struct control_reach *r, size_t rule)
{
	for (size_t i = r->policy->first_edge[rule]; i < r->policy->first_edge[rule + 1]; i++)
		if (r->policy->edges[i].dst.kind != ALIAS_SELF)
			return true;
	return false;
}

void control_reach_refresh(struct control_reach *r)
{
	for (size_t i = 0; i < r->policy->n_rules; i++)
		if (r->sources[i].stale && is_used(r, i))
			refresh_rule(r, i);
	for (struct control_sources *own = r->own; own; own = own->next)
		if (own->stale)
			refresh_own(r, own);
}

static const struct control_sources *own_sources(const struct control_reach *r,
						 const struct control_user *user)
{
	for (const struct control_sources *own = r->own; own; own = own->next)
		if (own->user == user)
			return own;
	return NULL;
}

/* The sources of an edge as the node sees them; NULL when the edge does not lead to it. */
static const struct control_sources *edge_sources(const struct control_reach *r,
						  const struct control_node *node, size_t edge)
{
	const struct policy_edge *e = &r->policy->edges[edge];
	const struct control_sources *src = &r->sources[e->rule];
	const struct control_class *class = control_reach_class(r, node);

	if (!class || !control_reach_bit(class->dst, edge))
		return NULL;
	/* Only the sources that are the node's owner's own devices. */
	if (e->dst.kind == ALIAS_SELF)
		src = control_reach_bit(class->src_rules, e->rule) ? own_sources(r, node->user)
								   : NULL;
	return src;
}

uint32_t control_reach_version(struct control_reach *r, const struct control_node *node,
			       size_t rule)
{
	uint32_t version = 0;
	bool any = false;

	/* Every change takes a new highest number, so the highest one of several tells them all. */
	for (size_t i = r->policy->first_edge[rule]; i < r->policy->first_edge[rule + 1]; i++) {
		const struct control_sources *src = edge_sources(r, node, i);

		if (!src)
			continue;
		any |= *src->text != 0;
		if (src->version > version)
			version = src->version;
	}
	return any ? version : 0;
}

static void add_destinations(const struct control_node *node, const struct policy_edge *e,
			     struct mesh_buf *out)
{
	switch (e->dst.kind) {
	case ALIAS_ANY:
		add_text(out, "*", NULL);
		return;
	case ALIAS_PREFIX:
		add_prefix(out, &e->dst.prefix);
		return;
	case ALIAS_INTERNET:
		for (size_t i = 0; i < sizeof(internet) / sizeof(internet[0]); i++)
			add_text(out, internet[i], NULL);
		return;
	default:
		break;
	}
	add_ranges(out, &(struct ip_list){(struct mesh_ip[]){node->ip4}, node->ip4.family != 0});
	add_ranges(out, &(struct ip_list){(struct mesh_ip[]){node->ip6}, node->ip6.family != 0});
	if (e->dst.kind != ALIAS_SELF)
		return;
	/* One's own devices include what they route. */
	for (size_t i = 0; i < node->approved.n; i++)
		if (control_node_serves(node, &node->approved.v[i]))
			add_prefix(out, &node->approved.v[i]);
}

/* One FilterRule: the edge's destinations with each of its ports. */
static void add_rule(const struct control_node *node, const struct policy_edge *e,
		     const char *sources, struct mesh_buf *out)
{
	struct mesh_buf dst = {0};
	const char *sep = "";

	add_destinations(node, e, &dst);
	mesh_buf_printf(out, "{\"SrcIPs\":[%s],", sources);
	if (e->app) {
		struct mesh_buf own = {0};

		if (node->ip4.family)
			add_prefix(&own, &(struct mesh_prefix){node->ip4, 32});
		if (node->ip6.family)
			add_prefix(&own, &(struct mesh_prefix){node->ip6, 128});
		mesh_buf_printf(out, "\"CapGrant\":[{\"Dsts\":[%.*s],\"CapMap\":%s}]}",
				(int)own.len, (char *)own.data, e->app);
		mesh_buf_free(&own);
		mesh_buf_free(&dst);
		return;
	}
	mesh_buf_str(out, "\"DstPorts\":[");
	mesh_buf_add(&dst, "", 1);
	for (char *save, *ip = strtok_r((char *)dst.data, ",", &save); ip;
	     ip = strtok_r(NULL, ",", &save)) {
		for (size_t i = 0; i < e->ports.n; i++) {
			mesh_buf_printf(out, "%s{\"IP\":%s,\"Ports\":{\"First\":%u,\"Last\":%u}}",
					sep, ip, e->ports.v[i].first, e->ports.v[i].last);
			sep = ",";
		}
	}
	mesh_buf_str(out, "]");
	for (size_t i = 0; i < e->protocols.n; i++)
		mesh_buf_printf(out, "%s%lld", i ? "," : ",\"IPProto\":[",
				(long long)e->protocols.v[i]);
	mesh_buf_str(out, e->protocols.n ? "]}" : "}");
	mesh_buf_free(&dst);
}

void control_reach_filter(struct control_reach *r, const struct control_node *node, size_t rule,
			  struct mesh_buf *out)
{
	const char *sep = "[";

	for (size_t i = r->policy->first_edge[rule]; i < r->policy->first_edge[rule + 1]; i++) {
		const struct control_sources *src = edge_sources(r, node, i);

		if (!src || !*src->text)
			continue;
		mesh_buf_str(out, sep);
		sep = ",";
		add_rule(node, &r->policy->edges[i], src->text, out);
	}
	mesh_buf_str(out, *sep == '[' ? "[]" : "]");
}

bool control_reach_is_internet(const struct mesh_ip *ip)
{
	for (size_t i = 0; i < sizeof(internet) / sizeof(internet[0]); i++) {
		char first[MESH_ADDR_TEXT];
		const char *dash = strchr(internet[i], '-');
		struct mesh_prefix p;
		struct mesh_ip low, high;

		if (!dash) {
			if (mesh_text_unprefix(&p, internet[i]) && mesh_text_contains(&p, ip))
				return true;
			continue;
		}
		memcpy(first, internet[i], (size_t)(dash - internet[i]));
		first[dash - internet[i]] = 0;
		if (mesh_text_unip(&low, first) && mesh_text_unip(&high, dash + 1) &&
		    ip->family == low.family && compare_ip(&low, ip) <= 0 &&
		    compare_ip(ip, &high) <= 0)
			return true;
	}
	return false;
}
