// SPDX-License-Identifier: GPL-2.0
/* Keys: those that devices join with, and those of this interface. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

/* Pre-auth keys. */

static json_t *preauth_json(const struct control_preauth *k)
{
	return json_pack("{s:I, s:s, s:o, s:o, s:b, s:b, s:I, s:o, s:o, s:b}", "id",
			 (json_int_t)k->id, "prefix", k->prefix, "user",
			 k->user ? json_string(k->user->name) : json_null(), "tags",
			 control_api_words(k->tags), "reusable", k->reusable, "ephemeral",
			 k->ephemeral, "uses", (json_int_t)k->uses, "createdAt",
			 control_api_time(k->created), "expiresAt", control_api_time(k->expires),
			 "usable", k->expires > control_now() && (k->reusable || !k->uses));
}

static void list_preauth(struct control_call *c)
{
	struct control_part part;

	if (!control_api_part(c, &part))
		return;
	for (struct control_preauth *k = c->st->preauth; k; k = k->next)
		if (control_api_part_takes(&part, k->id))
			json_array_append_new(part.list, preauth_json(k));
	c->out = json_pack("{s:o, s:I}", "preAuthKeys", part.list, "total", (json_int_t)part.total);
}

static void create_preauth(struct control_call *c)
{
	const char *name = control_api_text(c, "user"),
		   *duration = control_api_text(c, "expiration");
	struct control_user *user = NULL;
	struct control_preauth *k;
	char text[SECRET_TEXT], *tags;
	int64_t seconds = 3600;
	json_t *key;

	if (*name && !(user = control_api_user(c, name)))
		return;
	if (*duration && (!control_config_duration(duration, &seconds) || !seconds)) {
		control_api_fail(c, 400, "\"expiration\" must be a duration like \"1h\" or \"7d\"");
		return;
	}
	tags = control_api_join(c, "tags");
	if (!tags)
		return;
	k = control_preauth_add(c->st, user, tags, json_is_true(json_object_get(c->in, "reusable")),
				json_is_true(json_object_get(c->in, "ephemeral")),
				control_now() + seconds, text, &c->err);
	free(tags);
	if (!k) {
		control_api_fail(c, 400, c->err.text);
		return;
	}
	c->status = 201;
	key = preauth_json(k);
	/* The only time that it is shown. */
	json_object_set_new(key, "key", json_string(text));
	mesh_crypto_wipe(text, sizeof(text));
	c->out = json_pack("{s:o}", "preAuthKey", key);
}

static struct control_preauth *find_preauth(struct control_call *c)
{
	struct control_preauth *k = control_preauth_find(c->st, strtoll(c->id, NULL, 10));

	if (!k) {
		mesh_error_set(&c->err, "there is no pre-auth key %.40s", c->id);
		control_api_fail(c, 404, c->err.text);
	}
	return k;
}

static void expire_preauth(struct control_call *c)
{
	struct control_preauth *k = find_preauth(c);

	if (k && control_api_done(c, control_preauth_expire(c->st, k, &c->err)))
		c->out = json_pack("{s:o}", "preAuthKey", preauth_json(k));
}

static void delete_preauth(struct control_call *c)
{
	struct control_preauth *k = find_preauth(c);

	if (k)
		control_api_done(c, control_preauth_remove(c->st, k, &c->err));
}

/* API keys. */

static json_t *apikey_json(const struct control_apikey *k)
{
	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:b}", "id", (json_int_t)k->id, "prefix",
			 k->prefix, "scope", k->all ? "all" : "read", "createdAt",
			 control_api_time(k->created), "expiresAt", control_api_time(k->expires),
			 "usable", k->expires > control_now());
}

static void list_apikeys(struct control_call *c)
{
	struct control_part part;

	if (!control_api_part(c, &part))
		return;
	for (struct control_apikey *k = c->st->apikeys; k; k = k->next)
		if (control_api_part_takes(&part, k->id))
			json_array_append_new(part.list, apikey_json(k));
	c->out = json_pack("{s:o, s:I}", "apiKeys", part.list, "total", (json_int_t)part.total);
}

static void create_apikey(struct control_call *c)
{
	const char *duration = control_api_text(c, "expiration"),
		   *scope = control_api_text(c, "scope");
	int64_t seconds = 90 * 86400;
	char text[SECRET_TEXT];
	struct control_apikey *k;
	json_t *key;

	if (*duration && (!control_config_duration(duration, &seconds) || !seconds)) {
		control_api_fail(c, 400, "\"expiration\" must be a duration like \"90d\"");
		return;
	}
	if (*scope && strcmp(scope, "all") && strcmp(scope, "read")) {
		control_api_fail(c, 400, "\"scope\" must be \"all\" or \"read\"");
		return;
	}
	k = control_apikey_add(c->st, strcmp(scope, "read") != 0, control_now() + seconds, text,
			       &c->err);
	if (!k) {
		control_api_fail(c, 500, c->err.text);
		return;
	}
	c->status = 201;
	key = apikey_json(k);
	json_object_set_new(key, "key", json_string(text));
	mesh_crypto_wipe(text, sizeof(text));
	c->out = json_pack("{s:o}", "apiKey", key);
}

static struct control_apikey *find_apikey(struct control_call *c)
{
	struct control_apikey *k = control_apikey_find(c->st, strtoll(c->id, NULL, 10));

	if (!k) {
		mesh_error_set(&c->err, "there is no API key %.40s", c->id);
		control_api_fail(c, 404, c->err.text);
	}
	return k;
}

static void expire_apikey(struct control_call *c)
{
	struct control_apikey *k = find_apikey(c);

	if (k && control_api_done(c, control_apikey_expire(c->st, k, &c->err)))
		c->out = json_pack("{s:o}", "apiKey", apikey_json(k));
}

static void delete_apikey(struct control_call *c)
{
	struct control_apikey *k = find_apikey(c);

	if (k)
		control_api_done(c, control_apikey_remove(c->st, k, &c->err));
}

const struct control_api_call control_api_access[] = {
	{"GET", "preauthkeys", list_preauth},
	{"POST", "preauthkeys", create_preauth},
	{"POST", "preauthkeys/:/expire", expire_preauth},
	{"DELETE", "preauthkeys/:", delete_preauth},
	{"GET", "apikeys", list_apikeys},
	{"POST", "apikeys", create_apikey},
	{"POST", "apikeys/:/expire", expire_apikey},
	{"DELETE", "apikeys/:", delete_apikey},
	{NULL, NULL, NULL},
};
