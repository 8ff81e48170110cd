/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sessions of the web page: a random token in a cookie that scripts cannot read, known here by its
 * hash, in memory only, so that a restart signs everybody out. A session is somebody's: of a person
 * that the identity provider knows, or of an API key, and then it ends with the key. What changes
 * something also needs the session's second token in a header, and an Origin that is ours, so that
 * no other site can make a browser do it.
 */
#ifndef CONTROL_SESSION_H
#define CONTROL_SESSION_H

#include "http.h"
#include "secret.h"

#define SESSION_MAX    256 /* the oldest makes room */
#define SESSION_TOKEN  64  /* digits */
#define SESSION_COOKIE 200 /* room for the header line */
#define SESSION_IDLE   3600
#define SESSION_ACTOR  80
#define SESSION_HEADER "X-Warren-Token"

struct control_server;
struct control_conn;

struct control_session {
	struct control_session *next;
	uint8_t hash[SECRET_HASH];     /* of the cookie's token */
	char token[SESSION_TOKEN + 1]; /* for changes */
	char actor[SESSION_ACTOR];     /* in the audit log */
	int64_t key;		       /* ID of the API key that it was opened with, or 0 */
	bool all;		       /* may change things */
	int64_t expires;
	int64_t used;
};

/**
 * control_session_open() - sign somebody in
 * @srv: server
 * @actor: who, for the audit log
 * @all: whether the session may change things
 * @key: ID of the API key with which it ends, or 0
 * @secure: whether the browser's side is https
 * @cookie: the header line to send, with CRLF
 *
 * Return: the session; it lives until the next call to this module.
 */
struct control_session *control_session_open(struct control_server *srv, const char *actor,
					     bool all, int64_t key, bool secure,
					     char cookie[SESSION_COOKIE]);
/* The valid session of a request, or NULL. */
struct control_session *control_session_find(struct control_server *srv,
					     const struct control_http *req);
/* Signs out; @cookie tells the browser to forget. */
void control_session_close(struct control_server *srv, struct control_session *session, bool secure,
			   char cookie[SESSION_COOKIE]);
void control_session_close_all(struct control_server *srv);

/* Whether the request comes from a page of this server, by its Origin header, which must be there.
 */
bool control_session_own_origin(const struct control_server *srv, const struct control_http *req);
/* Whether the browser speaks https to us or to the proxy before us, by the same header. */
bool control_session_secure(const struct control_http *req);
/* Whether a request that changes something was made by the page of this session. */
bool control_session_guards(const struct control_server *srv, const struct control_session *session,
			    const struct control_http *req);

#endif /* CONTROL_SESSION_H */
