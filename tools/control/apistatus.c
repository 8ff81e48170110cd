// SPDX-License-Identifier: GPL-2.0
#include "api.h"

#include <stdlib.h>

/* The audit log, newest first: at most 1000 entries before the one with the ID "before". */

struct page {
	json_t *list;
	int64_t before;
	size_t left;
};

/* Whatever was written, the entry is shown. */
static json_t *text_column(sqlite3_stmt *stmt, int i)
{
	char *text = mesh_strdup((const char *)sqlite3_column_text(stmt, i));
	json_t *value;

	mesh_text_repair(text);
	value = json_string(text);
	free(text);
	return value;
}

static int audit_row(sqlite3_stmt *stmt, void *ctx)
{
	struct page *p = ctx;

	if (p->before && sqlite3_column_int64(stmt, 0) >= p->before)
		return 0;
	if (!p->left--)
		return 1;
	json_array_append_new(p->list,
			      json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
					(json_int_t)sqlite3_column_int64(stmt, 0), "at",
					control_api_time(sqlite3_column_int64(stmt, 1)), "actor",
					text_column(stmt, 2), "origin", text_column(stmt, 3),
					"action", text_column(stmt, 4), "target",
					text_column(stmt, 5), "detail", text_column(stmt, 6)));
	return 0;
}

static void list_audit(struct control_call *c)
{
	struct page p = {.list = json_array(), .left = 100};
	char text[24];
	int ret;

	if (control_http_query(c->req->query, "before", text, sizeof(text)))
		p.before = strtoll(text, NULL, 10);
	if (control_http_query(c->req->query, "limit", text, sizeof(text)))
		p.left = strtoul(text, NULL, 10);
	if (!p.left || p.left > 1000)
		p.left = 1000;
	ret = control_db_each(c->st->db, &c->err,
			      "SELECT id, at, actor, origin, action, target, detail FROM audit "
			      "ORDER BY id DESC",
			      audit_row, &p);
	if (control_api_done(c, ret))
		c->out = json_pack("{s:o}", "audit", p.list);
	else
		json_decref(p.list);
}

static void get_status(struct control_call *c)
{
	struct control_server *srv = c->srv;
	size_t online = 0;

	for (size_t i = 0; i < c->st->n_slots; i++)
		online += c->st->nodes[i] && c->st->nodes[i]->online;
	c->out = json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I}", "version", CONTROL_VERSION,
			   "serverUrl", srv->config->server_url, "startedAt",
			   control_api_time(srv->started), "nodes", (json_int_t)c->st->n_nodes,
			   "online", (json_int_t)online, "streams", (json_int_t)srv->n_polls,
			   "logins", (json_int_t)srv->login->n_pending, "revision",
			   (json_int_t)c->st->revision);
}

const struct control_api_call control_api_status[] = {
	{"GET", "status", get_status},
	{"GET", "audit", list_audit},
	{NULL, NULL, NULL},
};
