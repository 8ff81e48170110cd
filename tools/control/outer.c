// SPDX-License-Identifier: GPL-2.0
/* HTTP/1.1 on the port: keys, upgrades, pages; and the administration on the unix socket. */
#include "log.h"
#include "page.h"
#include "server.h"
#include "signin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IDLE_SECONDS 30
/* A client that does not read its answers gets no more of them, and may not ask much more. */
#define MAX_UNREAD (256 << 10)

void control_outer_respond(struct control_conn *conn, const struct control_http *req, int status,
			   const char *type, const void *body, size_t len, const char *extra)
{
	struct mesh_buf out = {0};
	bool keep = req && req->keep_alive && status < 500;

	control_http_respond(&out, status, type, body, len, keep, extra);
	/* A HEAD request gets the header alone. */
	if (req && req->method && !strcmp(req->method, "HEAD"))
		out.len -= len;
	control_conn_write(conn, out.data, out.len);
	mesh_buf_free(&out);
	if (keep)
		control_conn_deadline(conn, IDLE_SECONDS);
	else
		control_conn_finish(conn);
}

static void respond_text(struct control_conn *conn, const struct control_http *req, int status,
			 const char *text)
{
	char line[400];
	int n = snprintf(line, sizeof(line), "%s\n", text);

	control_outer_respond(conn, req, status, "text/plain; charset=utf-8", line, (size_t)n,
			      NULL);
}

static void get_key(struct control_server *srv, struct control_conn *conn,
		    const struct control_http *req)
{
	char key[MESH_KEY_TEXT], zero[MESH_KEY_TEXT], json[300], version[12];
	struct mesh_key none = {{0}};
	int n;

	if (!control_http_query(req->query, "v", version, sizeof(version)) || atoi(version) < 39) {
		respond_text(conn, req, 400, "/key needs the client's version: ?v=113 or higher");
		return;
	}
	mesh_key_format(key, MESH_KEY_MACHINE, &srv->noise_public);
	mesh_key_format(zero, MESH_KEY_MACHINE, &none);
	n = snprintf(json, sizeof(json), "{\"legacyPublicKey\":\"%s\",\"publicKey\":\"%s\"}", zero,
		     key);
	control_outer_respond(conn, req, 200, "application/json", json, (size_t)n, NULL);
}

static bool take_handshake(struct control_server *srv, struct control_conn *conn,
			   const struct control_http *req)
{
	if (control_limiter_take(&srv->handshakes, &conn->peer.ip, uv_now(&srv->loop)))
		return true;
	control_outer_respond(conn, req, 429, "text/plain", "too many handshakes\n", 20,
			      "Retry-After: 5\r\n");
	return false;
}

/*
 * An upgrade to WebSocket, which is what browsers can do. Sends the answer, and takes the request
 * out of conn->in. Return: false when it was refused instead.
 */
static bool start_websocket(struct control_conn *conn, const struct control_http *req,
			    size_t request_len, const char *protocol)
{
	const char *key = control_http_header(req, "Sec-WebSocket-Key");
	const char *version = control_http_header(req, "Sec-WebSocket-Version");
	char accept[MESH_WEBSOCKET_ACCEPT];
	struct mesh_buf head = {0};

	if (!version || strcmp(version, "13")) {
		control_outer_respond(conn, req, 426, "text/plain", "WebSocket has version 13\n",
				      25, "Sec-WebSocket-Version: 13\r\n");
		return false;
	}
	if (!control_http_has_token(req, "Connection", "upgrade") || !key ||
	    !mesh_websocket_accept(accept, key)) {
		respond_text(conn, req, 400, "this is no WebSocket handshake");
		return false;
	}
	if (!control_http_has_token(req, "Sec-WebSocket-Protocol", protocol)) {
		respond_text(conn, req, 400, "the WebSocket has another sub-protocol");
		return false;
	}
	mesh_buf_printf(&head,
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
			"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
			"Sec-WebSocket-Protocol: %s\r\n\r\n",
			accept, protocol);
	control_conn_write(conn, head.data, head.len);
	mesh_buf_free(&head);
	mesh_buf_take(&conn->in, request_len);
	control_conn_websocket(conn);
	return true;
}

/*
 * The connection changes hands: the request is taken out of conn->in first, so that what follows
 * belongs to the new handler.
 */
static void upgrade_channel(struct control_server *srv, struct control_conn *conn,
			    const struct control_http *req, size_t request_len)
{
	static const char protocol[] = "tailscale-control-protocol";
	const char *handshake = control_http_header(req, "X-Tailscale-Handshake");
	const char *upgrade = control_http_header(req, "Upgrade");
	bool websocket = upgrade && !strcasecmp(upgrade, "websocket");
	uint8_t init[MESH_NOISE_INIT_SIZE];
	struct mesh_buf reply = {0};
	char query[300];

	if (websocket ? strcmp(req->method, "GET")
		      : !upgrade || strcasecmp(upgrade, protocol) || strcmp(req->method, "POST")) {
		respond_text(
			conn, req, 400,
			"no POST with Upgrade: tailscale-control-protocol; a proxy in front of "
			"this server has to pass Upgrade and Connection on");
		return;
	}
	if (!take_handshake(srv, conn, req))
		return;
	if (websocket)
		handshake = control_http_query(req->query, "X-Tailscale-Handshake", query,
					       sizeof(query))
				    ? query
				    : NULL;
	if (!handshake || mesh_text_unbase64(init, sizeof(init), handshake, strlen(handshake)) !=
				  MESH_NOISE_INIT_SIZE) {
		respond_text(conn, req, 400, "no valid X-Tailscale-Handshake");
		return;
	}
	if (websocket) {
		if (start_websocket(conn, req, request_len, protocol) &&
		    !control_channel_start(srv, conn, init, &reply))
			control_conn_finish(conn);
		mesh_buf_free(&reply);
		return;
	}
	mesh_buf_printf(&reply,
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: %s\r\n"
			"Connection: upgrade\r\n\r\n",
			protocol);
	mesh_buf_take(&conn->in, request_len);
	if (!control_channel_start(srv, conn, init, &reply)) {
		mesh_buf_free(&conn->in);
		respond_text(conn, &(struct control_http){.keep_alive = false}, 400,
			     "the handshake is not for this server's key");
	}
	mesh_buf_free(&reply);
}

static void upgrade_relay(struct control_server *srv, struct control_conn *conn,
			  const struct control_http *req, size_t request_len)
{
	const char *upgrade = control_http_header(req, "Upgrade");
	const char *fast = control_http_header(req, "Derp-Fast-Start");
	bool websocket = upgrade && !strcasecmp(upgrade, "websocket");
	char key[MESH_KEY_TEXT], head[300];
	int n;

	if (!srv->relay) {
		respond_text(conn, req, 404, "the relay is not enabled");
		return;
	}
	if (!websocket && (!upgrade || strcasecmp(upgrade, "DERP"))) {
		control_outer_respond(conn, req, 426, "text/plain", "this is a DERP relay\n", 21,
				      "Upgrade: DERP\r\n");
		return;
	}
	if (!take_handshake(srv, conn, req))
		return;
	if (websocket) {
		if (start_websocket(conn, req, request_len, "derp"))
			control_relay_start(srv->relay, conn);
		return;
	}
	if (!fast || strcmp(fast, "1")) {
		mesh_key_format(key, MESH_KEY_NODE, control_relay_key(srv->relay));
		n = snprintf(
			head, sizeof(head),
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\n"
			"Connection: Upgrade\r\nDerp-Version: 2\r\nDerp-Public-Key: %s\r\n\r\n",
			strchr(key, ':') + 1);
		control_conn_write(conn, head, (size_t)n);
	}
	mesh_buf_take(&conn->in, request_len);
	control_relay_start(srv->relay, conn);
}

/* Sends an answer and frees it. */
static void send_answer(struct control_conn *conn, const struct control_http *req,
			struct control_answer *answer)
{
	control_outer_respond(conn, req, answer->status, answer->type, answer->body.data,
			      answer->body.len, answer->headers);
	mesh_buf_free(&answer->body);
}

static void get_metrics(struct control_server *srv, struct control_conn *conn,
			const struct control_http *req, struct control_answer *answer)
{
	if (!control_api_admits(srv, conn, req, answer))
		return;
	answer->status = 200;
	answer->type = "text/plain; version=0.0.4";
	control_metrics_write(srv, &answer->body);
}

static bool is_get(const struct control_http *req)
{
	return !strcmp(req->method, "GET") || !strcmp(req->method, "HEAD");
}

/* Return: false when the connection is in other hands now. */
static bool dispatch(struct control_server *srv, struct control_conn *conn,
		     const struct control_http *req, size_t request_len)
{
	struct control_answer answer = {.type = NULL};
	const char *path = req->path;

	if (!strcmp(path, "/ts2021")) {
		upgrade_channel(srv, conn, req, request_len);
		return conn->handler == &control_outer_handler;
	}
	if (!strcmp(path, "/derp") && is_get(req)) {
		upgrade_relay(srv, conn, req, request_len);
		return conn->handler == &control_outer_handler;
	}
	if (!strncmp(path, "/api/v1/", 8)) {
		control_api_handle(srv, conn, req, &answer);
		send_answer(conn, req, &answer);
	} else if (srv->signin && !strncmp(path, "/oidc/", 6)) {
		control_signin_request(srv->signin, conn, req);
	} else if (!is_get(req)) {
		respond_text(conn, req, 405, "only GET is possible here");
	} else if (!strcmp(path, "/metrics")) {
		get_metrics(srv, conn, req, &answer);
		send_answer(conn, req, &answer);
	} else if (!strncmp(path, "/register/", 10)) {
		control_page_register(srv, conn, req);
	} else if (control_web_handle(srv, conn, req, &answer)) {
		send_answer(conn, req, &answer);
	} else if (!strcmp(path, "/key")) {
		get_key(srv, conn, req);
	} else if (!strcmp(path, "/health")) {
		control_outer_respond(conn, req, 200, "application/json", "{\"status\":\"pass\"}",
				      17, NULL);
	} else if (srv->relay &&
		   (!strcmp(path, "/derp/probe") || !strcmp(path, "/derp/latency-check"))) {
		control_outer_respond(conn, req, 200, "text/plain", "", 0,
				      "Access-Control-Allow-Origin: *\r\n");
	} else {
		respond_text(conn, req, 404, "there is nothing here");
	}
	return true;
}

static void on_bytes(struct control_conn *conn)
{
	struct control_server *srv = conn->conns->owner;
	struct control_http req;
	long n;

	while (conn->queued < MAX_UNREAD) {
		n = control_http_parse(&req, (char *)conn->in.data, conn->in.len);
		if (n < 0) {
			req.keep_alive = false;
			req.method = NULL;
			respond_text(conn, &req, req.status, req.reason);
			return;
		}
		if (!n)
			return;
		if (conn->proxy.family) {
			conn->peer.ip = conn->proxy;
			control_proxy_client(&srv->config->proxies, &req, &conn->peer.ip);
		}
		if (!dispatch(srv, conn, &req, (size_t)n))
			return;
		if (conn->closing || conn->handler != &control_outer_handler)
			return;
		mesh_buf_take(&conn->in, (size_t)n);
		if (!conn->in.len)
			return;
	}
	if (conn->in.len > MAX_UNREAD)
		control_conn_close(conn);
}

static void on_closed(struct control_conn *conn)
{
	(void)conn;
}

/* The client reads again: what it asked meanwhile has its turn. */
static void on_drained(struct control_conn *conn)
{
	if (conn->in.len)
		on_bytes(conn);
}

const struct control_handler control_outer_handler = {on_bytes, on_drained, on_closed};
