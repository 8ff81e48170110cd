/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DERP: the relay's protocol, over a TLS stream after an HTTP upgrade. A frame is a type, a length
 * and the payload. The relay shows its key, the client proves its node key with a NaCl box, and
 * from then on packets are addressed by node key.
 */
#ifndef MESH_DERP_H
#define MESH_DERP_H

#include "key.h"
#include "mesh.h"
#include "text.h"

#define MESH_DERP_HEADER     5
#define MESH_DERP_MAX_PACKET 65536 /* data of one packet */
#define MESH_DERP_MAX_FRAME  (1 << 20)
#define MESH_DERP_MAX_INFO   (256 << 10)
#define MESH_DERP_VERSION    2

enum mesh_derp_type {
	MESH_DERP_SERVER_KEY = 0x01,
	MESH_DERP_CLIENT_INFO = 0x02,
	MESH_DERP_SERVER_INFO = 0x03,
	MESH_DERP_SEND_PACKET = 0x04,
	MESH_DERP_RECV_PACKET = 0x05,
	MESH_DERP_KEEP_ALIVE = 0x06,
	MESH_DERP_NOTE_PREFERRED = 0x07,
	MESH_DERP_PEER_GONE = 0x08,
	MESH_DERP_PEER_PRESENT = 0x09,
	MESH_DERP_PING = 0x12,
	MESH_DERP_PONG = 0x13,
	MESH_DERP_HEALTH = 0x14,
	MESH_DERP_RESTARTING = 0x15,
};

enum mesh_derp_gone {
	MESH_DERP_GONE_DISCONNECTED = 0,
	MESH_DERP_GONE_NOT_HERE = 1,
};

/* One frame in received bytes. */
struct mesh_derp_frame {
	uint8_t type;
	const uint8_t *payload;
	size_t len;
};

/**
 * mesh_derp_next() - find the frame at the front
 * @frame: result; points into @in
 * @in: received bytes
 * @len: how many
 * @max: longest payload to accept
 *
 * Return: the bytes of the whole frame, 0 for incomplete, -EMSGSIZE for one that is too long.
 */
int mesh_derp_next(struct mesh_derp_frame *frame, const uint8_t *in, size_t len, size_t max);

/* The frames whose payload is a key and data: SEND_PACKET, RECV_PACKET. */
void mesh_derp_packet(struct mesh_buf *out, enum mesh_derp_type type, const struct mesh_key *key,
		      const void *data, size_t len);
/* Return: 0 or -EBADMSG. */
int mesh_derp_parse_packet(const struct mesh_derp_frame *frame, struct mesh_key *key,
			   const uint8_t **data, size_t *len);

/* Any other frame: KEEP_ALIVE, PING, PONG, HEALTH, ... */
void mesh_derp_frame(struct mesh_buf *out, enum mesh_derp_type type, const void *payload,
		     size_t len);

void mesh_derp_server_key(struct mesh_buf *out, const struct mesh_key *server);
int mesh_derp_parse_server_key(const struct mesh_derp_frame *frame, struct mesh_key *server);

void mesh_derp_peer_gone(struct mesh_buf *out, const struct mesh_key *peer,
			 enum mesh_derp_gone reason);
int mesh_derp_parse_peer_gone(const struct mesh_derp_frame *frame, struct mesh_key *peer,
			      enum mesh_derp_gone *reason);

void mesh_derp_note_preferred(struct mesh_buf *out, bool home);
int mesh_derp_parse_note_preferred(const struct mesh_derp_frame *frame, bool *home);

/* What a client tells: its protocol version and whether it answers pings. */
struct mesh_derp_client_info {
	struct mesh_key node; /* proved by the box */
	int version;
	bool can_ack_pings;
	bool is_prober;
};

/* @nonce may be NULL for a random one. @node is private. */
void mesh_derp_client_info(struct mesh_buf *out, const struct mesh_key *node,
			   const struct mesh_key *server, const uint8_t nonce[MESH_NONCE_SIZE],
			   const struct mesh_derp_client_info *info);
/* Return: 0, -EACCES when the client does not own the key, -EBADMSG. @server is private. */
int mesh_derp_parse_client_info(const struct mesh_derp_frame *frame, const struct mesh_key *server,
				struct mesh_derp_client_info *info);

/* @server is private, @node the client's key. */
void mesh_derp_server_info(struct mesh_buf *out, const struct mesh_key *server,
			   const struct mesh_key *node);
/* Return: 0 with the relay's version, -EACCES, -EBADMSG. @node is private. */
int mesh_derp_parse_server_info(const struct mesh_derp_frame *frame, const struct mesh_key *node,
				const struct mesh_key *server, int *version);

#endif /* MESH_DERP_H */
