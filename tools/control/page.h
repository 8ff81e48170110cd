/* SPDX-License-Identifier: GPL-2.0 */
/* The pages that a person sees who logs a device in: plain HTML, no scripts, nothing foreign. */
#ifndef CONTROL_PAGE_H
#define CONTROL_PAGE_H

#include "server.h"

/* Begins a page. @title must be HTML already. */
void control_page_begin(struct mesh_buf *page, const char *title);
/* Appends text that anybody may have written. */
void control_page_text(struct mesh_buf *page, const char *text);
/* A line about the device: what it calls itself and its system. */
void control_page_device(struct mesh_buf *page, const struct control_pending *p);

/**
 * control_page_send() - send a page and free it
 * @conn: where to
 * @req: the request, or NULL when it is gone: then the connection ends
 * @status: HTTP status
 * @page: HTML
 * @extra: more header lines, or NULL
 */
void control_page_send(struct control_conn *conn, const struct control_http *req, int status,
		       struct mesh_buf *page, const char *extra);
/* A page with a title and one paragraph of text. */
void control_page_message(struct control_conn *conn, const struct control_http *req, int status,
			  const char *title, const char *text);

/* The page to which a device sends a person who wants to log it in. */
void control_page_register(struct control_server *srv, struct control_conn *conn,
			   const struct control_http *req);

#endif /* CONTROL_PAGE_H */
