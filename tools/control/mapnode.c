// SPDX-License-Identifier: GPL-2.0
/* Nodes, users and DNS as JSON for the map. */
#include "mapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *take_text(struct mesh_buf *buf)
{
	char *text;

	mesh_buf_add(buf, "", 1);
	text = mesh_strdup((char *)buf->data);
	mesh_buf_free(buf);
	return text;
}

static struct mesh_prefix host_prefix(const struct mesh_ip *ip)
{
	return (struct mesh_prefix){*ip, ip->family == 4 ? 32 : 128};
}

/* A viewer and a prefix, for which the policy says by which routers to go. */
struct way {
	const struct control_reach *reach;
	const struct control_node *viewer;
	const struct mesh_prefix *prefix;
};

static bool is_on_way(const struct control_node *router, void *ctx)
{
	const struct way *w = ctx;

	return control_reach_via(w->reach, w->viewer, router, w->prefix) == VIA_THIS;
}

/* Whether the viewer reaches the prefix by this node; NULL is the node itself. */
static bool goes_by(struct control_mapper *m, const struct control_node *node,
		    const struct control_node *viewer, const struct mesh_prefix *p)
{
	struct way way = {m->reach, viewer, p};
	enum control_via via = viewer ? control_reach_via(m->reach, viewer, node, p) : VIA_ANY;

	if (via == VIA_OTHER)
		return false;
	/* Each device picks its exit node. */
	if (via == VIA_THIS)
		return !p->bits || control_routes_best(m->state, p, is_on_way, &way) == node;
	if (p->bits && !control_routes_primary(&m->routes, node, p))
		return false;
	return !viewer || control_reach_route(m->reach, viewer, node, p);
}

/* Addresses, and routes that the viewer may use. Return: whether there are routes at all. */
static bool add_routes(struct control_mapper *m, struct control_node *node,
		       const struct control_node *viewer, struct mesh_node *out,
		       struct mesh_arena *arena)
{
	size_t room = 2 + node->approved.n;
	bool any = false;

	out->addresses.v = mesh_arena_alloc(arena, 2 * sizeof(*out->addresses.v));
	out->allowed_ips.v = mesh_arena_alloc(arena, room * sizeof(*out->allowed_ips.v));
	out->primary_routes.v = mesh_arena_alloc(arena, room * sizeof(*out->primary_routes.v));
	if (node->ip4.family)
		out->addresses.v[out->addresses.n++] = host_prefix(&node->ip4);
	if (node->ip6.family)
		out->addresses.v[out->addresses.n++] = host_prefix(&node->ip6);
	for (size_t i = 0; i < out->addresses.n; i++)
		out->allowed_ips.v[out->allowed_ips.n++] = out->addresses.v[i];
	for (size_t i = 0; i < node->approved.n; i++) {
		const struct mesh_prefix *p = &node->approved.v[i];

		if (!control_node_serves(node, p))
			continue;
		any = true;
		if (!goes_by(m, node, viewer, p))
			continue;
		out->allowed_ips.v[out->allowed_ips.n++] = *p;
		if (p->bits)
			out->primary_routes.v[out->primary_routes.n++] = *p;
	}
	return any;
}

void control_mapnode_allowed(struct control_mapper *m, struct control_node *node,
			     const struct control_node *viewer, struct mesh_arena *arena,
			     mesh_prefixes *out)
{
	struct mesh_node n = {0};

	add_routes(m, node, viewer, &n, arena);
	*out = n.allowed_ips;
}

static void add_tags(const struct control_node *node, struct mesh_node *out,
		     struct mesh_arena *arena)
{
	const char *p = node->tags;

	out->tags.v = mesh_arena_alloc(arena, (strlen(p) / 5 + 1) * sizeof(*out->tags.v));
	while (*p) {
		size_t n = strcspn(p, " ");

		out->tags.v[out->tags.n++] = mesh_arena_strdup(arena, p, n);
		p += n + (p[n] == ' ');
	}
}

/* What the node itself may do: taildrop, and the attributes that the policy gives it. */
static void add_caps(struct control_mapper *m, const struct control_node *node,
		     struct mesh_node *out, struct mesh_arena *arena)
{
	const struct control_policy *p = m->reach->policy;
	size_t room = 1;

	for (size_t i = 0; i < p->attrs.n; i++)
		room += p->attrs.v[i].attr.n;
	out->cap_map.v = mesh_arena_alloc(arena, room * sizeof(*out->cap_map.v));
	out->cap_map.v[out->cap_map.n++].key = "https://tailscale.com/cap/file-sharing";
	for (size_t i = 0; i < p->attrs.n; i++) {
		const struct policy_attr *a = &p->attrs.v[i];
		bool match = false;

		for (size_t k = 0; k < a->target.n && !match; k++)
			match = control_policy_matches(&a->target.v[k], node);
		for (size_t k = 0; match && k < a->attr.n; k++)
			out->cap_map.v[out->cap_map.n++].key = a->attr.v[k];
	}
}

void control_mapnode_json(struct control_mapper *m, struct control_node *node,
			  const struct control_node *viewer, struct mesh_buf *out)
{
	struct mesh_arena arena = {0};
	struct mesh_node n = {0};
	char id[24], name[320];
	size_t start = out->len;
	bool routes;

	if (viewer && node->wire) {
		mesh_buf_str(out, node->wire);
		return;
	}
	snprintf(id, sizeof(id), "%lld", (long long)node->id);
	snprintf(name, sizeof(name), "%s.%s.", node->name, m->state->config->dns.base_domain);
	n.id = node->id;
	n.stable_id = id;
	n.name = name;
	n.user = node->user ? node->user->id : MESH_TAGGED_USER;
	n.key = node->key;
	n.key_expiry = node->expires;
	n.machine = node->machine;
	n.disco_key = node->disco;
	n.endpoints.v = node->endpoints;
	n.endpoints.n = node->n_endpoints;
	n.home_derp = node->home_derp;
	n.hostinfo = viewer || !*node->hostinfo ? node->peer_hostinfo : node->hostinfo;
	n.created = node->created;
	n.cap = node->version;
	n.wireguard_only = node->plain;
	n.online = node->plain ? MESH_UNSET : node->online ? MESH_TRUE : MESH_FALSE;
	n.last_seen = node->online || node->plain ? 0 : node->last_seen;
	n.machine_authorized = true;
	n.expired = control_node_expired(node);
	routes = add_routes(m, node, viewer, &n, &arena);
	add_tags(node, &n, &arena);
	if (!viewer)
		add_caps(m, node, &n, &arena);
	mesh_codec_encode(&mesh_node_schema, &n, out);
	/* Without routes every peer sees the same. */
	if (viewer && !routes) {
		node->wire = mesh_alloc(out->len - start + 1);
		memcpy(node->wire, out->data + start, out->len - start);
	}
	mesh_arena_free(&arena);
}

void control_mapnode_patch(const struct control_node *node, unsigned int what, struct mesh_buf *out)
{
	struct mesh_peer_change c = {.node_id = node->id};

	if (what & CHANGE_ENDPOINTS) {
		c.endpoints.v = node->endpoints;
		c.endpoints.n = node->n_endpoints;
		c.endpoints.set = true;
	}
	if (what & CHANGE_DERP)
		c.derp_region = node->home_derp;
	if (what & CHANGE_DISCO)
		c.disco_key = node->disco;
	if (what & CHANGE_ONLINE) {
		c.online = node->online ? MESH_TRUE : MESH_FALSE;
		c.last_seen = node->last_seen;
	}
	mesh_codec_encode(&mesh_peer_change_schema, &c, out);
}

void control_mapnode_profile(const struct control_user *user, struct mesh_buf *out)
{
	struct mesh_login l = {.id = MESH_TAGGED_USER,
			       .login_name = "tagged-devices",
			       .display_name = "Tagged devices"};

	if (user) {
		l.id = user->id;
		l.login_name = *user->email ? user->email : user->name;
		l.display_name = *user->display_name ? user->display_name : user->name;
	}
	mesh_codec_encode(&mesh_login_schema, &l, out);
}

static mesh_resolvers resolvers(struct mesh_arena *arena, const mesh_strings *addrs)
{
	mesh_resolvers r = {.n = addrs->n, .set = true};

	r.v = mesh_arena_alloc(arena, addrs->n * sizeof(*r.v));
	for (size_t i = 0; i < addrs->n; i++)
		r.v[i].addr = addrs->v[i];
	return r;
}

/* The zones of the mesh's own addresses; clients answer them. */
static size_t reverse_zones(const struct control_config *config, struct mesh_arena *arena,
			    const char **out)
{
	size_t n = 0;
	char zone[40];

	if (config->v4.ip.family && config->v4.ip.b[12] == 100 && config->v4.bits >= 10)
		for (int i = 64; i < 128; i++) {
			snprintf(zone, sizeof(zone), "%d.100.in-addr.arpa", i);
			out[n++] = mesh_arena_strdup(arena, zone, strlen(zone));
		}
	if (config->v6.ip.family)
		out[n++] = "0.e.1.a.c.5.1.1.a.7.d.f.ip6.arpa";
	return n;
}

char *control_mapnode_dns(const struct control_config *config)
{
	struct mesh_arena arena = {0};
	struct mesh_dns_config d = {.proxied = config->dns.magic};
	struct mesh_buf out = {0};
	const char *zones[66];
	size_t n = 0, room = config->dns.split.n + 66;
	char *text;

	if (config->dns.override_local)
		d.resolvers = resolvers(&arena, &config->dns.nameservers);
	else
		d.fallback_resolvers = resolvers(&arena, &config->dns.nameservers);
	d.routes.v = mesh_arena_alloc(&arena, room * sizeof(*d.routes.v));
	for (size_t i = 0; i < config->dns.split.n; i++) {
		d.routes.v[d.routes.n].key = config->dns.split.v[i].key;
		d.routes.v[d.routes.n++].value = resolvers(&arena, &config->dns.split.v[i].value);
	}
	if (config->dns.magic) {
		d.routes.v[d.routes.n].key = config->dns.base_domain;
		d.routes.v[d.routes.n++].value.set = true;
		n = reverse_zones(config, &arena, zones);
	}
	for (size_t i = 0; i < n; i++) {
		d.routes.v[d.routes.n].key = zones[i];
		d.routes.v[d.routes.n++].value.set = true;
	}
	d.domains.v = mesh_arena_alloc(&arena, (config->dns.search.n + 1) * sizeof(*d.domains.v));
	if (config->dns.magic)
		d.domains.v[d.domains.n++] = config->dns.base_domain;
	for (size_t i = 0; i < config->dns.search.n; i++)
		d.domains.v[d.domains.n++] = config->dns.search.v[i];
	d.extra_records.v = config->dns.extra.v;
	d.extra_records.n = config->dns.extra.n;
	mesh_codec_encode(&mesh_dns_config_schema, &d, &out);
	text = take_text(&out);
	mesh_arena_free(&arena);
	return text;
}
