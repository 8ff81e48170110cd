/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of STUN (RFC 8489) that agents and relays speak: a binding request that must carry the
 * SOFTWARE "tailnode" and a right FINGERPRINT, and a response with XOR-MAPPED-ADDRESS.
 */
#ifndef MESH_STUN_H
#define MESH_STUN_H

#include "mesh.h"
#include "text.h"

#define MESH_STUN_TXID	       12
#define MESH_STUN_REQUEST_SIZE 40
#define MESH_STUN_MAX_RESPONSE 44

void mesh_stun_request(uint8_t out[MESH_STUN_REQUEST_SIZE], const uint8_t txid[MESH_STUN_TXID]);

/* Return: 0 with the transaction, or -EBADMSG: a server stays silent then. */
int mesh_stun_parse_request(const uint8_t *in, size_t len, uint8_t txid[MESH_STUN_TXID]);

/* Return: the length written. */
size_t mesh_stun_response(uint8_t out[MESH_STUN_MAX_RESPONSE], const uint8_t txid[MESH_STUN_TXID],
			  const struct mesh_addrport *from);

/**
 * mesh_stun_parse_response() - read a binding response
 * @in: datagram
 * @len: its length
 * @txid: result: the transaction it answers
 * @mapped: how the server saw us; an IPv4-mapped IPv6 address is unwrapped
 *
 * Return: 0 or -EBADMSG. MAPPED-ADDRESS and the old 0x8020 attribute are read too.
 */
int mesh_stun_parse_response(const uint8_t *in, size_t len, uint8_t txid[MESH_STUN_TXID],
			     struct mesh_addrport *mapped);

/* Whether a datagram on a shared socket is STUN's. */
bool mesh_stun_is(const uint8_t *in, size_t len);

#endif /* MESH_STUN_H */
