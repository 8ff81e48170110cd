// SPDX-License-Identifier: GPL-2.0
/*
 * The administration interface: /api/v1/..., JSON in and out. Over the unix socket its caller is
 * known by the system; over the network an API key or a session of the web page is needed, and an
 * encrypted connection.
 */
#include "api.h"
#include "log.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct control_api_call *const tables[] = {
	control_api_session, control_api_status, control_api_users,  control_api_access,
	control_api_nodes,   control_api_plain,	 control_api_policy, control_api_reach,
};

#define MAX_OPEN_BODY 4096 /* of a call that needs no credential */

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

bool control_api_may_try(struct control_call *c)
{
	const struct control_conn *conn = c->conn;
	const struct mesh_ip *from = &conn->peer.ip;
	char origin[MESH_ADDR_TEXT];

	mesh_text_ip(origin, from);
	if (!conn->ssl && strcmp(origin, "127.0.0.1") && strcmp(origin, "::1") &&
	    !c->srv->config->server_tls) {
		control_api_fail(c, 403,
				 "an API key must not cross the network in the clear; use https");
		return false;
	}
	if (!control_limiter_has(&c->srv->failures, from, uv_now(&c->srv->loop))) {
		control_api_fail(c, 429, "too many refused logins from this address");
		return false;
	}
	return true;
}

struct control_apikey *control_api_key(struct control_call *c, const char *actor, const char *text)
{
	struct control_apikey *key = control_apikey_check(c->st, text);
	char origin[MESH_ADDR_TEXT];

	if (key)
		return key;
	mesh_text_ip(origin, &c->conn->peer.ip);
	control_limiter_take(&c->srv->failures, &c->conn->peer.ip, uv_now(&c->srv->loop));
	control_server_refused(c->srv, actor, origin, "invalid API key");
	control_api_fail(c, 401, "this is not a valid API key; it may have expired");
	return NULL;
}

/* The body of a request; NULL when it is no JSON. */
static json_t *body(const struct control_http *req)
{
	return req->body_len ? json_loadb((const char *)req->body, req->body_len, 0, NULL)
			     : json_object();
}

/* Whether a request changes nothing. */
static bool reads(const struct control_http *req)
{
	return !strcmp(req->method, "GET") || !strcmp(req->method, "HEAD") ||
	       !strcmp(req->path, "/api/v1/policy/check");
}

/* Whether the request may be carried out; says in the audit log's name who it is for. */
static bool admit(struct control_call *c)
{
	const char *auth = control_http_header(c->req, "Authorization");
	char actor[SESSION_ACTOR], origin[MESH_ADDR_TEXT];
	struct control_apikey *key;
	bool all;

	if (c->conn->local) {
		local_caller(c->conn, actor, sizeof(actor));
		control_db_actor(c->st->db, actor, "");
		return true;
	}
	if (!control_api_may_try(c))
		return false;
	if (auth && !strncmp(auth, "Bearer ", 7)) {
		key = control_api_key(c, "api", auth + 7);
		if (!key)
			return false;
		all = key->all;
		snprintf(actor, sizeof(actor), "api key %s", key->prefix);
	} else {
		c->session = control_session_find(c->srv, c->req);
		if (!c->session) {
			control_api_fail(c, 401,
					 "a valid API key is needed: Authorization: Bearer "
					 "wrk-api-...");
			return false;
		}
		all = c->session->all;
		snprintf(actor, sizeof(actor), "%s", c->session->actor);
		if (!reads(c->req) && !control_session_guards(c->srv, c->session, c->req)) {
			mesh_text_ip(origin, &c->conn->peer.ip);
			control_server_refused(c->srv, actor, origin,
					       "a change that the web page did not ask for");
			control_api_fail(c, 403,
					 "this request is not from the web page of this server");
			return false;
		}
	}
	if (!all && !reads(c->req)) {
		control_api_fail(c, 403,
				 c->session ? "you are signed in with a key that may only read"
					    : "this API key may only read");
		return false;
	}
	mesh_text_ip(origin, &c->conn->peer.ip);
	control_db_actor(c->st->db, actor, origin);
	return true;
}

static void refusal(struct control_call *c)
{
	unsigned int line, column;
	int n = 0;

	json_decref(c->out);
	c->out = json_pack("{s:s}", "error", c->err.text);
	/* What is wrong in a policy is at a place. */
	if (sscanf(c->err.text, "line %u, column %u: %n", &line, &column, &n) == 2 && n) {
		json_object_set_new(c->out, "line", json_integer(line));
		json_object_set_new(c->out, "column", json_integer(column));
	}
}

bool control_api_admits(struct control_server *srv, struct control_conn *conn,
			const struct control_http *req, struct control_answer *out)
{
	struct control_call c = {
		.srv = srv, .st = srv->state, .conn = conn, .req = req, .status = 200};

	if (admit(&c))
		return true;
	out->status = c.status;
	out->type = "text/plain; charset=utf-8";
	mesh_buf_printf(&out->body, "%s\n", c.err.text);
	return false;
}

void control_api_handle(struct control_server *srv, struct control_conn *conn,
			const struct control_http *req, struct control_answer *out)
{
	struct control_call c = {
		.srv = srv, .st = srv->state, .conn = conn, .req = req, .status = 200};
	const char *path = req->path + strlen("/api/v1/");
	const struct control_api_call *call = NULL;
	bool known = false, open = false;
	char id[128], *text;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !call; i++) {
		for (const struct control_api_call *at = tables[i]; at->method && !call; at++) {
			if (!fits(at->path, path, id, sizeof(id)))
				continue;
			known = true;
			open = tables[i] == control_api_session;
			if (!strcmp(at->method, req->method))
				call = at;
		}
	}
	c.id = id;
	/* Nothing of what a stranger sends is read, but a key. */
	if (open && req->body_len > MAX_OPEN_BODY)
		control_api_fail(&c, 413, "the body is too large");
	else if (open || admit(&c))
		c.in = body(req);
	if (c.status >= 400)
		;
	else if (!known)
		control_api_fail(&c, 404, "no such path");
	else if (!call)
		control_api_fail(&c, 405, "this method is not possible here");
	else if (!json_is_object(c.in))
		control_api_fail(&c, 400, "the body must be a JSON object");
	else
		call->handle(&c);
	if (c.status >= 400)
		refusal(&c);
	else if (!c.out)
		c.out = json_object();
	if (call && c.status < 400 && !reads(req))
		srv->state->revision++;
	text = json_dumps(c.out, JSON_COMPACT);
	if (text)
		mesh_buf_str(&out->body, text);
	mesh_buf_str(&out->body, "\n");
	if (text)
		mesh_crypto_wipe(text, strlen(text));
	free(text);
	json_decref(c.in);
	json_decref(c.out);
	out->status = c.status;
	out->type = "application/json";
	snprintf(out->headers, sizeof(out->headers), "Cache-Control: no-store\r\n%s", c.cookie);
}
