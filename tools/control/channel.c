// SPDX-License-Identifier: GPL-2.0
/*
 * A device's connection after the upgrade: Noise records, HTTP/2 in them, and on its streams the
 * register and map requests. Every request is judged by the machine key of the handshake.
 */
#include "http2.h"
#include "log.h"
#include "record.h"
#include "server.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_ALIVE_MS  50000
#define MAX_PENDING    (32 << 20) /* unread bytes of one stream */
#define QUEUE_MARK     (256 << 10)
#define RETURN_SECONDS 10 /* a device is offline when it stays away for longer */
#define MAX_STREAMS    8  /* of one node; it needs one, and more when its network comes and goes */

struct control_channel {
	struct control_channel *next;
	struct control_channel **prev;
	struct control_server *srv;
	struct control_conn *conn;
	struct mesh_http2 *h2;
	struct mesh_record tx;
	struct mesh_record rx;
	struct mesh_key machine;
	uint16_t version;
	bool receiving;
	bool known; /* it showed that it is a node of ours */
	struct poll *polls;
	struct held *held;
};

/* A map stream. */
struct poll {
	struct poll *next;
	struct control_channel *ch;
	int32_t stream;
	struct control_node *node; /* NULL when it was ended from here */
	struct control_stream *map;
	uint64_t sent; /* ms */
};

/* A register request that has no answer yet. */
struct held {
	struct control_waiter waiter; /* first: a waiter is a held request */
	struct control_durable_wait flush;
	struct mesh_buf json; /* the answer, which waits for the disk */
	struct held *next;
	struct control_channel *ch;
	int32_t stream;
	char origin[MESH_ADDR_TEXT];
};

/* Sends what HTTP/2 has to say, unless it is being fed just now. */
static void push(struct control_channel *ch)
{
	struct mesh_buf plain = {0}, wire = {0};
	struct control_conn *conn = ch->conn;
	int ret;

	if (ch->receiving || conn->closing || conn->queued >= QUEUE_MARK)
		return;
	ret = mesh_http2_pull(ch->h2, &plain, QUEUE_MARK);
	if (!ret)
		ret = mesh_record_seal(&ch->tx, &wire, plain.data, plain.len);
	if (!ret)
		control_conn_write(conn, wire.data, wire.len);
	else
		conn->deadline = 1;
	mesh_buf_free(&plain);
	mesh_buf_free(&wire);
}

static void respond_text(struct control_channel *ch, int32_t stream, int status, const char *text)
{
	mesh_http2_respond(ch->h2, stream, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* Registration. */

static void drop_held(struct held *h)
{
	struct held **at = &h->ch->held;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	control_login_cancel(&h->waiter);
	control_durable_cancel(&h->flush);
	mesh_buf_free(&h->json);
	free(h);
}

static void answer(struct control_durable_wait *flush)
{
	struct held *h = (struct held *)((char *)flush - offsetof(struct held, flush));
	struct control_channel *ch = h->ch;

	mesh_http2_respond(ch->h2, h->stream, 200, "application/json", h->json.data, h->json.len);
	drop_held(h);
	push(ch);
}

static void registered(struct control_waiter *w, const struct mesh_register_response *resp)
{
	struct held *h = (struct held *)w;
	struct control_channel *ch = h->ch;

	if (resp->error) {
		control_log(LOG_WARN, "refused a registration from %s: %s", h->origin, resp->error);
		control_limiter_take(&ch->srv->failures, &ch->conn->peer.ip,
				     uv_now(&ch->srv->loop));
		control_server_refused(ch->srv, "device", h->origin, resp->error);
	}
	mesh_codec_encode(&mesh_register_response_schema, resp, &h->json);
	control_durable_wait(&ch->srv->durable, &h->flush);
}

static bool version_ok(struct control_channel *ch, int32_t stream, int64_t version)
{
	if (version >= MESH_MIN_VERSION)
		return true;
	respond_text(ch, stream, 400, "this server needs a client of version 1.80 or newer\n");
	return false;
}

static void on_register(struct control_channel *ch, int32_t stream, const uint8_t *body, size_t len)
{
	struct mesh_register_request req;
	struct mesh_arena arena = {0};
	struct mesh_error err;
	struct held *h;

	if (mesh_codec_decode(&mesh_register_request_schema, &req, &arena, (const char *)body, len,
			      MESH_CODEC_MAX_JSON, &err)) {
		respond_text(ch, stream, 400, err.text);
	} else if (!control_limiter_has(&ch->srv->failures, &ch->conn->peer.ip,
					uv_now(&ch->srv->loop))) {
		respond_text(ch, stream, 429, "too many refused logins from this address\n");
	} else if (version_ok(ch, stream, req.version)) {
		h = mesh_alloc(sizeof(*h));
		h->ch = ch;
		h->stream = stream;
		h->waiter.done = registered;
		h->flush.done = answer;
		mesh_text_ip(h->origin, &ch->conn->peer.ip);
		h->waiter.origin = h->origin;
		h->next = ch->held;
		ch->held = h;
		control_login_register(ch->srv->login, &ch->machine, &req, &h->waiter);
	}
	mesh_arena_free(&arena);
}

/* Map streams. */

static void end_poll(struct poll *p)
{
	struct control_node *node = p->node;

	if (!node)
		return;
	control_mapper_close(p->map);
	p->map = NULL;
	p->node = NULL;
	p->ch->srv->n_polls--;
	if (!--node->sessions)
		node->lost = control_now();
}

static void send_map(void *ctx, const void *data, size_t len)
{
	struct poll *p = ctx;
	struct control_channel *ch = p->ch;

	if (mesh_http2_pending(ch->h2, p->stream) + len > MAX_PENDING) {
		ch->conn->deadline = 1; /* does not read; it gets a whole map when it comes back */
		return;
	}
	p->sent = uv_now(&ch->srv->loop);
	mesh_http2_send(ch->h2, p->stream, data, len);
	push(ch);
}

/* The node was removed or has another key now. */
static void node_gone(void *ctx)
{
	struct poll *p = ctx;

	mesh_http2_end(p->ch->h2, p->stream);
	end_poll(p);
	push(p->ch);
}

static const struct control_stream_events map_events = {send_map, node_gone};

/* Ends the oldest stream of a node. */
static void end_oldest(struct control_server *srv, const struct control_node *node)
{
	struct poll *oldest = NULL;

	for (struct control_channel *ch = srv->channels; ch; ch = ch->next)
		for (struct poll *p = ch->polls; p; p = p->next)
			if (p->node == node)
				oldest = p;
	if (oldest)
		node_gone(oldest);
}

static void start_poll(struct control_channel *ch, int32_t stream, struct control_node *node,
		       bool compress)
{
	struct poll *p = mesh_alloc(sizeof(*p));

	if (node->sessions >= MAX_STREAMS)
		end_oldest(ch->srv, node);
	p->ch = ch;
	p->stream = stream;
	p->node = node;
	p->next = ch->polls;
	ch->polls = p;
	node->sessions++;
	ch->srv->n_polls++;
	/* Its own message says that it is online already. */
	control_report_online(ch->srv->state, node, true);
	mesh_http2_open(ch->h2, stream, 200, "application/json");
	p->map = control_mapper_open(ch->srv->mapper, node, compress, &map_events, p);
	control_conn_deadline(ch->conn, 0);
}

static void on_map(struct control_channel *ch, int32_t stream, const uint8_t *body, size_t len)
{
	struct mesh_map_request req;
	struct mesh_arena arena = {0};
	struct mesh_error err;
	struct control_node *node;

	if (mesh_codec_decode(&mesh_map_request_schema, &req, &arena, (const char *)body, len,
			      MESH_CODEC_MAX_JSON, &err)) {
		respond_text(ch, stream, 400, err.text);
		goto out;
	}
	if (!version_ok(ch, stream, req.version))
		goto out;
	node = control_node_by_key(ch->srv->state, &req.node_key);
	/* The same answer for both, so that nobody can ask which node keys exist. */
	if (!node || !mesh_key_same(&node->machine, &ch->machine)) {
		respond_text(ch, stream, 404, "node not found\n");
		goto out;
	}
	ch->known = true;
	control_conn_known(ch->conn);
	control_report_apply(ch->srv->state, node, &req);
	if (req.stream)
		start_poll(ch, stream, node, req.compress && !strcmp(req.compress, "zstd"));
	else
		mesh_http2_respond(ch->h2, stream, 200, NULL, NULL, 0);
out:
	mesh_arena_free(&arena);
}

/* HTTP/2. */

static void on_request(void *ctx, int32_t stream, const char *method, const char *path,
		       const uint8_t *body, size_t len)
{
	struct control_channel *ch = ctx;
	bool post = !strcmp(method, "POST");

	/* A node asks as often as it has to, a stranger no more than by new connections. */
	if (!ch->known && !control_limiter_take(&ch->srv->connections, &ch->conn->peer.ip,
						uv_now(&ch->srv->loop)))
		respond_text(ch, stream, 429, "too many requests from this address\n");
	else if (!strcmp(path, "/machine/register") && post)
		on_register(ch, stream, body, len);
	else if (!strcmp(path, "/machine/map") && post)
		on_map(ch, stream, body, len);
	else
		respond_text(ch, stream, 404, "not offered by this server\n");
}

static void on_response(void *ctx, int32_t stream, int status)
{
	(void)ctx;
	(void)stream;
	(void)status;
}

static void on_data(void *ctx, int32_t stream, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)stream;
	(void)data;
	(void)len;
}

static void on_stream_closed(void *ctx, int32_t stream, uint32_t error)
{
	struct control_channel *ch = ctx;

	(void)error;
	for (struct poll **at = &ch->polls; *at; at = &(*at)->next) {
		struct poll *p = *at;

		if (p->stream == stream) {
			*at = p->next;
			end_poll(p);
			free(p);
			break;
		}
	}
	for (struct held *h = ch->held; h; h = h->next) {
		if (h->stream == stream) {
			drop_held(h);
			break;
		}
	}
	/* Nothing open: the device has a while to come with something new. */
	if (!ch->polls && !ch->held && !ch->conn->closing)
		control_conn_deadline(ch->conn, 180);
}

static const struct mesh_http2_events http2_events = {on_request, on_response, on_data,
						      on_stream_closed};

/* The connection. */

static void on_bytes(struct control_conn *conn)
{
	struct control_channel *ch = conn->handler_data;
	struct mesh_buf plain = {0};
	int ret;

	/* Who does not read the answers is not heard: each frame may cause one. */
	if (conn->queued >= QUEUE_MARK)
		return;
	ret = mesh_record_open(&ch->rx, &conn->in, &plain);
	ch->receiving = true;
	if (!ret && plain.len)
		ret = mesh_http2_receive(ch->h2, plain.data, plain.len);
	ch->receiving = false;
	mesh_buf_free(&plain);
	push(ch);
	if (ret || mesh_http2_done(ch->h2))
		control_conn_close(conn);
}

static void on_drained(struct control_conn *conn)
{
	push(conn->handler_data);
	if (conn->in.len)
		on_bytes(conn);
}

static void on_conn_closed(struct control_conn *conn)
{
	struct control_channel *ch = conn->handler_data;

	ch->receiving = true; /* nothing is sent any more */
	mesh_http2_free(ch->h2);
	*ch->prev = ch->next;
	if (ch->next)
		ch->next->prev = ch->prev;
	mesh_crypto_wipe(ch, sizeof(*ch));
	free(ch);
}

static const struct control_handler channel_handler = {on_bytes, on_drained, on_conn_closed};

bool control_channel_start(struct control_server *srv, struct control_conn *conn,
			   const uint8_t init[MESH_NOISE_INIT_SIZE], struct mesh_buf *reply)
{
	struct mesh_noise_session session;
	uint8_t resp[MESH_NOISE_RESP_SIZE];
	struct control_channel *ch;

	if (mesh_noise_accept(&session, &srv->noise, init, NULL, resp))
		return false;
	if (session.version < MESH_MIN_VERSION) {
		mesh_noise_refuse(reply, "this server needs a client of version 1.80 or newer");
		control_conn_write(conn, reply->data, reply->len);
		control_conn_finish(conn);
		return true;
	}
	mesh_buf_add(reply, resp, sizeof(resp));
	control_conn_write(conn, reply->data, reply->len);
	ch = mesh_alloc(sizeof(*ch));
	ch->srv = srv;
	ch->conn = conn;
	ch->machine = session.peer;
	ch->version = session.version;
	mesh_record_init(&ch->tx, session.send);
	mesh_record_init(&ch->rx, session.receive);
	mesh_crypto_wipe(&session, sizeof(session));
	ch->h2 = mesh_http2_server(&http2_events, ch);
	ch->next = srv->channels;
	ch->prev = &srv->channels;
	if (ch->next)
		ch->next->prev = &ch->next;
	srv->channels = ch;
	conn->handler = &channel_handler;
	conn->handler_data = ch;
	control_conn_deadline(conn, 60);
	push(ch);
	if (conn->in.len)
		on_bytes(conn);
	return true;
}

void control_channel_tick(struct control_server *srv)
{
	uint64_t now = uv_now(&srv->loop);
	struct control_channel *ch, *next;

	for (ch = srv->channels; ch; ch = next) {
		next = ch->next;
		for (struct poll *p = ch->polls; p; p = p->next) {
			/* Spread out, so that ten thousand do not fall on one second. */
			uint64_t spread = (uintptr_t)p / 64 % 9000;

			if (p->map && now - p->sent > KEEP_ALIVE_MS + spread)
				control_mapper_keep_alive(p->map);
		}
	}
	for (size_t i = 0; i < srv->state->n_slots; i++) {
		struct control_node *n = srv->state->nodes[i];

		if (n && n->online && !n->sessions && control_now() - n->lost >= RETURN_SECONDS)
			control_report_online(srv->state, n, false);
	}
}
