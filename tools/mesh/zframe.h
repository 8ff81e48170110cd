/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages on a map stream: a length (little-endian, unlike everything else in this protocol) and
 * the JSON, compressed with zstd when the request asked for it. Each message stands alone.
 */
#ifndef MESH_ZFRAME_H
#define MESH_ZFRAME_H

#include "mesh.h"

/* Longest message to read, compressed and expanded: whole maps of many thousand peers fit. */
#define MESH_ZFRAME_MAX (64 << 20)

/* Contexts that are reused for all messages of a thread. Zeroed is ready. */
struct mesh_zframe {
	void *cctx;
	void *dctx;
};

void mesh_zframe_free(struct mesh_zframe *z);

/**
 * mesh_zframe_write() - append one message
 * @z: contexts
 * @out: framed bytes
 * @json: the message
 * @len: its length
 * @compress: whether the request asked for zstd
 *
 * Return: 0 or -EMSGSIZE.
 */
int mesh_zframe_write(struct mesh_zframe *z, struct mesh_buf *out, const void *json, size_t len,
		      bool compress);

/**
 * mesh_zframe_read() - take one message from the front
 * @z: contexts
 * @in: received bytes
 * @json: the message replaces what was here
 * @compressed: whether the request asked for zstd
 *
 * Return: 1 for a message, 0 when more bytes are needed, -EMSGSIZE or -EBADMSG.
 */
int mesh_zframe_read(struct mesh_zframe *z, struct mesh_buf *in, struct mesh_buf *json,
		     bool compressed);

#endif /* MESH_ZFRAME_H */
