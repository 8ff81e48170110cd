// SPDX-License-Identifier: GPL-2.0
#include "zframe.h"

#include <errno.h>
#include <string.h>
#include <zstd.h>

#define HEADER 4
#define LEVEL  1 /* many small messages to many streams: speed counts */

void mesh_zframe_free(struct mesh_zframe *z)
{
	ZSTD_freeCCtx(z->cctx);
	ZSTD_freeDCtx(z->dctx);
	memset(z, 0, sizeof(*z));
}

static void put_length(uint8_t *p, uint32_t len)
{
	for (int i = 0; i < HEADER; i++)
		p[i] = (uint8_t)(len >> (8 * i));
}

static uint32_t get_length(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int mesh_zframe_write(struct mesh_zframe *z, struct mesh_buf *out, const void *json, size_t len,
		      bool compress)
{
	size_t n = len, room = compress ? ZSTD_compressBound(len) : len;
	uint8_t *p;

	if (len > MESH_ZFRAME_MAX)
		return -EMSGSIZE;
	p = mesh_buf_grow(out, HEADER + room);
	if (compress) {
		if (!z->cctx)
			z->cctx = ZSTD_createCCtx();
		n = ZSTD_compressCCtx(z->cctx, p + HEADER, room, json, len, LEVEL);
		if (ZSTD_isError(n))
			return -EMSGSIZE;
	} else if (len) {
		memcpy(p + HEADER, json, len);
	}
	put_length(p, (uint32_t)n);
	out->len += HEADER + n;
	return 0;
}

/* Expands piecewise, so that a small frame that claims to be huge costs nothing. */
static int expand(struct mesh_zframe *z, const uint8_t *data, size_t len, struct mesh_buf *json)
{
	ZSTD_inBuffer in = {data, len, 0};
	size_t left = 1;

	if (!z->dctx)
		z->dctx = ZSTD_createDCtx();
	ZSTD_DCtx_reset(z->dctx, ZSTD_reset_session_only);
	while (in.pos < in.size || left) {
		size_t room = 64 << 10;
		ZSTD_outBuffer out = {mesh_buf_grow(json, room), room, 0};
		size_t before = in.pos;

		left = ZSTD_decompressStream(z->dctx, &out, &in);
		if (ZSTD_isError(left))
			return -EBADMSG;
		json->len += out.pos;
		if (json->len > MESH_ZFRAME_MAX)
			return -EMSGSIZE;
		if (in.pos == before && !out.pos)
			return left ? -EBADMSG : 0;
	}
	return 0;
}

int mesh_zframe_read(struct mesh_zframe *z, struct mesh_buf *in, struct mesh_buf *json,
		     bool compressed)
{
	size_t len;
	int ret = 0;

	if (in->len < HEADER)
		return 0;
	len = get_length(in->data);
	if (len > MESH_ZFRAME_MAX)
		return -EMSGSIZE;
	if (in->len < HEADER + len)
		return 0;
	json->len = 0;
	if (compressed)
		ret = expand(z, in->data + HEADER, len, json);
	else
		mesh_buf_add(json, in->data + HEADER, len);
	mesh_buf_take(in, HEADER + len);
	return ret ? ret : 1;
}
