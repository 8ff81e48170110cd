// SPDX-License-Identifier: GPL-2.0
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void append(struct control_state *st, struct control_apikey *k)
{
	struct control_apikey **tail = &st->apikeys;

	while (*tail)
		tail = &(*tail)->next;
	*tail = k;
}

int control_apikey_load(sqlite3_stmt *stmt, void *ctx)
{
	struct control_apikey *k = mesh_alloc(sizeof(*k));
	const char *prefix = (const char *)sqlite3_column_text(stmt, 1);
	const char *scope = (const char *)sqlite3_column_text(stmt, 3);

	if (!prefix || strlen(prefix) != SECRET_PREFIX || !scope ||
	    sqlite3_column_bytes(stmt, 2) != SECRET_HASH) {
		free(k);
		return -EIO;
	}
	k->id = sqlite3_column_int64(stmt, 0);
	memcpy(k->prefix, prefix, SECRET_PREFIX);
	memcpy(k->hash, sqlite3_column_blob(stmt, 2), SECRET_HASH);
	k->all = !strcmp(scope, "all");
	k->created = sqlite3_column_int64(stmt, 4);
	k->expires = sqlite3_column_int64(stmt, 5);
	append(ctx, k);
	return 0;
}

struct control_apikey *control_apikey_add(struct control_state *st, bool all, int64_t expires,
					  char text[SECRET_TEXT], struct mesh_error *err)
{
	struct control_apikey *k = mesh_alloc(sizeof(*k));

	k->all = all;
	k->created = control_now();
	k->expires = expires;
	control_secret_new("api", text, k->prefix, k->hash);
	if (control_db_run(st->db, err,
			   "INSERT INTO api_keys (prefix, hash, scope, created, expires) "
			   "VALUES (?1, ?2, ?3, ?4, ?5)",
			   "sbsii", k->prefix, k->hash, sizeof(k->hash), all ? "all" : "read",
			   k->created, expires) < 0) {
		mesh_crypto_wipe(text, SECRET_TEXT);
		free(k);
		return NULL;
	}
	k->id = control_db_last_id(st->db);
	append(st, k);
	return k;
}

struct control_apikey *control_apikey_find(struct control_state *st, int64_t id)
{
	for (struct control_apikey *k = st->apikeys; k; k = k->next)
		if (k->id == id)
			return k;
	return NULL;
}

struct control_apikey *control_apikey_check(struct control_state *st, const char *text)
{
	char prefix[SECRET_PREFIX + 1];
	uint8_t hash[SECRET_HASH];

	if (!control_secret_parse("api", text, prefix, hash))
		return NULL;
	for (struct control_apikey *k = st->apikeys; k; k = k->next)
		if (!strcmp(k->prefix, prefix))
			return control_secret_equal(k->hash, hash) && k->expires > control_now()
				       ? k
				       : NULL;
	return NULL;
}

int control_apikey_expire(struct control_state *st, struct control_apikey *key,
			  struct mesh_error *err)
{
	int64_t now = control_now();
	int ret;

	if (key->expires <= now)
		return 0;
	ret = control_db_run(st->db, err, "UPDATE api_keys SET expires = ?2 WHERE id = ?1", "ii",
			     key->id, now);
	if (ret < 0)
		return ret;
	key->expires = now;
	return 0;
}

int control_apikey_remove(struct control_state *st, struct control_apikey *key,
			  struct mesh_error *err)
{
	struct control_apikey **at = &st->apikeys;
	int ret = control_db_run(st->db, err, "DELETE FROM api_keys WHERE id = ?1", "i", key->id);

	if (ret < 0)
		return ret;
	while (*at != key)
		at = &(*at)->next;
	*at = key->next;
	free(key);
	return 0;
}
