// SPDX-License-Identifier: GPL-2.0
#include "internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void mesh_codec_string(struct mesh_buf *out, const char *str)
{
	const uint8_t *s = (const uint8_t *)str, *plain = s;
	size_t n;

	mesh_buf_str(out, "\"");
	for (; *s; s += n ? n : 1) {
		n = mesh_text_utf8((const char *)s);
		if (n && *s >= 0x20 && *s != '"' && *s != '\\')
			continue;
		mesh_buf_add(out, plain, (size_t)(s - plain));
		plain = s + 1;
		if (!n)
			mesh_buf_str(out, "\\ufffd");
		else if (*s < 0x20)
			mesh_buf_printf(out, "\\u%04x", *s);
		else
			mesh_buf_printf(out, "\\%c", *s);
	}
	mesh_buf_add(out, plain, (size_t)(s - plain));
	mesh_buf_str(out, "\"");
}

static void quoted(struct mesh_buf *out, const char *ascii)
{
	mesh_buf_str(out, "\"");
	mesh_buf_str(out, ascii);
	mesh_buf_str(out, "\"");
}

static void value(struct mesh_buf *out, const struct mesh_field *f, const void *p)
{
	char text[MESH_KEY_TEXT];
	const char *s;

	switch (f->type) {
	case MESH_BOOL:
		mesh_buf_str(out, *(const bool *)p ? "true" : "false");
		break;
	case MESH_TRISTATE:
		switch (*(const enum mesh_tristate *)p) {
		case MESH_UNSET:
			mesh_buf_str(out, "null");
			break;
		case MESH_FALSE:
			mesh_buf_str(out, "false");
			break;
		case MESH_TRUE:
			mesh_buf_str(out, "true");
			break;
		}
		break;
	case MESH_INT:
		mesh_buf_printf(out, "%lld", (long long)*(const int64_t *)p);
		break;
	case MESH_DOUBLE:
		/* JSON has no infinities. */
		mesh_buf_printf(out, "%.17g",
				isfinite(*(const double *)p) ? *(const double *)p : 0);
		break;
	case MESH_STRING:
		s = *(const char *const *)p;
		mesh_codec_string(out, s ? s : "");
		break;
	case MESH_KEY:
		mesh_key_format(text, f->arg, p);
		quoted(out, text);
		break;
	case MESH_TIME:
		mesh_text_time(text, *(const int64_t *)p);
		quoted(out, text);
		break;
	case MESH_IP:
		mesh_text_ip(text, p);
		quoted(out, text);
		break;
	case MESH_PREFIX:
		mesh_text_prefix(text, p);
		quoted(out, text);
		break;
	case MESH_ADDRPORT:
		mesh_text_addrport(text, p);
		quoted(out, text);
		break;
	case MESH_STRUCT:
		mesh_codec_encode(f->sub, p, out);
		break;
	case MESH_RAW:
		s = *(const char *const *)p;
		mesh_buf_str(out, s ? s : "null");
		break;
	}
}

static void list(struct mesh_buf *out, const struct mesh_field *f, const mesh_any_list *l)
{
	size_t step = mesh_codec_size(f);

	if (!l->set && !l->n) {
		mesh_buf_str(out, "null");
		return;
	}
	mesh_buf_str(out, "[");
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			mesh_buf_str(out, ",");
		value(out, f, l->v + i * step);
	}
	mesh_buf_str(out, "]");
}

static void map(struct mesh_buf *out, const struct mesh_field *f, const mesh_any_list *l)
{
	size_t step = MESH_MAP_VALUE + (f->of_lists ? sizeof(mesh_any_list) : mesh_codec_size(f));

	if (!l->set && !l->n) {
		mesh_buf_str(out, "null");
		return;
	}
	mesh_buf_str(out, "{");
	for (size_t i = 0; i < l->n; i++) {
		const char *entry = l->v + i * step;

		if (i)
			mesh_buf_str(out, ",");
		mesh_codec_string(out, *(const char *const *)entry);
		mesh_buf_str(out, ":");
		if (f->of_lists)
			list(out, f, (const mesh_any_list *)(entry + MESH_MAP_VALUE));
		else
			value(out, f, entry + MESH_MAP_VALUE);
	}
	mesh_buf_str(out, "}");
}

static bool is_empty(const struct mesh_field *f, const char *p)
{
	static const uint8_t zero[64];
	size_t size;

	switch (f->shape) {
	case MESH_POINTER:
		return !*(void *const *)p;
	case MESH_LIST:
	case MESH_MAP:
		/* An empty list says something ("none"), only an absent one is left out. */
		return !((const mesh_any_list *)p)->n && !((const mesh_any_list *)p)->set;
	case MESH_ONE:
		break;
	}
	if (f->type == MESH_STRING)
		return !*(const char *const *)p || !**(const char *const *)p;
	size = mesh_codec_size(f);
	return size <= sizeof(zero) && !memcmp(p, zero, size);
}

void mesh_codec_encode(const struct mesh_schema *schema, const void *in, struct mesh_buf *out)
{
	const char *sep = "{";

	for (size_t i = 0; i < schema->n; i++) {
		const struct mesh_field *f = &schema->fields[i];
		const char *p = (const char *)in + f->offset;

		if (f->omit_empty && is_empty(f, p))
			continue;
		mesh_buf_str(out, sep);
		sep = ",";
		quoted(out, f->name);
		mesh_buf_str(out, ":");
		switch (f->shape) {
		case MESH_ONE:
			value(out, f, p);
			break;
		case MESH_POINTER:
			if (*(const void *const *)p)
				value(out, f, *(const void *const *)p);
			else
				mesh_buf_str(out, "null");
			break;
		case MESH_LIST:
			list(out, f, (const mesh_any_list *)p);
			break;
		case MESH_MAP:
			map(out, f, (const mesh_any_list *)p);
			break;
		}
	}
	mesh_buf_str(out, *sep == '{' ? "{}" : "}");
}
