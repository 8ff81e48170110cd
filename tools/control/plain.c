// SPDX-License-Identifier: GPL-2.0
#include "plain.h"

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

	if (!p->user && !*p->tags) {
		mesh_error_set(err, "a WireGuard peer needs a user or tags");
		return NULL;
	}
	if (!control_preauth_tags_ok(p->tags, err))
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
	if (mesh_key_is_zero(&p->key)) {
		mesh_error_set(err, "the public key is zero");
		return NULL;
	}
	/* Nobody has the private half, so that nobody logs in as this device. */
	mesh_crypto_random(a.machine.b, sizeof(a.machine.b));
	if (a.user && st->config->node_expiry)
		a.expires = control_now() + st->config->node_expiry;
	write_hostinfo(&hi, p, &raw);
	a.hostinfo = &hi;
	a.hostinfo_raw = (char *)raw.data;
	node = control_node_admit(st, &a, err);
	mesh_buf_free(&raw);
	return node;
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
