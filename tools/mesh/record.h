/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ts2021, after the handshake: a byte stream in encrypted records of at most 4096 bytes, and the
 * optional early payload with which the server may begin its stream.
 */
#ifndef MESH_RECORD_H
#define MESH_RECORD_H

#include "mesh.h"
#include "noise.h"

#define MESH_RECORD_MAX	  4096 /* with its 3-byte header */
#define MESH_RECORD_PLAIN 4077 /* plain text in a full record */

/* One direction. The nonce is the counter in big-endian order: the protocol's own choice. */
struct mesh_record {
	uint8_t key[32];
	uint64_t counter;
};

void mesh_record_init(struct mesh_record *rec, const uint8_t key[32]);

/**
 * mesh_record_seal() - encrypt bytes into as many records as they need
 * @rec: the sending direction
 * @out: records are appended
 * @data: plain text
 * @len: its length; 0 gives no record
 *
 * Return: 0, or -EOVERFLOW when the key has no nonces left.
 */
int mesh_record_seal(struct mesh_record *rec, struct mesh_buf *out, const void *data, size_t len);

/**
 * mesh_record_open() - decrypt all complete records
 * @rec: the receiving direction
 * @in: received bytes; whole records are taken from the front
 * @out: plain text is appended
 *
 * Return: 0 (an incomplete record stays in @in), -EBADMSG for a frame that is no record,
 * -EACCES for one that does not authenticate. After an error the connection is dead.
 */
int mesh_record_open(struct mesh_record *rec, struct mesh_buf *in, struct mesh_buf *out);

/* Appends the early payload that carries @challenge. */
void mesh_record_early(struct mesh_buf *out, const struct mesh_key *challenge);

/**
 * mesh_record_skip_early() - drop the early payload at the front of the server's plain text
 * @in: plain text so far
 * @challenge: the key in it, zero when there was none
 *
 * Return: 1 when @in now begins with HTTP/2 (whether there was a payload or not), 0 when more bytes
 * are needed to tell, -EMSGSIZE or -EBADMSG for a bad payload.
 */
int mesh_record_skip_early(struct mesh_buf *in, struct mesh_key *challenge);

#endif /* MESH_RECORD_H */
