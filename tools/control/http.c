// SPDX-License-Identifier: GPL-2.0
#include "http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static long bad(struct control_http *r, int status, const char *reason)
{
	r->status = status;
	r->reason = reason;
	return -1;
}

static bool is_token(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s >= 127 || strchr("()<>@,;:\\\"/[]?={}", *s))
			return false;
	return true;
}

/* Ends the text at the next CRLF and returns what follows. */
static char *end_line(char *p)
{
	char *end = strstr(p, "\r\n");

	*end = 0;
	return end + 2;
}

static bool request_line(struct control_http *r, char *line)
{
	char *path = strchr(line, ' '), *version, *query;

	if (!path)
		return false;
	*path++ = 0;
	version = strchr(path, ' ');
	if (!version)
		return false;
	*version++ = 0;
	if (strcmp(version, "HTTP/1.1") && strcmp(version, "HTTP/1.0"))
		return false;
	for (const char *p = path; *p; p++)
		if (*p <= ' ' || *p >= 127)
			return false;
	r->keep_alive = version[7] == '1';
	r->method = line;
	r->path = path;
	r->query = "";
	query = strchr(path, '?');
	if (query) {
		*query++ = 0;
		r->query = query;
	}
	return is_token(line) && *path == '/';
}

static bool header_line(struct control_http *r, char *line)
{
	char *value = strchr(line, ':'), *end;

	if (!value || r->n_headers == HTTP_MAX_HEADERS)
		return false;
	*value++ = 0;
	while (*value == ' ' || *value == '\t')
		value++;
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	for (const char *p = value; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 127)
			return false;
	r->headers[r->n_headers].name = line;
	r->headers[r->n_headers++].value = value;
	return is_token(line);
}

/* Length of the body from the headers; -1 for none that can be trusted. */
static long body_length(const struct control_http *r)
{
	const char *found = NULL;
	long n = 0;

	for (size_t i = 0; i < r->n_headers; i++) {
		if (strcasecmp(r->headers[i].name, "Content-Length"))
			continue;
		if (found)
			return -1;
		found = r->headers[i].value;
	}
	if (!found)
		return 0;
	if (!*found)
		return -1;
	for (; *found; found++) {
		if (*found < '0' || *found > '9' || n > 100000000)
			return -1;
		n = n * 10 + (*found - '0');
	}
	return n;
}

long control_http_parse(struct control_http *r, char *buf, size_t len)
{
	char copy[HTTP_MAX_HEAD + 1];
	size_t head, start = 0;
	char *end, *p;
	long body;

	memset(r, 0, sizeof(*r));
	/* An empty line before a request is to be ignored (RFC 9112, 2.2). */
	while (len - start >= 2 && buf[start] == '\r' && buf[start + 1] == '\n' && start < 8)
		start += 2;
	end = memmem(buf + start, len - start, "\r\n\r\n", 4);
	if (!end) {
		if (len - start > HTTP_MAX_HEAD)
			return bad(r, 431, "the header is too large");
		return 0;
	}
	head = (size_t)(end - (buf + start)) + 4;
	if (head > HTTP_MAX_HEAD)
		return bad(r, 431, "the header is too large");
	if (memchr(buf + start, 0, head))
		return bad(r, 400, "NUL in the header");

	/* Only the length is needed to know whether all is there: look at a copy first. */
	memcpy(copy, buf + start, head);
	copy[head - 2] = 0;
	for (int pass = 0; pass < 2; pass++) {
		char *text = pass ? buf + start : copy;

		memset(r, 0, sizeof(*r));
		text[head - 2] = 0;
		p = end_line(text);
		if (!request_line(r, text))
			return bad(r, 400, "malformed request line");
		while (*p) {
			char *next = end_line(p);

			if (!header_line(r, p))
				return bad(r, 400, "malformed header");
			p = next;
		}
		if (control_http_header(r, "Transfer-Encoding"))
			return bad(r, 501, "send a Content-Length instead of chunks");
		body = body_length(r);
		if (body < 0)
			return bad(r, 400, "malformed Content-Length");
		if (body > HTTP_MAX_BODY)
			return bad(r, 413, "the body is too large");
		if (len - start < head + (size_t)body)
			return 0;
	}
	if (control_http_has_token(r, "Connection", "close"))
		r->keep_alive = false;
	r->body = (const uint8_t *)buf + start + head;
	r->body_len = (size_t)body;
	return (long)(start + head + (size_t)body);
}

const char *control_http_header(const struct control_http *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (!strcasecmp(r->headers[i].name, name))
			return r->headers[i].value;
	return NULL;
}

bool control_http_has_token(const struct control_http *r, const char *name, const char *token)
{
	size_t want = strlen(token);

	for (size_t i = 0; i < r->n_headers; i++) {
		const char *p = r->headers[i].value;

		if (strcasecmp(r->headers[i].name, name))
			continue;
		while (*p) {
			size_t n;

			p += strspn(p, ", \t");
			n = strcspn(p, ", \t");
			if (n == want && !strncasecmp(p, token, n))
				return true;
			p += n;
		}
	}
	return false;
}

const char *control_http_cookie(const struct control_http *r, const char *name, size_t *len)
{
	const char *p = control_http_header(r, "Cookie");
	size_t n = strlen(name);

	while (p && *p) {
		p += strspn(p, "; ");
		*len = strcspn(p, ";");
		if (*len > n && !strncmp(p, name, n) && p[n] == '=') {
			*len -= n + 1;
			return p + n + 1;
		}
		p += *len;
	}
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool control_http_query(const char *query, const char *name, char *out, size_t size)
{
	size_t n = strlen(name), k = 0;

	while (strncmp(query, name, n) || query[n] != '=') {
		query = strchr(query, '&');
		if (!query)
			return false;
		query++;
	}
	for (const char *p = query + n + 1; *p && *p != '&'; p++) {
		int c = *p;

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);

			if (low < 0)
				return false;
			c = high << 4 | low;
			p += 2;
		}
		if (!c || k + 1 >= size)
			return false;
		out[k++] = (char)c;
	}
	out[k] = 0;
	return true;
}

const char *control_http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{101, "Switching Protocols"},
		{200, "OK"},
		{201, "Created"},
		{204, "No Content"},
		{304, "Not Modified"},
		{307, "Temporary Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{426, "Upgrade Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{507, "Insufficient Storage"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

void control_http_respond(struct mesh_buf *out, int status, const char *type, const void *body,
			  size_t len, bool keep_alive, const char *extra)
{
	mesh_buf_printf(out, "HTTP/1.1 %d %s\r\n", status, control_http_reason(status));
	if (type)
		mesh_buf_printf(out, "Content-Type: %s\r\n", type);
	/* 304 has no body, and a length would be that of the one it stands for. */
	if (status != 304)
		mesh_buf_printf(out, "Content-Length: %zu\r\n", len);
	mesh_buf_str(out, "X-Content-Type-Options: nosniff\r\n");
	if (!keep_alive)
		mesh_buf_str(out, "Connection: close\r\n");
	if (extra)
		mesh_buf_str(out, extra);
	mesh_buf_str(out, "\r\n");
	mesh_buf_add(out, body, len);
}
