/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mesh protocol library: what a control server and an agent say to each other and to the relay.
 *
 * Everything here is a pure encoder or decoder. Nothing opens a socket, reads a clock or keeps a
 * timer, so that each part runs under a sanitizer, a fuzzer and a published vector by itself.
 *
 *   mesh.h      errors, growing buffers, arenas (this file; buf.c)
 *   text.h      base64, hex, RFC 3339 times, addresses and prefixes
 *   crypto.h    BLAKE2s, HKDF, X25519, ChaCha20-Poly1305, the NaCl box
 *   key.h       the five kinds of key and their text forms
 *   noise.h     ts2021: the Noise IK handshake, both sides
 *   record.h    ts2021: encrypted records and the early payload
 *   http2.h     ts2021: HTTP/2 inside the records, both sides (over nghttp2)
 *   codec.h     tables that describe a JSON message, and the one encoder and decoder they drive
 *   message.h   the register and map messages as C structures
 *   zframe.h    map messages on the stream: length, zstd
 *   disco.h     path discovery messages between peers
 *   stun.h      the STUN subset that relays speak
 *   derp.h      relay frames
 *   websocket.h how browsers carry ts2021 and DERP
 *
 * A function mesh_<file>_<verb> lives in <file>.c. Unless it says otherwise a function returns 0 or
 * a negative errno: -EBADMSG for bytes that break the protocol, -EMSGSIZE for a length beyond the
 * limit, -EAGAIN for "not enough bytes yet", -EACCES for a failed authentication.
 *
 * Running out of memory ends the process with a message: every length that a stranger chooses is
 * limited before anything is allocated for it, so this is not reachable from the network.
 */
#ifndef MESH_H
#define MESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why something was refused, in words for a person: it names the field and what was wrong. */
struct mesh_error {
	char text[200];
};

/**
 * mesh_error_set() - write the text of an error
 * @err: may be NULL
 * @fmt: printf format
 */
void mesh_error_set(struct mesh_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Allocation that never returns NULL (see above). */
void *mesh_alloc(size_t size); /* zeroed */
void *mesh_realloc(void *p, size_t size);
char *mesh_strdup(const char *s);

/* Bytes that grow at the end and are taken from the front. Zeroed is empty. */
struct mesh_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
};

/**
 * mesh_buf_grow() - make room at the end
 * @buf: the buffer
 * @n: bytes wanted
 *
 * Return: the room; the caller writes into it and then adds to @buf->len.
 */
uint8_t *mesh_buf_grow(struct mesh_buf *buf, size_t n);
void mesh_buf_add(struct mesh_buf *buf, const void *data, size_t n);
void mesh_buf_str(struct mesh_buf *buf, const char *s);
void mesh_buf_printf(struct mesh_buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Drops @n bytes at the front. */
void mesh_buf_take(struct mesh_buf *buf, size_t n);
/* Wipes and frees; the buffer is empty and usable afterwards. */
void mesh_buf_free(struct mesh_buf *buf);

/* Memory that is freed together: one arena holds one decoded message. Zeroed is empty. */
struct mesh_arena {
	struct mesh_arena_chunk *head;
};

/* Zeroed and aligned for any type. */
void *mesh_arena_alloc(struct mesh_arena *arena, size_t size);
char *mesh_arena_strdup(struct mesh_arena *arena, const char *s, size_t len);
/* Wipes too: messages carry pre-auth keys. */
void mesh_arena_free(struct mesh_arena *arena);

/* Numbers on the wire. */
static inline uint16_t mesh_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t mesh_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void mesh_put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static inline void mesh_put32(uint8_t *p, uint32_t v)
{
	mesh_put16(p, v >> 16);
	mesh_put16(p + 2, v & 0xffff);
}

static inline void mesh_put64(uint8_t *p, uint64_t v)
{
	mesh_put32(p, v >> 32);
	mesh_put32(p + 4, v & 0xffffffff);
}

#endif /* MESH_H */
