/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A person logs a device in through the identity provider (OpenID Connect, authorization code with
 * PKCE). The pages:
 *
 *   /register/ID     where the device sends the person; links to the next
 *   /oidc/login?id=  begins a login: a redirect to the provider
 *   /oidc/callback   where the provider sends the person back, with a code; the server trades it
 *                    for an ID token, and asks the person whether the device is theirs
 *   /oidc/confirm    the answer, a form
 *   /oidc/admin      begins a login to the web page, for those whom the configuration names; its
 * end is a session instead of a question
 *
 * State, nonce and PKCE verifier are a login's own; a cookie binds it to the browser that began it.
 * Nobody gets a device into the mesh by making another person open a link: the page that lets it in
 * names the device and wants a click.
 */
#ifndef CONTROL_SIGNIN_H
#define CONTROL_SIGNIN_H

#include "server.h"

struct control_signin;

/* NULL with @err. */
struct control_signin *control_signin_new(struct control_server *srv, struct mesh_error *err);
/* Whether anybody can sign in on the web page so. */
bool control_signin_admins(const struct control_signin *s);
/* Before the loop's last turn. */
void control_signin_free(struct control_signin *s);
/* Forgets logins that nobody finished. */
void control_signin_expire(struct control_signin *s);

/**
 * control_signin_request() - answer a request to /oidc/..., now or later
 * @s: logins
 * @conn: the connection; its handler is another one while the answer is not there
 * @req: the request; points into conn->in, which is emptied when the answer comes later
 */
void control_signin_request(struct control_signin *s, struct control_conn *conn,
			    const struct control_http *req);

#endif /* CONTROL_SIGNIN_H */
