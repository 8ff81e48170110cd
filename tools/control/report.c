// SPDX-License-Identifier: GPL-2.0
/*
 * What devices report about themselves. It changes often and the device repeats it, so it is kept
 * in memory and written now and then, all in one transaction.
 */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ENDPOINTS 32
#define MAX_ROUTES    64
#define MAX_SERVICES  64
#define MAX_FOR_PEERS 8192
#define MAX_HOSTINFO  65536
#define MAX_HOSTNAME  255
#define MAX_VERSION   128

static void mark_dirty(struct control_state *st, struct control_node *n)
{
	if (n->dirty)
		return;
	n->dirty = true;
	n->next_dirty = st->dirty;
	st->dirty = n;
}

static bool same_prefixes(const struct control_prefixes *a, const mesh_prefixes *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!mesh_text_prefix_same(&a->v[i], &b->v[i]))
			return false;
	return true;
}

/* What peers need of a Hostinfo; the rest is nobody's business. */
static char *for_peers(const struct mesh_hostinfo *hi)
{
	struct mesh_hostinfo out = {.os = hi->os, .hostname = hi->hostname};
	struct mesh_buf buf = {0};
	char *text;

	out.services.v = hi->services.v;
	out.services.n = hi->services.n < MAX_SERVICES ? hi->services.n : MAX_SERVICES;
	mesh_codec_encode(&mesh_hostinfo_schema, &out, &buf);
	/* One device must not make everybody's map large. */
	if (buf.len > MAX_FOR_PEERS) {
		buf.len = 0;
		mesh_buf_str(&buf, "{}");
	}
	mesh_buf_add(&buf, "", 1);
	text = mesh_strdup((char *)buf.data);
	mesh_buf_free(&buf);
	return text;
}

void control_report_hostinfo(struct control_state *st, struct control_node *node,
			     const struct mesh_hostinfo *hi, const char *raw)
{
	mesh_prefixes routes = hi->routable_ips;
	unsigned int what = 0;
	char *peer;

	if (routes.n > MAX_ROUTES)
		routes.n = MAX_ROUTES;
	if (hi->net_info && hi->net_info->preferred_derp > 0 &&
	    hi->net_info->preferred_derp <= 65535 &&
	    hi->net_info->preferred_derp != node->home_derp) {
		node->home_derp = hi->net_info->preferred_derp;
		what |= CHANGE_DERP;
	}
	peer = for_peers(hi);
	if (strcmp(peer, node->peer_hostinfo)) {
		free(node->peer_hostinfo);
		node->peer_hostinfo = peer;
		what |= CHANGE_WHOLE;
	} else {
		free(peer);
	}
	if (!same_prefixes(&node->advertised, &routes)) {
		free(node->advertised.v);
		node->advertised.v = mesh_alloc(routes.n * sizeof(*routes.v));
		if (routes.n)
			memcpy(node->advertised.v, routes.v, routes.n * sizeof(*routes.v));
		node->advertised.n = routes.n;
		what |= CHANGE_WHOLE | CHANGE_REACH;
	}
	if (hi->ipn_version && strcmp(hi->ipn_version, node->client_version) &&
	    strlen(hi->ipn_version) <= MAX_VERSION) {
		free(node->client_version);
		node->client_version = mesh_strdup(hi->ipn_version);
	}
	if (hi->hostname && strcmp(hi->hostname, node->hostname) &&
	    strlen(hi->hostname) <= MAX_HOSTNAME) {
		free(node->hostname);
		node->hostname = mesh_strdup(hi->hostname);
		mark_dirty(st, node);
	}
	if (raw && strlen(raw) <= MAX_HOSTINFO && strcmp(raw, node->hostinfo)) {
		free(node->hostinfo);
		node->hostinfo = mesh_strdup(raw);
		mark_dirty(st, node);
	}
	if (what)
		control_state_changed(st, node, what);
}

static bool same_endpoints(const struct control_node *n, const struct mesh_addrport *v, size_t len)
{
	if (n->n_endpoints != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (n->endpoints[i].port != v[i].port ||
		    n->endpoints[i].ip.family != v[i].ip.family ||
		    memcmp(n->endpoints[i].ip.b, v[i].ip.b, 16))
			return false;
	return true;
}

void control_report_apply(struct control_state *st, struct control_node *node,
			  const struct mesh_map_request *req)
{
	size_t n = req->endpoints.n < MAX_ENDPOINTS ? req->endpoints.n : MAX_ENDPOINTS;
	unsigned int what = 0;

	node->version = req->version;
	node->last_seen = control_now();
	/* A first stream request may come before there is anything to report. */
	if (!mesh_key_is_zero(&req->disco_key) && !mesh_key_same(&req->disco_key, &node->disco)) {
		node->disco = req->disco_key;
		what |= CHANGE_DISCO;
	}
	if ((n || !req->stream) && !same_endpoints(node, req->endpoints.v, n)) {
		free(node->endpoints);
		node->endpoints = mesh_alloc(n * sizeof(*node->endpoints));
		if (n)
			memcpy(node->endpoints, req->endpoints.v, n * sizeof(*node->endpoints));
		node->n_endpoints = n;
		what |= CHANGE_ENDPOINTS;
	}
	if (what) {
		mark_dirty(st, node);
		control_state_changed(st, node, what);
	}
	if (req->hostinfo)
		control_report_hostinfo(st, node, req->hostinfo, req->hostinfo_raw);
}

void control_report_online(struct control_state *st, struct control_node *node, bool online)
{
	if (node->online == online)
		return;
	node->online = online;
	node->last_seen = control_now();
	mark_dirty(st, node);
	control_state_changed(st, node, CHANGE_ONLINE);
}

void control_report_endpoints(struct mesh_buf *out, const struct mesh_addrport *v, size_t n)
{
	char text[MESH_ADDR_TEXT];

	for (size_t i = 0; i < n; i++) {
		mesh_text_addrport(text, &v[i]);
		mesh_buf_printf(out, "%s%s", i ? " " : "", text);
	}
	mesh_buf_add(out, "", 1);
}

static int write_one(struct control_state *st, struct control_node *n, struct mesh_error *err)
{
	struct mesh_buf ends = {0};
	int ret;

	control_report_endpoints(&ends, n->endpoints, n->n_endpoints);
	ret = control_db_run(st->db, err,
			     "UPDATE nodes SET disco_key = ?2, hostinfo = ?3, endpoints = ?4, "
			     "home_derp = ?5, last_seen = ?6, hostname = ?7 WHERE id = ?1",
			     "ibssiis", n->id, n->disco.b, sizeof(n->disco.b), n->hostinfo,
			     (char *)ends.data, n->home_derp, n->last_seen, n->hostname);
	mesh_buf_free(&ends);
	return ret;
}

int control_report_flush(struct control_state *st, struct mesh_error *err)
{
	int ret;

	if (!st->dirty)
		return 0;
	ret = control_db_begin(st->db, err);
	for (struct control_node *n = st->dirty; n && ret >= 0; n = n->next_dirty)
		ret = write_one(st, n, err);
	ret = control_db_end(st->db, ret, err);
	if (ret)
		return ret;
	while (st->dirty) {
		struct control_node *n = st->dirty;

		st->dirty = n->next_dirty;
		n->next_dirty = NULL;
		n->dirty = false;
	}
	return 0;
}
