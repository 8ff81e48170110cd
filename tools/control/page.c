// SPDX-License-Identifier: GPL-2.0
#include "page.h"

#include <stdio.h>
#include <string.h>

void control_page_begin(struct mesh_buf *page, const char *title)
{
	mesh_buf_printf(page,
			"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
			"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
			"<meta name=\"color-scheme\" content=\"light dark\">\n<title>%s</title>\n"
			"<link rel=\"icon\" href=\"/admin/icon.svg\">\n"
			"<link rel=\"stylesheet\" href=\"/admin/style.css\">\n"
			"<main class=\"card notice\">\n<h1>%s</h1>\n",
			title, title);
}

void control_page_text(struct mesh_buf *page, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			mesh_buf_str(page, "&lt;");
			break;
		case '>':
			mesh_buf_str(page, "&gt;");
			break;
		case '&':
			mesh_buf_str(page, "&amp;");
			break;
		case '"':
			mesh_buf_str(page, "&quot;");
			break;
		case '\'':
			mesh_buf_str(page, "&#39;");
			break;
		default:
			mesh_buf_add(page, text, 1);
		}
	}
}

void control_page_device(struct mesh_buf *page, const struct control_pending *p)
{
	mesh_buf_str(page, "<p>The device calls itself <b>");
	control_page_text(page, *p->hostname ? p->hostname : "(no name)");
	mesh_buf_str(page, "</b>");
	if (p->hostinfo.os && *p->hostinfo.os) {
		mesh_buf_str(page, " (");
		control_page_text(page, p->hostinfo.os);
		mesh_buf_str(page, ")");
	}
	if (*p->tags) {
		mesh_buf_str(page, " and wants to be ");
		control_page_text(page, p->tags);
	}
	mesh_buf_str(page, ".</p>");
}

void control_page_send(struct control_conn *conn, const struct control_http *req, int status,
		       struct mesh_buf *page, const char *extra)
{
	static const char security[] =
		"Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; "
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n"
		"X-Frame-Options: DENY\r\nX-Content-Type-Options: nosniff\r\n"
		"Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n";
	struct mesh_buf lines = {0};

	mesh_buf_printf(&lines, "%s%s", security, extra ? extra : "");
	mesh_buf_add(&lines, "", 1);
	control_outer_respond(conn, req, status, "text/html; charset=utf-8", page->data, page->len,
			      (char *)lines.data);
	mesh_buf_free(&lines);
	mesh_buf_free(page);
}

void control_page_message(struct control_conn *conn, const struct control_http *req, int status,
			  const char *title, const char *text)
{
	struct mesh_buf page = {0};

	control_page_begin(&page, title);
	mesh_buf_str(&page, "<p>");
	control_page_text(&page, text);
	mesh_buf_str(&page, "</p>");
	control_page_send(conn, req, status, &page, NULL);
}

void control_page_register(struct control_server *srv, struct control_conn *conn,
			   const struct control_http *req)
{
	struct control_pending *p =
		control_login_find(srv->login, req->path + strlen("/register/"));
	struct mesh_buf page = {0};

	if (!p) {
		control_page_message(
			conn, req, 404, "Add a device",
			"No device is waiting under this address. The login may have been "
			"approved, rejected or have expired; start it again on the device.");
		return;
	}
	control_page_begin(&page, "Add a device");
	control_page_device(&page, p);
	/* The id is ours: hexadecimal digits. */
	if (srv->signin)
		mesh_buf_printf(
			&page,
			"<p><a class=\"button\" href=\"/oidc/login?id=%s\">Sign in</a></p>\n",
			p->id);
	mesh_buf_str(&page, srv->signin ? "<p>Or an administrator lets it in"
					: "<p>This device waits for approval. An administrator "
					  "lets it in");
	if (srv->config->web)
		mesh_buf_printf(&page,
				":</p>\n<p><a class=\"button\" href=\"/admin/#waiting/%s\">"
				"Sign in and approve</a></p>\n<p>Or",
				p->id);
	mesh_buf_printf(
		&page,
		", on the server, with</p>\n<pre>warren-control auth approve %s USER</pre>\n"
		"<p class=\"dim\">Only approve a device that you know is waiting.</p>\n",
		p->id);
	control_page_send(conn, req, 200, &page, NULL);
}
