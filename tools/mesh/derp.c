// SPDX-License-Identifier: GPL-2.0
#include "derp.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t magic[8] = {'D', 'E', 'R', 'P', 0xf0, 0x9f, 0x94, 0x91};

int mesh_derp_next(struct mesh_derp_frame *frame, const uint8_t *in, size_t len, size_t max)
{
	size_t n;

	if (len < MESH_DERP_HEADER)
		return 0;
	n = mesh_be32(in + 1);
	if (n > max || n > MESH_DERP_MAX_FRAME)
		return -EMSGSIZE;
	if (len < MESH_DERP_HEADER + n)
		return 0;
	frame->type = in[0];
	frame->payload = in + MESH_DERP_HEADER;
	frame->len = n;
	return (int)(MESH_DERP_HEADER + n);
}

/* Writes the header and gives the room for @len bytes of payload. */
static uint8_t *begin(struct mesh_buf *out, enum mesh_derp_type type, size_t len)
{
	uint8_t *p = mesh_buf_grow(out, MESH_DERP_HEADER + len);

	p[0] = type;
	mesh_put32(p + 1, (uint32_t)len);
	out->len += MESH_DERP_HEADER + len;
	return p + MESH_DERP_HEADER;
}

void mesh_derp_frame(struct mesh_buf *out, enum mesh_derp_type type, const void *payload,
		     size_t len)
{
	uint8_t *p = begin(out, type, len);

	if (len)
		memcpy(p, payload, len);
}

void mesh_derp_packet(struct mesh_buf *out, enum mesh_derp_type type, const struct mesh_key *key,
		      const void *data, size_t len)
{
	uint8_t *p = begin(out, type, MESH_KEY_SIZE + len);

	memcpy(p, key->b, MESH_KEY_SIZE);
	if (len)
		memcpy(p + MESH_KEY_SIZE, data, len);
}

int mesh_derp_parse_packet(const struct mesh_derp_frame *frame, struct mesh_key *key,
			   const uint8_t **data, size_t *len)
{
	if (frame->len < MESH_KEY_SIZE || frame->len > MESH_KEY_SIZE + MESH_DERP_MAX_PACKET)
		return -EBADMSG;
	memcpy(key->b, frame->payload, MESH_KEY_SIZE);
	*data = frame->payload + MESH_KEY_SIZE;
	*len = frame->len - MESH_KEY_SIZE;
	return 0;
}

void mesh_derp_server_key(struct mesh_buf *out, const struct mesh_key *server)
{
	uint8_t *p = begin(out, MESH_DERP_SERVER_KEY, sizeof(magic) + MESH_KEY_SIZE);

	memcpy(p, magic, sizeof(magic));
	memcpy(p + sizeof(magic), server->b, MESH_KEY_SIZE);
}

int mesh_derp_parse_server_key(const struct mesh_derp_frame *frame, struct mesh_key *server)
{
	if (frame->type != MESH_DERP_SERVER_KEY || frame->len < sizeof(magic) + MESH_KEY_SIZE ||
	    memcmp(frame->payload, magic, sizeof(magic)))
		return -EBADMSG;
	memcpy(server->b, frame->payload + sizeof(magic), MESH_KEY_SIZE);
	return 0;
}

void mesh_derp_peer_gone(struct mesh_buf *out, const struct mesh_key *peer,
			 enum mesh_derp_gone reason)
{
	uint8_t *p = begin(out, MESH_DERP_PEER_GONE, MESH_KEY_SIZE + 1);

	memcpy(p, peer->b, MESH_KEY_SIZE);
	p[MESH_KEY_SIZE] = reason;
}

int mesh_derp_parse_peer_gone(const struct mesh_derp_frame *frame, struct mesh_key *peer,
			      enum mesh_derp_gone *reason)
{
	if (frame->len < MESH_KEY_SIZE)
		return -EBADMSG;
	memcpy(peer->b, frame->payload, MESH_KEY_SIZE);
	/* Old relays gave no reason. */
	*reason = frame->len > MESH_KEY_SIZE && frame->payload[MESH_KEY_SIZE]
			  ? MESH_DERP_GONE_NOT_HERE
			  : MESH_DERP_GONE_DISCONNECTED;
	return 0;
}

void mesh_derp_note_preferred(struct mesh_buf *out, bool home)
{
	*begin(out, MESH_DERP_NOTE_PREFERRED, 1) = home;
}

int mesh_derp_parse_note_preferred(const struct mesh_derp_frame *frame, bool *home)
{
	if (frame->len != 1 || frame->payload[0] > 1)
		return -EBADMSG;
	*home = frame->payload[0];
	return 0;
}

/* nonce and box at @p, which has room for both. */
static void seal(uint8_t *p, const struct mesh_key *priv, const struct mesh_key *pub,
		 const uint8_t *nonce, const char *json, size_t len)
{
	uint8_t shared[32];

	if (nonce)
		memcpy(p, nonce, MESH_NONCE_SIZE);
	else
		mesh_crypto_random(p, MESH_NONCE_SIZE);
	/* A low-order key gives a box nobody opens; its owner hurts only itself. */
	if (!mesh_crypto_box_key(shared, pub->b, priv->b))
		memset(shared, 0, sizeof(shared));
	mesh_crypto_box_seal(p + MESH_NONCE_SIZE, shared, p, json, len);
	mesh_crypto_wipe(shared, sizeof(shared));
}

/* The JSON object in a nonce and box; NULL with @ret set. */
static json_t *open_box(const uint8_t *p, size_t len, const struct mesh_key *priv,
			const struct mesh_key *pub, int *ret)
{
	uint8_t shared[32], *plain;
	json_t *root = NULL;
	size_t n;

	*ret = -EBADMSG;
	if (len < MESH_NONCE_SIZE + MESH_TAG_SIZE || len > MESH_DERP_MAX_INFO)
		return NULL;
	n = len - MESH_NONCE_SIZE;
	plain = mesh_alloc(n);
	if (!mesh_crypto_box_key(shared, pub->b, priv->b) ||
	    !mesh_crypto_box_open(plain, shared, p, p + MESH_NONCE_SIZE, n)) {
		*ret = -EACCES;
	} else {
		root = json_loadb((char *)plain, n - MESH_TAG_SIZE, 0, NULL);
		if (json_is_object(root)) {
			*ret = 0;
		} else {
			json_decref(root);
			root = NULL;
		}
	}
	mesh_crypto_wipe(shared, sizeof(shared));
	free(plain);
	return root;
}

void mesh_derp_client_info(struct mesh_buf *out, const struct mesh_key *node,
			   const struct mesh_key *server, const uint8_t nonce[MESH_NONCE_SIZE],
			   const struct mesh_derp_client_info *info)
{
	char json[96];
	int n = snprintf(json, sizeof(json), "{\"version\":%d%s%s}", info->version,
			 info->can_ack_pings ? ",\"CanAckPings\":true" : "",
			 info->is_prober ? ",\"IsProber\":true" : "");
	uint8_t *p = begin(out, MESH_DERP_CLIENT_INFO,
			   MESH_KEY_SIZE + MESH_NONCE_SIZE + MESH_TAG_SIZE + (size_t)n);

	mesh_crypto_public(p, node->b);
	seal(p + MESH_KEY_SIZE, node, server, nonce, json, (size_t)n);
}

int mesh_derp_parse_client_info(const struct mesh_derp_frame *frame, const struct mesh_key *server,
				struct mesh_derp_client_info *info)
{
	json_t *root;
	int ret;

	memset(info, 0, sizeof(*info));
	if (frame->type != MESH_DERP_CLIENT_INFO || frame->len < MESH_KEY_SIZE)
		return -EBADMSG;
	memcpy(info->node.b, frame->payload, MESH_KEY_SIZE);
	root = open_box(frame->payload + MESH_KEY_SIZE, frame->len - MESH_KEY_SIZE, server,
			&info->node, &ret);
	if (!root)
		return ret;
	info->version = (int)json_integer_value(json_object_get(root, "version"));
	info->can_ack_pings = json_is_true(json_object_get(root, "CanAckPings"));
	info->is_prober = json_is_true(json_object_get(root, "IsProber"));
	json_decref(root);
	return 0;
}

void mesh_derp_server_info(struct mesh_buf *out, const struct mesh_key *server,
			   const struct mesh_key *node)
{
	static const char json[] = "{\"version\":2}";
	uint8_t *p = begin(out, MESH_DERP_SERVER_INFO,
			   MESH_NONCE_SIZE + MESH_TAG_SIZE + sizeof(json) - 1);

	seal(p, server, node, NULL, json, sizeof(json) - 1);
}

int mesh_derp_parse_server_info(const struct mesh_derp_frame *frame, const struct mesh_key *node,
				const struct mesh_key *server, int *version)
{
	json_t *root;
	int ret;

	if (frame->type != MESH_DERP_SERVER_INFO)
		return -EBADMSG;
	root = open_box(frame->payload, frame->len, node, server, &ret);
	if (!root)
		return ret;
	*version = (int)json_integer_value(json_object_get(root, "version"));
	json_decref(root);
	return 0;
}
