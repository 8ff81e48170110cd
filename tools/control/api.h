/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The administration interface, one file for each kind of thing:
 *
 *   api.c        who may call, which function answers
 *   apiuser.c    users
 *   apiaccess.c  pre-auth keys and API keys
 *   apinode.c    nodes and logins that wait
 *   apiplain.c   plain WireGuard peers
 *   apipolicy.c  the policy
 *   apireach.c   who may reach whom
 *   apistatus.c  numbers, the audit log
 *   apisession.c signing in and out on the web page
 *   apitext.c    JSON in and out
 *
 * Each has a table of its calls; api.c lists the tables, openapi.yaml describes the calls.
 */
#ifndef CONTROL_API_H
#define CONTROL_API_H

#include "server.h"

#include <jansson.h>

/* A call in progress. */
struct control_call {
	struct control_server *srv;
	struct control_state *st;
	struct control_conn *conn;
	const struct control_http *req;
	struct control_session *session; /* of a call by the web page, or NULL */
	const char *id;			 /* what stands for ":" */
	json_t *in;			 /* body, an object; may be empty */
	json_t *out;
	int status;
	struct mesh_error err;
	char cookie[SESSION_COOKIE]; /* header line to send, or "" */
};

struct control_api_call {
	const char *method; /* NULL at the end of a table */
	const char *path;   /* ":" stands for a number or an identifier */
	/* Sets c->out (NULL is an empty object) and c->status, or calls control_api_fail(). */
	void (*handle)(struct control_call *c);
};

extern const struct control_api_call control_api_users[];
extern const struct control_api_call control_api_access[];
extern const struct control_api_call control_api_nodes[];
extern const struct control_api_call control_api_plain[];
extern const struct control_api_call control_api_policy[];
extern const struct control_api_call control_api_reach[];
extern const struct control_api_call control_api_status[];
/* These need no credential; they look for themselves. */
extern const struct control_api_call control_api_session[];

/* Refuses the call; @text may be c->err.text. */
void control_api_fail(struct control_call *c, int status, const char *text);
/* Turns what the state returned (and wrote to c->err) into a status. Return: whether it is done. */
bool control_api_done(struct control_call *c, int ret);

/* Whether a secret may be sent over this connection, and its sender not refused too often. */
bool control_api_may_try(struct control_call *c);
/* The valid API key that @text is; NULL after a refusal, which is counted and in the audit log. */
struct control_apikey *control_api_key(struct control_call *c, const char *actor, const char *text);

/* The user with this name or number; NULL after a refusal. */
struct control_user *control_api_user(struct control_call *c, const char *ref);
/* The node with this number or name; NULL after a refusal. */
struct control_node *control_api_node(struct control_call *c, const char *ref);

/* The same for a node. */
struct control_node *control_api_node(struct control_call *c, const char *ref);
json_t *control_api_node_json(const struct control_node *n);

/* A list that is answered in parts: ?limit=N&after=ID */
struct control_part {
	json_t *list; /* a new one; what is taken is appended */
	int64_t after;
	int64_t limit;
	int64_t total; /* of all, not only of this part */
};

/* Return: false after a refusal; then there is no list. */
bool control_api_part(struct control_call *c, struct control_part *part);
/* Counts an item, in the order of IDs. Return: whether it is of this part. */
bool control_api_part_takes(struct control_part *part, int64_t id);

/* A time, null for 0. */
json_t *control_api_time(int64_t t);
/* "a b" as ["a", "b"] */
json_t *control_api_words(const char *text);
/* A member of the body; "" when it is missing or no text. */
const char *control_api_text(struct control_call *c, const char *name);
/* ["a", "b"] of the body as "a b", to be freed. NULL after a refusal: no list of words. */
char *control_api_join(struct control_call *c, const char *name);

#endif /* CONTROL_API_H */
