// SPDX-License-Identifier: GPL-2.0
#include "internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Where in the message the decoder is, and what it needs everywhere. */
struct walk {
	struct mesh_arena *arena;
	struct mesh_error *err;
	char path[120];
};

static int object(struct walk *w, const struct mesh_schema *schema, void *out, json_t *in);

size_t mesh_codec_size(const struct mesh_field *f)
{
	switch (f->type) {
	case MESH_BOOL:
		return sizeof(bool);
	case MESH_TRISTATE:
		return sizeof(enum mesh_tristate);
	case MESH_INT:
	case MESH_TIME:
		return sizeof(int64_t);
	case MESH_DOUBLE:
		return sizeof(double);
	case MESH_STRING:
	case MESH_RAW:
		return sizeof(char *);
	case MESH_KEY:
		return sizeof(struct mesh_key);
	case MESH_IP:
		return sizeof(struct mesh_ip);
	case MESH_PREFIX:
		return sizeof(struct mesh_prefix);
	case MESH_ADDRPORT:
		return sizeof(struct mesh_addrport);
	case MESH_STRUCT:
		return f->sub->size;
	}
	return 0;
}

static int refuse(struct walk *w, const char *want)
{
	mesh_error_set(w->err, "%s: not %s", w->path, want);
	return -EBADMSG;
}

/* Appends to the path; the caller cuts it back to what is returned. */
static size_t descend(struct walk *w, const char *fmt, const char *name, size_t index)
{
	size_t at = strlen(w->path);

	if (name)
		snprintf(w->path + at, sizeof(w->path) - at, fmt, at ? "." : "", name);
	else
		snprintf(w->path + at, sizeof(w->path) - at, "[%zu]", index);
	return at;
}

static int string_value(struct walk *w, const struct mesh_field *f, void *out, json_t *in)
{
	const char *s = json_string_value(in);
	size_t len = json_string_length(in);

	if (!s)
		return refuse(w, "a string");
	if (strlen(s) != len)
		return refuse(w, "text without NUL bytes");
	switch (f->type) {
	case MESH_STRING:
		*(char **)out = mesh_arena_strdup(w->arena, s, len);
		return 0;
	case MESH_KEY:
		/* Go's zero value of a key is also written as an empty text. */
		if (!len || mesh_key_parse(out, f->arg, s, len))
			return 0;
		return refuse(w, "a key of the right kind");
	case MESH_TIME:
		return mesh_text_untime(out, s) ? 0 : refuse(w, "an RFC 3339 time");
	case MESH_IP:
		return !len || mesh_text_unip(out, s) ? 0 : refuse(w, "an address");
	case MESH_PREFIX:
		return mesh_text_unprefix(out, s)
			       ? 0
			       : refuse(w, "a prefix with zero host bits (10.0.0.0/8)");
	case MESH_ADDRPORT:
		return mesh_text_unaddrport(out, s) ? 0 : refuse(w, "an address and port");
	default:
		return refuse(w, "known");
	}
}

static int raw_value(struct walk *w, void *out, json_t *in)
{
	size_t n = json_dumpb(in, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
	char *text = mesh_arena_alloc(w->arena, n + 1);

	json_dumpb(in, text, n, JSON_COMPACT | JSON_ENCODE_ANY);
	*(char **)out = text;
	return 0;
}

static int value(struct walk *w, const struct mesh_field *f, void *out, json_t *in)
{
	const json_int_t limit = (json_int_t)1 << 53;
	json_int_t i;

	if (f->type == MESH_RAW)
		return raw_value(w, out, in);
	if (json_is_null(in))
		return 0;
	switch (f->type) {
	case MESH_BOOL:
		if (!json_is_boolean(in))
			return refuse(w, "true or false");
		*(bool *)out = json_is_true(in);
		return 0;
	case MESH_TRISTATE:
		if (!json_is_boolean(in))
			return refuse(w, "true or false");
		*(enum mesh_tristate *)out = json_is_true(in) ? MESH_TRUE : MESH_FALSE;
		return 0;
	case MESH_INT:
		i = json_integer_value(in);
		if (!json_is_integer(in) || i > limit || i < -limit)
			return refuse(w, "a whole number");
		*(int64_t *)out = i;
		return 0;
	case MESH_DOUBLE:
		if (!json_is_number(in))
			return refuse(w, "a number");
		*(double *)out = json_number_value(in);
		return 0;
	case MESH_STRUCT:
		return object(w, f->sub, out, in);
	default:
		return string_value(w, f, out, in);
	}
}

static int list(struct walk *w, const struct mesh_field *f, mesh_any_list *out, json_t *in)
{
	size_t step = mesh_codec_size(f), n = json_array_size(in), i;
	json_t *item;

	if (json_is_null(in))
		return 0;
	if (!json_is_array(in))
		return refuse(w, "a list");
	if (n > MESH_CODEC_MAX_LIST)
		return refuse(w, "a list of a reasonable length");
	out->set = true;
	out->n = n;
	out->v = mesh_arena_alloc(w->arena, n * step);
	json_array_foreach(in, i, item)
	{
		size_t cut = descend(w, NULL, NULL, i);
		int ret = value(w, f, out->v + i * step, item);

		if (ret)
			return ret;
		w->path[cut] = 0;
	}
	return 0;
}

static int map(struct walk *w, const struct mesh_field *f, mesh_any_list *out, json_t *in)
{
	size_t step = MESH_MAP_VALUE + (f->of_lists ? sizeof(mesh_any_list) : mesh_codec_size(f));
	const char *key;
	char *entry;
	json_t *item;

	if (json_is_null(in))
		return 0;
	if (!json_is_object(in))
		return refuse(w, "an object");
	if (json_object_size(in) > MESH_CODEC_MAX_LIST)
		return refuse(w, "an object of a reasonable size");
	out->set = true;
	out->n = json_object_size(in);
	out->v = mesh_arena_alloc(w->arena, out->n * step);
	entry = out->v;
	json_object_foreach(in, key, item)
	{
		size_t cut = descend(w, "%s%s", key, 0);
		int ret;

		*(char **)entry = mesh_arena_strdup(w->arena, key, strlen(key));
		if (f->of_lists)
			ret = list(w, f, (mesh_any_list *)(entry + MESH_MAP_VALUE), item);
		else
			ret = value(w, f, entry + MESH_MAP_VALUE, item);
		if (ret)
			return ret;
		w->path[cut] = 0;
		entry += step;
	}
	return 0;
}

static int member(struct walk *w, const struct mesh_field *f, char *out, json_t *in)
{
	switch (f->shape) {
	case MESH_ONE:
		return value(w, f, out, in);
	case MESH_POINTER:
		if (json_is_null(in))
			return 0;
		*(void **)out = mesh_arena_alloc(w->arena, mesh_codec_size(f));
		return value(w, f, *(void **)out, in);
	case MESH_LIST:
		return list(w, f, (mesh_any_list *)out, in);
	case MESH_MAP:
		return map(w, f, (mesh_any_list *)out, in);
	}
	return -EINVAL;
}

static int object(struct walk *w, const struct mesh_schema *schema, void *out, json_t *in)
{
	if (!json_is_object(in))
		return refuse(w, "an object");
	for (size_t i = 0; i < schema->n; i++) {
		const struct mesh_field *f = &schema->fields[i];
		json_t *item = json_object_get(in, f->name);
		size_t cut;
		int ret;

		if (!item)
			continue;
		cut = descend(w, "%s%s", f->name, 0);
		ret = member(w, f, (char *)out + f->offset, item);
		if (ret)
			return ret;
		w->path[cut] = 0;
	}
	return 0;
}

int mesh_codec_decode(const struct mesh_schema *schema, void *out, struct mesh_arena *arena,
		      const char *json, size_t len, size_t max, struct mesh_error *err)
{
	struct walk w = {.arena = arena, .err = err};
	json_error_t jerr;
	json_t *root;
	int ret;

	memset(out, 0, schema->size);
	if (len > max) {
		mesh_error_set(err, "message of %zu bytes, the limit is %zu", len, max);
		return -EMSGSIZE;
	}
	root = json_loadb(json, len, JSON_ALLOW_NUL, &jerr);
	if (!root) {
		mesh_error_set(err, "not JSON: %s (line %d, column %d)", jerr.text, jerr.line,
			       jerr.column);
		return -EBADMSG;
	}
	if (json_is_object(root)) {
		ret = object(&w, schema, out, root);
	} else {
		mesh_error_set(err, "the message is not an object");
		ret = -EBADMSG;
	}
	json_decref(root);
	return ret;
}
