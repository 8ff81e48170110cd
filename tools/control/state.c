// SPDX-License-Identifier: GPL-2.0
/* Opening and closing, the listener, users. */
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_NAME 63

static int64_t wall_clock(void)
{
	return time(NULL);
}

int64_t (*control_now)(void) = wall_clock;

void control_state_changed(struct control_state *st, struct control_node *node, unsigned int what)
{
	if (what & ~(unsigned int)(CHANGE_ENDPOINTS | CHANGE_DISCO))
		st->revision++;
	if (st->changed && what)
		st->changed(st->changed_ctx, node, what);
}

static char *column(sqlite3_stmt *stmt, int i)
{
	const char *text = (const char *)sqlite3_column_text(stmt, i);

	return mesh_strdup(text ? text : "");
}

static int load_user(sqlite3_stmt *stmt, void *ctx)
{
	struct control_state *st = ctx;
	struct control_user *u = mesh_alloc(sizeof(*u)), **tail = &st->users;

	u->id = sqlite3_column_int64(stmt, 0);
	u->name = column(stmt, 1);
	u->display_name = column(stmt, 2);
	u->email = column(stmt, 3);
	u->created = sqlite3_column_int64(stmt, 4);
	u->issuer = column(stmt, 5);
	u->subject = column(stmt, 6);
	u->groups = column(stmt, 7);
	while (*tail)
		tail = &(*tail)->next;
	*tail = u;
	return 0;
}

static int load_preauth(sqlite3_stmt *stmt, void *ctx)
{
	struct control_state *st = ctx;
	struct control_preauth *k = mesh_alloc(sizeof(*k)), **tail = &st->preauth;
	const char *prefix = (const char *)sqlite3_column_text(stmt, 1);

	if (!prefix || strlen(prefix) != SECRET_PREFIX ||
	    sqlite3_column_bytes(stmt, 2) != SECRET_HASH) {
		free(k);
		return -EIO;
	}
	k->id = sqlite3_column_int64(stmt, 0);
	memcpy(k->prefix, prefix, SECRET_PREFIX);
	memcpy(k->hash, sqlite3_column_blob(stmt, 2), SECRET_HASH);
	k->user = control_state_user(st, sqlite3_column_int64(stmt, 3));
	k->tags = column(stmt, 4);
	k->reusable = sqlite3_column_int(stmt, 5);
	k->ephemeral = sqlite3_column_int(stmt, 6);
	k->uses = sqlite3_column_int64(stmt, 7);
	k->created = sqlite3_column_int64(stmt, 8);
	k->expires = sqlite3_column_int64(stmt, 9);
	while (*tail)
		tail = &(*tail)->next;
	*tail = k;
	return 0;
}

struct control_state *control_state_open(const struct control_config *config,
					 struct mesh_error *err)
{
	struct control_state *st = mesh_alloc(sizeof(*st));
	int ret;

	st->config = config;
	st->db = control_db_open(config->database, err);
	if (!st->db) {
		free(st);
		return NULL;
	}
	ret = control_db_each(
		st->db, err,
		"SELECT id, name, display_name, email, created, issuer, subject, groups "
		"FROM users ORDER BY id",
		load_user, st);
	if (!ret)
		ret = control_db_each(st->db, err,
				      "SELECT id, prefix, hash, user, tags, reusable, ephemeral, "
				      "uses, created, expires FROM preauth_keys ORDER BY id",
				      load_preauth, st);
	if (!ret)
		ret = control_db_each(st->db, err,
				      "SELECT id, prefix, hash, scope, created, expires "
				      "FROM api_keys ORDER BY id",
				      control_apikey_load, st);
	if (!ret)
		ret = control_db_each(
			st->db, err,
			"SELECT id, machine_key, node_key, name, hostname, user, tags, ipv4, ipv6, "
			"ephemeral, method, created, expires, approved, disco_key, hostinfo, "
			"endpoints, home_derp, last_seen, refused FROM nodes ORDER BY id",
			control_node_load, st);
	/* What was just read need not be written. */
	while (st->dirty) {
		st->dirty->dirty = false;
		st->dirty = st->dirty->next_dirty;
	}
	if (ret) {
		if (ret == -EIO && !err->text[0])
			mesh_error_set(err, "%s: damaged row", config->database);
		control_state_close(st);
		return NULL;
	}
	return st;
}

static void free_user(struct control_user *u)
{
	free(u->name);
	free(u->display_name);
	free(u->email);
	free(u->issuer);
	free(u->subject);
	free(u->groups);
	free(u);
}

void control_state_close(struct control_state *st)
{
	if (!st)
		return;
	control_db_close(st->db);
	for (size_t i = 0; i < st->n_slots; i++)
		if (st->nodes[i])
			control_node_free(st->nodes[i]);
	free(st->nodes);
	while (st->preauth) {
		struct control_preauth *k = st->preauth;

		st->preauth = k->next;
		free(k->tags);
		free(k);
	}
	while (st->apikeys) {
		struct control_apikey *k = st->apikeys;

		st->apikeys = k->next;
		free(k);
	}
	while (st->users) {
		struct control_user *u = st->users;

		st->users = u->next;
		free_user(u);
	}
	control_index_free(&st->by_key);
	control_index_free(&st->by_id);
	control_index_free(&st->by_name);
	control_index_free(&st->by_address);
	free(st);
}

struct control_user *control_state_user(struct control_state *st, int64_t id)
{
	for (struct control_user *u = st->users; u; u = u->next)
		if (u->id == id)
			return u;
	return NULL;
}

struct control_user *control_state_user_named(struct control_state *st, const char *name)
{
	for (struct control_user *u = st->users; u; u = u->next)
		if (!strcmp(u->name, name))
			return u;
	return NULL;
}

static bool name_ok(const char *name, struct mesh_error *err)
{
	size_t n =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@");

	if (n && !name[n] && n <= MAX_NAME && *name != '-' && *name != '.')
		return true;
	mesh_error_set(err, "user name \"%.70s\" must be 1 to 63 of letters, digits and ._-@",
		       name);
	return false;
}

static bool text_ok(const char *text, const char *what, struct mesh_error *err)
{
	if (strlen(text) <= 200)
		return true;
	mesh_error_set(err, "the %s is longer than 200 bytes", what);
	return false;
}

struct control_user *control_state_add_user(struct control_state *st, const char *name,
					    const char *display_name, const char *email,
					    struct mesh_error *err)
{
	struct control_user *u, **tail = &st->users;
	int64_t now = control_now();

	if (!name_ok(name, err) || !text_ok(display_name, "display name", err) ||
	    !text_ok(email, "e-mail address", err))
		return NULL;
	if (control_state_user_named(st, name)) {
		mesh_error_set(err, "user \"%s\" exists already", name);
		return NULL;
	}
	if (control_db_run(st->db, err,
			   "INSERT INTO users (name, display_name, email, created) "
			   "VALUES (?1, ?2, ?3, ?4)",
			   "sssi", name, display_name, email, now) < 0)
		return NULL;
	u = mesh_alloc(sizeof(*u));
	u->id = control_db_last_id(st->db);
	u->name = mesh_strdup(name);
	u->display_name = mesh_strdup(display_name);
	u->email = mesh_strdup(email);
	u->issuer = mesh_strdup("");
	u->subject = mesh_strdup("");
	u->groups = mesh_strdup("");
	u->created = now;
	while (*tail)
		tail = &(*tail)->next;
	*tail = u;
	/* The policy may name a user that did not exist until now. */
	control_state_changed(st, NULL, CHANGE_USERS);
	return u;
}

int control_state_rename_user(struct control_state *st, struct control_user *user, const char *name,
			      struct mesh_error *err)
{
	struct control_user *other = control_state_user_named(st, name);
	int ret;

	if (!name_ok(name, err))
		return -EINVAL;
	if (other && other != user) {
		mesh_error_set(err, "user \"%s\" exists already", name);
		return -EEXIST;
	}
	ret = control_db_run(st->db, err, "UPDATE users SET name = ?2 WHERE id = ?1", "is",
			     user->id, name);
	if (ret < 0)
		return ret;
	free(user->name);
	user->name = mesh_strdup(name);
	control_state_changed(st, NULL, CHANGE_USERS);
	for (size_t i = 0; i < st->n_slots; i++)
		if (st->nodes[i] && st->nodes[i]->user == user)
			control_state_changed(st, st->nodes[i], CHANGE_WHOLE);
	return 0;
}

int control_state_remove_user(struct control_state *st, struct control_user *user,
			      struct mesh_error *err)
{
	struct control_user **at = &st->users;
	int ret;

	if (user->n_nodes) {
		mesh_error_set(err, "user \"%s\" still has %zu node(s); delete or tag them first",
			       user->name, user->n_nodes);
		return -EBUSY;
	}
	ret = control_db_run(st->db, err, "DELETE FROM users WHERE id = ?1", "i", user->id);
	if (ret < 0)
		return ret;
	/* The database deleted the user's pre-auth keys with the user. */
	for (struct control_preauth **k = &st->preauth; *k;) {
		struct control_preauth *key = *k;

		if (key->user != user) {
			k = &key->next;
			continue;
		}
		*k = key->next;
		free(key->tags);
		free(key);
	}
	while (*at != user)
		at = &(*at)->next;
	*at = user->next;
	free_user(user);
	control_state_changed(st, NULL, CHANGE_USERS);
	return 0;
}
