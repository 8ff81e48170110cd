// SPDX-License-Identifier: GPL-2.0
/* Keys, base64, times and addresses. */
#include "key.h"
#include "ktap.h"
#include "mesh.h"
#include "text.h"
#include "vectors.h"

#include <stdlib.h>

bool is_hex(const void *data, size_t len, const char *hex)
{
	char *text = malloc(2 * len + 1);
	bool same;

	mesh_text_hex(text, data, len);
	same = !strcmp(text, hex);
	if (!same)
		printf("# got  %s\n# want %s\n", text, hex);
	free(text);
	return same;
}

int main(void)
{
	mesh_crypto_init();
	return ktap_main();
}

TEST(key_text_of_the_published_vector)
{
	struct mesh_key priv = seq(1), pub, back;
	char text[MESH_KEY_TEXT], brief[8];

	mesh_key_public(&pub, &priv);
	mesh_key_format(text, MESH_KEY_NODE, &pub);
	EXPECT_STR(text,
		   "nodekey:07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c");
	EXPECT(mesh_key_parse(&back, MESH_KEY_NODE, text, strlen(text)));
	EXPECT(mesh_key_same(&pub, &back));
	mesh_key_short(brief, &pub);
	EXPECT_STR(brief, "[B6N8v]");
}

TEST(key_of_another_kind_or_length_is_refused)
{
	struct mesh_key k = seq(1);
	char text[MESH_KEY_TEXT];

	mesh_key_format(text, MESH_KEY_MACHINE, &k);
	EXPECT(mesh_key_parse(&k, MESH_KEY_MACHINE, text, strlen(text)));
	EXPECT(!mesh_key_parse(&k, MESH_KEY_NODE, text, strlen(text)));
	EXPECT(!mesh_key_parse(&k, MESH_KEY_MACHINE, text, strlen(text) - 1));
	EXPECT(!mesh_key_parse(&k, MESH_KEY_MACHINE, text, 3));
	EXPECT(!mesh_key_parse(&k, MESH_KEY_MACHINE, "", 0));
	for (const char *bad = "g/:@`G \x80"; *bad; bad++) {
		text[20] = *bad;
		EXPECT(!mesh_key_parse(&k, MESH_KEY_MACHINE, text, strlen(text)));
	}
}

TEST(key_digits_may_be_upper_case)
{
	struct mesh_key k, want = seq(0xa0);
	char text[MESH_KEY_TEXT];

	mesh_key_format(text, MESH_KEY_DISCO, &want);
	for (char *p = text + 9; *p; p++)
		if (*p >= 'a')
			*p -= 32;
	EXPECT(mesh_key_parse(&k, MESH_KEY_DISCO, text, strlen(text)));
	EXPECT(mesh_key_same(&k, &want));
}

TEST(lock_key_has_two_spellings)
{
	struct mesh_key k = seq(1);
	char text[MESH_KEY_TEXT];

	mesh_key_format(text, MESH_KEY_LOCK, &k);
	EXPECT(mesh_key_parse(&k, MESH_KEY_LOCK, text, strlen(text)));
	text[0] = 't';
	EXPECT(mesh_key_parse(&k, MESH_KEY_LOCK, text, strlen(text)));
}

TEST(generated_keys_are_clamped_and_differ)
{
	struct mesh_key a, b;

	mesh_key_generate(&a);
	mesh_key_generate(&b);
	EXPECT(!mesh_key_same(&a, &b));
	EXPECT(!(a.b[0] & 7) && (a.b[31] & 0xc0) == 0x40);
	memset(&a, 0, sizeof(a));
	EXPECT(mesh_key_is_zero(&a) && !mesh_key_is_zero(&b));
}

TEST(base64_both_ways)
{
	uint8_t out[8];
	char text[16];

	mesh_text_base64(text, (const uint8_t *)"abcd", 4);
	EXPECT_STR(text, "YWJjZA==");
	EXPECT(mesh_text_unbase64(out, sizeof(out), text, 8) == 4 && !memcmp(out, "abcd", 4));
	EXPECT(mesh_text_unbase64(out, sizeof(out), "YWJjZA", 6) < 0);
	EXPECT(mesh_text_unbase64(out, 3, "YWJjZA==", 8) < 0);
	EXPECT(mesh_text_unbase64(out, sizeof(out), "YW JjZA==", 9) < 0);
}

TEST(times_both_ways)
{
	static const struct {
		const char *text;
		int64_t t;
	} good[] = {
		{"2026-01-01T00:00:00Z", 1767225600},
		{"2026-01-01T02:30:00+02:30", 1767225600},
		{"2025-12-31T23:00:00.123456789-01:00", 1767225600},
		{"1970-01-01T00:02:03Z", 123},
		{"0001-01-01T00:00:00Z", 0},
		{"1960-01-01T00:00:00Z", 1},
	};
	static const char *const bad[] = {"",
					  "2026",
					  "2026-13-01T00:00:00Z",
					  "2026-01-01 00:00:00Z",
					  "2026-01-01T00:00:00",
					  "2026-01-01T00:00:00Zx",
					  "2026-01-01T00:00:00.Z",
					  "-026-01-01T00:00:00Z"};
	char text[MESH_TIME_TEXT];
	int64_t t;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		EXPECT(mesh_text_untime(&t, good[i].text) && t == good[i].t);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT(!mesh_text_untime(&t, bad[i]));
	mesh_text_time(text, 1767225600);
	EXPECT_STR(text, "2026-01-01T00:00:00Z");
	mesh_text_time(text, 0);
	EXPECT_STR(text, "0001-01-01T00:00:00Z");
}

TEST(prefixes_must_have_zero_host_bits)
{
	struct mesh_prefix p;
	char text[MESH_ADDR_TEXT];

	EXPECT(mesh_text_unprefix(&p, "10.1.0.0/16") && p.bits == 16);
	mesh_text_prefix(text, &p);
	EXPECT_STR(text, "10.1.0.0/16");
	EXPECT(mesh_text_unprefix(&p, "fd7a:115c:a1e0::/48"));
	mesh_text_prefix(text, &p);
	EXPECT_STR(text, "fd7a:115c:a1e0::/48");
	EXPECT(mesh_text_unprefix(&p, "192.0.2.7") && p.bits == 32);
	EXPECT(mesh_text_unprefix(&p, "::/0") && p.bits == 0);
	EXPECT(!mesh_text_unprefix(&p, "10.1.0.1/16"));
	EXPECT(!mesh_text_unprefix(&p, "10.1.0.0/33"));
	EXPECT(!mesh_text_unprefix(&p, "10.1.0.0/016"));
	EXPECT(!mesh_text_unprefix(&p, "10.1.0.0/"));
	EXPECT(!mesh_text_unprefix(&p, "/8"));
}

TEST(prefix_contains_and_overlaps)
{
	struct mesh_prefix a, b;
	struct mesh_ip ip;

	mesh_text_unprefix(&a, "100.64.0.0/10");
	EXPECT(mesh_text_unip(&ip, "100.127.255.255") && mesh_text_contains(&a, &ip));
	EXPECT(mesh_text_unip(&ip, "100.128.0.0") && !mesh_text_contains(&a, &ip));
	EXPECT(mesh_text_unip(&ip, "::1") && !mesh_text_contains(&a, &ip));
	mesh_text_unprefix(&b, "0.0.0.0/0");
	EXPECT(mesh_text_overlaps(&a, &b) && mesh_text_overlaps(&b, &a));
	mesh_text_unprefix(&b, "100.128.0.0/10");
	EXPECT(!mesh_text_overlaps(&a, &b));
}

TEST(addresses_with_ports)
{
	struct mesh_addrport ap;
	char text[MESH_ADDR_TEXT];

	EXPECT(mesh_text_unaddrport(&ap, "[2001:db8::1]:41641") && ap.port == 41641);
	mesh_text_addrport(text, &ap);
	EXPECT_STR(text, "[2001:db8::1]:41641");
	EXPECT(mesh_text_unaddrport(&ap, "192.0.2.7:0") && ap.ip.family == 4);
	EXPECT(!mesh_text_unaddrport(&ap, "2001:db8::1:41641"));
	EXPECT(!mesh_text_unaddrport(&ap, "[192.0.2.7]:1"));
	EXPECT(!mesh_text_unaddrport(&ap, "192.0.2.7:65536"));
	EXPECT(!mesh_text_unaddrport(&ap, "192.0.2.7:"));
	EXPECT(!mesh_text_unaddrport(&ap, "192.0.2.7"));
	EXPECT(!mesh_text_unaddrport(&ap, "[]:1"));
	EXPECT(!mesh_text_unaddrport(&ap, ":1"));
}

TEST(what_is_no_utf8_is_replaced)
{
	static const char *const pairs[][2] = {
		{"", ""},
		{"plain", "plain"},
		{"gr\xc3\xbc\xc3\x9f \xe2\x9c\x93 \xf0\x9f\x94\x91",
		 "gr\xc3\xbc\xc3\x9f \xe2\x9c\x93 \xf0\x9f\x94\x91"},
		{"cut \xe2\x9c", "cut ??"},
		{"\xff\xc3", "??"},
		{"\xc0\x80 \xed\xa0\x80 \xf8", "?? ??? ?"},
	};
	struct mesh_error err;
	char text[40];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		strcpy(text, pairs[i][0]);
		mesh_text_repair(text);
		EXPECT_STR(text, pairs[i][1]);
	}
	mesh_error_set(&err, "\"%.3s\" is none", "\xc3\xbc\xc3\xbc");
	EXPECT_STR(err.text, "\"\xc3\xbc?\" is none");
}
