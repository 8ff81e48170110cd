/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The administration interface, one file for each kind of thing:
 *
 *   api.c        who may call, which function answers
 *   apiuser.c    users
 *   apiaccess.c  pre-auth keys and API keys
 *   apinode.c    nodes and logins that wait
 *   apipolicy.c  the policy
 *   apistatus.c  numbers, the audit log
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
	const char *id; /* what stands for ":" */
	const char *query;
	json_t *in; /* body, an object; may be empty */
	json_t *out;
	int status;
	struct mesh_error err;
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
extern const struct control_api_call control_api_policy[];
extern const struct control_api_call control_api_status[];

/* Refuses the call; @text may be c->err.text. */
void control_api_fail(struct control_call *c, int status, const char *text);
/* Turns what the state returned (and wrote to c->err) into a status. Return: whether it is done. */
bool control_api_done(struct control_call *c, int ret);

/* The user with this name or number; NULL after a refusal. */
struct control_user *control_api_user(struct control_call *c, const char *ref);

/* A time, null for 0. */
json_t *control_api_time(int64_t t);
/* "a b" as ["a", "b"] */
json_t *control_api_words(const char *text);
/* A member of the body; "" when it is missing or no text. */
const char *control_api_text(struct control_call *c, const char *name);
/* ["a", "b"] of the body as "a b", to be freed. NULL after a refusal: no list of words. */
char *control_api_join(struct control_call *c, const char *name);

#endif /* CONTROL_API_H */
