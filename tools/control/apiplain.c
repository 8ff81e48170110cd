// SPDX-License-Identifier: GPL-2.0
/* Plain WireGuard peers: adding and changing one, and its configuration file. */
#include "api.h"
#include "plain.h"
#include "qr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The nodes that @words names. Return: how many, or -1 after a refusal. */
static long named_nodes(struct control_call *c, const char *words, struct control_node ***out)
{
	size_t n = 0;

	*out = mesh_alloc((strlen(words) / 2 + 1) * sizeof(**out));
	while (*words) {
		size_t len = strcspn(words, " ");
		char *name = strndup(words, len);
		struct control_node *node = name ? control_api_node(c, name) : NULL;

		free(name);
		if (!node)
			return -1;
		(*out)[n++] = node;
		words += len + (words[len] == ' ');
	}
	return (long)n;
}

/* Appends the file and, if it is asked for, its QR code to the answer. */
static bool add_config(struct control_call *c, struct control_node *node,
		       const struct mesh_key *priv, struct control_node *const *peers, long n,
		       bool qr)
{
	struct mesh_buf text = {0};
	char *svg = NULL;
	int ret = 0;

	if (!control_plain_config(c->srv->mapper, node, priv, peers, (size_t)n, &text, &c->err)) {
		control_api_fail(c, 400, c->err.text);
		mesh_buf_free(&text);
		return false;
	}
	mesh_buf_add(&text, "", 1);
	if (qr)
		ret = warren_qr_svg((char *)text.data, &svg);
	if (!c->out)
		c->out = json_object();
	json_object_set_new(c->out, "config", json_string((char *)text.data));
	if (qr)
		json_object_set_new(c->out, "qr", ret ? json_null() : json_string(svg));
	mesh_buf_free(&text);
	if (svg)
		mesh_crypto_wipe(svg, strlen(svg));
	free(svg);
	return true;
}

static bool read_endpoints(struct control_call *c, struct control_plain *p)
{
	json_t *list = json_object_get(c->in, "endpoints"), *item;
	size_t i;

	if ((list && !json_is_array(list)) || json_array_size(list) > PLAIN_MAX_ENDPOINTS) {
		control_api_fail(c, 400, "\"endpoints\" must be a list of at most 8");
		return false;
	}
	p->endpoints = mesh_alloc(json_array_size(list) * sizeof(*p->endpoints));
	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);
		struct mesh_addrport *e = &p->endpoints[p->n_endpoints++];

		if (!text || !mesh_text_unaddrport(e, text) || !e->port) {
			control_api_fail(c, 400,
					 "an endpoint is an address and a port, like "
					 "\"192.0.2.1:51820\" or \"[2001:db8::1]:51820\"");
			return false;
		}
	}
	return true;
}

/* The device's public key, or a pair that is made here. */
static bool read_key(struct control_call *c, struct mesh_key *key, struct mesh_key *priv)
{
	const char *text = control_api_text(c, "publicKey");

	if (!*text) {
		mesh_key_generate(priv);
		mesh_key_public(key, priv);
		return true;
	}
	if (strlen(text) == 44 &&
	    mesh_text_unbase64(key->b, sizeof(key->b), text, 44) == sizeof(key->b))
		return true;
	control_api_fail(c, 400, "\"publicKey\" must be a WireGuard key: 44 characters of base64");
	return false;
}

static bool read_routes(struct control_call *c, struct control_plain *p)
{
	char *text = control_api_join(c, "routes");
	bool ok = text && control_prefixes_parse(&p->routes, text);

	if (text && !ok)
		control_api_fail(
			c, 400,
			"\"routes\" must be prefixes with zero host bits, like \"10.0.0.0/8\"");
	free(text);
	return ok;
}

static void add_peer(struct control_call *c)
{
	const char *owner = control_api_text(c, "user");
	struct control_plain p = {.name = control_api_text(c, "name")};
	struct control_node **peers = NULL, *node = NULL;
	struct mesh_key priv = {{0}};
	char *tags = control_api_join(c, "tags"), *words = control_api_join(c, "peers");
	long n = words ? named_nodes(c, words, &peers) : -1;

	p.tags = tags;
	if (tags && n >= 0 && (!*owner || (p.user = control_api_user(c, owner))) &&
	    read_key(c, &p.key, &priv) && read_endpoints(c, &p) && read_routes(c, &p)) {
		node = control_plain_add(c->st, &p, &c->err);
		if (!node)
			control_api_fail(c, 400, c->err.text);
	}
	if (node) {
		c->status = 201;
		c->out = json_pack("{s:o}", "node", control_api_node_json(node));
		/* The only time that the private key is shown; it is not kept. */
		if (!add_config(c, node, mesh_key_is_zero(&priv) ? NULL : &priv, peers, n,
				json_is_true(json_object_get(c->in, "qr")))) {
			struct mesh_error err;

			/* Without its file it is of no use. */
			control_node_remove(c->st, node, &err);
		}
	}
	mesh_crypto_wipe(&priv, sizeof(priv));
	free(peers);
	free(words);
	free(tags);
	free(p.endpoints);
	free(p.routes.v);
}

/* The plain peer that the path names; NULL after a refusal. */
static struct control_node *plain_node(struct control_call *c)
{
	struct control_node *node = control_api_node(c, c->id);

	if (!node || node->plain)
		return node;
	mesh_error_set(&c->err, "\"%s\" is no plain WireGuard peer", node->name);
	control_api_fail(c, 400, c->err.text);
	return NULL;
}

/* The members of the body that are there. Return: bits of what they are, or -1 after a refusal. */
static int read_parts(struct control_call *c, struct control_plain *p, char **tags,
		      struct mesh_key *priv)
{
	bool fresh = json_is_true(json_object_get(c->in, "newKey"));
	const char *owner = control_api_text(c, "user");
	int what = 0;

	*tags = control_api_join(c, "tags");
	p->tags = *tags;
	if (!*tags)
		return -1;
	if (*owner || **tags) {
		if (*owner && !(p->user = control_api_user(c, owner)))
			return -1;
		what |= PLAIN_OWNER;
	}
	if (fresh && *control_api_text(c, "publicKey")) {
		control_api_fail(c, 400, "give a \"publicKey\", or ask for a \"newKey\"");
		return -1;
	}
	if (fresh || *control_api_text(c, "publicKey")) {
		if (!read_key(c, &p->key, priv))
			return -1;
		what |= PLAIN_KEY;
	}
	if (json_object_get(c->in, "endpoints")) {
		if (!read_endpoints(c, p))
			return -1;
		what |= PLAIN_ENDPOINTS;
	}
	if (json_object_get(c->in, "routes")) {
		if (!read_routes(c, p))
			return -1;
		what |= PLAIN_ROUTES;
	}
	return what;
}

static void change_peer(struct control_call *c)
{
	struct control_node *node = plain_node(c);
	struct mesh_key priv = {{0}};
	struct control_plain p = {0};
	char *tags = NULL;
	int what = node ? read_parts(c, &p, &tags, &priv) : -1;

	if (what >= 0 && control_api_done(c, control_plain_change(c->st, node, &p,
								  (unsigned int)what, &c->err))) {
		c->out = json_pack("{s:o}", "node", control_api_node_json(node));
		add_config(c, node, mesh_key_is_zero(&priv) ? NULL : &priv, NULL, 0,
			   json_is_true(json_object_get(c->in, "qr")));
	}
	mesh_crypto_wipe(&priv, sizeof(priv));
	free(tags);
	free(p.endpoints);
	free(p.routes.v);
}

/* ?peers=a+b&qr=true */
static void get_config(struct control_call *c)
{
	struct control_node *node = plain_node(c), **peers = NULL;
	char words[2048] = "", qr[8] = "";
	long n;

	if (!node)
		return;
	control_http_query(c->req->query, "peers", words, sizeof(words));
	control_http_query(c->req->query, "qr", qr, sizeof(qr));
	n = named_nodes(c, words, &peers);
	if (n >= 0)
		add_config(c, node, NULL, peers, n, !strcmp(qr, "true"));
	free(peers);
}

const struct control_api_call control_api_plain[] = {
	{"POST", "nodes/wireguard", add_peer},
	{"GET", "nodes/:/wireguard", get_config},
	{"POST", "nodes/:/wireguard", change_peer},
	{NULL, NULL, NULL},
};
