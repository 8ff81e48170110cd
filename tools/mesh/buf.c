// SPDX-License-Identifier: GPL-2.0
#include "mesh.h"
#include "text.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE 4096

void mesh_error_set(struct mesh_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	mesh_text_repair(err->text);
}

static void *checked(void *p)
{
	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mesh_alloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *mesh_realloc(void *p, size_t size)
{
	return checked(realloc(p, size ? size : 1));
}

char *mesh_strdup(const char *s)
{
	return checked(strdup(s));
}

uint8_t *mesh_buf_grow(struct mesh_buf *buf, size_t n)
{
	size_t want = buf->len + n;

	if (want > buf->cap) {
		size_t cap = buf->cap ? buf->cap : 256;
		uint8_t *data;

		while (cap < want)
			cap *= 2;
		/* Not realloc(): the old copy may hold secrets and has to be wiped. */
		data = mesh_alloc(cap);
		if (buf->len)
			memcpy(data, buf->data, buf->len);
		if (buf->data)
			sodium_memzero(buf->data, buf->cap);
		free(buf->data);
		buf->data = data;
		buf->cap = cap;
	}
	return buf->data + buf->len;
}

void mesh_buf_add(struct mesh_buf *buf, const void *data, size_t n)
{
	if (!n)
		return;
	memcpy(mesh_buf_grow(buf, n), data, n);
	buf->len += n;
}

void mesh_buf_str(struct mesh_buf *buf, const char *s)
{
	mesh_buf_add(buf, s, strlen(s));
}

void mesh_buf_printf(struct mesh_buf *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	mesh_buf_grow(buf, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf((char *)buf->data + buf->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)n;
}

void mesh_buf_take(struct mesh_buf *buf, size_t n)
{
	if (n >= buf->len) {
		buf->len = 0;
		return;
	}
	memmove(buf->data, buf->data + n, buf->len - n);
	buf->len -= n;
}

void mesh_buf_free(struct mesh_buf *buf)
{
	if (buf->data)
		sodium_memzero(buf->data, buf->cap);
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

struct mesh_arena_chunk {
	struct mesh_arena_chunk *next;
	size_t used;
	size_t size;
	_Alignas(16) uint8_t data[];
};

void *mesh_arena_alloc(struct mesh_arena *arena, size_t size)
{
	struct mesh_arena_chunk *c = arena->head;
	void *p;

	size = (size + 15) & ~(size_t)15;
	if (!c || c->size - c->used < size) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		c = mesh_alloc(sizeof(*c) + room);
		c->size = room;
		c->next = arena->head;
		arena->head = c;
	}
	p = c->data + c->used;
	c->used += size;
	return p;
}

char *mesh_arena_strdup(struct mesh_arena *arena, const char *s, size_t len)
{
	char *p = mesh_arena_alloc(arena, len + 1);

	memcpy(p, s, len);
	return p;
}

void mesh_arena_free(struct mesh_arena *arena)
{
	while (arena->head) {
		struct mesh_arena_chunk *c = arena->head;

		arena->head = c->next;
		sodium_memzero(c->data, c->used);
		free(c);
	}
}
