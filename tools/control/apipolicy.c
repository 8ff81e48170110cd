// SPDX-License-Identifier: GPL-2.0
#include "api.h"

#include <string.h>

static int newest(sqlite3_stmt *stmt, void *ctx)
{
	struct control_call *c = ctx;

	c->out = json_pack("{s:s, s:o}", "policy", (const char *)sqlite3_column_text(stmt, 0),
			   "updatedAt", control_api_time(sqlite3_column_int64(stmt, 1)));
	return 0;
}

static void get_policy(struct control_call *c)
{
	if (c->srv->config->policy_file) {
		control_api_fail(c, 409, "the policy is in the file that the configuration names");
		return;
	}
	if (control_api_done(
		    c,
		    control_db_each(c->st->db, &c->err,
				    "SELECT text, created FROM policies ORDER BY id DESC LIMIT 1",
				    newest, c)) &&
	    !c->out)
		c->out = json_pack("{s:s, s:n}", "policy", control_policy_default, "updatedAt");
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
	p = checked_policy(c);
	if (!p)
		return;
	ret = control_db_run(c->st->db, &c->err,
			     "INSERT INTO policies (text, created) VALUES (?1, ?2)", "si",
			     control_api_text(c, "policy"), control_now());
	if (control_api_done(c, ret))
		control_mapper_set_policy(c->srv->mapper, p);
	else
		control_policy_free(p);
}

const struct control_api_call control_api_policy[] = {
	{"GET", "policy", get_policy},
	{"PUT", "policy", set_policy},
	{"POST", "policy/check", check_policy},
	{NULL, NULL, NULL},
};
