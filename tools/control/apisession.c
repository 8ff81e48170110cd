// SPDX-License-Identifier: GPL-2.0
/* Signing in and out on the web page. A browser then shows its cookie where others show a key. */
#include "api.h"
#include "signin.h"

#include <stdio.h>
#include <string.h>

static void show(struct control_call *c, const struct control_session *s)
{
	json_t *session = json_null();

	if (s)
		session = json_pack("{s:s, s:s, s:s, s:o}", "actor", s->actor, "scope",
				    s->all ? "all" : "read", "token", s->token, "expiresAt",
				    control_api_time(s->expires));
	c->out = json_pack("{s:o, s:b}", "session", session, "oidc",
			   c->srv->signin && control_signin_admins(c->srv->signin));
}

static void get_session(struct control_call *c)
{
	show(c, control_session_find(c->srv, c->req));
}

static void sign_in(struct control_call *c)
{
	char actor[SESSION_ACTOR], origin[MESH_ADDR_TEXT];
	struct control_apikey *key;

	if (!c->srv->config->web) {
		control_api_fail(c, 404, "the web page is not enabled");
		return;
	}
	/* So that no other site signs somebody in under a name that is not theirs. */
	if (!control_session_own_origin(c->srv, c->req)) {
		control_api_fail(c, 403, "this request is not from the web page of this server");
		return;
	}
	if (!control_api_may_try(c))
		return;
	key = control_api_key(c, "web page", control_api_text(c, "key"));
	if (!key)
		return;
	snprintf(actor, sizeof(actor), "api key %s (web page)", key->prefix);
	mesh_text_ip(origin, &c->conn->peer.ip);
	control_db_actor(c->st->db, actor, origin);
	if (!control_api_done(c, control_db_audit(c->st->db, &c->err, "session.open", "", "")))
		return;
	c->status = 201;
	show(c, control_session_open(c->srv, actor, key->all, key->id,
				     control_session_secure(c->req), c->cookie));
}

static void sign_out(struct control_call *c)
{
	struct control_session *s = control_session_find(c->srv, c->req);
	char origin[MESH_ADDR_TEXT];

	if (!s)
		return;
	if (!control_session_guards(c->srv, s, c->req)) {
		control_api_fail(c, 403, "this request is not from the web page of this server");
		return;
	}
	mesh_text_ip(origin, &c->conn->peer.ip);
	control_db_actor(c->st->db, s->actor, origin);
	/* Signing out works also when the log cannot be written. */
	control_db_audit(c->st->db, &c->err, "session.close", "", "");
	control_session_close(c->srv, s, control_session_secure(c->req), c->cookie);
}

const struct control_api_call control_api_session[] = {
	{"GET", "session", get_session},
	{"POST", "session", sign_in},
	{"DELETE", "session", sign_out},
	{NULL, NULL, NULL},
};
