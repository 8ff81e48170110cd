// SPDX-License-Identifier: GPL-2.0
/*
 * The web page: files of the folder web/, which the build puts into the program. They work with
 * scripts, styles and connections of this server only and in no other site's frame. Nothing secret
 * is in them: they get what they show from /api/v1.
 */
#include "asset.h"
#include "server.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define ADMIN "/admin/"

static const char security[] =
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
	"img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
	"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
	"trusted-types 'none'\r\n"
	"Cross-Origin-Opener-Policy: same-origin\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"X-Frame-Options: DENY\r\n";

static const char *type_of(const char *name)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".svg", "image/svg+xml"},
	};
	const char *end = strrchr(name, '.');

	for (size_t i = 0; end && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(end, types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

static const struct control_asset *find(const char *name)
{
	for (const struct control_asset *a = control_assets; a->name; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

/* A browser keeps the file and asks whether it is still this one. */
static void serve(const struct control_http *req, const struct control_asset *a,
		  struct control_answer *out)
{
	const char *known = control_http_header(req, "If-None-Match");
	uint8_t hash[16];
	char tag[2 * sizeof(hash) + 3];

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)a->text, a->len, NULL, 0);
	tag[0] = '"';
	mesh_text_hex(tag + 1, hash, sizeof(hash));
	strcat(tag, "\"");
	snprintf(out->headers, sizeof(out->headers), "%sCache-Control: no-cache\r\nETag: %s\r\n",
		 security, tag);
	if (known && !strcmp(known, tag)) {
		out->status = 304;
		return;
	}
	out->status = 200;
	out->type = type_of(a->name);
	mesh_buf_add(&out->body, a->text, a->len);
}

static void redirect(struct control_answer *out, const char *scheme, const char *host,
		     const char *path)
{
	out->status = 307;
	snprintf(out->headers, sizeof(out->headers), "Location: %s%.300s%.300s\r\n", scheme, host,
		 path);
}

/* Whether a key typed into the page would cross the network in the clear, which it must not. */
static bool in_clear(const struct control_server *srv, const struct control_conn *conn)
{
	char from[MESH_ADDR_TEXT];

	mesh_text_ip(from, &conn->peer.ip);
	return !conn->ssl && !conn->local && !srv->config->server_tls && srv->cert.ctx &&
	       strcmp(from, "127.0.0.1") && strcmp(from, "::1");
}

bool control_web_handle(struct control_server *srv, const struct control_conn *conn,
			const struct control_http *req, struct control_answer *out)
{
	const char *host = control_http_header(req, "Host"), *path = req->path;
	const struct control_asset *asset;

	/* The pages for who logs a device in look like this one. */
	if (!strcmp(path, ADMIN "style.css") || !strcmp(path, ADMIN "icon.svg")) {
		serve(req, find(path + strlen(ADMIN)), out);
		return true;
	}
	if (!srv->config->web)
		return false;
	if (!strcmp(path, "/") || !strcmp(path, "/admin")) {
		redirect(out, "", "", ADMIN);
		return true;
	}
	if (strncmp(path, ADMIN, strlen(ADMIN)))
		return false;
	asset = find(path[strlen(ADMIN)] ? path + strlen(ADMIN) : "index.html");
	if (!asset)
		return false;
	if (host && *host && in_clear(srv, conn))
		redirect(out, "https://", host, ADMIN);
	else
		serve(req, asset, out);
	return true;
}
