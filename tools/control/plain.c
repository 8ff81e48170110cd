// SPDX-License-Identifier: GPL-2.0
#include "plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a device that reports says of itself. */
static void write_hostinfo(struct mesh_hostinfo *hi, const struct control_plain *p,
			   struct mesh_buf *raw)
{
	memset(hi, 0, sizeof(*hi));
	hi->os = CONTROL_PLAIN;
	hi->hostname = p->name;
	hi->routable_ips.v = p->routes.v;
	hi->routable_ips.n = p->routes.n;
	hi->routable_ips.set = true;
	mesh_codec_encode(&mesh_hostinfo_schema, hi, raw);
	mesh_buf_add(raw, "", 1);
}

static bool name_is_free(struct control_state *st, const char *name)
{
	for (size_t i = 0; i < st->n_slots; i++)
		if (st->nodes[i] && !strcmp(st->nodes[i]->name, name))
			return false;
	return true;
}

static bool owner_ok(const struct control_plain *p, struct mesh_error *err)
{
	if (p->user || *p->tags)
		return control_preauth_tags_ok(p->tags, err);
	mesh_error_set(err, "a WireGuard peer needs a user or tags");
	return false;
}

/* Whether the key can be that of @node, or of a new one. */
static bool key_ok(struct control_state *st, const struct control_plain *p,
		   const struct control_node *node, struct mesh_error *err)
{
	const struct control_node *other = control_node_by_key(st, &p->key);

	if (mesh_key_is_zero(&p->key))
		mesh_error_set(err, "the public key is zero");
	else if (other && other != node)
		mesh_error_set(err, "\"%s\" has this public key", other->name);
	else
		return true;
	return false;
}

static int64_t new_expiry(const struct control_state *st, const struct control_user *user)
{
	return user && st->config->node_expiry ? control_now() + st->config->node_expiry : 0;
}

struct control_node *control_plain_add(struct control_state *st, const struct control_plain *p,
				       struct mesh_error *err)
{
	struct control_admission a = {
		.key = p->key,
		.user = *p->tags ? NULL : p->user,
		.tags = p->tags,
		.method = CONTROL_PLAIN,
		.endpoints = p->endpoints,
		.n_endpoints = p->n_endpoints,
		.approved = p->routes,
	};
	struct mesh_hostinfo hi;
	struct mesh_buf raw = {0};
	struct control_node *node;

	if (!owner_ok(p, err) || !key_ok(st, p, NULL, err))
		return NULL;
	if (!control_address_is_label(p->name)) {
		mesh_error_set(err,
			       "\"%.70s\" is not a name for DNS: 1 to 63 of a-z, 0-9 and -, "
			       "with no - at the ends",
			       p->name);
		return NULL;
	}
	if (!name_is_free(st, p->name)) {
		mesh_error_set(err, "a node has the name \"%s\" already", p->name);
		return NULL;
	}
	/* Nobody has the private half, so that nobody logs in as this device. */
	mesh_crypto_random(a.machine.b, sizeof(a.machine.b));
	a.expires = new_expiry(st, a.user);
	write_hostinfo(&hi, p, &raw);
	a.hostinfo = &hi;
	a.hostinfo_raw = (char *)raw.data;
	node = control_node_admit(st, &a, err);
	mesh_buf_free(&raw);
	return node;
}

/* A peer as it is, with the new values in place of the old ones. */
static struct control_plain merge(const struct control_node *node, const struct control_plain *p,
				  unsigned int what)
{
	struct control_plain out = {
		.name = node->name,
		.user = node->user,
		.tags = node->tags,
		.key = node->key,
		.endpoints = node->endpoints,
		.n_endpoints = node->n_endpoints,
		.routes = node->advertised,
	};

	if (what & PLAIN_KEY)
		out.key = p->key;
	if (what & PLAIN_OWNER) {
		out.user = *p->tags ? NULL : p->user;
		out.tags = p->tags;
	}
	if (what & PLAIN_ENDPOINTS) {
		out.endpoints = p->endpoints;
		out.n_endpoints = p->n_endpoints;
	}
	if (what & PLAIN_ROUTES)
		out.routes = p->routes;
	return out;
}

static int write_change(struct control_state *st, const struct control_node *node,
			const struct control_plain *p, unsigned int what, int64_t expires,
			const char *hostinfo, struct mesh_error *err)
{
	struct mesh_buf routes = {0}, endpoints = {0}, detail = {0};
	int ret = control_db_begin(st->db, err);

	if (ret)
		return ret;
	control_prefixes_text(&routes, p->routes.v, p->routes.n);
	control_report_endpoints(&endpoints, p->endpoints, p->n_endpoints);
	mesh_buf_printf(&detail, "user %s, tags %s, endpoints %s, routes %s%s",
			p->user ? p->user->name : "", p->tags, (char *)endpoints.data,
			(char *)routes.data, what & PLAIN_KEY ? ", new key" : "");
	mesh_buf_add(&detail, "", 1);
	ret = control_db_run(st->db, err,
			     "UPDATE nodes SET user = ?2, tags = ?3, endpoints = ?4, "
			     "hostinfo = ?5, expires = ?6 WHERE id = ?1",
			     "insssi", node->id, p->user ? p->user->id : (int64_t)0, p->tags,
			     (char *)endpoints.data, hostinfo, expires);
	if (ret >= 0 && what & PLAIN_ROUTES)
		ret = control_db_run(st->db, err,
				     "UPDATE nodes SET approved = ?2, refused = '' WHERE id = ?1",
				     "is", node->id, (char *)routes.data);
	if (ret >= 0 && what & PLAIN_KEY)
		ret = control_db_run(st->db, err, "UPDATE nodes SET node_key = ?2 WHERE id = ?1",
				     "ib", node->id, p->key.b, sizeof(p->key.b));
	if (ret >= 0)
		ret = control_db_audit(st->db, err, "node.wireguard", node->name,
				       (char *)detail.data);
	mesh_buf_free(&routes);
	mesh_buf_free(&endpoints);
	mesh_buf_free(&detail);
	return control_db_end(st->db, ret, err);
}

/* What was written becomes the node's. */
static void take_change(struct control_state *st, struct control_node *node,
			const struct control_plain *p, unsigned int what)
{
	struct mesh_addrport *endpoints = mesh_alloc(p->n_endpoints * sizeof(*endpoints));
	char *tags = mesh_strdup(p->tags);

	/* They may be the node's own. */
	if (p->n_endpoints)
		memcpy(endpoints, p->endpoints, p->n_endpoints * sizeof(*endpoints));
	free(node->endpoints);
	free(node->tags);
	node->endpoints = endpoints;
	node->n_endpoints = p->n_endpoints;
	node->tags = tags;
	if (what & PLAIN_ROUTES) {
		free(node->approved.v);
		free(node->refused.v);
		node->approved.v = mesh_alloc(p->routes.n * sizeof(*p->routes.v));
		node->approved.n = p->routes.n;
		if (p->routes.n)
			memcpy(node->approved.v, p->routes.v, p->routes.n * sizeof(*p->routes.v));
		memset(&node->refused, 0, sizeof(node->refused));
	}
	if (node->user)
		node->user->n_nodes--;
	node->user = p->user;
	if (node->user)
		node->user->n_nodes++;
	control_index_remove(&st->by_key, &node->key);
	node->key = p->key;
	control_index_set(&st->by_key, &node->key, node);
}

int control_plain_change(struct control_state *st, struct control_node *node,
			 const struct control_plain *p, unsigned int what, struct mesh_error *err)
{
	struct control_plain next = merge(node, p, what);
	struct mesh_buf raw = {0};
	struct mesh_hostinfo hi;
	int64_t expires;
	int ret;

	if (!owner_ok(&next, err))
		return -EINVAL;
	if (!key_ok(st, &next, node, err))
		return -EEXIST;
	if (mesh_key_same(&next.key, &node->key))
		what &= ~(unsigned int)PLAIN_KEY;
	expires = what & (PLAIN_KEY | PLAIN_OWNER) ? new_expiry(st, next.user) : node->expires;
	write_hostinfo(&hi, &next, &raw);
	ret = write_change(st, node, &next, what, expires, (char *)raw.data, err);
	if (!ret) {
		take_change(st, node, &next, what);
		node->expires = expires;
		control_report_hostinfo(st, node, &hi, (char *)raw.data);
		control_state_changed(st, node,
				      CHANGE_WHOLE | CHANGE_REACH | CHANGE_EXPIRY |
					      (what & PLAIN_KEY ? CHANGE_KEY : 0));
	}
	mesh_buf_free(&raw);
	return ret;
}

/* Whether an address is for one network only. */
static bool is_private(const struct mesh_ip *ip)
{
	static const char *const ranges[] = {"10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16",
					     "100.64.0.0/10", "127.0.0.0/8",   "169.254.0.0/16",
					     "fc00::/7",      "fe80::/10",     "::1/128"};
	struct mesh_prefix p;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (mesh_text_unprefix(&p, ranges[i]) && mesh_text_contains(&p, ip))
			return true;
	return false;
}

/* A file has room for one endpoint: a public one, if there is one, IPv4 rather than IPv6. */
static const struct mesh_addrport *best_endpoint(const struct control_node *n)
{
	const struct mesh_addrport *best = NULL;
	int best_rank = -1;

	for (size_t i = 0; i < n->n_endpoints; i++) {
		const struct mesh_addrport *e = &n->endpoints[i];
		int rank = 2 * !is_private(&e->ip) + (e->ip.family == 4);

		if (rank > best_rank) {
			best = e;
			best_rank = rank;
		}
	}
	return best;
}

static void write_key(struct mesh_buf *out, const char *name, const struct mesh_key *key)
{
	char text[48];

	mesh_text_base64(text, key->b, sizeof(key->b));
	mesh_buf_printf(out, "%s = %s\n", name, text);
	mesh_crypto_wipe(text, sizeof(text));
}

static void write_interface(struct control_mapper *m, const struct control_node *node,
			    const struct mesh_key *priv, struct mesh_buf *out)
{
	struct mesh_prefix own[2];
	size_t n = 0;

	if (node->ip4.family)
		own[n++] = (struct mesh_prefix){node->ip4, 32};
	if (node->ip6.family)
		own[n++] = (struct mesh_prefix){node->ip6, 128};
	mesh_buf_printf(out, "# %s.%s\n[Interface]\n", node->name,
			m->state->config->dns.base_domain);
	if (priv)
		write_key(out, "PrivateKey", priv);
	else
		write_key(out, "# PrivateKey = the one whose public key", &node->key);
	for (size_t i = 0; i < n; i++) {
		char ip[MESH_ADDR_TEXT];

		mesh_text_ip(ip, &own[i].ip);
		mesh_buf_printf(out, "%s%s/%u", i ? ", " : "Address = ", ip, own[i].bits);
	}
	mesh_buf_str(out, "\n");
	if (node->n_endpoints)
		mesh_buf_printf(out, "ListenPort = %u\n", node->endpoints[0].port);
	mesh_buf_printf(out, "MTU = %d\n", PLAIN_MTU);
}

/* The way to the whole internet is not taken unasked. */
static void write_allowed(const mesh_prefixes *allowed, struct mesh_buf *out)
{
	char text[MESH_ADDR_TEXT];
	const char *sep = "AllowedIPs = ";

	for (size_t i = 0; i < allowed->n; i++) {
		const struct mesh_prefix *p = &allowed->v[i];

		if (!p->bits)
			continue;
		mesh_text_ip(text, &p->ip);
		mesh_buf_printf(out, "%s%s/%u", sep, text, p->bits);
		sep = ", ";
	}
	mesh_buf_str(out, "\n");
}

static void write_peer(struct control_mapper *m, const struct control_node *node,
		       struct control_node *peer, struct mesh_buf *out)
{
	const struct mesh_addrport *e = best_endpoint(peer);
	struct mesh_arena arena = {0};
	char text[MESH_ADDR_TEXT];
	mesh_prefixes allowed;

	control_mapnode_allowed(m, peer, node, &arena, &allowed);
	mesh_buf_printf(out, "\n# %s\n[Peer]\n", peer->name);
	write_key(out, "PublicKey", &peer->key);
	write_allowed(&allowed, out);
	mesh_arena_free(&arena);
	if (!e)
		return;
	mesh_text_addrport(text, e);
	mesh_buf_printf(out, "Endpoint = %s\n", text);
	if (!node->n_endpoints)
		mesh_buf_printf(out, "PersistentKeepalive = %d\n", PLAIN_KEEPALIVE);
}

static bool wanted(const struct control_node *node, struct control_node *const *peers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (peers[i] == node)
			return true;
	return !n;
}

bool control_plain_config(struct control_mapper *m, struct control_node *node,
			  const struct mesh_key *priv, struct control_node *const *peers, size_t n,
			  struct mesh_buf *out, struct mesh_error *err)
{
	struct control_state *st = m->state;

	for (size_t i = 0; i < n; i++) {
		if (peers[i] == node || !control_reach_sees(m->reach, node, peers[i])) {
			mesh_error_set(err,
				       "the policy lets \"%s\" and \"%s\" not talk with each other",
				       node->name, peers[i]->name);
			return false;
		}
	}
	write_interface(m, node, priv, out);
	for (size_t i = 0; i < st->n_slots; i++) {
		struct control_node *peer = st->nodes[i];

		if (!peer || peer == node || !wanted(peer, peers, n) ||
		    control_node_expired(peer) || !control_reach_sees(m->reach, node, peer))
			continue;
		/* Neither would find the other. */
		if (peer->plain && !peer->n_endpoints && !node->n_endpoints)
			continue;
		write_peer(m, node, peer, out);
	}
	return true;
}
