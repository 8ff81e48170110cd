/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys and their text forms: an ASCII prefix that names the kind, and 64 hexadecimal digits.
 */
#ifndef MESH_KEY_H
#define MESH_KEY_H

#include "crypto.h"

struct mesh_key {
	uint8_t b[MESH_KEY_SIZE];
};

enum mesh_key_kind {
	MESH_KEY_MACHINE,   /* "mkey:", public: a device's installation, or the server */
	MESH_KEY_NODE,	    /* "nodekey:", public: the WireGuard static key */
	MESH_KEY_DISCO,	    /* "discokey:", public: new at every start of an agent */
	MESH_KEY_CHALLENGE, /* "chalpub:", public: in the early payload */
	MESH_KEY_LOCK,	    /* "nlpub:", public, Ed25519: network lock */
	MESH_KEY_PRIVATE,   /* "privkey:": machine or node, the place says which */
};

/* Longest text and its NUL. */
#define MESH_KEY_TEXT 80

/* Writes the text; a zero key is written as zeros, which readers take as "absent". */
void mesh_key_format(char out[MESH_KEY_TEXT], enum mesh_key_kind kind, const struct mesh_key *key);

/**
 * mesh_key_parse() - read the text of a key
 * @key: result
 * @kind: the kind it must be
 * @text: need not end in NUL
 * @len: its length
 *
 * Return: false for any other prefix, length or digit. Takes the same time for every key.
 */
bool mesh_key_parse(struct mesh_key *key, enum mesh_key_kind kind, const char *text, size_t len);

/* A new private key, clamped. */
void mesh_key_generate(struct mesh_key *priv);
void mesh_key_public(struct mesh_key *pub, const struct mesh_key *priv);
bool mesh_key_is_zero(const struct mesh_key *key);
/* For public keys only: not constant time. */
bool mesh_key_same(const struct mesh_key *a, const struct mesh_key *b);

/* "[AbCdE]", the short form of a node key in logs; @out has 8 bytes. */
void mesh_key_short(char out[8], const struct mesh_key *key);

#endif /* MESH_KEY_H */
