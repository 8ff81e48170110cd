// SPDX-License-Identifier: GPL-2.0
#include "api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void control_api_fail(struct control_call *c, int status, const char *text)
{
	c->status = status;
	if (text != c->err.text)
		mesh_error_set(&c->err, "%s", text);
}

bool control_api_done(struct control_call *c, int ret)
{
	if (ret >= 0)
		return true;
	control_api_fail(c,
			 ret == -EEXIST || ret == -EBUSY ? 409
			 : ret == -ENOSPC		 ? 507
			 : ret == -EIO			 ? 500
							 : 400,
			 c->err.text);
	return false;
}

/* A number in the query, from 0. Return: false after a refusal. */
static bool query_number(struct control_call *c, const char *name, int64_t *number)
{
	char text[24];

	if (!control_http_query(c->req->query, name, text, sizeof(text)))
		return true;
	if (*text && !text[strspn(text, "0123456789")]) {
		*number = strtoll(text, NULL, 10);
		return true;
	}
	mesh_error_set(&c->err, "\"%s\" must be a number", name);
	control_api_fail(c, 400, c->err.text);
	return false;
}

bool control_api_part(struct control_call *c, struct control_part *part)
{
	*part = (struct control_part){.limit = INT64_MAX};
	if (!query_number(c, "after", &part->after) || !query_number(c, "limit", &part->limit))
		return false;
	part->list = json_array();
	return true;
}

bool control_api_part_takes(struct control_part *part, int64_t id)
{
	part->total++;
	return id > part->after && part->limit-- > 0;
}

json_t *control_api_time(int64_t t)
{
	char text[MESH_TIME_TEXT];

	if (!t)
		return json_null();
	mesh_text_time(text, t);
	return json_string(text);
}

json_t *control_api_words(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t n = strcspn(text, " ");

		json_array_append_new(list, json_stringn(text, n));
		text += n + (text[n] == ' ');
	}
	return list;
}

const char *control_api_text(struct control_call *c, const char *name)
{
	const char *s = json_string_value(json_object_get(c->in, name));

	return s ? s : "";
}

char *control_api_join(struct control_call *c, const char *name)
{
	json_t *list = json_object_get(c->in, name), *item;
	struct mesh_buf out = {0};
	char *text;
	size_t i;

	if (list && !json_is_array(list))
		goto bad;
	json_array_foreach(list, i, item)
	{
		const char *s = json_string_value(item);

		if (!s || !*s || strchr(s, ' '))
			goto bad;
		mesh_buf_printf(&out, "%s%s", i ? " " : "", s);
	}
	mesh_buf_add(&out, "", 1);
	text = mesh_strdup((char *)out.data);
	mesh_buf_free(&out);
	return text;
bad:
	mesh_buf_free(&out);
	mesh_error_set(&c->err, "\"%s\" must be a list of words", name);
	control_api_fail(c, 400, c->err.text);
	return NULL;
}
