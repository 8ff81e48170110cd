/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signed JSON (JWS in its compact form) and the public keys that verify it (JWKS), as identity
 * providers issue them. Only signatures with public keys are taken: "none" and the shared-secret
 * algorithms are refused, so that nobody signs with what is published. Pure: bytes in, claims out.
 */
#ifndef CONTROL_JOSE_H
#define CONTROL_JOSE_H

#include "mesh.h"

#include <jansson.h>

#define JOSE_MAX_TOKEN 16384
#define JOSE_MAX_KEYS  64

struct control_jose_keys;

/**
 * control_jose_keys_parse() - read a key set
 * @text: JSON; need not end in NUL
 * @len: its length
 * @err: what is wrong
 *
 * Keys for other purposes, of other types, or too weak (RSA under 2048 bits) are left out.
 *
 * Return: NULL when there is no key set or no usable key in it.
 */
struct control_jose_keys *control_jose_keys_parse(const char *text, size_t len,
						  struct mesh_error *err);
void control_jose_keys_free(struct control_jose_keys *keys);

/**
 * control_jose_verify() - check a token's signature
 * @keys: keys of the one who should have signed it
 * @token: "header.payload.signature"
 * @unknown: set when it names a key that is not in @keys; new ones may be there by now
 * @err: what is wrong
 *
 * RS256, RS384, RS512, ES256 and ES384.
 *
 * Return: the payload, an object that the caller drops; NULL when it is not to be believed.
 */
json_t *control_jose_verify(const struct control_jose_keys *keys, const char *token, bool *unknown,
			    struct mesh_error *err);

#endif /* CONTROL_JOSE_H */
