// SPDX-License-Identifier: GPL-2.0
#include "http2.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Windows: a client must take a big first map without waiting for each 64 KiB. */
#define CLIENT_WINDOW (1 << 20)
/* Request bodies of one connection together: whoever knows the server's key can open one. */
#define MAX_BUFFERED (512 << 10)

struct stream {
	struct stream *next;
	struct stream **prev;
	int32_t id;
	char method[16];
	char *path;
	struct mesh_buf body; /* server: of the request */
	struct mesh_buf out;  /* waiting to be sent */
	bool ended;	      /* nothing is added to @out any more */
	bool deferred;	      /* nghttp2 waits for mesh_http2_send() */
	bool refused;	      /* answered before the request was complete */
	bool too_long;	      /* the path */
};

struct mesh_http2 {
	nghttp2_session *session;
	const struct mesh_http2_events *events;
	void *ctx;
	bool server;
	struct stream *streams;
	size_t buffered; /* in all request bodies */
};

static struct stream *find(struct mesh_http2 *h2, int32_t id)
{
	return nghttp2_session_get_stream_user_data(h2->session, id);
}

static struct stream *stream_new(struct mesh_http2 *h2, int32_t id)
{
	struct stream *s = mesh_alloc(sizeof(*s));

	s->id = id;
	s->next = h2->streams;
	s->prev = &h2->streams;
	if (s->next)
		s->next->prev = &s->next;
	h2->streams = s;
	return s;
}

static void drop_body(struct mesh_http2 *h2, struct stream *s)
{
	h2->buffered -= s->body.len;
	mesh_buf_free(&s->body);
}

static void stream_free(struct mesh_http2 *h2, struct stream *s)
{
	*s->prev = s->next;
	if (s->next)
		s->next->prev = s->prev;
	drop_body(h2, s);
	mesh_buf_free(&s->out);
	free(s->path);
	free(s);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct mesh_http2 *h2 = user;

	if (h2->server && frame->hd.type == NGHTTP2_HEADERS &&
	    frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		nghttp2_session_set_stream_user_data(session, frame->hd.stream_id,
						     stream_new(h2, frame->hd.stream_id));
	return 0;
}

static bool is(const uint8_t *name, size_t len, const char *want)
{
	return len == strlen(want) && !memcmp(name, want, len);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t namelen, const uint8_t *value, size_t len, uint8_t flags, void *user)
{
	struct mesh_http2 *h2 = user;
	struct stream *s = find(h2, frame->hd.stream_id);

	(void)session;
	(void)flags;
	if (!s)
		return 0;
	if (!h2->server) {
		if (is(name, namelen, ":status"))
			h2->events->response(h2->ctx, s->id, atoi((const char *)value));
		return 0;
	}
	if (is(name, namelen, ":method") && len < sizeof(s->method)) {
		memcpy(s->method, value, len);
		s->method[len] = 0;
	} else if (is(name, namelen, ":path") && !s->path) {
		s->too_long = len > MESH_HTTP2_MAX_PATH;
		s->path = s->too_long ? mesh_strdup("") : mesh_strdup((const char *)value);
	}
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t len, void *user)
{
	struct mesh_http2 *h2 = user;
	struct stream *s = find(h2, id);

	(void)session;
	(void)flags;
	if (!s)
		return 0;
	if (!h2->server) {
		h2->events->data(h2->ctx, id, data, len);
	} else if (s->refused) {
		return 0;
	} else if (s->body.len + len > MESH_HTTP2_MAX_BODY || h2->buffered + len > MAX_BUFFERED) {
		s->refused = true;
		drop_body(h2, s);
		mesh_http2_respond(h2, id, 413, "text/plain", "request body too large\n", 23);
	} else {
		mesh_buf_add(&s->body, data, len);
		h2->buffered += len;
	}
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct mesh_http2 *h2 = user;
	struct stream *s;

	(void)session;
	if (!h2->server || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) ||
	    (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	s = find(h2, frame->hd.stream_id);
	if (!s || s->refused)
		return 0;
	if (s->too_long)
		mesh_http2_respond(h2, s->id, 414, "text/plain", "path too long\n", 14);
	else
		h2->events->request(h2->ctx, s->id, s->method, s->path ? s->path : "", s->body.data,
				    s->body.len);
	return 0;
}

/* After an early refusal the rest of the request is not wanted. */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct mesh_http2 *h2 = user;
	struct stream *s;

	if (frame->hd.type != NGHTTP2_DATA || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	s = find(h2, frame->hd.stream_id);
	if (s && s->refused)
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_NO_ERROR);
	return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
	struct mesh_http2 *h2 = user;
	struct stream *s = find(h2, id);

	if (!s)
		return 0;
	nghttp2_session_set_stream_user_data(session, id, NULL);
	h2->events->closed(h2->ctx, id, error);
	stream_free(h2, s);
	return 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *buf, size_t room,
			 uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct stream *s = source->ptr;
	size_t n = s->out.len < room ? s->out.len : room;

	(void)session;
	(void)id;
	(void)user;
	if (!n && !s->ended) {
		s->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	if (n)
		memcpy(buf, s->out.data, n);
	mesh_buf_take(&s->out, n);
	if (!s->out.len) {
		/* A stream lives for days; do not keep the memory of its largest message. */
		mesh_buf_free(&s->out);
		if (s->ended)
			*flags |= NGHTTP2_DATA_FLAG_EOF;
	}
	return (ssize_t)n;
}

static struct mesh_http2 *session_new(const struct mesh_http2_events *events, void *ctx,
				      bool server)
{
	struct mesh_http2 *h2 = mesh_alloc(sizeof(*h2));
	nghttp2_session_callbacks *cb;
	nghttp2_option *opt;
	int err = nghttp2_session_callbacks_new(&cb) | nghttp2_option_new(&opt);

	if (err)
		abort();
	h2->events = events;
	h2->ctx = ctx;
	h2->server = server;
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
	nghttp2_option_set_max_send_header_block_length(opt, 8192);
	nghttp2_option_set_max_deflate_dynamic_table_size(opt, 0);
	nghttp2_option_set_no_closed_streams(opt, 1);
	err = server ? nghttp2_session_server_new2(&h2->session, cb, h2, opt)
		     : nghttp2_session_client_new2(&h2->session, cb, h2, opt);
	if (err)
		abort();
	nghttp2_session_callbacks_del(cb);
	nghttp2_option_del(opt);
	return h2;
}

struct mesh_http2 *mesh_http2_server(const struct mesh_http2_events *events, void *ctx)
{
	struct mesh_http2 *h2 = session_new(events, ctx, true);
	/* No header table from the client: it would cost 4 KiB a connection. */
	nghttp2_settings_entry iv[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MESH_HTTP2_MAX_STREAMS},
		{NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, 0},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 8192},
	};

	nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, iv, sizeof(iv) / sizeof(iv[0]));
	return h2;
}

struct mesh_http2 *mesh_http2_client(const struct mesh_http2_events *events, void *ctx)
{
	struct mesh_http2 *h2 = session_new(events, ctx, false);
	nghttp2_settings_entry iv[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, CLIENT_WINDOW},
	};

	nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, iv, sizeof(iv) / sizeof(iv[0]));
	nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0, CLIENT_WINDOW);
	return h2;
}

void mesh_http2_free(struct mesh_http2 *h2)
{
	if (!h2)
		return;
	while (h2->streams) {
		h2->events->closed(h2->ctx, h2->streams->id, NGHTTP2_CANCEL);
		stream_free(h2, h2->streams);
	}
	nghttp2_session_del(h2->session);
	free(h2);
}

int mesh_http2_receive(struct mesh_http2 *h2, const uint8_t *data, size_t len)
{
	return nghttp2_session_mem_recv(h2->session, data, len) < 0 ? -EBADMSG : 0;
}

int mesh_http2_pull(struct mesh_http2 *h2, struct mesh_buf *out, size_t limit)
{
	size_t start = out->len;

	for (;;) {
		const uint8_t *p;
		ssize_t n;

		if (limit && out->len - start >= limit)
			return 0;
		n = nghttp2_session_mem_send(h2->session, &p);
		if (n < 0)
			return -EBADMSG;
		if (!n)
			return 0;
		mesh_buf_add(out, p, (size_t)n);
	}
}

bool mesh_http2_done(struct mesh_http2 *h2)
{
	return !nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session);
}

static nghttp2_nv header(const char *name, const char *value)
{
	return (nghttp2_nv){.name = (uint8_t *)name,
			    .value = (uint8_t *)value,
			    .namelen = strlen(name),
			    .valuelen = strlen(value)};
}

static int submit(struct mesh_http2 *h2, struct stream *s, int status, const char *type)
{
	nghttp2_data_provider body = {.source.ptr = s, .read_callback = read_body};
	char code[12];
	nghttp2_nv nv[2];
	size_t n = 0;

	snprintf(code, sizeof(code), "%d", status);
	nv[n++] = header(":status", code);
	if (type)
		nv[n++] = header("content-type", type);
	return nghttp2_submit_response(h2->session, s->id, nv, n, &body) ? -ENOENT : 0;
}

int mesh_http2_open(struct mesh_http2 *h2, int32_t stream, int status, const char *type)
{
	struct stream *s = find(h2, stream);

	if (!s)
		return -ENOENT;
	/* The request is answered; keep no copy of it. */
	drop_body(h2, s);
	return submit(h2, s, status, type);
}

int mesh_http2_respond(struct mesh_http2 *h2, int32_t stream, int status, const char *type,
		       const void *body, size_t len)
{
	struct stream *s = find(h2, stream);

	if (!s)
		return -ENOENT;
	mesh_buf_add(&s->out, body, len);
	s->ended = true;
	return submit(h2, s, status, type);
}

static void resume(struct mesh_http2 *h2, struct stream *s)
{
	if (!s->deferred)
		return;
	s->deferred = false;
	nghttp2_session_resume_data(h2->session, s->id);
}

int mesh_http2_send(struct mesh_http2 *h2, int32_t stream, const void *data, size_t len)
{
	struct stream *s = find(h2, stream);

	if (!s || s->ended)
		return -ENOENT;
	mesh_buf_add(&s->out, data, len);
	resume(h2, s);
	return 0;
}

int mesh_http2_end(struct mesh_http2 *h2, int32_t stream)
{
	struct stream *s = find(h2, stream);

	if (!s)
		return -ENOENT;
	s->ended = true;
	resume(h2, s);
	return 0;
}

size_t mesh_http2_pending(struct mesh_http2 *h2, int32_t stream)
{
	struct stream *s = find(h2, stream);

	return s ? s->out.len : 0;
}

int32_t mesh_http2_request(struct mesh_http2 *h2, const char *method, const char *authority,
			   const char *path, const void *body, size_t len)
{
	struct stream *s = stream_new(h2, 0);
	nghttp2_data_provider provider = {.source.ptr = s, .read_callback = read_body};
	nghttp2_nv nv[] = {
		header(":method", method),
		header(":scheme", "https"),
		header(":authority", authority),
		header(":path", path),
	};

	mesh_buf_add(&s->out, body, len);
	s->ended = true;
	s->id = nghttp2_submit_request(h2->session, NULL, nv, sizeof(nv) / sizeof(nv[0]),
				       len ? &provider : NULL, s);
	if (s->id < 0) {
		stream_free(h2, s);
		return -EPIPE;
	}
	return s->id;
}

void mesh_http2_cancel(struct mesh_http2 *h2, int32_t stream)
{
	nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}
