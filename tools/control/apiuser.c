// SPDX-License-Identifier: GPL-2.0
#include "api.h"

#include <stdlib.h>
#include <string.h>

static json_t *user_json(const struct control_user *u)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:o, s:I}", "id", (json_int_t)u->id, "name", u->name,
			 "displayName", u->display_name, "email", u->email, "createdAt",
			 control_api_time(u->created), "nodes", (json_int_t)u->n_nodes);
}

struct control_user *control_api_user(struct control_call *c, const char *ref)
{
	struct control_user *u = control_state_user_named(c->st, ref);

	if (!u && *ref && ref[strspn(ref, "0123456789")] == 0)
		u = control_state_user(c->st, strtoll(ref, NULL, 10));
	if (!u) {
		mesh_error_set(&c->err, "there is no user \"%.100s\"", ref);
		control_api_fail(c, 404, c->err.text);
	}
	return u;
}

static void list_users(struct control_call *c)
{
	struct control_part part;

	if (!control_api_part(c, &part))
		return;
	for (struct control_user *u = c->st->users; u; u = u->next)
		if (control_api_part_takes(&part, u->id))
			json_array_append_new(part.list, user_json(u));
	c->out = json_pack("{s:o, s:I}", "users", part.list, "total", (json_int_t)part.total);
}

static void create_user(struct control_call *c)
{
	struct control_user *u = control_state_add_user(c->st, control_api_text(c, "name"),
							control_api_text(c, "displayName"),
							control_api_text(c, "email"), &c->err);

	if (!u) {
		control_api_fail(
			c, control_state_user_named(c->st, control_api_text(c, "name")) ? 409 : 400,
			c->err.text);
		return;
	}
	c->status = 201;
	c->out = json_pack("{s:o}", "user", user_json(u));
}

static void rename_user(struct control_call *c)
{
	struct control_user *u = control_api_user(c, c->id);

	if (u && control_api_done(c, control_state_rename_user(
					     c->st, u, control_api_text(c, "name"), &c->err)))
		c->out = json_pack("{s:o}", "user", user_json(u));
}

static void delete_user(struct control_call *c)
{
	struct control_user *u = control_api_user(c, c->id);

	if (u)
		control_api_done(c, control_state_remove_user(c->st, u, &c->err));
}

const struct control_api_call control_api_users[] = {
	{"GET", "users", list_users},
	{"POST", "users", create_user},
	{"POST", "users/:/rename", rename_user},
	{"DELETE", "users/:", delete_user},
	{NULL, NULL, NULL},
};
