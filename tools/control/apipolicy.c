// SPDX-License-Identifier: GPL-2.0
#include "api.h"

#include <stdlib.h>
#include <string.h>

/* A policy of the database, by its version; 0 is the newest. */
struct wanted {
	struct control_call *c;
	int64_t version;
};

static int policy_row(sqlite3_stmt *stmt, void *ctx)
{
	struct wanted *w = ctx;

	if (w->version && sqlite3_column_int64(stmt, 0) != w->version)
		return 0;
	w->c->out =
		json_pack("{s:s, s:I, s:o}", "policy", (const char *)sqlite3_column_text(stmt, 1),
			  "version", (json_int_t)sqlite3_column_int64(stmt, 0), "updatedAt",
			  control_api_time(sqlite3_column_int64(stmt, 2)));
	return 1;
}

/* ?version=N */
static void get_policy(struct control_call *c)
{
	struct wanted w = {.c = c};
	char text[24];

	if (c->srv->config->policy_file) {
		control_api_fail(c, 409, "the policy is in the file that the configuration names");
		return;
	}
	if (control_http_query(c->req->query, "version", text, sizeof(text)))
		w.version = strtoll(text, NULL, 10);
	if (!control_api_done(
		    c, control_db_each(c->st->db, &c->err,
				       "SELECT id, text, created FROM policies ORDER BY id DESC",
				       policy_row, &w)) ||
	    c->out)
		return;
	if (w.version) {
		mesh_error_set(&c->err, "there is no version %lld of the policy",
			       (long long)w.version);
		control_api_fail(c, 404, c->err.text);
	} else {
		c->out = json_pack("{s:s, s:i, s:n}", "policy", control_policy_default, "version",
				   0, "updatedAt");
	}
}

static int version_row(sqlite3_stmt *stmt, void *ctx)
{
	return json_array_append_new(
		ctx,
		json_pack("{s:I, s:o, s:I}", "version", (json_int_t)sqlite3_column_int64(stmt, 0),
			  "updatedAt", control_api_time(sqlite3_column_int64(stmt, 1)), "bytes",
			  (json_int_t)sqlite3_column_int64(stmt, 2)));
}

static void list_versions(struct control_call *c)
{
	json_t *list = json_array();

	if (control_api_done(c, control_db_each(c->st->db, &c->err,
						"SELECT id, created, length(CAST(text AS BLOB)) "
						"FROM policies ORDER BY id DESC",
						version_row, list)))
		c->out = json_pack("{s:O}", "versions", list);
	json_decref(list);
}

static int take_number(sqlite3_stmt *stmt, void *ctx)
{
	*(int64_t *)ctx = sqlite3_column_int64(stmt, 0);
	return 0;
}

/* Whether the editor began with the policy that is still in force, if it says with which. */
static bool is_newest(struct control_call *c)
{
	const json_t *began = json_object_get(c->in, "version");
	int64_t now = 0;

	if (!began)
		return true;
	if (!json_is_integer(began)) {
		control_api_fail(c, 400, "\"version\" must be a number");
		return false;
	}
	if (!control_api_done(c, control_db_each(c->st->db, &c->err, "SELECT max(id) FROM policies",
						 take_number, &now)))
		return false;
	if (now == json_integer_value(began))
		return true;
	mesh_error_set(&c->err,
		       "somebody has saved version %lld meanwhile, and this began with version "
		       "%lld: look at the difference, and save again",
		       (long long)now, (long long)json_integer_value(began));
	control_api_fail(c, 409, c->err.text);
	return false;
}

/* The policy of the request, checked with its tests against the nodes there are. */
static struct control_policy *checked_policy(struct control_call *c)
{
	const char *text = json_string_value(json_object_get(c->in, "policy"));
	struct control_policy *p, *again;
	struct control_reach *reach;
	bool ok;

	if (!text) {
		control_api_fail(c, 400, "\"policy\" must be the text of a policy");
		return NULL;
	}
	p = control_policy_parse(text, strlen(text), &c->err);
	again = p ? control_policy_parse(text, strlen(text), &c->err) : NULL;
	if (!again) {
		control_api_fail(c, 400, c->err.text);
		return NULL;
	}
	/* On the side; nobody is told of it. */
	reach = control_reach_new(c->st);
	control_reach_set(reach, p);
	ok = control_reach_test(reach, &c->err);
	control_reach_free(reach);
	if (ok)
		return again;
	control_policy_free(again);
	control_api_fail(c, 400, c->err.text);
	return NULL;
}

static void check_policy(struct control_call *c)
{
	control_policy_free(checked_policy(c));
}

static void set_policy(struct control_call *c)
{
	struct control_policy *p;
	int ret;

	if (c->srv->config->policy_file) {
		control_api_fail(
			c, 409,
			"the policy is in the file that the configuration names; edit it and send "
			"the server SIGHUP");
		return;
	}
	p = is_newest(c) ? checked_policy(c) : NULL;
	if (!p)
		return;
	ret = control_db_run(c->st->db, &c->err,
			     "INSERT INTO policies (text, created) VALUES (?1, ?2)", "si",
			     control_api_text(c, "policy"), control_now());
	if (!control_api_done(c, ret)) {
		control_policy_free(p);
		return;
	}
	c->out = json_pack("{s:I}", "version", (json_int_t)control_db_last_id(c->st->db));
	control_mapper_set_policy(c->srv->mapper, p);
}

const struct control_api_call control_api_policy[] = {
	{"GET", "policy", get_policy},
	{"PUT", "policy", set_policy},
	{"GET", "policy/versions", list_versions},
	{"POST", "policy/check", check_policy},
	{NULL, NULL, NULL},
};
