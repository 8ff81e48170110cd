/* SPDX-License-Identifier: GPL-2.0 */
/*
 * disco: how two agents find a direct path. A datagram is a magic, the sender's disco key, a nonce
 * and a NaCl box; the box holds one message. The same bytes travel over UDP and inside relay
 * frames.
 */
#ifndef MESH_DISCO_H
#define MESH_DISCO_H

#include "key.h"
#include "mesh.h"
#include "text.h"

#define MESH_DISCO_TXID 12
/* magic, key, nonce */
#define MESH_DISCO_HEADER 62
/* Candidates read from one call-me-maybe; peers keep about 100 themselves. */
#define MESH_DISCO_MAX_ENDPOINTS 64

enum mesh_disco_type {
	MESH_DISCO_PING = 1,
	MESH_DISCO_PONG = 2,
	MESH_DISCO_CALL_ME_MAYBE = 3,
};

struct mesh_disco_message {
	uint8_t type; /* others than the three above are kept here and have no content */
	uint8_t txid[MESH_DISCO_TXID];
	struct mesh_key node; /* ping: the sender's node key, zero when an old peer left it out */
	uint16_t padding;     /* ping: zero bytes after it, which probe the path MTU */
	struct mesh_addrport src; /* pong: where the ping was seen to come from */
	struct mesh_addrport endpoints[MESH_DISCO_MAX_ENDPOINTS]; /* call-me-maybe */
	size_t n_endpoints;
};

/* Whether a datagram on a shared socket is disco's. */
bool mesh_disco_is(const uint8_t *in, size_t len);

/* The sender's key of a datagram for which mesh_disco_is() holds. */
void mesh_disco_sender(const uint8_t *in, struct mesh_key *sender);

/* The message alone, without the envelope. */
void mesh_disco_encode(struct mesh_buf *out, const struct mesh_disco_message *msg);
/* Return: 0, or -EBADMSG when it is shorter than its type needs. Longer ones are accepted. */
int mesh_disco_decode(struct mesh_disco_message *msg, const uint8_t *in, size_t len);

/**
 * mesh_disco_seal() - make a datagram
 * @out: it is appended
 * @from: the sender's public disco key
 * @shared: mesh_crypto_box_key() of the two disco keys
 * @nonce: or NULL for a random one
 * @msg: the message
 */
void mesh_disco_seal(struct mesh_buf *out, const struct mesh_key *from, const uint8_t shared[32],
		     const uint8_t nonce[MESH_NONCE_SIZE], const struct mesh_disco_message *msg);

/* Return: 0, -EACCES when the box does not open, -EBADMSG for what is inside it. */
int mesh_disco_open(struct mesh_disco_message *msg, const uint8_t shared[32], const uint8_t *in,
		    size_t len);

#endif /* MESH_DISCO_H */
