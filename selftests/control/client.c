// SPDX-License-Identifier: GPL-2.0
#include "client.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

void (*client_waiting)(int fd);

int client_dial(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool receive(int fd, struct mesh_buf *in)
{
	ssize_t n;

	if (client_waiting)
		client_waiting(fd);
	n = recv(fd, mesh_buf_grow(in, 65536), 65536, 0);
	if (n <= 0)
		return false;
	in->len += (size_t)n;
	return true;
}

int client_http(uint16_t port, const char *request, struct mesh_buf *body)
{
	struct mesh_buf in = {0};
	int fd = client_dial(port), status = -1;
	char *end;

	body->len = 0;
	if (fd < 0)
		return -1;
	if (send_all(fd, request, strlen(request)))
		while (receive(fd, &in))
			;
	close(fd);
	mesh_buf_add(&in, "", 1);
	if (sscanf((char *)in.data, "HTTP/1.1 %d", &status) != 1)
		status = -1;
	end = strstr((char *)in.data, "\r\n\r\n");
	mesh_buf_str(body, end ? end + 4 : "");
	mesh_buf_add(body, "", 1);
	mesh_buf_free(&in);
	return status;
}

static void on_request(void *ctx, int32_t stream, const char *method, const char *path,
		       const uint8_t *body, size_t len)
{
	(void)ctx;
	(void)stream;
	(void)method;
	(void)path;
	(void)body;
	(void)len;
}

static void on_response(void *ctx, int32_t stream, int status)
{
	struct client *c = ctx;

	if (stream == c->stream)
		c->status = status;
}

static void on_data(void *ctx, int32_t stream, const uint8_t *data, size_t len)
{
	struct client *c = ctx;

	if (stream == c->stream)
		mesh_buf_add(&c->body, data, len);
}

static void on_closed(void *ctx, int32_t stream, uint32_t error)
{
	struct client *c = ctx;

	(void)error;
	if (stream == c->stream)
		c->closed = true;
}

static const struct mesh_http2_events events = {on_request, on_response, on_data, on_closed};

static bool fetch_key(struct client *c, uint16_t port)
{
	struct mesh_buf body = {0};
	char *at;
	bool ok;

	client_http(port, "GET /key?v=113 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &body);
	at = strstr((char *)body.data, "\"publicKey\":\"");
	ok = at && mesh_key_parse(&c->server, MESH_KEY_MACHINE, at + 13, 69);
	mesh_buf_free(&body);
	return ok;
}

/* The nonce of RFC 6455's example, and the answer to it. */
bool client_upgrade(int fd, const char *path, const char *protocol, struct mesh_buf *in)
{
	struct mesh_buf request = {0};
	char *end = NULL;
	bool ok;

	mesh_buf_printf(&request,
			"GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
			"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			"Sec-WebSocket-Protocol: %s\r\n\r\n",
			path, protocol);
	ok = send_all(fd, request.data, request.len);
	mesh_buf_free(&request);
	while (ok && !end) {
		ok = receive(fd, in);
		end = memmem(in->data, in->len, "\r\n\r\n", 4);
	}
	if (!ok)
		return false;
	*end = 0;
	ok = !strncmp((char *)in->data, "HTTP/1.1 101", 12) &&
	     strstr((char *)in->data, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") &&
	     strstr((char *)in->data, protocol);
	mesh_buf_take(in, (size_t)(end - (char *)in->data) + 4);
	return ok;
}

/* Bytes of the stream that the upgrade made. */
static bool put(struct client *c, const void *data, size_t len)
{
	static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
	struct mesh_buf frames = {0};
	bool ok;

	if (!c->browser)
		return send_all(c->fd, data, len);
	mesh_websocket_send(&frames, data, len, mask);
	ok = send_all(c->fd, frames.data, frames.len);
	mesh_buf_free(&frames);
	return ok;
}

static bool get(struct client *c)
{
	struct mesh_buf reply = {0};
	bool ok;

	if (!c->browser)
		return receive(c->fd, &c->in);
	ok = receive(c->fd, &c->frames) &&
	     !mesh_websocket_receive(&c->ws, &c->frames, &c->in, &reply);
	mesh_buf_free(&reply);
	return ok;
}

/* What HTTP/2 wants to say goes out. */
static bool push(struct client *c)
{
	struct mesh_buf plain = {0}, wire = {0};
	bool ok = !mesh_http2_pull(c->h2, &plain, 0) &&
		  !mesh_record_seal(&c->tx, &wire, plain.data, plain.len) &&
		  put(c, wire.data, wire.len);

	mesh_buf_free(&plain);
	mesh_buf_free(&wire);
	return ok;
}

/* What is here already goes to HTTP/2; a server may begin with a payload that is none. */
static bool feed(struct client *c)
{
	struct mesh_key challenge;
	bool ok = !mesh_record_open(&c->rx, &c->in, &c->plain);
	int begun = c->begun || !ok ? 1 : mesh_record_skip_early(&c->plain, &challenge);

	ok = ok && begun >= 0;
	c->begun = begun == 1;
	if (ok && c->begun) {
		ok = !mesh_http2_receive(c->h2, c->plain.data, c->plain.len);
		mesh_buf_free(&c->plain);
	}
	return ok && push(c);
}

static bool pump(struct client *c)
{
	return push(c) && get(c) && feed(c);
}

/* The upgrade as a browser does it; the server's part of the handshake is in c->in then. */
static bool dial_browser(struct client *c, const uint8_t init[MESH_NOISE_INIT_SIZE])
{
	struct mesh_buf path = {0}, reply = {0};
	char b64[200];
	bool ok;

	mesh_text_base64(b64, init, MESH_NOISE_INIT_SIZE);
	mesh_buf_str(&path, "/ts2021?X-Tailscale-Handshake=");
	for (const char *p = b64; *p; p++)
		mesh_buf_printf(&path, strchr("+/=", *p) ? "%%%02X" : "%c", *p);
	c->ws = (struct mesh_websocket){.client = true};
	c->frames.len = 0;
	ok = client_upgrade(c->fd, (char *)path.data, "tailscale-control-protocol", &c->frames);
	mesh_buf_free(&path);
	if (ok && c->frames.len)
		ok = !mesh_websocket_receive(&c->ws, &c->frames, &c->in, &reply);
	mesh_buf_free(&reply);
	return ok;
}

static bool dial_native(struct client *c, const uint8_t init[MESH_NOISE_INIT_SIZE])
{
	char b64[200], request[500], *end = NULL;

	mesh_text_base64(b64, init, MESH_NOISE_INIT_SIZE);
	snprintf(request, sizeof(request),
		 "POST /ts2021 HTTP/1.1\r\nHost: x\r\nUpgrade: tailscale-control-protocol\r\n"
		 "Connection: upgrade\r\nX-Tailscale-Handshake: %s\r\nContent-Length: 0\r\n\r\n",
		 b64);
	if (!send_all(c->fd, request, strlen(request)))
		return false;
	while (!end) {
		if (!receive(c->fd, &c->in))
			return false;
		end = memmem(c->in.data, c->in.len, "\r\n\r\n", 4);
	}
	if (memcmp(c->in.data, "HTTP/1.1 101", 12))
		return false;
	mesh_buf_take(&c->in, (size_t)(end - (char *)c->in.data) + 4);
	return true;
}

bool client_reconnect(struct client *c, uint16_t port, uint16_t version)
{
	struct mesh_noise_initiator hs;
	struct mesh_noise_session s;
	uint8_t init[MESH_NOISE_INIT_SIZE];
	int n;

	if (!fetch_key(c, port) ||
	    mesh_noise_init(&hs, &c->machine, &c->server, version, NULL, init))
		return false;
	c->fd = client_dial(port);
	if (c->fd < 0 || !(c->browser ? dial_browser(c, init) : dial_native(c, init)))
		return false;
	while ((n = mesh_noise_finish(&hs, c->in.data, c->in.len, &s, NULL)) == -EAGAIN)
		if (!get(c))
			return false;
	if (n < 0)
		return false;
	mesh_buf_take(&c->in, (size_t)n);
	mesh_buf_free(&c->plain);
	c->begun = false;
	mesh_record_init(&c->tx, s.send);
	mesh_record_init(&c->rx, s.receive);
	c->h2 = mesh_http2_client(&events, c);
	return feed(c);
}

static void init(struct client *c)
{
	memset(c, 0, sizeof(*c));
	c->fd = -1;
	mesh_key_generate(&c->machine);
	mesh_key_generate(&c->node);
}

bool client_open(struct client *c, uint16_t port, uint16_t version)
{
	init(c);
	return client_reconnect(c, port, version);
}

bool client_open_browser(struct client *c, uint16_t port, uint16_t version)
{
	init(c);
	c->browser = true;
	return client_reconnect(c, port, version);
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	mesh_http2_free(c->h2);
	c->h2 = NULL;
	mesh_buf_free(&c->in);
	mesh_buf_free(&c->frames);
	mesh_buf_free(&c->plain);
	mesh_buf_free(&c->body);
	mesh_zframe_free(&c->zframe);
}

int client_post(struct client *c, const char *path, const char *json, size_t len)
{
	c->status = -1;
	c->closed = false;
	c->body.len = 0;
	c->stream = mesh_http2_request(c->h2, "POST", "unused", path, json, len);
	while (!c->closed)
		if (!pump(c))
			return -1;
	return c->status;
}

int client_register(struct client *c, const char *auth_key, const char *hostname,
		    struct mesh_register_response *resp, struct mesh_arena *arena)
{
	struct mesh_hostinfo hi = {.hostname = hostname, .os = "linux", .backend_log_id = "00"};
	struct mesh_register_auth auth = {.auth_key = auth_key};
	struct mesh_register_request req = {.version = 113,
					    .node_key = c->node,
					    .hostinfo = &hi,
					    .auth = *auth_key ? &auth : NULL};
	struct mesh_buf json = {0};
	struct mesh_error err;
	int status;

	mesh_codec_encode(&mesh_register_request_schema, &req, &json);
	status = client_post(c, "/machine/register", (char *)json.data, json.len);
	mesh_buf_free(&json);
	if (status == 200 && mesh_codec_decode(&mesh_register_response_schema, resp, arena,
					       (char *)c->body.data, c->body.len, 1 << 20, &err))
		return -1;
	return status;
}

bool client_stream(struct client *c, const char *hostname)
{
	struct mesh_hostinfo hi = {.hostname = hostname,
				   .os = "linux",
				   .backend_log_id = "00",
				   .routable_ips = c->routes};
	struct mesh_map_request req = {.version = 113,
				       .compress = "zstd",
				       .keep_alive = true,
				       .stream = true,
				       .node_key = c->node,
				       .disco_key = c->node,
				       .hostinfo = &hi};
	struct mesh_buf json = {0};

	mesh_codec_encode(&mesh_map_request_schema, &req, &json);
	c->status = -1;
	c->closed = false;
	c->body.len = 0;
	c->stream =
		mesh_http2_request(c->h2, "POST", "unused", "/machine/map", json.data, json.len);
	mesh_buf_free(&json);
	while (c->status < 0 && !c->closed)
		if (!pump(c))
			return false;
	return c->status == 200;
}

bool client_next(struct client *c, struct mesh_buf *json)
{
	for (;;) {
		int n = mesh_zframe_read(&c->zframe, &c->body, json, true);

		if (n < 0)
			return false;
		if (n && !memmem(json->data, json->len, "\"KeepAlive\":true", 16)) {
			mesh_buf_add(json, "", 1);
			return true;
		}
		if (!n && (c->closed || !pump(c)))
			return false;
	}
}

bool client_poll(struct client *c, struct mesh_buf *json)
{
	for (;;) {
		int n = mesh_zframe_read(&c->zframe, &c->body, json, true);
		ssize_t got;

		if (n < 0) {
			c->dead = true;
			return false;
		}
		if (n && !memmem(json->data, json->len, "\"KeepAlive\":true", 16)) {
			mesh_buf_add(json, "", 1);
			return true;
		}
		if (n)
			continue;
		mesh_buf_free(&c->body);
		got = recv(c->fd, mesh_buf_grow(&c->in, 65536), 65536, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (!c->in.len)
				mesh_buf_free(&c->in);
			return false;
		}
		if (got <= 0) {
			c->dead = true;
			return false;
		}
		c->in.len += (size_t)got;
		if (!feed(c)) {
			c->dead = true;
			return false;
		}
	}
}
