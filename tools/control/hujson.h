/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HuJSON: JSON with comments and trailing commas, which the configuration and the policy are
 * written in. Unlike a JSON library it keeps the place of every value, so that a mistake found
 * later ("no such group") can still be reported with its line and column.
 */
#ifndef CONTROL_HUJSON_H
#define CONTROL_HUJSON_H

#include "mesh.h"

enum control_hujson_type {
	HUJSON_NULL,
	HUJSON_BOOL,
	HUJSON_NUMBER,
	HUJSON_STRING,
	HUJSON_ARRAY,
	HUJSON_OBJECT,
};

struct control_hujson {
	enum control_hujson_type type;
	unsigned int line;
	unsigned int column; /* in bytes, from 1 */
	bool boolean;
	double number;
	const char *string; /* without NUL bytes inside */
	/* Of an array or object, in order. */
	const char *name; /* of this value in its object */
	struct control_hujson *first;
	struct control_hujson *next;
	size_t n;
};

/**
 * control_hujson_parse() - read a whole document
 * @arena: owns the result
 * @text: need not end in NUL
 * @len: its length
 * @err: "line L, column C: what"
 *
 * Return: the value, or NULL.
 */
struct control_hujson *control_hujson_parse(struct mesh_arena *arena, const char *text, size_t len,
					    struct mesh_error *err);

/* Member of an object, or NULL. */
const struct control_hujson *control_hujson_get(const struct control_hujson *object,
						const char *name);

/* Writes an error with the place of @at. */
void control_hujson_error(struct mesh_error *err, const struct control_hujson *at, const char *fmt,
			  ...) __attribute__((format(printf, 3, 4)));

/* Reads a file of at most @max bytes into the arena. Return: NULL with @err. */
char *control_hujson_load(struct mesh_arena *arena, const char *path, size_t max, size_t *len,
			  struct mesh_error *err);

/* "a string", for errors. */
const char *control_hujson_type_name(enum control_hujson_type type);

/* Writes the value as JSON, without what HuJSON adds. */
void control_hujson_json(struct mesh_buf *out, const struct control_hujson *v);

#endif /* CONTROL_HUJSON_H */
