// SPDX-License-Identifier: GPL-2.0
/*
 * The administration interface: /api/v1/..., JSON in and out. Over the unix socket its caller is
 * known by the system; over the network an API key is needed, and an encrypted connection. The
 * table at the end is the list of everything there is; a ":" in a path stands for a number or an
 * identifier.
 */
#include "log.h"
#include "server.h"

#include <errno.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct call {
	struct control_server *srv;
	struct control_state *st;
	const char *id; /* what stands for ":" */
	const char *query;
	json_t *in; /* body, an object; may be empty */
	json_t *out;
	int status;
	struct mesh_error err;
};

static void fail(struct call *c, int status, const char *text)
{
	c->status = status;
	if (text != c->err.text)
		mesh_error_set(&c->err, "%s", text);
}

/* A refusal by the state becomes a status. */
static bool done(struct call *c, int ret)
{
	if (ret >= 0)
		return true;
	fail(c,
	     ret == -EEXIST || ret == -EBUSY ? 409
	     : ret == -ENOSPC		     ? 507
	     : ret == -EIO		     ? 500
					     : 400,
	     c->err.text);
	return false;
}

static json_t *time_json(int64_t t)
{
	char text[MESH_TIME_TEXT];

	if (!t)
		return json_null();
	mesh_text_time(text, t);
	return json_string(text);
}

static json_t *words_json(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t n = strcspn(text, " ");

		json_array_append_new(list, json_stringn(text, n));
		text += n + (text[n] == ' ');
	}
	return list;
}

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

static const char *text_of(struct call *c, const char *name)
{
	const char *s = json_string_value(json_object_get(c->in, name));

	return s ? s : "";
}

/* ["a", "b"] as "a b". Return: NULL when it is no list of words. */
static char *join(struct call *c, const char *name)
{
	json_t *list = json_object_get(c->in, name), *item;
	struct mesh_buf out = {0};
	char *text;
	size_t i;

	if (list && !json_is_array(list))
		goto bad;
	json_array_foreach(list, i, item)
	{
		const char *s = json_string_value(item);

		if (!s || !*s || strchr(s, ' '))
			goto bad;
		mesh_buf_printf(&out, "%s%s", i ? " " : "", s);
	}
	mesh_buf_add(&out, "", 1);
	text = mesh_strdup((char *)out.data);
	mesh_buf_free(&out);
	return text;
bad:
	mesh_buf_free(&out);
	mesh_error_set(&c->err, "\"%s\" must be a list of words", name);
	fail(c, 400, c->err.text);
	return NULL;
}

/* Users. */

static json_t *user_json(const struct control_user *u)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:o, s:I}", "id", (json_int_t)u->id, "name", u->name,
			 "displayName", u->display_name, "email", u->email, "createdAt",
			 time_json(u->created), "nodes", (json_int_t)u->n_nodes);
}

/* By name or by number. */
static struct control_user *find_user(struct call *c, const char *ref)
{
	struct control_user *u = control_state_user_named(c->st, ref);

	if (!u && *ref && ref[strspn(ref, "0123456789")] == 0)
		u = control_state_user(c->st, strtoll(ref, NULL, 10));
	if (!u) {
		mesh_error_set(&c->err, "there is no user \"%.100s\"", ref);
		fail(c, 404, c->err.text);
	}
	return u;
}

static void list_users(struct call *c)
{
	json_t *list = json_array();

	for (struct control_user *u = c->st->users; u; u = u->next)
		json_array_append_new(list, user_json(u));
	c->out = json_pack("{s:o}", "users", list);
}

static void create_user(struct call *c)
{
	struct control_user *u = control_state_add_user(
		c->st, text_of(c, "name"), text_of(c, "displayName"), text_of(c, "email"), &c->err);

	if (!u) {
		fail(c, control_state_user_named(c->st, text_of(c, "name")) ? 409 : 400,
		     c->err.text);
		return;
	}
	c->status = 201;
	c->out = json_pack("{s:o}", "user", user_json(u));
}

static void rename_user(struct call *c)
{
	struct control_user *u = find_user(c, c->id);

	if (u && done(c, control_state_rename_user(c->st, u, text_of(c, "name"), &c->err)))
		c->out = json_pack("{s:o}", "user", user_json(u));
}

static void delete_user(struct call *c)
{
	struct control_user *u = find_user(c, c->id);

	if (u)
		done(c, control_state_remove_user(c->st, u, &c->err));
}

/* Pre-auth keys. */

static json_t *preauth_json(const struct control_preauth *k)
{
	return json_pack("{s:I, s:s, s:o, s:o, s:b, s:b, s:I, s:o, s:o, s:b}", "id",
			 (json_int_t)k->id, "prefix", k->prefix, "user",
			 k->user ? json_string(k->user->name) : json_null(), "tags",
			 words_json(k->tags), "reusable", k->reusable, "ephemeral", k->ephemeral,
			 "uses", (json_int_t)k->uses, "createdAt", time_json(k->created),
			 "expiresAt", time_json(k->expires), "usable",
			 k->expires > control_now() && (k->reusable || !k->uses));
}

static void list_preauth(struct call *c)
{
	json_t *list = json_array();

	for (struct control_preauth *k = c->st->preauth; k; k = k->next)
		json_array_append_new(list, preauth_json(k));
	c->out = json_pack("{s:o}", "preAuthKeys", list);
}

static void create_preauth(struct call *c)
{
	const char *name = text_of(c, "user"), *duration = text_of(c, "expiration");
	struct control_user *user = NULL;
	struct control_preauth *k;
	char text[SECRET_TEXT], *tags;
	int64_t seconds = 3600;
	json_t *key;

	if (*name && !(user = find_user(c, name)))
		return;
	if (*duration && (!control_config_duration(duration, &seconds) || !seconds)) {
		fail(c, 400, "\"expiration\" must be a duration like \"1h\" or \"7d\"");
		return;
	}
	tags = join(c, "tags");
	if (!tags)
		return;
	k = control_preauth_add(c->st, user, tags, json_is_true(json_object_get(c->in, "reusable")),
				json_is_true(json_object_get(c->in, "ephemeral")),
				control_now() + seconds, text, &c->err);
	free(tags);
	if (!k) {
		fail(c, 400, c->err.text);
		return;
	}
	c->status = 201;
	key = preauth_json(k);
	/* The only time that it is shown. */
	json_object_set_new(key, "key", json_string(text));
	mesh_crypto_wipe(text, sizeof(text));
	c->out = json_pack("{s:o}", "preAuthKey", key);
}

static struct control_preauth *find_preauth(struct call *c)
{
	struct control_preauth *k = control_preauth_find(c->st, strtoll(c->id, NULL, 10));

	if (!k) {
		mesh_error_set(&c->err, "there is no pre-auth key %.40s", c->id);
		fail(c, 404, c->err.text);
	}
	return k;
}

static void expire_preauth(struct call *c)
{
	struct control_preauth *k = find_preauth(c);

	if (k && done(c, control_preauth_expire(c->st, k, &c->err)))
		c->out = json_pack("{s:o}", "preAuthKey", preauth_json(k));
}

static void delete_preauth(struct call *c)
{
	struct control_preauth *k = find_preauth(c);

	if (k)
		done(c, control_preauth_remove(c->st, k, &c->err));
}

/* Nodes. */

static json_t *node_json(const struct control_node *n)
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
		"s:o, s:s, s:s, s:I}",
		"id", (json_int_t)n->id, "name", n->name, "hostname", n->hostname, "user",
		n->user ? json_string(n->user->name) : json_null(), "tags", words_json(n->tags),
		"ipAddresses", ips, "online", n->online, "expired", control_node_expired(n),
		"ephemeral", n->ephemeral, "createdAt", time_json(n->created), "expiresAt",
		time_json(n->expires), "lastSeen", time_json(n->last_seen), "advertisedRoutes",
		prefixes_json(&n->advertised, NULL), "approvedRoutes",
		prefixes_json(&n->approved, NULL), "servedRoutes", prefixes_json(&n->approved, n),
		"nodeKey", key_json(MESH_KEY_NODE, &n->key), "registerMethod", n->method,
		"clientVersion", n->client_version, "homeRelay", (json_int_t)n->home_derp);
}

/* By number or by name. */
static struct control_node *find_node(struct call *c)
{
	struct control_node *n = NULL;

	if (*c->id && !c->id[strspn(c->id, "0123456789")])
		n = control_node_by_id(c->st, strtoll(c->id, NULL, 10));
	for (size_t i = 0; i < c->st->n_slots && !n; i++)
		if (c->st->nodes[i] && !strcmp(c->st->nodes[i]->name, c->id))
			n = c->st->nodes[i];
	if (!n) {
		mesh_error_set(&c->err, "there is no node \"%.100s\"", c->id);
		fail(c, 404, c->err.text);
	}
	return n;
}

static void reply_node(struct call *c, const struct control_node *n, int ret)
{
	if (done(c, ret))
		c->out = json_pack("{s:o}", "node", node_json(n));
}

static void list_nodes(struct call *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->st->n_slots; i++)
		if (c->st->nodes[i])
			json_array_append_new(list, node_json(c->st->nodes[i]));
	c->out = json_pack("{s:o}", "nodes", list);
}

static void get_node(struct call *c)
{
	struct control_node *n = find_node(c);

	if (n)
		reply_node(c, n, 0);
}

static void rename_node(struct call *c)
{
	struct control_node *n = find_node(c);

	if (n)
		reply_node(c, n, control_node_rename(c->st, n, text_of(c, "name"), &c->err));
}

/* {"expiresAt": "2026-..."}; null for never; left out for now. */
static void expire_node(struct call *c)
{
	struct control_node *n = find_node(c);
	json_t *when = json_object_get(c->in, "expiresAt");
	int64_t t = control_now();

	if (!n)
		return;
	if (json_is_null(when)) {
		t = 0;
	} else if (when &&
		   (!json_is_string(when) || !mesh_text_untime(&t, json_string_value(when)))) {
		fail(c, 400, "\"expiresAt\" must be a time like \"2030-01-31T00:00:00Z\" or null");
		return;
	}
	reply_node(c, n, control_node_expire(c->st, n, t, &c->err));
}

static void tag_node(struct call *c)
{
	struct control_node *n = find_node(c);
	char *tags = n ? join(c, "tags") : NULL;

	if (tags)
		reply_node(c, n, control_node_tag(c->st, n, tags, &c->err));
	free(tags);
}

static void approve_routes(struct call *c)
{
	struct control_node *n = find_node(c);
	char *text = n ? join(c, "routes") : NULL;
	struct control_prefixes p = {0};

	if (!text)
		return;
	if (control_prefixes_parse(&p, text))
		reply_node(c, n, control_node_approve(c->st, n, p.v, p.n, &c->err));
	else
		fail(c, 400,
		     "\"routes\" must be prefixes with zero host bits, like \"10.0.0.0/8\"");
	free(p.v);
	free(text);
}

static void delete_node(struct call *c)
{
	struct control_node *n = find_node(c);

	if (n)
		done(c, control_node_remove(c->st, n, &c->err));
}

/* Logins that wait. */

static void list_logins(struct call *c)
{
	json_t *list = json_array();

	for (struct control_pending *p = c->srv->login->pending; p; p = p->next)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "id", p->id,
						      "hostname", p->hostname, "os",
						      p->hostinfo.os ? p->hostinfo.os : "",
						      "requestedTags", words_json(p->tags),
						      "nodeKey", key_json(MESH_KEY_NODE, &p->key),
						      "createdAt", time_json(p->created)));
	c->out = json_pack("{s:o}", "logins", list);
}

static struct control_pending *find_login(struct call *c)
{
	struct control_pending *p = control_login_find(c->srv->login, c->id);

	if (!p) {
		mesh_error_set(
			&c->err,
			"no login with the id \"%.60s\" is waiting; it may have expired: start "
			"it again on the device",
			c->id);
		fail(c, 404, c->err.text);
	}
	return p;
}

static void approve_login(struct call *c)
{
	struct control_pending *p = find_login(c);
	struct control_user *u = p ? find_user(c, text_of(c, "user")) : NULL;
	struct control_node *n;

	if (!u)
		return;
	n = control_login_approve(c->srv->login, p, u, &c->err);
	if (n)
		reply_node(c, n, 0);
	else
		fail(c, 400, c->err.text);
}

static void reject_login(struct call *c)
{
	struct control_pending *p = find_login(c);

	if (p)
		control_login_reject(c->srv->login, p);
}

/* The policy. */

static int newest(sqlite3_stmt *stmt, void *ctx)
{
	struct call *c = ctx;

	c->out = json_pack("{s:s, s:o}", "policy", (const char *)sqlite3_column_text(stmt, 0),
			   "updatedAt", time_json(sqlite3_column_int64(stmt, 1)));
	return 0;
}

static void get_policy(struct call *c)
{
	if (c->srv->config->policy_file) {
		fail(c, 409, "the policy is in the file that the configuration names");
		return;
	}
	if (done(c, control_db_each(c->st->db, &c->err,
				    "SELECT text, created FROM policies ORDER BY id DESC LIMIT 1",
				    newest, c)) &&
	    !c->out)
		c->out = json_pack("{s:s, s:n}", "policy", control_policy_default, "updatedAt");
}

/* The policy of the request, checked with its tests against the nodes there are. */
static struct control_policy *checked_policy(struct call *c)
{
	const char *text = json_string_value(json_object_get(c->in, "policy"));
	struct control_policy *p, *again;
	struct control_reach *reach;
	bool ok;

	if (!text) {
		fail(c, 400, "\"policy\" must be the text of a policy");
		return NULL;
	}
	p = control_policy_parse(text, strlen(text), &c->err);
	again = p ? control_policy_parse(text, strlen(text), &c->err) : NULL;
	if (!again) {
		fail(c, 400, c->err.text);
		return NULL;
	}
	/* On the side; nobody is told of it. */
	reach = control_reach_new(c->st);
	control_reach_set(reach, p);
	ok = control_reach_test(reach, &c->err);
	control_reach_free(reach);
	if (ok)
		return again;
	control_policy_free(again);
	fail(c, 400, c->err.text);
	return NULL;
}

static void check_policy(struct call *c)
{
	control_policy_free(checked_policy(c));
}

static void set_policy(struct call *c)
{
	struct control_policy *p;
	int ret;

	if (c->srv->config->policy_file) {
		fail(c, 409,
		     "the policy is in the file that the configuration names; edit it and send "
		     "the server SIGHUP");
		return;
	}
	p = checked_policy(c);
	if (!p)
		return;
	ret = control_db_run(c->st->db, &c->err,
			     "INSERT INTO policies (text, created) VALUES (?1, ?2)", "si",
			     text_of(c, "policy"), control_now());
	if (done(c, ret))
		control_mapper_set_policy(c->srv->mapper, p);
	else
		control_policy_free(p);
}

/* API keys. */

static json_t *apikey_json(const struct control_apikey *k)
{
	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:b}", "id", (json_int_t)k->id, "prefix",
			 k->prefix, "scope", k->all ? "all" : "read", "createdAt",
			 time_json(k->created), "expiresAt", time_json(k->expires), "usable",
			 k->expires > control_now());
}

static void list_apikeys(struct call *c)
{
	json_t *list = json_array();

	for (struct control_apikey *k = c->st->apikeys; k; k = k->next)
		json_array_append_new(list, apikey_json(k));
	c->out = json_pack("{s:o}", "apiKeys", list);
}

static void create_apikey(struct call *c)
{
	const char *duration = text_of(c, "expiration"), *scope = text_of(c, "scope");
	int64_t seconds = 90 * 86400;
	char text[SECRET_TEXT];
	struct control_apikey *k;
	json_t *key;

	if (*duration && (!control_config_duration(duration, &seconds) || !seconds)) {
		fail(c, 400, "\"expiration\" must be a duration like \"90d\"");
		return;
	}
	if (*scope && strcmp(scope, "all") && strcmp(scope, "read")) {
		fail(c, 400, "\"scope\" must be \"all\" or \"read\"");
		return;
	}
	k = control_apikey_add(c->st, strcmp(scope, "read") != 0, control_now() + seconds, text,
			       &c->err);
	if (!k) {
		fail(c, 500, c->err.text);
		return;
	}
	c->status = 201;
	key = apikey_json(k);
	json_object_set_new(key, "key", json_string(text));
	mesh_crypto_wipe(text, sizeof(text));
	c->out = json_pack("{s:o}", "apiKey", key);
}

static struct control_apikey *find_apikey(struct call *c)
{
	struct control_apikey *k = control_apikey_find(c->st, strtoll(c->id, NULL, 10));

	if (!k) {
		mesh_error_set(&c->err, "there is no API key %.40s", c->id);
		fail(c, 404, c->err.text);
	}
	return k;
}

static void expire_apikey(struct call *c)
{
	struct control_apikey *k = find_apikey(c);

	if (k && done(c, control_apikey_expire(c->st, k, &c->err)))
		c->out = json_pack("{s:o}", "apiKey", apikey_json(k));
}

static void delete_apikey(struct call *c)
{
	struct control_apikey *k = find_apikey(c);

	if (k)
		done(c, control_apikey_remove(c->st, k, &c->err));
}

/* The audit log, newest first: at most 1000 entries before the one with the ID "before". */

struct page {
	json_t *list;
	int64_t before;
	size_t left;
};

static int audit_row(sqlite3_stmt *stmt, void *ctx)
{
	struct page *p = ctx;

	if (p->before && sqlite3_column_int64(stmt, 0) >= p->before)
		return 0;
	if (!p->left--)
		return 1;
	json_array_append_new(p->list, json_pack("{s:I, s:o, s:s, s:s, s:s, s:s, s:s}", "id",
						 (json_int_t)sqlite3_column_int64(stmt, 0), "at",
						 time_json(sqlite3_column_int64(stmt, 1)), "actor",
						 sqlite3_column_text(stmt, 2), "origin",
						 sqlite3_column_text(stmt, 3), "action",
						 sqlite3_column_text(stmt, 4), "target",
						 sqlite3_column_text(stmt, 5), "detail",
						 sqlite3_column_text(stmt, 6)));
	return 0;
}

static void list_audit(struct call *c)
{
	struct page p = {.list = json_array(), .left = 100};
	char text[24];
	int ret;

	if (control_http_query(c->query, "before", text, sizeof(text)))
		p.before = strtoll(text, NULL, 10);
	if (control_http_query(c->query, "limit", text, sizeof(text)))
		p.left = strtoul(text, NULL, 10);
	if (!p.left || p.left > 1000)
		p.left = 1000;
	ret = control_db_each(c->st->db, &c->err,
			      "SELECT id, at, actor, origin, action, target, detail FROM audit "
			      "ORDER BY id DESC",
			      audit_row, &p);
	if (done(c, ret))
		c->out = json_pack("{s:o}", "audit", p.list);
	else
		json_decref(p.list);
}

static void get_status(struct call *c)
{
	struct control_server *srv = c->srv;
	size_t online = 0;

	for (size_t i = 0; i < c->st->n_slots; i++)
		online += c->st->nodes[i] && c->st->nodes[i]->online;
	c->out = json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I}", "version", CONTROL_VERSION,
			   "serverUrl", srv->config->server_url, "startedAt",
			   time_json(srv->started), "nodes", (json_int_t)c->st->n_nodes, "online",
			   (json_int_t)online, "streams", (json_int_t)srv->n_polls, "logins",
			   (json_int_t)srv->login->n_pending);
}

static const struct {
	const char *method;
	const char *path;
	void (*handle)(struct call *c);
} calls[] = {
	{"GET", "status", get_status},
	{"GET", "users", list_users},
	{"POST", "users", create_user},
	{"POST", "users/:/rename", rename_user},
	{"DELETE", "users/:", delete_user},
	{"GET", "preauthkeys", list_preauth},
	{"POST", "preauthkeys", create_preauth},
	{"POST", "preauthkeys/:/expire", expire_preauth},
	{"DELETE", "preauthkeys/:", delete_preauth},
	{"GET", "nodes", list_nodes},
	{"GET", "nodes/:", get_node},
	{"POST", "nodes/:/rename", rename_node},
	{"POST", "nodes/:/expire", expire_node},
	{"POST", "nodes/:/tags", tag_node},
	{"POST", "nodes/:/routes", approve_routes},
	{"DELETE", "nodes/:", delete_node},
	{"GET", "logins", list_logins},
	{"POST", "logins/:/approve", approve_login},
	{"POST", "logins/:/reject", reject_login},
	{"GET", "policy", get_policy},
	{"PUT", "policy", set_policy},
	{"POST", "policy/check", check_policy},
	{"GET", "apikeys", list_apikeys},
	{"POST", "apikeys", create_apikey},
	{"POST", "apikeys/:/expire", expire_apikey},
	{"DELETE", "apikeys/:", delete_apikey},
	{"GET", "audit", list_audit},
};

/* Whether a path fits a pattern; what stands for ":" goes to @id. */
static bool fits(const char *pattern, const char *path, char *id, size_t size)
{
	*id = 0;
	for (; *pattern; pattern++) {
		if (*pattern == ':') {
			size_t n = strcspn(path, "/");

			if (!n || n >= size)
				return false;
			memcpy(id, path, n);
			id[n] = 0;
			path += n;
		} else if (*pattern != *path++) {
			return false;
		}
	}
	return !*path;
}

/* The account behind the unix socket. */
static void local_caller(struct control_conn *conn, char *out, size_t size)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct passwd *pw;
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&conn->uv.stream, &fd) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len)) {
		snprintf(out, size, "local");
		return;
	}
	pw = getpwuid(cred.uid);
	if (pw)
		snprintf(out, size, "%s", pw->pw_name);
	else
		snprintf(out, size, "uid %u", cred.uid);
}

/* Whether the request may be carried out; says in the audit log's name who it is for. */
static bool admit(struct call *c, struct control_conn *conn, const struct control_http *req)
{
	const char *auth = control_http_header(req, "Authorization");
	struct control_limiter *failures = &c->srv->failures;
	uint64_t now = uv_now(&c->srv->loop);
	struct control_apikey *key;
	char actor[80], origin[MESH_ADDR_TEXT];
	bool reads = !strcmp(req->method, "GET");

	if (conn->local) {
		local_caller(conn, actor, sizeof(actor));
		control_db_actor(c->st->db, actor, "");
		return true;
	}
	mesh_text_ip(origin, &conn->peer.ip);
	if (!conn->ssl && strcmp(origin, "127.0.0.1") && strcmp(origin, "::1") &&
	    !c->srv->config->server_tls) {
		fail(c, 403, "an API key must not cross the network in the clear; use https");
		return false;
	}
	if (!control_limiter_has(failures, &conn->peer.ip, now)) {
		fail(c, 429, "too many refused logins from this address");
		return false;
	}
	key = auth && !strncmp(auth, "Bearer ", 7) ? control_apikey_check(c->st, auth + 7) : NULL;
	if (!key) {
		fail(c, 401, "a valid API key is needed: Authorization: Bearer wrk-api-...");
		control_limiter_take(failures, &conn->peer.ip, now);
		/* Who only forgot the key is no attacker. */
		if (auth)
			control_server_refused(c->srv, "api", origin, "invalid API key");
		return false;
	}
	if (!key->all && !reads && strcmp(req->path, "/api/v1/policy/check")) {
		fail(c, 403, "this API key may only read");
		return false;
	}
	snprintf(actor, sizeof(actor), "api key %s", key->prefix);
	control_db_actor(c->st->db, actor, origin);
	return true;
}

void control_api_handle(struct control_server *srv, struct control_conn *conn,
			const struct control_http *req, int *status, struct mesh_buf *json)
{
	struct call c = {.srv = srv, .st = srv->state, .status = 200, .query = req->query};
	const char *path = req->path + strlen("/api/v1/");
	bool known = false, found = false;
	char id[128], *text;
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]) && !found; i++) {
		if (!fits(calls[i].path, path, id, sizeof(id)))
			continue;
		known = true;
		found = !strcmp(calls[i].method, req->method);
	}
	c.id = id;
	c.in = req->body_len ? json_loadb((const char *)req->body, req->body_len, 0, NULL)
			     : json_object();
	if (!admit(&c, conn, req))
		;
	else if (!known)
		fail(&c, 404, "no such path");
	else if (!found)
		fail(&c, 405, "this method is not possible here");
	else if (!json_is_object(c.in))
		fail(&c, 400, "the body must be a JSON object");
	else
		calls[i - 1].handle(&c);
	if (c.status >= 400) {
		json_decref(c.out);
		c.out = json_pack("{s:s}", "error", c.err.text);
	} else if (!c.out) {
		c.out = json_object();
	}
	text = json_dumps(c.out, JSON_COMPACT);
	if (text)
		mesh_buf_str(json, text);
	mesh_buf_str(json, "\n");
	if (text)
		mesh_crypto_wipe(text, strlen(text));
	free(text);
	json_decref(c.in);
	json_decref(c.out);
	*status = c.status;
}
