// SPDX-License-Identifier: GPL-2.0
#include "disco.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEY_AT	   6
#define NONCE_AT   38
#define ENDPOINT   18
#define MAX_PACKET 65536

static const uint8_t magic[6] = {'T', 'S', 0xf0, 0x9f, 0x92, 0xac};

bool mesh_disco_is(const uint8_t *in, size_t len)
{
	return len >= MESH_DISCO_HEADER && !memcmp(in, magic, sizeof(magic));
}

void mesh_disco_sender(const uint8_t *in, struct mesh_key *sender)
{
	memcpy(sender->b, in + KEY_AT, sizeof(sender->b));
}

static void put_endpoint(struct mesh_buf *out, const struct mesh_addrport *ap)
{
	uint8_t *p = mesh_buf_grow(out, ENDPOINT);

	memcpy(p, ap->ip.b, 16);
	mesh_put16(p + 16, ap->port);
	out->len += ENDPOINT;
}

static void get_endpoint(struct mesh_addrport *ap, const uint8_t *in)
{
	ap->ip = mesh_text_ip16(in);
	ap->port = mesh_be16(in + 16);
}

void mesh_disco_encode(struct mesh_buf *out, const struct mesh_disco_message *msg)
{
	uint8_t head[2] = {msg->type, 0};

	mesh_buf_add(out, head, sizeof(head));
	switch (msg->type) {
	case MESH_DISCO_PING:
		mesh_buf_add(out, msg->txid, sizeof(msg->txid));
		mesh_buf_add(out, msg->node.b, sizeof(msg->node.b));
		memset(mesh_buf_grow(out, msg->padding), 0, msg->padding);
		out->len += msg->padding;
		break;
	case MESH_DISCO_PONG:
		mesh_buf_add(out, msg->txid, sizeof(msg->txid));
		put_endpoint(out, &msg->src);
		break;
	case MESH_DISCO_CALL_ME_MAYBE:
		for (size_t i = 0; i < msg->n_endpoints; i++)
			put_endpoint(out, &msg->endpoints[i]);
		break;
	}
}

int mesh_disco_decode(struct mesh_disco_message *msg, const uint8_t *in, size_t len)
{
	memset(msg, 0, sizeof(*msg));
	if (len < 2)
		return -EBADMSG;
	msg->type = in[0];
	in += 2;
	len -= 2;
	switch (msg->type) {
	case MESH_DISCO_PING:
		if (len < MESH_DISCO_TXID)
			return -EBADMSG;
		memcpy(msg->txid, in, MESH_DISCO_TXID);
		if (len < MESH_DISCO_TXID + MESH_KEY_SIZE)
			break;
		memcpy(msg->node.b, in + MESH_DISCO_TXID, MESH_KEY_SIZE);
		len -= MESH_DISCO_TXID + MESH_KEY_SIZE;
		msg->padding = len > UINT16_MAX ? UINT16_MAX : (uint16_t)len;
		break;
	case MESH_DISCO_PONG:
		if (len < MESH_DISCO_TXID + ENDPOINT)
			return -EBADMSG;
		memcpy(msg->txid, in, MESH_DISCO_TXID);
		get_endpoint(&msg->src, in + MESH_DISCO_TXID);
		break;
	case MESH_DISCO_CALL_ME_MAYBE:
		while (len >= ENDPOINT && msg->n_endpoints < MESH_DISCO_MAX_ENDPOINTS) {
			get_endpoint(&msg->endpoints[msg->n_endpoints++], in);
			in += ENDPOINT;
			len -= ENDPOINT;
		}
		break;
	}
	return 0;
}

void mesh_disco_seal(struct mesh_buf *out, const struct mesh_key *from, const uint8_t shared[32],
		     const uint8_t nonce[MESH_NONCE_SIZE], const struct mesh_disco_message *msg)
{
	struct mesh_buf plain = {0};
	uint8_t *p;

	mesh_disco_encode(&plain, msg);
	p = mesh_buf_grow(out, MESH_DISCO_HEADER + MESH_TAG_SIZE + plain.len);
	memcpy(p, magic, sizeof(magic));
	memcpy(p + KEY_AT, from->b, sizeof(from->b));
	if (nonce)
		memcpy(p + NONCE_AT, nonce, MESH_NONCE_SIZE);
	else
		mesh_crypto_random(p + NONCE_AT, MESH_NONCE_SIZE);
	mesh_crypto_box_seal(p + MESH_DISCO_HEADER, shared, p + NONCE_AT, plain.data, plain.len);
	out->len += MESH_DISCO_HEADER + MESH_TAG_SIZE + plain.len;
	mesh_buf_free(&plain);
}

int mesh_disco_open(struct mesh_disco_message *msg, const uint8_t shared[32], const uint8_t *in,
		    size_t len)
{
	uint8_t *plain;
	size_t n;
	int ret;

	if (!mesh_disco_is(in, len) || len < MESH_DISCO_HEADER + MESH_TAG_SIZE || len > MAX_PACKET)
		return -EBADMSG;
	n = len - MESH_DISCO_HEADER;
	plain = mesh_alloc(n);
	if (mesh_crypto_box_open(plain, shared, in + NONCE_AT, in + MESH_DISCO_HEADER, n))
		ret = mesh_disco_decode(msg, plain, n - MESH_TAG_SIZE);
	else
		ret = -EACCES;
	free(plain);
	return ret;
}
