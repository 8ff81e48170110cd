/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ts2021, the handshake: Noise_IK_25519_ChaChaPoly_BLAKE2s with the prologue "Tailscale Control
 * Protocol v<version>". The initiator is the agent, the responder the control server. (The Noise
 * Protocol Framework, revision 34, section 7.5; the framing around it is Tailscale's.)
 *
 *   agent                                   server
 *   mesh_noise_init()    -- initiation -->  mesh_noise_accept()
 *   mesh_noise_finish()  <-- response ---
 */
#ifndef MESH_NOISE_H
#define MESH_NOISE_H

#include "key.h"
#include "mesh.h"

#define MESH_NOISE_INIT_SIZE 101
#define MESH_NOISE_RESP_SIZE 51

/* The first byte after a version or of a frame. */
enum mesh_noise_type {
	MESH_NOISE_INITIATION = 1,
	MESH_NOISE_RESPONSE = 2,
	MESH_NOISE_ERROR = 3, /* a text, unauthenticated */
	MESH_NOISE_RECORD = 4,
};

/* What both sides hold after the handshake. */
struct mesh_noise_session {
	uint8_t send[32];
	uint8_t receive[32];
	struct mesh_key peer; /* machine key of the other side, authenticated */
	uint8_t hash[32];     /* of the whole handshake, for channel binding */
	uint16_t version;     /* the agent's capability version */
};

/* The initiator between its two steps. */
struct mesh_noise_initiator {
	uint8_t h[32];
	uint8_t ck[32];
	struct mesh_key ephemeral;
	struct mesh_key machine;
	struct mesh_key server;
	uint16_t version;
};

/**
 * mesh_noise_init() - begin as the agent
 * @hs: state until mesh_noise_finish()
 * @machine: the agent's private machine key
 * @server: the server's public key
 * @version: capability version to announce
 * @ephemeral: private ephemeral key, or NULL for a new one (vectors give their own)
 * @out: the initiation
 *
 * Return: 0, or -EBADMSG for a server key of low order.
 */
int mesh_noise_init(struct mesh_noise_initiator *hs, const struct mesh_key *machine,
		    const struct mesh_key *server, uint16_t version,
		    const struct mesh_key *ephemeral, uint8_t out[MESH_NOISE_INIT_SIZE]);

/**
 * mesh_noise_accept() - answer as the server
 * @session: the result
 * @server: the server's private key
 * @init: the initiation
 * @ephemeral: private ephemeral key, or NULL for a new one
 * @out: the response
 *
 * Return: 0; -EBADMSG for a malformed initiation; -EACCES when it does not authenticate, which is
 * also what an initiation for another server's key gives.
 */
int mesh_noise_accept(struct mesh_noise_session *session, const struct mesh_key *server,
		      const uint8_t init[MESH_NOISE_INIT_SIZE], const struct mesh_key *ephemeral,
		      uint8_t out[MESH_NOISE_RESP_SIZE]);

/**
 * mesh_noise_finish() - end as the agent
 * @hs: from mesh_noise_init(); wiped unless it returns -EAGAIN
 * @in: bytes from the server
 * @len: how many there are
 * @session: the result
 * @err: the server's text when it sent an error
 *
 * Return: the bytes used, -EAGAIN when there are too few, -EACCES when the response does not
 * authenticate, -ECONNREFUSED with @err when the server sent an error.
 */
int mesh_noise_finish(struct mesh_noise_initiator *hs, const uint8_t *in, size_t len,
		      struct mesh_noise_session *session, struct mesh_error *err);

/* Appends an error frame for the other side; @text is cut at 512 bytes. */
void mesh_noise_refuse(struct mesh_buf *out, const char *text);

#endif /* MESH_NOISE_H */
