// SPDX-License-Identifier: GPL-2.0
#include "hujson.h"

#include "codec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 64

struct parser {
	struct mesh_arena *arena;
	struct mesh_error *err;
	const char *p;
	const char *end;
	const char *line_start;
	unsigned int line;
	unsigned int depth;
};

static bool value(struct parser *s, struct control_hujson *v);

static bool fail(struct parser *s, const char *what)
{
	mesh_error_set(s->err, "line %u, column %zu: %s", s->line,
		       (size_t)(s->p - s->line_start) + 1, what);
	return false;
}

static int peek(const struct parser *s)
{
	return s->p < s->end ? (unsigned char)*s->p : -1;
}

static void newline(struct parser *s)
{
	s->line++;
	s->line_start = s->p;
}

/* Spaces and comments. */
static bool skip(struct parser *s)
{
	for (;;) {
		int c = peek(s);

		if (c == ' ' || c == '\t' || c == '\r') {
			s->p++;
		} else if (c == '\n') {
			s->p++;
			newline(s);
		} else if (c == '/' && s->end - s->p > 1 && s->p[1] == '/') {
			while (peek(s) >= 0 && peek(s) != '\n')
				s->p++;
		} else if (c == '/' && s->end - s->p > 1 && s->p[1] == '*') {
			s->p += 2;
			for (;;) {
				c = peek(s);
				if (c < 0)
					return fail(s, "the comment does not end");
				s->p++;
				if (c == '\n')
					newline(s);
				if (c == '*' && peek(s) == '/')
					break;
			}
			s->p++;
		} else {
			return true;
		}
	}
}

static bool hex4(struct parser *s, unsigned int *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++, s->p++) {
		int c = peek(s);

		if (c >= '0' && c <= '9')
			c -= '0';
		else if (c >= 'a' && c <= 'f')
			c -= 'a' - 10;
		else if (c >= 'A' && c <= 'F')
			c -= 'A' - 10;
		else
			return fail(s, "\\u needs four hexadecimal digits");
		*out = *out << 4 | (unsigned int)c;
	}
	return true;
}

static char *put_utf8(char *out, unsigned int c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

static bool escape(struct parser *s, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int c = peek(s);
	const char *at = c > 0 ? strchr(from, c) : NULL;
	unsigned int u, low;

	if (at) {
		s->p++;
		*(*out)++ = to[at - from];
		return true;
	}
	if (c != 'u')
		return fail(s, "unknown escape in a string");
	s->p++;
	if (!hex4(s, &u))
		return false;
	if (u >= 0xd800 && u < 0xdc00) {
		if (s->end - s->p < 6 || s->p[0] != '\\' || s->p[1] != 'u')
			return fail(s, "half of a surrogate pair");
		s->p += 2;
		if (!hex4(s, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(s, "half of a surrogate pair");
		u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
	} else if (u >= 0xdc00 && u < 0xe000) {
		return fail(s, "half of a surrogate pair");
	}
	if (!u)
		return fail(s, "NUL in a string");
	*out = put_utf8(*out, u);
	return true;
}

static bool string(struct parser *s, const char **result)
{
	const char *close = ++s->p;
	char *out;

	/* An escape never gets longer, so the raw length is enough. */
	while (close < s->end && *close != '"' && *close != '\n')
		close += *close == '\\' && s->end - close > 1 ? 2 : 1;
	out = mesh_arena_alloc(s->arena, (size_t)(close - s->p) + 1);
	*result = out;
	for (;;) {
		int c = peek(s);

		if (c < 0 || c == '\n')
			return fail(s, "the string does not end");
		if (c < 0x20)
			return fail(s, "control character in a string");
		s->p++;
		if (c == '"')
			break;
		if (c != '\\')
			*out++ = (char)c;
		else if (!escape(s, &out))
			return false;
	}
	*out = 0;
	return true;
}

/* JSON's grammar for numbers, not strtod()'s. */
static bool number(struct parser *s, double *result)
{
	char text[64];
	size_t len;
	const char *start = s->p;

	if (peek(s) == '-')
		s->p++;
	if (peek(s) == '0') {
		s->p++;
	} else {
		while (peek(s) >= '0' && peek(s) <= '9')
			s->p++;
	}
	if (s->p == start || s->p[-1] == '-')
		return fail(s, "a value was expected");
	if (peek(s) == '.') {
		s->p++;
		if (peek(s) < '0' || peek(s) > '9')
			return fail(s, "malformed number");
		while (peek(s) >= '0' && peek(s) <= '9')
			s->p++;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->p++;
		if (peek(s) == '+' || peek(s) == '-')
			s->p++;
		if (peek(s) < '0' || peek(s) > '9')
			return fail(s, "malformed number");
		while (peek(s) >= '0' && peek(s) <= '9')
			s->p++;
	}
	len = (size_t)(s->p - start);
	if (len >= sizeof(text))
		return fail(s, "the number is too long");
	memcpy(text, start, len);
	text[len] = 0;
	*result = strtod(text, NULL);
	return true;
}

static bool word(struct parser *s, const char *want)
{
	size_t n = strlen(want);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, want, n))
		return fail(s, "a value was expected");
	s->p += n;
	return true;
}

static const char *member_name(struct parser *s, const struct control_hujson *object)
{
	const char *name;

	if (peek(s) != '"') {
		fail(s, "a member name in double quotes was expected");
		return NULL;
	}
	if (!string(s, &name))
		return NULL;
	if (control_hujson_get(object, name)) {
		fail(s, "this name appears twice in the object");
		return NULL;
	}
	if (!skip(s))
		return NULL;
	if (peek(s) != ':') {
		fail(s, "':' was expected");
		return NULL;
	}
	s->p++;
	return skip(s) ? name : NULL;
}

static bool container(struct parser *s, struct control_hujson *v)
{
	char close = v->type == HUJSON_ARRAY ? ']' : '}';
	struct control_hujson **tail = &v->first;

	if (++s->depth > MAX_DEPTH)
		return fail(s, "nested too deeply");
	s->p++;
	for (;;) {
		struct control_hujson *item;
		const char *name = NULL;

		if (!skip(s))
			return false;
		if (peek(s) == close)
			break;
		if (v->type == HUJSON_OBJECT) {
			name = member_name(s, v);
			if (!name)
				return false;
		}
		item = mesh_arena_alloc(s->arena, sizeof(*item));
		if (!value(s, item))
			return false;
		item->name = name;
		*tail = item;
		tail = &item->next;
		v->n++;
		if (!skip(s))
			return false;
		if (peek(s) == ',')
			s->p++;
		else if (peek(s) != close)
			return fail(s, close == ']' ? "',' or ']' was expected"
						    : "',' or '}' was expected");
	}
	s->p++;
	s->depth--;
	return true;
}

static bool value(struct parser *s, struct control_hujson *v)
{
	v->line = s->line;
	v->column = (unsigned int)(s->p - s->line_start) + 1;
	switch (peek(s)) {
	case '{':
		v->type = HUJSON_OBJECT;
		return container(s, v);
	case '[':
		v->type = HUJSON_ARRAY;
		return container(s, v);
	case '"':
		v->type = HUJSON_STRING;
		return string(s, &v->string);
	case 't':
		v->type = HUJSON_BOOL;
		v->boolean = true;
		return word(s, "true");
	case 'f':
		v->type = HUJSON_BOOL;
		return word(s, "false");
	case 'n':
		v->type = HUJSON_NULL;
		return word(s, "null");
	default:
		v->type = HUJSON_NUMBER;
		return number(s, &v->number);
	}
}

struct control_hujson *control_hujson_parse(struct mesh_arena *arena, const char *text, size_t len,
					    struct mesh_error *err)
{
	struct parser s = {.arena = arena,
			   .err = err,
			   .p = text,
			   .end = text + len,
			   .line_start = text,
			   .line = 1};
	struct control_hujson *v = mesh_arena_alloc(arena, sizeof(*v));

	if (!skip(&s) || !value(&s, v) || !skip(&s))
		return NULL;
	if (s.p != s.end) {
		fail(&s, "nothing more was expected after the value");
		return NULL;
	}
	return v;
}

const struct control_hujson *control_hujson_get(const struct control_hujson *object,
						const char *name)
{
	if (object->type != HUJSON_OBJECT)
		return NULL;
	for (const struct control_hujson *v = object->first; v; v = v->next)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

void control_hujson_error(struct mesh_error *err, const struct control_hujson *at, const char *fmt,
			  ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mesh_error_set(err, "line %u, column %u: %s", at->line, at->column, text);
}

const char *control_hujson_type_name(enum control_hujson_type type)
{
	static const char *const names[] = {
		[HUJSON_NULL] = "null",	      [HUJSON_BOOL] = "true or false",
		[HUJSON_NUMBER] = "a number", [HUJSON_STRING] = "a string",
		[HUJSON_ARRAY] = "a list",    [HUJSON_OBJECT] = "an object",
	};

	return names[type];
}

char *control_hujson_load(struct mesh_arena *arena, const char *path, size_t max, size_t *len,
			  struct mesh_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text = NULL;
	ssize_t n;

	*len = 0;
	if (fd < 0 || fstat(fd, &st)) {
		mesh_error_set(err, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size > max) {
		mesh_error_set(err, "%s: not a file of at most %zu bytes", path, max);
		goto out;
	}
	text = mesh_arena_alloc(arena, (size_t)st.st_size + 1);
	while (*len < (size_t)st.st_size &&
	       (n = read(fd, text + *len, (size_t)st.st_size - *len)) > 0)
		*len += (size_t)n;
out:
	if (fd >= 0)
		close(fd);
	return text;
}

void control_hujson_json(struct mesh_buf *out, const struct control_hujson *v)
{
	const char *sep = "";

	switch (v->type) {
	case HUJSON_NULL:
		mesh_buf_str(out, "null");
		break;
	case HUJSON_BOOL:
		mesh_buf_str(out, v->boolean ? "true" : "false");
		break;
	case HUJSON_NUMBER:
		mesh_buf_printf(out, "%.17g", v->number);
		break;
	case HUJSON_STRING:
		mesh_codec_string(out, v->string);
		break;
	case HUJSON_ARRAY:
	case HUJSON_OBJECT:
		mesh_buf_str(out, v->type == HUJSON_ARRAY ? "[" : "{");
		for (const struct control_hujson *i = v->first; i; i = i->next, sep = ",") {
			mesh_buf_str(out, sep);
			if (i->name) {
				mesh_codec_string(out, i->name);
				mesh_buf_str(out, ":");
			}
			control_hujson_json(out, i);
		}
		mesh_buf_str(out, v->type == HUJSON_ARRAY ? "]" : "}");
		break;
	}
}
