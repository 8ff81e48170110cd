// SPDX-License-Identifier: GPL-2.0
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPEAT_SECONDS 120 /* clients try again after half a minute at most */

bool control_preauth_tags_ok(const char *tags, struct mesh_error *err)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	const char *p = tags;
	size_t n;

	if (strlen(tags) > 1000) {
		mesh_error_set(err, "the tags are longer than 1000 bytes");
		return false;
	}
	while (*p) {
		n = strcspn(p, " ");
		if (n < 5 || memcmp(p, "tag:", 4) || strspn(p + 4, allowed) != n - 4 ||
		    !strchr(allowed, p[4]) || p[4] == '-' || (p[4] >= '0' && p[4] <= '9')) {
			mesh_error_set(err,
				       "\"%.*s\" is not a tag: tag: and a letter, then letters, "
				       "digits and dashes",
				       (int)(n < 60 ? n : 60), p);
			return false;
		}
		p += n;
		if (*p && !*++p) {
			mesh_error_set(err, "space after the last tag");
			return false;
		}
	}
	return true;
}

struct control_preauth *control_preauth_add(struct control_state *st, struct control_user *user,
					    const char *tags, bool reusable, bool ephemeral,
					    int64_t expires, char text[SECRET_TEXT],
					    struct mesh_error *err)
{
	struct control_preauth *k, **tail = &st->preauth;
	int64_t now = control_now();
	char prefix[SECRET_PREFIX + 1];
	uint8_t hash[SECRET_HASH];

	if (!user && !*tags) {
		mesh_error_set(err, "a pre-auth key needs a user or tags");
		return NULL;
	}
	if (!control_preauth_tags_ok(tags, err))
		return NULL;
	if (expires <= now) {
		mesh_error_set(err, "the expiry of the pre-auth key is in the past");
		return NULL;
	}
	control_secret_new("auth", text, prefix, hash);
	if (control_db_run(st->db, err,
			   "INSERT INTO preauth_keys (prefix, hash, user, tags, reusable, "
			   "ephemeral, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			   "sbnsiiii", prefix, hash, sizeof(hash), user ? user->id : (int64_t)0,
			   tags, (int64_t)reusable, (int64_t)ephemeral, now, expires) < 0) {
		memset(text, 0, SECRET_TEXT);
		return NULL;
	}
	k = mesh_alloc(sizeof(*k));
	k->id = control_db_last_id(st->db);
	memcpy(k->prefix, prefix, sizeof(prefix));
	memcpy(k->hash, hash, sizeof(hash));
	k->user = user;
	k->tags = mesh_strdup(tags);
	k->reusable = reusable;
	k->ephemeral = ephemeral;
	k->created = now;
	k->expires = expires;
	while (*tail)
		tail = &(*tail)->next;
	*tail = k;
	return k;
}

struct control_preauth *control_preauth_find(struct control_state *st, int64_t id)
{
	for (struct control_preauth *k = st->preauth; k; k = k->next)
		if (k->id == id)
			return k;
	return NULL;
}

bool control_preauth_spent(const struct control_preauth *key)
{
	return key->uses && !key->reusable;
}

/*
 * A client whose login was disturbed begins anew, with another node key and the same
 * pre-auth key, although the first one has succeeded here.
 */
static bool is_repeated(struct control_state *st, const struct control_preauth *k,
			const struct mesh_key *machine)
{
	const struct control_node *node =
		control_node_of_machine(st, machine, *k->tags ? NULL : k->user, *k->tags != 0);

	return node && !control_node_expired(node) && mesh_key_same(&k->last_machine, machine) &&
	       control_now() - k->last_use < REPEAT_SECONDS;
}

struct control_preauth *control_preauth_check(struct control_state *st, const char *text,
					      const struct mesh_key *machine,
					      struct mesh_error *err)
{
	char prefix[SECRET_PREFIX + 1];
	uint8_t hash[SECRET_HASH];
	struct control_preauth *k;

	if (!control_secret_parse("auth", text, prefix, hash)) {
		mesh_error_set(err, "this is not a pre-auth key of this server");
		return NULL;
	}
	for (k = st->preauth; k; k = k->next)
		if (!strcmp(k->prefix, prefix))
			break;
	if (!k || !control_secret_equal(k->hash, hash)) {
		mesh_error_set(err, "unknown pre-auth key");
		return NULL;
	}
	if (k->expires <= control_now()) {
		mesh_error_set(err, "the pre-auth key has expired");
		return NULL;
	}
	if (control_preauth_spent(k) && !is_repeated(st, k, machine)) {
		mesh_error_set(err, "the pre-auth key was used already");
		return NULL;
	}
	return k;
}

int control_preauth_expire(struct control_state *st, struct control_preauth *key,
			   struct mesh_error *err)
{
	int64_t now = control_now();
	int ret;

	if (key->expires <= now)
		return 0;
	ret = control_db_run(st->db, err, "UPDATE preauth_keys SET expires = ?2 WHERE id = ?1",
			     "ii", key->id, now);
	if (ret < 0)
		return ret;
	key->expires = now;
	return 0;
}

int control_preauth_remove(struct control_state *st, struct control_preauth *key,
			   struct mesh_error *err)
{
	struct control_preauth **at = &st->preauth;
	int ret =
		control_db_run(st->db, err, "DELETE FROM preauth_keys WHERE id = ?1", "i", key->id);

	if (ret < 0)
		return ret;
	while (*at != key)
		at = &(*at)->next;
	*at = key->next;
	free(key->tags);
	free(key);
	return 0;
}
