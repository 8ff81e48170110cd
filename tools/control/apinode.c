// SPDX-License-Identifier: GPL-2.0
#include "api.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *prefixes_json(const struct control_prefixes *p, const struct control_node *served_by)
{
	json_t *list = json_array();
	char text[MESH_ADDR_TEXT];

	for (size_t i = 0; i < p->n; i++) {
		if (served_by && !control_node_serves(served_by, &p->v[i]))
			continue;
		mesh_text_prefix(text, &p->v[i]);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *key_json(enum mesh_key_kind kind, const struct mesh_key *key)
{
	char text[MESH_KEY_TEXT];

	mesh_key_format(text, kind, key);
	return json_string(text);
}

static json_t *endpoints_json(const struct control_node *n)
{
	json_t *list = json_array();
	char text[MESH_ADDR_TEXT];

	for (size_t i = 0; i < n->n_endpoints; i++) {
		mesh_text_addrport(text, &n->endpoints[i]);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* Nodes. */

json_t *control_api_node_json(const struct control_node *n)
{
	json_t *ips = json_array();
	char ip[MESH_ADDR_TEXT];

	if (n->ip4.family) {
		mesh_text_ip(ip, &n->ip4);
		json_array_append_new(ips, json_string(ip));
	}
	if (n->ip6.family) {
		mesh_text_ip(ip, &n->ip6);
		json_array_append_new(ips, json_string(ip));
	}
	return json_pack(
		"{s:I, s:s, s:s, s:o, s:o, s:o, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o, s:s, s:s, s:I}",
		"id", (json_int_t)n->id, "name", n->name, "hostname", n->hostname, "user",
		n->user ? json_string(n->user->name) : json_null(), "tags",
		control_api_words(n->tags), "ipAddresses", ips, "online", n->online, "expired",
		control_node_expired(n), "ephemeral", n->ephemeral, "createdAt",
		control_api_time(n->created), "expiresAt", control_api_time(n->expires), "lastSeen",
		control_api_time(n->last_seen), "advertisedRoutes",
		prefixes_json(&n->advertised, NULL), "approvedRoutes",
		prefixes_json(&n->approved, NULL), "refusedRoutes",
		prefixes_json(&n->refused, NULL), "servedRoutes", prefixes_json(&n->approved, n),
		"endpoints", endpoints_json(n), "nodeKey", key_json(MESH_KEY_NODE, &n->key),
		"registerMethod", n->method, "clientVersion", n->client_version, "homeRelay",
		(json_int_t)n->home_derp);
}

struct control_node *control_api_node(struct control_call *c, const char *ref)
{
	struct control_node *n = NULL;

	if (*ref && !ref[strspn(ref, "0123456789")])
		n = control_node_by_id(c->st, strtoll(ref, NULL, 10));
	for (size_t i = 0; i < c->st->n_slots && !n; i++)
		if (c->st->nodes[i] && !strcmp(c->st->nodes[i]->name, ref))
			n = c->st->nodes[i];
	if (!n) {
		mesh_error_set(&c->err, "there is no node \"%.100s\"", ref);
		control_api_fail(c, 404, c->err.text);
	}
	return n;
}

static void reply_node(struct control_call *c, const struct control_node *n, int ret)
{
	if (control_api_done(c, ret))
		c->out = json_pack("{s:o}", "node", control_api_node_json(n));
}

static bool says(const char *text, const char *word)
{
	return text && strcasestr(text, word);
}

/* Whether a word is in what an administrator sees of a node. */
static bool mentions(const struct control_node *n, const char *word)
{
	char ip[MESH_ADDR_TEXT];

	if (says(n->name, word) || says(n->hostname, word) || says(n->tags, word) ||
	    (n->user && says(n->user->name, word)) ||
	    says(control_node_expired(n) ? "expired"
		 : n->online		 ? "online"
					 : "offline",
		 word))
		return true;
	mesh_text_ip(ip, &n->ip4);
	if (n->ip4.family && says(ip, word))
		return true;
	mesh_text_ip(ip, &n->ip6);
	if (n->ip6.family && says(ip, word))
		return true;
	for (size_t i = 0; i < n->approved.n; i++) {
		mesh_text_prefix(ip, &n->approved.v[i]);
		if (says(ip, word))
			return true;
	}
	return false;
}

static bool matches(const struct control_node *n, const char *search)
{
	char words[256], *save, *word;

	snprintf(words, sizeof(words), "%s", search);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!mentions(n, word))
			return false;
	return true;
}

/* Whether a route that it offers is neither approved nor refused. */
static bool waits(const struct control_node *n)
{
	for (size_t i = 0; i < n->advertised.n; i++)
		if (control_node_waits(n, &n->advertised.v[i]))
			return true;
	return false;
}

static int by_id(const void *a, const void *b)
{
	const struct control_node *const *x = a, *const *y = b;

	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* ?search=words&waiting=routes&limit=N&after=ID */
static void list_nodes(struct control_call *c)
{
	const char *query = c->req->query;
	char search[256] = "", text[24];
	struct control_node **found;
	struct control_part part;
	bool only_waiting;
	size_t n_found = 0;

	if (!control_api_part(c, &part))
		return;
	found = mesh_alloc(c->st->n_nodes * sizeof(*found));
	control_http_query(query, "search", search, sizeof(search));
	only_waiting =
		control_http_query(query, "waiting", text, sizeof(text)) && !strcmp(text, "routes");
	for (size_t i = 0; i < c->st->n_slots; i++) {
		struct control_node *n = c->st->nodes[i];

		if (n && (!only_waiting || waits(n)) && matches(n, search))
			found[n_found++] = n;
	}
	/* Slots are used again, so that their order is another. */
	qsort(found, n_found, sizeof(*found), by_id);
	for (size_t i = 0; i < n_found; i++)
		if (control_api_part_takes(&part, found[i]->id))
			json_array_append_new(part.list, control_api_node_json(found[i]));
	free(found);
	c->out = json_pack("{s:o, s:I}", "nodes", part.list, "total", (json_int_t)part.total);
}

static void get_node(struct control_call *c)
{
	struct control_node *n = control_api_node(c, c->id);

	if (n)
		reply_node(c, n, 0);
}

static void rename_node(struct control_call *c)
{
	struct control_node *n = control_api_node(c, c->id);

	if (n)
		reply_node(c, n,
			   control_node_rename(c->st, n, control_api_text(c, "name"), &c->err));
}

/* {"expiresAt": "2026-..."}; null for never; left out for now. */
static void expire_node(struct control_call *c)
{
	struct control_node *n = control_api_node(c, c->id);
	json_t *when = json_object_get(c->in, "expiresAt");
	int64_t t = control_now();

	if (!n)
		return;
	if (json_is_null(when)) {
		t = 0;
	} else if (when &&
		   (!json_is_string(when) || !mesh_text_untime(&t, json_string_value(when)))) {
		control_api_fail(
			c, 400,
			"\"expiresAt\" must be a time like \"2030-01-31T00:00:00Z\" or null");
		return;
	}
	reply_node(c, n, control_node_expire(c->st, n, t, &c->err));
}

static void tag_node(struct control_call *c)
{
	struct control_node *n = control_api_node(c, c->id);
	char *tags = n ? control_api_join(c, "tags") : NULL;

	if (tags)
		reply_node(c, n, control_node_tag(c->st, n, tags, &c->err));
	free(tags);
}

static void judge_routes(struct control_call *c,
			 int (*judge)(struct control_state *st, struct control_node *node,
				      const struct mesh_prefix *routes, size_t n,
				      struct mesh_error *err))
{
	struct control_node *n = control_api_node(c, c->id);
	char *text = n ? control_api_join(c, "routes") : NULL;
	struct control_prefixes p = {0};

	if (!text)
		return;
	if (control_prefixes_parse(&p, text))
		reply_node(c, n, judge(c->st, n, p.v, p.n, &c->err));
	else
		control_api_fail(
			c, 400,
			"\"routes\" must be prefixes with zero host bits, like \"10.0.0.0/8\"");
	free(p.v);
	free(text);
}

static void approve_routes(struct control_call *c)
{
	judge_routes(c, control_node_approve);
}

static void refuse_routes(struct control_call *c)
{
	judge_routes(c, control_node_refuse);
}

static void delete_node(struct control_call *c)
{
	struct control_node *n = control_api_node(c, c->id);

	if (n)
		control_api_done(c, control_node_remove(c->st, n, &c->err));
}

/* Logins that wait. */

static void list_logins(struct control_call *c)
{
	json_t *list = json_array();

	for (struct control_pending *p = c->srv->login->pending; p; p = p->next)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "id", p->id,
						      "hostname", p->hostname, "os",
						      p->hostinfo.os ? p->hostinfo.os : "",
						      "requestedTags", control_api_words(p->tags),
						      "nodeKey", key_json(MESH_KEY_NODE, &p->key),
						      "createdAt", control_api_time(p->created)));
	c->out = json_pack("{s:o}", "logins", list);
}

static struct control_pending *find_login(struct control_call *c)
{
	struct control_pending *p = control_login_find(c->srv->login, c->id);

	if (!p) {
		mesh_error_set(
			&c->err,
			"no login with the id \"%.60s\" is waiting; it may have expired: start "
			"it again on the device",
			c->id);
		control_api_fail(c, 404, c->err.text);
	}
	return p;
}

static void approve_login(struct control_call *c)
{
	struct control_pending *p = find_login(c);
	struct control_user *u = p ? control_api_user(c, control_api_text(c, "user")) : NULL;
	struct control_node *n;

	if (!u)
		return;
	n = control_login_approve(c->srv->login, p, u, &c->err);
	if (n)
		reply_node(c, n, 0);
	else
		control_api_fail(c, 400, c->err.text);
}

static void reject_login(struct control_call *c)
{
	struct control_pending *p = find_login(c);

	if (p && control_api_done(c, control_db_audit(c->st->db, &c->err, "login.refused",
						      p->hostname, "rejected by an administrator")))
		control_login_reject(c->srv->login, p);
}

const struct control_api_call control_api_nodes[] = {
	{"GET", "nodes", list_nodes},
	{"GET", "nodes/:", get_node},
	{"POST", "nodes/:/rename", rename_node},
	{"POST", "nodes/:/expire", expire_node},
	{"POST", "nodes/:/tags", tag_node},
	{"POST", "nodes/:/routes", approve_routes},
	{"POST", "nodes/:/routes/refuse", refuse_routes},
	{"DELETE", "nodes/:", delete_node},
	{"GET", "logins", list_logins},
	{"POST", "logins/:/approve", approve_login},
	{"POST", "logins/:/reject", reject_login},
	{NULL, NULL, NULL},
};
