// SPDX-License-Identifier: GPL-2.0
/*
 * The administration interface: /api/v1/..., JSON in and out. Over the unix socket its caller is
 * known by the system; over the network an API key is needed, and an encrypted connection.
 */
#include "api.h"
#include "log.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct control_api_call *const tables[] = {
	control_api_status, control_api_users,	control_api_access,
	control_api_nodes,  control_api_policy,
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
static bool admit(struct control_call *c, struct control_conn *conn, const struct control_http *req)
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
		control_api_fail(c, 403,
				 "an API key must not cross the network in the clear; use https");
		return false;
	}
	if (!control_limiter_has(failures, &conn->peer.ip, now)) {
		control_api_fail(c, 429, "too many refused logins from this address");
		return false;
	}
	key = auth && !strncmp(auth, "Bearer ", 7) ? control_apikey_check(c->st, auth + 7) : NULL;
	if (!key) {
		control_api_fail(c, 401,
				 "a valid API key is needed: Authorization: Bearer wrk-api-...");
		control_limiter_take(failures, &conn->peer.ip, now);
		/* Who only forgot the key is no attacker. */
		if (auth)
			control_server_refused(c->srv, "api", origin, "invalid API key");
		return false;
	}
	if (!key->all && !reads && strcmp(req->path, "/api/v1/policy/check")) {
		control_api_fail(c, 403, "this API key may only read");
		return false;
	}
	snprintf(actor, sizeof(actor), "api key %s", key->prefix);
	control_db_actor(c->st->db, actor, origin);
	return true;
}

void control_api_handle(struct control_server *srv, struct control_conn *conn,
			const struct control_http *req, int *status, struct mesh_buf *json)
{
	struct control_call c = {.srv = srv, .st = srv->state, .status = 200, .query = req->query};
	const char *path = req->path + strlen("/api/v1/");
	const struct control_api_call *call = NULL;
	bool known = false;
	char id[128], *text;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !call; i++) {
		for (const struct control_api_call *at = tables[i]; at->method && !call; at++) {
			if (!fits(at->path, path, id, sizeof(id)))
				continue;
			known = true;
			if (!strcmp(at->method, req->method))
				call = at;
		}
	}
	c.id = id;
	c.in = req->body_len ? json_loadb((const char *)req->body, req->body_len, 0, NULL)
			     : json_object();
	if (!admit(&c, conn, req))
		;
	else if (!known)
		control_api_fail(&c, 404, "no such path");
	else if (!call)
		control_api_fail(&c, 405, "this method is not possible here");
	else if (!json_is_object(c.in))
		control_api_fail(&c, 400, "the body must be a JSON object");
	else
		call->handle(&c);
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
