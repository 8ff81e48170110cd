// SPDX-License-Identifier: GPL-2.0
#include "record.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define HEADER	  3
#define EARLY_MAX 65536 /* the protocol allows more; the one known payload has 90 bytes */

static const uint8_t early_magic[5] = {0xff, 0xff, 0xff, 'T', 'S'};

void mesh_record_init(struct mesh_record *rec, const uint8_t key[32])
{
	memcpy(rec->key, key, 32);
	rec->counter = 0;
}

static bool next_nonce(struct mesh_record *rec, uint8_t nonce[12])
{
	if (rec->counter == UINT64_MAX)
		return false;
	memset(nonce, 0, 4);
	mesh_put64(nonce + 4, rec->counter++);
	return true;
}

int mesh_record_seal(struct mesh_record *rec, struct mesh_buf *out, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len) {
		size_t n = len < MESH_RECORD_PLAIN ? len : MESH_RECORD_PLAIN;
		uint8_t *r = mesh_buf_grow(out, HEADER + n + MESH_TAG_SIZE);
		uint8_t nonce[12];

		if (!next_nonce(rec, nonce))
			return -EOVERFLOW;
		r[0] = MESH_NOISE_RECORD;
		mesh_put16(r + 1, (uint16_t)(n + MESH_TAG_SIZE));
		mesh_crypto_seal(r + HEADER, rec->key, nonce, NULL, 0, p, n);
		out->len += HEADER + n + MESH_TAG_SIZE;
		p += n;
		len -= n;
	}
	return 0;
}

/* One record at @p: its size, 0 for incomplete, or a negative errno. */
static int open_one(struct mesh_record *rec, const uint8_t *p, size_t avail, struct mesh_buf *out)
{
	uint8_t nonce[12];
	size_t len;

	if (p[0] != MESH_NOISE_RECORD)
		return -EBADMSG;
	if (avail < HEADER)
		return 0;
	len = mesh_be16(p + 1);
	if (len < MESH_TAG_SIZE || len > MESH_RECORD_MAX - HEADER)
		return -EBADMSG;
	if (avail < HEADER + len)
		return 0;
	if (!next_nonce(rec, nonce))
		return -EOVERFLOW;
	if (!mesh_crypto_open(mesh_buf_grow(out, len), rec->key, nonce, NULL, 0, p + HEADER, len))
		return -EACCES;
	out->len += len - MESH_TAG_SIZE;
	return (int)(HEADER + len);
}

int mesh_record_open(struct mesh_record *rec, struct mesh_buf *in, struct mesh_buf *out)
{
	size_t used = 0;
	int n = 0;

	while (in->len > used && (n = open_one(rec, in->data + used, in->len - used, out)) > 0)
		used += (size_t)n;
	mesh_buf_take(in, used);
	return n < 0 ? n : 0;
}

void mesh_record_early(struct mesh_buf *out, const struct mesh_key *challenge)
{
	char key[MESH_KEY_TEXT], json[MESH_KEY_TEXT + 32];
	uint8_t head[9];
	int n;

	mesh_key_format(key, MESH_KEY_CHALLENGE, challenge);
	n = snprintf(json, sizeof(json), "{\"nodeKeyChallenge\":\"%s\"}", key);
	memcpy(head, early_magic, sizeof(early_magic));
	mesh_put32(head + 5, (uint32_t)n);
	mesh_buf_add(out, head, sizeof(head));
	mesh_buf_add(out, json, (size_t)n);
}

int mesh_record_skip_early(struct mesh_buf *in, struct mesh_key *challenge)
{
	size_t n = in->len < sizeof(early_magic) ? in->len : sizeof(early_magic);
	json_t *root, *value;
	const char *text;
	size_t len;
	int ret = 1;

	memset(challenge, 0, sizeof(*challenge));
	if (n && memcmp(in->data, early_magic, n))
		return 1;
	if (in->len < 9)
		return 0;
	len = mesh_be32(in->data + 5);
	if (len > EARLY_MAX)
		return -EMSGSIZE;
	if (in->len < 9 + len)
		return 0;
	root = json_loadb((const char *)in->data + 9, len, 0, NULL);
	if (!json_is_object(root))
		ret = -EBADMSG;
	value = json_object_get(root, "nodeKeyChallenge");
	text = json_string_value(value);
	if (text && !mesh_key_parse(challenge, MESH_KEY_CHALLENGE, text, strlen(text)))
		ret = -EBADMSG;
	json_decref(root);
	mesh_buf_take(in, 9 + len);
	return ret;
}
