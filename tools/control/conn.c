// SPDX-License-Identifier: GPL-2.0
#include "conn.h"
#include "log.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

/* A reader that lets so much pile up is gone or hostile. */
#define MAX_QUEUED   (16 << 20)
#define MAX_PONGS    (64 << 10) /* a pong may be left out (RFC 6455, 5.5.3) */
#define MAX_RECEIVED (2 << 20)
#define DEAD_MS	     90000

struct write {
	uv_write_t req;
	struct control_conn *conn;
	size_t len;
	char data[];
};

static void on_closed(uv_handle_t *h)
{
	struct control_conn *conn = h->data;

	SSL_free(conn->ssl);
	mesh_buf_free(&conn->in);
	mesh_buf_free(&conn->frames);
	free(conn->ws);
	free(conn);
}

void control_conn_known(struct control_conn *conn)
{
	if (conn->crowd)
		--*conn->crowd;
	conn->crowd = NULL;
}

void control_conn_close(struct control_conn *conn)
{
	if (conn->closing)
		return;
	conn->closing = true;
	control_conn_known(conn);
	*conn->prev = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	conn->conns->n--;
	conn->handler->closed(conn);
	uv_close((uv_handle_t *)&conn->uv.stream, on_closed);
}

static void on_written(uv_write_t *req, int status)
{
	struct write *w = req->data;
	struct control_conn *conn = w->conn;

	conn->queued -= w->len;
	free(w);
	if (conn->closing)
		return;
	if (status < 0)
		control_conn_close(conn);
	else if (!conn->queued && conn->handler->drained)
		conn->handler->drained(conn);
}

static void send_raw(struct control_conn *conn, const char *data, size_t len)
{
	uv_buf_t buf = uv_buf_init((char *)data, (unsigned int)len);
	struct write *w;
	int n = 0;

	if (!conn->queued) {
		n = uv_try_write(&conn->uv.stream, &buf, 1);
		if (n < 0)
			n = 0; /* the queued write meets the error again and closes */
	}
	if ((size_t)n == len)
		return;
	len -= (size_t)n;
	if (conn->queued + len > MAX_QUEUED) {
		/* Not from within: let the deadline do it at the next look. */
		conn->deadline = 1;
		return;
	}
	w = mesh_alloc(sizeof(*w) + len);
	memcpy(w->data, data + n, len);
	w->conn = conn;
	w->len = len;
	w->req.data = w;
	conn->queued += len;
	buf = uv_buf_init(w->data, (unsigned int)len);
	if (uv_write(&w->req, &conn->uv.stream, &buf, 1, on_written)) {
		conn->queued -= len;
		conn->deadline = 1;
		free(w);
	}
}

/* Carries what TLS wants to send to the socket. */
static void flush_tls(struct control_conn *conn)
{
	char buf[16384];
	int n;

	while ((n = BIO_read(SSL_get_wbio(conn->ssl), buf, sizeof(buf))) > 0)
		send_raw(conn, buf, (size_t)n);
}

static void send_bytes(struct control_conn *conn, const void *data, size_t len)
{
	if (!conn->ssl) {
		send_raw(conn, data, len);
		return;
	}
	/* Into memory; it takes all or the connection is broken. */
	if (SSL_write(conn->ssl, data, (int)len) <= 0)
		conn->deadline = 1;
	flush_tls(conn);
}

void control_conn_write(struct control_conn *conn, const void *data, size_t len)
{
	struct mesh_buf frames = {0};

	if (conn->closing || !len)
		return;
	if (!conn->ws) {
		send_bytes(conn, data, len);
		return;
	}
	mesh_websocket_send(&frames, data, len, NULL);
	send_bytes(conn, frames.data, frames.len);
	mesh_buf_free(&frames);
}

/* Takes what came in frames apart. Return: false when the connection has to end. */
static bool read_frames(struct control_conn *conn)
{
	struct mesh_buf reply = {0};
	int ret = mesh_websocket_receive(conn->ws, &conn->frames, &conn->in, &reply);

	/* Who sends pings and does not read gets no more pongs. */
	if (reply.len && (ret || conn->queued < MAX_PONGS))
		send_bytes(conn, reply.data, reply.len);
	mesh_buf_free(&reply);
	if (!conn->frames.len)
		mesh_buf_free(&conn->frames);
	return !ret;
}

void control_conn_websocket(struct control_conn *conn)
{
	conn->ws = mesh_alloc(sizeof(*conn->ws));
	conn->frames = conn->in;
	memset(&conn->in, 0, sizeof(conn->in));
	if (!read_frames(conn))
		conn->deadline = 1;
}

static void finish_closed(struct control_conn *conn)
{
	(void)conn;
}

static void finish_data(struct control_conn *conn)
{
	conn->in.len = 0;
}

static void finish_drained(struct control_conn *conn)
{
	control_conn_close(conn);
}

static const struct control_handler finishing = {finish_data, finish_drained, finish_closed};

void control_conn_finish(struct control_conn *conn)
{
	if (conn->closing)
		return;
	conn->handler->closed(conn);
	conn->handler = &finishing;
	conn->handler_data = NULL;
	if (conn->ws) {
		struct mesh_buf last = {0};

		mesh_websocket_close(&last, MESH_WEBSOCKET_NORMAL);
		send_bytes(conn, last.data, last.len);
		mesh_buf_free(&last);
	}
	if (conn->ssl) {
		SSL_shutdown(conn->ssl);
		flush_tls(conn);
	}
	if (!conn->queued)
		control_conn_close(conn);
	else
		control_conn_deadline(conn, 10);
}

void control_conn_deadline(struct control_conn *conn, unsigned int seconds)
{
	conn->deadline = seconds ? uv_now(conn->conns->loop) + 1000u * seconds : 0;
}

void control_conns_expire(struct control_conns *c)
{
	uint64_t now = uv_now(c->loop);
	struct control_conn *conn, *next;

	for (conn = c->list; conn; conn = next) {
		next = conn->next;
		if (conn->deadline && conn->deadline <= now)
			control_conn_close(conn);
	}
}

void control_conns_close_all(struct control_conns *c)
{
	while (c->list)
		control_conn_close(c->list);
}

/* Plain bytes out of received TLS records. Return: false when the connection is broken. */
static bool read_tls(struct control_conn *conn, struct mesh_buf *to, const char *data, size_t len)
{
	int n;

	BIO_write(SSL_get_rbio(conn->ssl), data, (int)len);
	for (;;) {
		n = SSL_read(conn->ssl, mesh_buf_grow(to, 16384), 16384);
		if (n <= 0)
			break;
		to->len += (size_t)n;
	}
	flush_tls(conn);
	n = SSL_get_error(conn->ssl, n);
	return n == SSL_ERROR_WANT_READ || n == SSL_ERROR_WANT_WRITE;
}

static void start_tls(struct control_conn *conn)
{
	conn->ssl = SSL_new(conn->conns->tls);
	SSL_set_bio(conn->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(conn->ssl);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct control_conn *conn = stream->data;
	struct mesh_buf *to = conn->ws ? &conn->frames : &conn->in;
	bool alive = true;

	if (n == 0 || conn->closing)
		return;
	if (n < 0) {
		control_conn_close(conn);
		return;
	}
	if (conn->sniff) {
		conn->sniff = false;
		/* A TLS record of type handshake; no text protocol begins with it. */
		if (!conn->local && conn->conns->tls && buf->base[0] == 0x16)
			start_tls(conn);
	}
	if (conn->ssl)
		alive = read_tls(conn, to, buf->base, (size_t)n);
	else
		mesh_buf_add(to, buf->base, (size_t)n);
	if (conn->ws)
		alive &= read_frames(conn);
	if (conn->in.len)
		conn->handler->data(conn);
	if (conn->closing)
		return;
	if (!alive || conn->in.len > MAX_RECEIVED)
		control_conn_close(conn);
	else if (!conn->in.len)
		mesh_buf_free(&conn->in); /* an idle connection holds no buffer */
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct control_conn *conn = h->data;

	(void)suggested;
	/* Handed to on_read() before anybody else reads, so one is enough. */
	*buf = uv_buf_init(conn->conns->buffer, CONN_READ_SIZE);
}

static void peer_address(struct control_conn *conn)
{
	struct sockaddr_storage ss;
	int len = sizeof(ss);

	memset(&conn->peer, 0, sizeof(conn->peer));
	if (conn->local || uv_tcp_getpeername(&conn->uv.tcp, (struct sockaddr *)&ss, &len))
		return;
	if (ss.ss_family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&ss;

		conn->peer.ip = mesh_text_ip4(ntohl(in->sin_addr.s_addr));
		conn->peer.port = ntohs(in->sin_port);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;

		conn->peer.ip = mesh_text_ip16(in6->sin6_addr.s6_addr);
		conn->peer.port = ntohs(in6->sin6_port);
	}
}

/* A peer that vanished without a word is noticed by what it does not acknowledge. */
static void notice_death(struct control_conn *conn)
{
	unsigned int ms = DEAD_MS;
	uv_os_fd_t fd;

	uv_tcp_keepalive(&conn->uv.tcp, 1, 60);
	if (!uv_fileno((uv_handle_t *)&conn->uv.stream, &fd))
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

/* Whether one more from its source address may be here. */
static bool join_crowd(struct control_conn *conn)
{
	struct control_conns *c = conn->conns;
	uint16_t *crowd = &c->crowds[control_limiter_entry(c->limiter, &conn->peer.ip)];

	if (*crowd >= CONN_STRANGERS)
		return false;
	++*crowd;
	conn->crowd = crowd;
	return true;
}

void control_conns_accept(struct control_conns *c, uv_stream_t *listener, bool local)
{
	struct control_conn *conn = mesh_alloc(sizeof(*conn));

	conn->conns = c;
	conn->local = local;
	conn->sniff = true;
	conn->handler = c->first;
	if (local)
		uv_pipe_init(c->loop, &conn->uv.pipe, 0);
	else
		uv_tcp_init(c->loop, &conn->uv.tcp);
	conn->uv.stream.data = conn;
	conn->next = c->list;
	conn->prev = &c->list;
	if (conn->next)
		conn->next->prev = &conn->next;
	c->list = conn;
	c->n++;
	/* The administrator finds room whoever else is here. */
	if (uv_accept(listener, &conn->uv.stream) || (!local && c->n > c->max)) {
		control_conn_close(conn);
		return;
	}
	peer_address(conn);
	if (!local) {
		if (c->proxies && control_proxy_is(c->proxies, &conn->peer.ip))
			conn->proxy = conn->peer.ip;
		if (c->limiter && c->limiter->rate != 0 && !conn->proxy.family &&
		    (!control_limiter_take(c->limiter, &conn->peer.ip, uv_now(c->loop)) ||
		     !join_crowd(conn))) {
			control_conn_close(conn);
			return;
		}
		uv_tcp_nodelay(&conn->uv.tcp, 1);
		notice_death(conn);
	}
	control_conn_deadline(conn, 15);
	if (uv_read_start(&conn->uv.stream, on_alloc, on_read))
		control_conn_close(conn);
}

void control_conns_init(struct control_conns *c, uv_loop_t *loop,
			const struct control_handler *first, void *owner)
{
	memset(c, 0, sizeof(*c));
	c->loop = loop;
	c->first = first;
	c->owner = owner;
	c->max = 100000;
	c->buffer = mesh_alloc(CONN_READ_SIZE);
	c->crowds = mesh_alloc(LIMITER_ENTRIES * sizeof(*c->crowds));
}

void control_conns_free(struct control_conns *c)
{
	free(c->buffer);
	free(c->crowds);
}
