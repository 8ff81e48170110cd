// SPDX-License-Identifier: GPL-2.0
#include "websocket.h"
#include "text.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#define FINAL	    0x80
#define RESERVED    0x70
#define MASKED	    0x80
#define CONTROL	    0x08 /* bit of those opcodes */
#define MAX_CONTROL 125

enum opcode {
	OP_CONTINUE = 0,
	OP_TEXT = 1,
	OP_BINARY = 2,
	OP_CLOSE = 8,
	OP_PING = 9,
	OP_PONG = 10,
};

struct header {
	bool final;
	uint8_t opcode;
	bool masked;
	uint64_t len;
	uint8_t mask[4];
	size_t size;
};

bool mesh_websocket_accept(char out[MESH_WEBSOCKET_ACCEPT], const char *key)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t nonce[16], hash[EVP_MAX_MD_SIZE];
	struct mesh_buf text = {0};
	size_t n = 0;
	bool ok;

	if (mesh_text_unbase64(nonce, sizeof(nonce), key, strlen(key)) != sizeof(nonce))
		return false;
	mesh_buf_printf(&text, "%s%s", key, guid);
	ok = EVP_Q_digest(NULL, "SHA1", NULL, text.data, text.len, hash, &n) && n == 20;
	mesh_buf_free(&text);
	if (ok)
		mesh_text_base64(out, hash, n);
	return ok;
}

/* Return: 1, 0 for incomplete, -EBADMSG for a length that is not in its shortest form. */
static int parse(struct header *h, const uint8_t *p, size_t len)
{
	unsigned int extra = 0, code;

	if (len < 2)
		return 0;
	h->final = p[0] & FINAL;
	h->opcode = p[0] & 0x0f;
	h->masked = p[1] & MASKED;
	h->len = code = p[1] & 0x7f;
	if (p[0] & RESERVED)
		return -EBADMSG;
	if (code >= 126)
		extra = code == 126 ? 2 : 8;
	h->size = 2 + extra + (h->masked ? 4 : 0);
	if (len < h->size)
		return 0;
	if (code == 126)
		h->len = mesh_be16(p + 2);
	else if (code == 127)
		h->len = (uint64_t)mesh_be32(p + 2) << 32 | mesh_be32(p + 6);
	if ((code == 126 && h->len < 126) || (code == 127 && (h->len <= 0xffff || h->len >> 63)))
		return -EBADMSG;
	if (h->masked)
		memcpy(h->mask, p + 2 + extra, 4);
	return 1;
}

static void put_header(struct mesh_buf *out, enum opcode opcode, size_t len, const uint8_t *mask)
{
	uint8_t head[10] = {FINAL | opcode};
	size_t n = 2;

	if (len < 126) {
		head[1] = (uint8_t)len;
	} else if (len <= 0xffff) {
		head[1] = 126;
		mesh_put16(head + 2, (uint16_t)len);
		n = 4;
	} else {
		head[1] = 127;
		mesh_put64(head + 2, len);
		n = 10;
	}
	if (mask)
		head[1] |= MASKED;
	mesh_buf_add(out, head, n);
	if (mask)
		mesh_buf_add(out, mask, 4);
}

/* Appends bytes, masked or unmasked from position @at of the mask; NULL for as they are. */
static void add_masked(struct mesh_buf *out, const uint8_t *data, size_t len, const uint8_t *mask,
		       unsigned int at)
{
	uint8_t *to = mesh_buf_grow(out, len);

	for (size_t i = 0; i < len; i++)
		to[i] = mask ? data[i] ^ mask[(at + i) % 4] : data[i];
	out->len += len;
}

static int wrong(struct mesh_buf *reply, enum mesh_websocket_close why)
{
	mesh_websocket_close(reply, why);
	return -EBADMSG;
}

/* A control frame that is here as a whole; only a server answers. */
static int control(const struct mesh_websocket *ws, const struct header *h, const uint8_t *payload,
		   struct mesh_buf *reply)
{
	const uint8_t *mask = h->masked ? h->mask : NULL;

	switch (h->opcode) {
	case OP_PING:
		if (!ws->client) {
			put_header(reply, OP_PONG, h->len, NULL);
			add_masked(reply, payload, h->len, mask, 0);
		}
		return 0;
	case OP_PONG:
		return 0;
	case OP_CLOSE:
		if (!ws->client)
			mesh_websocket_close(reply, MESH_WEBSOCKET_NORMAL);
		return -EPIPE;
	default:
		return wrong(reply, MESH_WEBSOCKET_PROTOCOL);
	}
}

/* Whether a frame may come now. */
static bool fits(const struct mesh_websocket *ws, const struct header *h)
{
	if (h->masked == ws->client)
		return false;
	if (h->opcode & CONTROL)
		return h->final && h->len <= MAX_CONTROL;
	return ws->more == (h->opcode == OP_CONTINUE);
}

int mesh_websocket_receive(struct mesh_websocket *ws, struct mesh_buf *in, struct mesh_buf *out,
			   struct mesh_buf *reply)
{
	size_t used = 0;
	int ret = 0;

	while (!ret && used < in->len) {
		const uint8_t *p = in->data + used;
		size_t n = in->len - used;
		struct header h;

		if (ws->left) {
			n = ws->left < n ? (size_t)ws->left : n;
			add_masked(out, p, n, ws->client ? NULL : ws->mask, ws->at);
			ws->at = (ws->at + n) % 4;
			ws->left -= n;
			used += n;
			continue;
		}
		ret = parse(&h, p, n);
		if (!ret)
			break;
		if (ret < 0 || !fits(ws, &h)) {
			ret = wrong(reply, MESH_WEBSOCKET_PROTOCOL);
		} else if (h.opcode & CONTROL) {
			ret = 0;
			if (n - h.size < h.len)
				break;
			ret = control(ws, &h, p + h.size, reply);
			used += h.size + (size_t)h.len;
		} else if (h.opcode > OP_BINARY || h.opcode == OP_TEXT) {
			ret = wrong(reply, h.opcode == OP_TEXT ? MESH_WEBSOCKET_NOT_BINARY
							       : MESH_WEBSOCKET_PROTOCOL);
		} else {
			ret = 0;
			ws->more = !h.final;
			ws->left = h.len;
			ws->at = 0;
			memcpy(ws->mask, h.mask, sizeof(ws->mask));
			used += h.size;
		}
	}
	mesh_buf_take(in, used);
	return ret;
}

void mesh_websocket_send(struct mesh_buf *out, const void *data, size_t len, const uint8_t *mask)
{
	const uint8_t *p = data;

	while (len) {
		size_t n = len < MESH_WEBSOCKET_CHUNK ? len : MESH_WEBSOCKET_CHUNK;

		put_header(out, OP_BINARY, n, mask);
		add_masked(out, p, n, mask, 0);
		p += n;
		len -= n;
	}
}

void mesh_websocket_close(struct mesh_buf *out, enum mesh_websocket_close why)
{
	uint8_t status[2];

	mesh_put16(status, why);
	put_header(out, OP_CLOSE, sizeof(status), NULL);
	mesh_buf_add(out, status, sizeof(status));
}
