// SPDX-License-Identifier: GPL-2.0
#include "key.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

static const char *const prefixes[] = {
	[MESH_KEY_MACHINE] = "mkey:",	[MESH_KEY_NODE] = "nodekey:",
	[MESH_KEY_DISCO] = "discokey:", [MESH_KEY_CHALLENGE] = "chalpub:",
	[MESH_KEY_LOCK] = "nlpub:",	[MESH_KEY_PRIVATE] = "privkey:",
};

void mesh_key_format(char out[MESH_KEY_TEXT], enum mesh_key_kind kind, const struct mesh_key *key)
{
	size_t n = strlen(prefixes[kind]);

	memcpy(out, prefixes[kind], n);
	mesh_text_hex(out + n, key->b, sizeof(key->b));
}

bool mesh_key_parse(struct mesh_key *key, enum mesh_key_kind kind, const char *text, size_t len)
{
	const char *prefix = prefixes[kind];
	size_t n = strlen(prefix);

	/* Network lock keys have a second spelling on input. */
	if (kind == MESH_KEY_LOCK && len > n && !memcmp(text, "tlpub:", n))
		prefix = "tlpub:";
	if (len != n + 2 * MESH_KEY_SIZE || memcmp(text, prefix, n))
		return false;
	return mesh_text_unhex(key->b, text + n, MESH_KEY_SIZE);
}

void mesh_key_generate(struct mesh_key *priv)
{
	mesh_crypto_random(priv->b, sizeof(priv->b));
	priv->b[0] &= 248;
	priv->b[31] = (priv->b[31] & 127) | 64;
}

void mesh_key_public(struct mesh_key *pub, const struct mesh_key *priv)
{
	mesh_crypto_public(pub->b, priv->b);
}

bool mesh_key_is_zero(const struct mesh_key *key)
{
	uint8_t any = 0;

	for (size_t i = 0; i < sizeof(key->b); i++)
		any |= key->b[i];
	return !any;
}

bool mesh_key_same(const struct mesh_key *a, const struct mesh_key *b)
{
	return !memcmp(a->b, b->b, sizeof(a->b));
}

void mesh_key_short(char out[8], const struct mesh_key *key)
{
	char text[16];

	mesh_text_base64(text, key->b, 6);
	snprintf(out, 8, "[%.5s]", text);
}
