/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a device becomes a node: with a pre-auth key, or by waiting until somebody approves it; and
 * logging out. Every request is bound to the machine key of the connection it came on: a node key
 * that belongs to another machine is refused, whoever presents it.
 */
#ifndef CONTROL_LOGIN_H
#define CONTROL_LOGIN_H

#include "mapper.h"

#define LOGIN_ID_SIZE	 24
#define LOGIN_MAX	 1024
#define LOGIN_MAX_ORIGIN 64 /* of them from one source address */
#define LOGIN_SECONDS	 900
#define LOGIN_MAX_WAITER 8     /* of one pending login */
#define LOGIN_HOSTINFO	 32768 /* bytes kept of each; anybody can start a login */

/* A request that is held open until the verdict. Embedded by the caller. */
struct control_waiter {
	struct control_waiter *next;
	struct control_waiter **prev; /* NULL: not waiting */
	const char *origin;	      /* address of the device, for the audit log */
	void (*done)(struct control_waiter *w, const struct mesh_register_response *resp);
};

struct control_pending {
	struct control_pending *next;
	char id[LOGIN_ID_SIZE + 1];
	struct mesh_key machine;
	struct mesh_key key;
	struct mesh_arena arena;
	struct mesh_hostinfo hostinfo;
	const char *hostinfo_raw;
	const char *hostname;
	const char *tags; /* that the device asks for, space-separated */
	char origin[MESH_ADDR_TEXT];
	int64_t created;
	struct control_waiter *waiters;
};

struct control_login {
	struct control_state *state;
	struct control_mapper *mapper;
	struct control_pending *pending; /* newest first */
	size_t n_pending;
};

struct control_login *control_login_new(struct control_mapper *mapper);
void control_login_free(struct control_login *l);

/**
 * control_login_register() - answer a register request
 * @l: logins
 * @machine: machine key of the connection
 * @req: the request
 * @w: called when the answer is there, at once or later; it may speak of a commit that is yet to be
 *     flushed (durable.h)
 *
 * A caller whose client leaves before that calls control_login_cancel().
 */
void control_login_register(struct control_login *l, const struct mesh_key *machine,
			    const struct mesh_register_request *req, struct control_waiter *w);
void control_login_cancel(struct control_waiter *w);

struct control_pending *control_login_find(struct control_login *l, const char *id);
/**
 * control_login_admit() - let a waiting device in
 * @l: logins
 * @p: the login; gone afterwards
 * @user: whose device it becomes
 * @method: how: "approval", "oidc"
 * @expires: when its key expires, unless it becomes a tagged device; 0 for never
 * @err: what is wrong
 *
 * Return: NULL when the user may not give it the tags that it asks for, or the state refuses.
 */
struct control_node *control_login_admit(struct control_login *l, struct control_pending *p,
					 struct control_user *user, const char *method,
					 int64_t expires, struct mesh_error *err);
/* The same by an administrator. NULL with @err. */
struct control_node *control_login_approve(struct control_login *l, struct control_pending *p,
					   struct control_user *user, struct mesh_error *err);
void control_login_reject(struct control_login *l, struct control_pending *p);
/* Forgets logins that nobody approved in time. */
void control_login_expire(struct control_login *l);

#endif /* CONTROL_LOGIN_H */
