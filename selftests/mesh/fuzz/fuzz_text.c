// SPDX-License-Identifier: GPL-2.0
/*
 * The text forms in messages and headers: addresses, prefixes, times, keys, base64. What is read
 * must be written so that it is read to the same again.
 */
#include "fuzz.h"
#include "key.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static void addresses(const char *text)
{
	struct mesh_addrport ap, ap2;
	struct mesh_prefix p, p2;
	struct mesh_ip ip, ip2;
	char out[MESH_ADDR_TEXT];

	if (mesh_text_unip(&ip, text)) {
		mesh_text_ip(out, &ip);
		if (!mesh_text_unip(&ip2, out) || memcmp(&ip, &ip2, sizeof(ip)))
			abort();
	}
	if (mesh_text_unprefix(&p, text)) {
		mesh_text_prefix(out, &p);
		if (!mesh_text_unprefix(&p2, out) || !mesh_text_prefix_same(&p, &p2) ||
		    !mesh_text_contains(&p, &p.ip) || !mesh_text_overlaps(&p, &p2))
			abort();
	}
	if (mesh_text_unaddrport(&ap, text)) {
		mesh_text_addrport(out, &ap);
		if (!mesh_text_unaddrport(&ap2, out) || ap.port != ap2.port ||
		    memcmp(&ap.ip, &ap2.ip, sizeof(ap.ip)))
			abort();
	}
}

static void times(const char *text)
{
	char out[MESH_TIME_TEXT];
	int64_t t, t2;

	if (!mesh_text_untime(&t, text))
		return;
	mesh_text_time(out, t);
	if (!mesh_text_untime(&t2, out) || t != t2)
		abort();
}

static void keys(const char *text, size_t len)
{
	struct mesh_key key, key2;
	char out[MESH_KEY_TEXT];

	if (!mesh_key_parse(&key, MESH_KEY_NODE, text, len))
		return;
	mesh_key_format(out, MESH_KEY_NODE, &key);
	if (!mesh_key_parse(&key2, MESH_KEY_NODE, out, strlen(out)) || !mesh_key_same(&key, &key2))
		abort();
}

static void base64(const char *text, size_t len)
{
	uint8_t raw[128], raw2[128];
	char out[200];
	int n = mesh_text_unbase64(raw, sizeof(raw), text, len);

	if (n < 0)
		return;
	mesh_text_base64(out, raw, (size_t)n);
	if (mesh_text_unbase64(raw2, sizeof(raw2), out, strlen(out)) != n ||
	    memcmp(raw, raw2, (size_t)n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = 0;
	fuzz_init();
	addresses(text);
	times(text);
	keys(text, strlen(text));
	base64(text, strlen(text));
	free(text);
	return 0;
}
