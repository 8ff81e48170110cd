/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HTTP/1.1 as far as the outer side of the server needs it: requests with a body of known length,
 * responses, and upgrades. Pure: bytes in, bytes out.
 */
#ifndef CONTROL_HTTP_H
#define CONTROL_HTTP_H

#include "mesh.h"

#define HTTP_MAX_HEAD	 16384
#define HTTP_MAX_HEADERS 64
#define HTTP_MAX_BODY	 (1 << 20)

struct control_http {
	const char *method;
	const char *path;  /* without the query */
	const char *query; /* "" for none */
	struct {
		const char *name;
		const char *value;
	} headers[HTTP_MAX_HEADERS];
	size_t n_headers;
	bool keep_alive;
	const uint8_t *body;
	size_t body_len;
	int status; /* of a refusal */
	const char *reason;
};

/**
 * control_http_parse() - find the request at the front
 * @r: result; points into @buf
 * @buf: received bytes; written to (NULs after names and values) once the request is complete
 * @len: how many
 *
 * Return: bytes of the whole request, 0 for incomplete, -1 for a bad one: send @r->status with
 * @r->reason and close.
 */
long control_http_parse(struct control_http *r, char *buf, size_t len);

/* Value of a header, or NULL; the name in any case. */
const char *control_http_header(const struct control_http *r, const char *name);
/* Whether a comma-separated header has this token, in any case. */
bool control_http_has_token(const struct control_http *r, const char *name, const char *token);

/* Value of a cookie, with its length; NULL when there is none of the name. */
const char *control_http_cookie(const struct control_http *r, const char *name, size_t *len);

/**
 * control_http_query() - find a parameter
 * @query: "a=b&c=d"
 * @name: of the parameter
 * @out: its value, decoded
 * @size: room for it
 *
 * Return: false when it is missing, malformed or too long.
 */
bool control_http_query(const char *query, const char *name, char *out, size_t size);

/**
 * control_http_respond() - write a response
 * @out: bytes are appended
 * @status: code
 * @type: content type, or NULL without a body
 * @body: bytes
 * @len: how many
 * @keep_alive: whether the connection goes on
 * @extra: more header lines, each ending in CRLF; or NULL
 */
void control_http_respond(struct mesh_buf *out, int status, const char *type, const void *body,
			  size_t len, bool keep_alive, const char *extra);

/* The words behind a status code. */
const char *control_http_reason(int status);

#endif /* CONTROL_HTTP_H */
