// SPDX-License-Identifier: GPL-2.0
/* Users whom an identity provider knows. */
#include "oidc.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool control_state_in_group(const struct control_user *user, const char *group)
{
	size_t len = strlen(group), n;

	for (const char *p = user->groups; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (n == len && !memcmp(p, group, n))
			return true;
	}
	return false;
}

static struct control_user *find(struct control_state *st, const struct control_identity *id)
{
	struct control_user *u;

	for (u = st->users; u; u = u->next)
		if (!strcmp(u->issuer, id->issuer) && !strcmp(u->subject, id->subject))
			return u;
	/* An address that nobody verified does not make anybody of somebody. */
	if (!*id->email || !st->config->oidc.require_verified_email)
		return NULL;
	for (u = st->users; u; u = u->next)
		if (!*u->issuer && (!strcmp(u->email, id->email) || !strcmp(u->name, id->email)))
			return u;
	return NULL;
}

static struct control_user *add(struct control_state *st, const struct control_identity *id,
				struct mesh_error *err)
{
	char name[64];

	if (!control_state_user_named(st, id->name))
		return control_state_add_user(st, id->name, id->display_name, id->email, err);
	/* Somebody else has the name. */
	for (int i = 2; i < 1000; i++) {
		snprintf(name, sizeof(name), "%.50s-%d", id->name, i);
		if (!control_state_user_named(st, name))
			return control_state_add_user(st, name, id->display_name, id->email, err);
	}
	mesh_error_set(err, "too many users are called \"%.70s\"", id->name);
	return NULL;
}

static void replace(char **at, const char *text)
{
	char *copy = mesh_strdup(text); /* of itself, perhaps */

	free(*at);
	*at = copy;
}

/* What the provider says now. */
static int update(struct control_state *st, struct control_user *u,
		  const struct control_identity *id, struct mesh_error *err)
{
	const char *display = *id->display_name ? id->display_name : u->display_name;
	int ret;

	if (!strcmp(u->issuer, id->issuer) && !strcmp(u->subject, id->subject) &&
	    !strcmp(u->email, id->email) && !strcmp(u->display_name, display) &&
	    !strcmp(u->groups, id->groups))
		return 0;
	ret = control_db_run(st->db, err,
			     "UPDATE users SET display_name = ?2, email = ?3, issuer = ?4, "
			     "subject = ?5, groups = ?6 WHERE id = ?1",
			     "isssss", u->id, display, id->email, id->issuer, id->subject,
			     id->groups);
	if (ret < 0)
		return ret;
	replace(&u->display_name, display);
	replace(&u->email, id->email);
	replace(&u->issuer, id->issuer);
	replace(&u->subject, id->subject);
	replace(&u->groups, id->groups);
	/* The policy may speak of the groups and the address. */
	control_state_changed(st, NULL, CHANGE_USERS);
	for (size_t i = 0; i < st->n_slots; i++)
		if (st->nodes[i] && st->nodes[i]->user == u)
			control_state_changed(st, st->nodes[i], CHANGE_WHOLE);
	return 0;
}

struct control_user *control_state_sign_in(struct control_state *st,
					   const struct control_identity *id,
					   struct mesh_error *err)
{
	struct control_user *u = find(st, id);

	if (!u)
		u = add(st, id, err);
	return u && update(st, u, id, err) >= 0 ? u : NULL;
}
