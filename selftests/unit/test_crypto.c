// SPDX-License-Identifier: GPL-2.0
/*
 * The primitives as crypto.h gives them, against published vectors: RFC 7693
 * and the BLAKE2 authors' test vectors, RFC 8439 (the one vector whose nonce
 * the kernel's 64 bits can say), draft-irtf-cfrg-xchacha-03, RFC 7748.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "crypto.h"
#include "ktap.h"
#include "low_order.h"

static size_t from_hex(u8 *out, const char *hex)
{
	size_t len = 0;

	for (; *hex; hex += 2, len++)
		sscanf(hex, "%2hhx", &out[len]);
	return len;
}

static bool is(const void *bytes, const char *hex)
{
	u8 want[1024];

	return !memcmp(bytes, want, from_hex(want, hex));
}

static void count_up(u8 *bytes, size_t len, u8 first)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = first + i;
}

/* --- BLAKE2s --- */

TEST(blake2s_of_rfc_7693)
{
	u8 hash[32];

	warren_blake2s(hash, 32, NULL, 0, "abc", 3);
	CHECK(is(hash, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"));
}

TEST(blake2s_keyed)
{
	u8 key[32], in[255], hash[32];

	count_up(key, sizeof(key), 0);
	count_up(in, sizeof(in), 0);
	warren_blake2s(hash, 32, key, 32, in, 0);
	CHECK(is(hash, "48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49"));
	warren_blake2s(hash, 32, key, 32, in, 1);
	CHECK(is(hash, "40d15fee7c328830166ac3f918650f807e7e01e177258cdc0a39b11f598066f1"));
	warren_blake2s(hash, 32, key, 32, in, 255);
	CHECK(is(hash, "3fb735061abc519dfe979e54c1ee5bfad0a9d858b3315bad34bde999efd724dd"));
}

TEST(blake2s_in_pieces)
{
	u8 key[32], in[200], want[32], hash[32];
	warren_blake2s_ctx ctx;

	count_up(key, sizeof(key), 7);
	count_up(in, sizeof(in), 9);
	for (size_t cut = 0; cut <= sizeof(in); cut++) {
		warren_blake2s(want, 32, NULL, 0, in, sizeof(in));
		warren_blake2s_init(&ctx, 32);
		warren_blake2s_update(&ctx, in, cut);
		warren_blake2s_update(&ctx, in + cut, sizeof(in) - cut);
		warren_blake2s_final(&ctx, hash);
		CHECK(!memcmp(hash, want, 32));

		warren_blake2s(want, 16, key, 32, in, sizeof(in));
		warren_blake2s_init_key(&ctx, 16, key, 32);
		warren_blake2s_update(&ctx, in, cut);
		warren_blake2s_update(&ctx, in + cut, sizeof(in) - cut);
		warren_blake2s_final(&ctx, hash);
		CHECK(!memcmp(hash, want, 16));
	}
}

/* --- ChaCha20-Poly1305 --- */

static const char aead_key[] = "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";
static const char aead_ad[] = "f33388860000000000004e91";
static const char aead_sealed[] = "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
				  "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
				  "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
				  "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
				  "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
				  "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
				  "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
				  "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
				  "a6ad5cb4022b02709b"
				  "eead9d67890cbb22392336fea1851f38";
static const char aead_plain[] =
	"Internet-Drafts are draft documents valid for a maximum of six months and may be updated, "
	"replaced, or obsoleted by other documents at any time. It is inappropriate to use "
	"Internet-Drafts as reference material or to cite them other than as /\xe2\x80\x9cwork in "
	"progress./\xe2\x80\x9d";
#define AEAD_NONCE 0x0807060504030201ULL

TEST(chacha20poly1305_of_rfc_8439)
{
	u8 key[32], ad[12], sealed[281], out[281];
	size_t len;

	from_hex(key, aead_key);
	from_hex(ad, aead_ad);
	len = from_hex(sealed, aead_sealed);
	EXPECT(len == sizeof(sealed) && sizeof(aead_plain) - 1 == len - WARREN_TAG_SIZE);
	CHECK(warren_open(out, sealed, len, ad, sizeof(ad), AEAD_NONCE, key));
	CHECK(!memcmp(out, aead_plain, len - WARREN_TAG_SIZE));
	warren_seal(out, (const u8 *)aead_plain, len - WARREN_TAG_SIZE, ad, sizeof(ad), AEAD_NONCE,
		    key);
	CHECK(!memcmp(out, sealed, len));
}

TEST(chacha20poly1305_in_place)
{
	u8 key[32], ad[12], buffer[281];
	size_t len = sizeof(buffer) - WARREN_TAG_SIZE;

	from_hex(key, aead_key);
	from_hex(ad, aead_ad);
	memcpy(buffer, aead_plain, len);
	warren_seal(buffer, buffer, len, ad, sizeof(ad), AEAD_NONCE, key);
	CHECK(is(buffer, aead_sealed));
	CHECK(warren_open(buffer, buffer, sizeof(buffer), ad, sizeof(ad), AEAD_NONCE, key));
	CHECK(!memcmp(buffer, aead_plain, len));
}

TEST(chacha20poly1305_notices_changes)
{
	u8 key[32], ad[12], sealed[281], out[281];
	size_t len;

	from_hex(key, aead_key);
	from_hex(ad, aead_ad);
	len = from_hex(sealed, aead_sealed);
	for (size_t i = 0; i < len; i++) {
		sealed[i] ^= 1;
		CHECK(!warren_open(out, sealed, len, ad, sizeof(ad), AEAD_NONCE, key));
		sealed[i] ^= 1;
	}
	ad[11] ^= 0x80;
	CHECK(!warren_open(out, sealed, len, ad, sizeof(ad), AEAD_NONCE, key));
	ad[11] ^= 0x80;
	key[0] ^= 1;
	CHECK(!warren_open(out, sealed, len, ad, sizeof(ad), AEAD_NONCE, key));
	key[0] ^= 1;
	CHECK(!warren_open(out, sealed, len, ad, sizeof(ad), AEAD_NONCE + 1, key));
	CHECK(!warren_open(out, sealed, len - 1, ad, sizeof(ad), AEAD_NONCE, key));
	for (size_t shorter = 0; shorter <= WARREN_TAG_SIZE; shorter++)
		CHECK(!warren_open(out, sealed, shorter, ad, sizeof(ad), AEAD_NONCE, key));
}

TEST(chacha20poly1305_of_nothing)
{
	u8 key[32] = {1}, sealed[WARREN_TAG_SIZE];

	warren_seal(sealed, NULL, 0, NULL, 0, 5, key);
	CHECK(warren_open(NULL, sealed, sizeof(sealed), NULL, 0, 5, key));
	CHECK(!warren_open(NULL, sealed, sizeof(sealed), NULL, 0, 6, key));
}

/* --- XChaCha20-Poly1305 --- */

TEST(xchacha20poly1305_of_the_draft)
{
	static const char plain[] =
		"Ladies and Gentlemen of the class of '99: If I could offer you "
		"only one tip for the future, sunscreen would be it.";
	const size_t len = sizeof(plain) - 1;
	u8 key[32], nonce[24], ad[12], sealed[sizeof(plain) - 1 + WARREN_TAG_SIZE];
	u8 out[sizeof(sealed)];

	count_up(key, sizeof(key), 0x80);
	count_up(nonce, sizeof(nonce), 0x40);
	from_hex(ad, "50515253c0c1c2c3c4c5c6c7");
	warren_xseal(sealed, (const u8 *)plain, len, ad, sizeof(ad), nonce, key);
	CHECK(is(sealed, "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
			 "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
			 "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
			 "21f9664c97637da9768812f615c68b13b52e"
			 "c0875924c1c7987947deafd8780acf49"));
	CHECK(warren_xopen(out, sealed, sizeof(sealed), ad, sizeof(ad), nonce, key));
	CHECK(!memcmp(out, plain, len));

	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 0x10;
		CHECK(!warren_xopen(out, sealed, sizeof(sealed), ad, sizeof(ad), nonce, key));
		sealed[i] ^= 0x10;
	}
	for (size_t i = 0; i < sizeof(nonce); i++) {
		nonce[i] ^= 0x10;
		CHECK(!warren_xopen(out, sealed, sizeof(sealed), ad, sizeof(ad), nonce, key));
		nonce[i] ^= 0x10;
	}
}

/* --- Curve25519 --- */

TEST(curve25519_of_rfc_7748)
{
	static const char *const vectors[][3] = {
		{"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
		 "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
		 "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
		{"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
		 "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
		 "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
	};
	u8 scalar[32], point[32], shared[32];

	for (unsigned int i = 0; i < ARRAY_SIZE(vectors); i++) {
		from_hex(scalar, vectors[i][0]);
		from_hex(point, vectors[i][1]);
		warren_dh_clamp(scalar);
		CHECK(warren_dh(shared, scalar, point));
		CHECK(is(shared, vectors[i][2]));
	}
}

TEST(curve25519_iterated_of_rfc_7748)
{
	u8 scalar[32] = {9}, point[32] = {9}, shared[32];

	for (int i = 0; i < 1000; i++) {
		CHECK(warren_dh(shared, scalar, point));
		memcpy(point, scalar, 32);
		memcpy(scalar, shared, 32);
		if (i == 0)
			CHECK(is(scalar, "422c8e7a6227d7bca1350b3e2bb7279f"
					 "7897b87bb6854b783c60e80311ae3079"));
	}
	CHECK(is(scalar, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
}

TEST(curve25519_exchange_of_rfc_7748)
{
	u8 alice[32], bob[32], alice_public[32], bob_public[32], shared[32];

	from_hex(alice, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
	from_hex(bob, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
	CHECK(warren_dh_public(alice_public, alice) && warren_dh_public(bob_public, bob));
	CHECK(is(alice_public, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
	CHECK(is(bob_public, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
	CHECK(warren_dh(shared, alice, bob_public));
	CHECK(is(shared, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
	CHECK(warren_dh(shared, bob, alice_public));
	CHECK(is(shared, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
}

TEST(curve25519_refuses_low_order_points)
{
	static const u8 zero[32];
	u8 private_key[32], shared[32];

	warren_dh_generate(private_key);
	for (unsigned int i = 0; i < ARRAY_SIZE(low_order_points); i++) {
		memset(shared, 1, sizeof(shared));
		CHECK(!warren_dh(shared, private_key, low_order_points[i]));
		CHECK(!memcmp(shared, zero, sizeof(zero)));
	}
}

TEST(curve25519_private_keys_are_clamped)
{
	u8 key[32];

	for (int i = 0; i < 100; i++) {
		warren_dh_generate(key);
		CHECK(!(key[0] & 7) && key[31] >> 6 == 1);
	}
}

/* --- comparison --- */

TEST(equal_means_every_byte)
{
	u8 a[32], b[32];

	count_up(a, sizeof(a), 0);
	count_up(b, sizeof(b), 0);
	CHECK(warren_equal(a, b, 32) && warren_equal(a, b, 0));
	for (int i = 0; i < 32; i++) {
		b[i] ^= 0x80;
		CHECK(!warren_equal(a, b, 32));
		CHECK(warren_equal(a, b, i));
		b[i] ^= 0x80;
	}
}
