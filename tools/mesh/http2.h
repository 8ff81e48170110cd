/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HTTP/2 with prior knowledge, as it runs inside ts2021 records (RFC 9113 over nghttp2), for both
 * sides. Bytes go in with mesh_http2_receive() and come out with mesh_http2_pull(); what happens is
 * told through callbacks. Streams are named by their HTTP/2 number.
 *
 * The callbacks may call the sending functions but must not free the session.
 */
#ifndef MESH_HTTP2_H
#define MESH_HTTP2_H

#include "mesh.h"

#define MESH_HTTP2_MAX_BODY    (256 << 10) /* of a request; real ones have a few KiB */
#define MESH_HTTP2_MAX_STREAMS 128
#define MESH_HTTP2_MAX_PATH    1024

struct mesh_http2;

struct mesh_http2_events {
	/* Server: a request is complete. @body is the callee's for the time of the call. */
	void (*request)(void *ctx, int32_t stream, const char *method, const char *path,
			const uint8_t *body, size_t len);
	/* Client: the status arrived. */
	void (*response)(void *ctx, int32_t stream, int status);
	/* Client: body bytes arrived. */
	void (*data)(void *ctx, int32_t stream, const uint8_t *data, size_t len);
	/* Both: a stream ended; @error is 0 or an HTTP/2 error code. */
	void (*closed)(void *ctx, int32_t stream, uint32_t error);
};

struct mesh_http2 *mesh_http2_server(const struct mesh_http2_events *events, void *ctx);
struct mesh_http2 *mesh_http2_client(const struct mesh_http2_events *events, void *ctx);
/* Tells closed() for every open stream. */
void mesh_http2_free(struct mesh_http2 *h2);

/* Return: 0, or -EBADMSG when the other side broke the protocol: close the connection. */
int mesh_http2_receive(struct mesh_http2 *h2, const uint8_t *data, size_t len);

/**
 * mesh_http2_pull() - collect what is to be sent
 * @h2: the session
 * @out: bytes are appended
 * @limit: stop after about so many, 0 for no limit
 *
 * Return: 0, or -EBADMSG when the session cannot go on.
 */
int mesh_http2_pull(struct mesh_http2 *h2, struct mesh_buf *out, size_t limit);

/* Whether the session has ended: nothing more will be read or written. */
bool mesh_http2_done(struct mesh_http2 *h2);

/**
 * mesh_http2_respond() - answer a request at once
 * @h2: server session
 * @stream: its stream
 * @status: HTTP status
 * @type: content type, or NULL
 * @body: copied
 * @len: its length
 *
 * Return: 0, or -ENOENT when the stream is gone.
 */
int mesh_http2_respond(struct mesh_http2 *h2, int32_t stream, int status, const char *type,
		       const void *body, size_t len);

/* Answers with the headers alone and leaves the body open for mesh_http2_send(). */
int mesh_http2_open(struct mesh_http2 *h2, int32_t stream, int status, const char *type);
/* Adds body bytes to an open response. */
int mesh_http2_send(struct mesh_http2 *h2, int32_t stream, const void *data, size_t len);
/* Ends an open response after what was sent. */
int mesh_http2_end(struct mesh_http2 *h2, int32_t stream);
/* Body bytes that wait because the other side does not read. */
size_t mesh_http2_pending(struct mesh_http2 *h2, int32_t stream);

/**
 * mesh_http2_request() - send a request
 * @h2: client session
 * @method: "POST"
 * @authority: host of the server
 * @path: begins with a slash
 * @body: copied
 * @len: its length
 *
 * Return: the stream, or a negative errno.
 */
int32_t mesh_http2_request(struct mesh_http2 *h2, const char *method, const char *authority,
			   const char *path, const void *body, size_t len);
/* Gives up a stream from either side. */
void mesh_http2_cancel(struct mesh_http2 *h2, int32_t stream);

#endif /* MESH_HTTP2_H */
