/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON messages from tables. A schema lists the members of a C structure with their JSON names; one
 * encoder and one decoder walk it, so that both directions of every message come from one table.
 *
 * Reading follows what the other implementations do: unknown members are ignored, a missing or null
 * member is the type's zero. A member of the wrong type, a malformed key or address refuses the
 * whole message, with the path of the member in the error.
 */
#ifndef MESH_CODEC_H
#define MESH_CODEC_H

#include "key.h"
#include "mesh.h"
#include "text.h"

enum mesh_type {
	MESH_BOOL,     /* bool */
	MESH_TRISTATE, /* enum mesh_tristate: true, false, or absent */
	MESH_INT,      /* int64_t, within +-2^53 */
	MESH_DOUBLE,   /* double */
	MESH_STRING,   /* const char *, NULL is "" */
	MESH_KEY,      /* struct mesh_key, kind in .arg */
	MESH_TIME,     /* int64_t, seconds since 1970, 0 is none */
	MESH_IP,       /* struct mesh_ip */
	MESH_PREFIX,   /* struct mesh_prefix */
	MESH_ADDRPORT, /* struct mesh_addrport */
	MESH_STRUCT,   /* a structure by value, schema in .sub */
	MESH_RAW,      /* const char *, JSON text kept as it is, NULL is null */
};

enum mesh_shape {
	MESH_ONE,
	MESH_POINTER, /* to the type; NULL is null */
	MESH_LIST,    /* MESH_LIST_OF */
	MESH_MAP,     /* MESH_MAP_OF: JSON object with any keys */
};

enum mesh_tristate { MESH_UNSET, MESH_FALSE, MESH_TRUE };

/* Lists and maps tell absent (null) from empty: .set is true when there was a list. */
#define MESH_LIST_OF(type)                                                                         \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n;                                                                          \
		bool set;                                                                          \
	}

#define MESH_MAP_ENTRY(type)                                                                       \
	struct {                                                                                   \
		const char *key;                                                                   \
		type value;                                                                        \
	}

/* The value of an entry of a map is at this offset for every type. */
#define MESH_MAP_VALUE 8

struct mesh_schema;

struct mesh_field {
	const char *name;
	enum mesh_type type;
	enum mesh_shape shape;
	/* A map whose values are lists of the type: {"name": [..]}. */
	bool of_lists;
	/* Leave the member out when it is zero, null or empty. */
	bool omit_empty;
	uint8_t arg;
	size_t offset;
	const struct mesh_schema *sub;
};

struct mesh_schema {
	size_t size;
	const struct mesh_field *fields;
	size_t n;
};

/* Limits on what a stranger's message makes us allocate. */
#define MESH_CODEC_MAX_JSON (1 << 20)
#define MESH_CODEC_MAX_LIST 65536

/**
 * mesh_codec_decode() - read a JSON object into a structure
 * @schema: the table
 * @out: the structure; zeroed first
 * @arena: owns what the structure points to
 * @json: text, not ending in NUL
 * @len: its length; at most @max
 * @max: limit in bytes
 * @err: what is wrong and where
 *
 * Return: 0, -EMSGSIZE or -EBADMSG.
 */
int mesh_codec_decode(const struct mesh_schema *schema, void *out, struct mesh_arena *arena,
		      const char *json, size_t len, size_t max, struct mesh_error *err);

/* Appends the structure as JSON. */
void mesh_codec_encode(const struct mesh_schema *schema, const void *in, struct mesh_buf *out);

/* Appends a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void mesh_codec_string(struct mesh_buf *out, const char *s);

#endif /* MESH_CODEC_H */
