// SPDX-License-Identifier: GPL-2.0
/*
 * The AEAD of data messages against the one of crypto.h, which test_crypto.c
 * holds against published vectors. Each buffer is its own allocation of just
 * the size that aead.h asks for, so that the address sanitizer sees a byte too
 * far at either end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef CONFIG_X86_64
#include <asm/cpufeature.h>
#endif

#include "aead.h"
#include "crypto.h"
#include "ktap.h"

static const u8 key[WARREN_KEY_SIZE] = "a key of thirty-two bytes, no \x80\xff";

/* What lies in memory before it is written; no two neighbours are equal. */
static u8 pattern(size_t i)
{
	return i * 167 + (i >> 8) + 13;
}

/* @size bytes that start @offset bytes after an address divisible by 16. */
struct buffer {
	u8 *memory, *start;
	size_t offset, size;
};

static struct buffer buffer(size_t size, size_t offset)
{
	struct buffer b = {.memory = malloc(offset + size), .offset = offset, .size = size};

	if (!b.memory)
		abort();
	for (size_t i = 0; i < offset + size; i++)
		b.memory[i] = pattern(i);
	b.start = b.memory + offset;
	return b;
}

/* Whether bytes from the @from-th up to the @to-th are as they were at first. */
static bool untouched(const struct buffer *b, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (b->start[i] != pattern(b->offset + i))
			return false;
	return true;
}

/* Frees it; false if the bytes before it, which align it, have changed. */
static bool done(struct buffer *b)
{
	bool ok = true;

	for (size_t i = 0; i < b->offset; i++)
		ok = ok && b->memory[i] == pattern(i);
	free(b->memory);
	return ok;
}

static bool processor_has(enum warren_x86_unit unit)
{
#ifdef CONFIG_X86_64
	return boot_cpu_has(X86_FEATURE_AVX2) && boot_cpu_has(X86_FEATURE_BMI2) &&
	       (unit == WARREN_X86_AVX2 || boot_cpu_has(X86_FEATURE_AVX512VL));
#else
	return false;
#endif
}

/* Each case runs with the library and with each vector unit. */
static bool with(enum warren_x86_unit unit)
{
	if (warren_x86_init(unit) == unit)
		return true;
	/* Or it is one that gives wrong results. */
	if (CHECK(!processor_has(unit)))
		ktap_note("this processor has no such unit");
	return false;
}

#define CASE(id)                                                                                   \
	static void id(void);                                                                      \
	TEST(id##_by_the_library)                                                                  \
	{                                                                                          \
		EXPECT(with(WARREN_X86_NONE));                                                     \
		id();                                                                              \
	}                                                                                          \
	TEST(id##_by_avx2)                                                                         \
	{                                                                                          \
		if (with(WARREN_X86_AVX2))                                                         \
			id();                                                                      \
	}                                                                                          \
	TEST(id##_by_avx512)                                                                       \
	{                                                                                          \
		if (with(WARREN_X86_AVX512))                                                       \
			id();                                                                      \
	}                                                                                          \
	static void id(void)

static void seal_from(u8 *packet, size_t head, const u8 *rest, size_t len, u64 nonce,
		      const u8 *with_key)
{
	bool vector = warren_aead_begin();

	warren_aead_seal(vector, packet, head, rest, len, nonce, with_key, NULL);
	warren_aead_end(vector);
}

static void seal(u8 *packet, size_t len, u64 nonce, const u8 *with_key)
{
	seal_from(packet, 0, packet, len, nonce, with_key);
}

static bool open_with(u8 *to, const u8 *from, size_t len, bool room, u64 nonce, const u8 *with_key)
{
	bool vector = warren_aead_begin();
	bool good = warren_aead_open(vector, to, from, len, room, nonce, with_key);

	warren_aead_end(vector);
	return good;
}

static void reference(u8 *sealed, const u8 *plain, size_t len, u64 nonce)
{
	warren_seal(sealed, plain, len, NULL, 0, nonce, key);
}

static bool all_zero(const void *memory, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((const u8 *)memory)[i])
			return false;
	return true;
}

/*
 * Messages in a row in one piece of memory, as in a batch: all of @len bytes, but the last
 * of @last. Each has a header's length before it.
 */
static bool seals_row(unsigned int count, size_t len, size_t last, size_t offset)
{
	const size_t header = 16, size = header + len + WARREN_TAG_SIZE;
	const size_t before = WARREN_AEAD_ROOM - header;
	struct buffer b = buffer(
		before + (count - 1) * size + header + last + warren_aead_end_size(last), offset);
	struct warren_aead_untagged untagged = {};
	struct buffer want = buffer(len + last + WARREN_TAG_SIZE, 0);
	struct buffer plain = buffer(b.size, offset);
	bool vector, ok = true;

	vector = warren_aead_begin();
	for (unsigned int i = 0; i < count; i++) {
		u8 *packet = b.start + before + i * size + header;

		/* What the library wrote behind the message before is this one's again. */
		memcpy(packet - header, plain.start + (packet - b.start) - header, header);
		warren_aead_seal(vector, packet, 0, plain.start + (packet - b.start),
				 i + 1 < count ? len : last, ~(u64)i, key, &untagged);
	}
	warren_aead_tag(&untagged);
	warren_aead_end(vector);
	for (unsigned int i = 0; i < count; i++) {
		size_t at = before + i * size + header, this_len = i + 1 < count ? len : last;

		reference(want.start, plain.start + at, this_len, ~(u64)i);
		ok = ok && untouched(&b, at - header, at) &&
		     !memcmp(b.start + at, want.start, this_len + WARREN_TAG_SIZE);
	}
	ok = ok && all_zero(untagged.one_time, sizeof(untagged.one_time));
	done(&want);
	done(&plain);
	return done(&b) && ok && !untagged.count;
}

static bool seals(size_t len, size_t offset, u64 nonce)
{
	struct buffer b = buffer(WARREN_AEAD_ROOM + len + warren_aead_end_size(len), offset);
	struct buffer want = buffer(len + WARREN_TAG_SIZE, 0);
	u8 *packet = b.start + WARREN_AEAD_ROOM;
	bool ok;

	reference(want.start, packet, len, nonce);
	seal(packet, len, nonce, key);
	ok = !memcmp(packet, want.start, len + WARREN_TAG_SIZE) &&
	     untouched(&b, 0, WARREN_AEAD_ROOM);
	done(&want);
	return done(&b) && ok;
}

/* The first @head bytes where they belong, the others elsewhere. */
static bool seals_from(size_t head, size_t len, size_t offset)
{
	struct buffer b = buffer(WARREN_AEAD_ROOM + len + warren_aead_end_size(len), offset);
	struct buffer want = buffer(len + WARREN_TAG_SIZE, 0);
	struct buffer rest = buffer(len - head, (offset * 5 + 1) % 16);
	u8 *packet = b.start + WARREN_AEAD_ROOM;
	struct buffer plain = buffer(len, 0);
	bool ok;

	memcpy(plain.start, packet, head);
	memcpy(plain.start + head, rest.start, len - head);
	reference(want.start, plain.start, len, head);
	seal_from(packet, head, rest.start, len, head, key);
	ok = !memcmp(packet, want.start, len + WARREN_TAG_SIZE) &&
	     untouched(&b, 0, WARREN_AEAD_ROOM) && untouched(&rest, 0, len - head);
	done(&want);
	done(&plain);
	return done(&rest) && done(&b) && ok;
}

/* @offset: of what is read; what is written has others. */
static bool opens(size_t len, size_t offset, bool room, u64 nonce)
{
	size_t before = room ? WARREN_AEAD_ROOM : 0;
	struct buffer plain = buffer(len, 0);
	struct buffer from = buffer(before + len + WARREN_TAG_SIZE, offset);
	struct buffer copy = buffer(before + len + WARREN_TAG_SIZE, 0);
	struct buffer to = buffer(WARREN_AEAD_ROOM + len, (offset * 7 + 3) % 16);
	bool ok;

	reference(from.start + before, plain.start, len, nonce);
	memcpy(copy.start, from.start, from.size);
	ok = open_with(to.start + WARREN_AEAD_ROOM, from.start + before, len + WARREN_TAG_SIZE,
		       room, nonce, key) &&
	     !memcmp(to.start + WARREN_AEAD_ROOM, plain.start, len) &&
	     !memcmp(copy.start, from.start, from.size);
	ok = done(&plain) && ok;
	ok = done(&from) && ok;
	ok = done(&copy) && ok;
	return done(&to) && ok;
}

/* Where the packet lies; a forged one is left as it was. */
static bool opens_in_place(size_t len, size_t offset, u64 nonce)
{
	struct buffer plain = buffer(len, 0), copy = buffer(len + WARREN_TAG_SIZE, 0);
	struct buffer b = buffer(len + WARREN_TAG_SIZE, offset);
	bool ok;

	reference(b.start, plain.start, len, nonce);
	b.start[len] ^= 1;
	memcpy(copy.start, b.start, b.size);
	ok = !open_with(b.start, b.start, b.size, false, nonce, key) &&
	     !memcmp(b.start, copy.start, b.size);
	b.start[len] ^= 1;
	ok = open_with(b.start, b.start, b.size, false, nonce, key) &&
	     !memcmp(b.start, plain.start, len) && ok;
	done(&plain);
	done(&copy);
	return done(&b) && ok;
}

/*
 * Four messages that are authenticated together, of which the ones in @forged are, and then
 * decrypted but for @forgotten. All but those in @forged have to come out, the others' places
 * stay as they were, and nothing remains of any key stream.
 */
static bool opens_four(size_t len, unsigned int forged, unsigned int forgotten)
{
	static const u64 nonces[] = {7, U64_MAX, 0, 1ULL << 32};
	struct buffer from[4], to[4], plain = buffer(len, 0);
	struct warren_aead_checked *checked = malloc(sizeof(*checked));
	const u8 *starts[4];
	bool ok = true;

	if (!checked)
		abort();
	for (unsigned int i = 0; i < 4; i++) {
		from[i] = buffer(len + WARREN_TAG_SIZE, (5 * len + 3 * i) % 16);
		to[i] = buffer(len, (len + 7 * i) % 16);
		reference(from[i].start, plain.start, len, nonces[i]);
		from[i].start[(len + i) % from[i].size] ^= forged >> i & 1;
		starts[i] = from[i].start;
	}
	if (warren_aead_begin()) {
		warren_aead_check_four(checked, starts, len + WARREN_TAG_SIZE, nonces, key);
		for (unsigned int i = 4; i--;) {
			if (i == forgotten)
				continue;
			ok = ok && warren_aead_decrypt(checked, i, to[i].start, starts[i],
						       len + WARREN_TAG_SIZE) == !(forged >> i & 1);
			/* Once, and no more. */
			ok = ok && !warren_aead_decrypt(checked, i, to[i].start, starts[i],
							len + WARREN_TAG_SIZE);
		}
		warren_aead_end(true);
		for (unsigned int i = 0; i < 4; i++)
			ok = ok && (forged >> i & 1 || i == forgotten
					    ? untouched(&to[i], 0, len)
					    : !memcmp(to[i].start, plain.start, len));
		warren_aead_forget(checked);
		ok = ok && all_zero(checked->begun, sizeof(checked->begun)) &&
		     all_zero(checked->good, sizeof(checked->good));
	}
	for (unsigned int i = 0; i < 4; i++) {
		done(&from[i]);
		ok = done(&to[i]) && ok;
	}
	done(&plain);
	free(checked);
	return ok;
}

static size_t from_hex(u8 *out, const char *hex)
{
	size_t len = 0;

	for (; *hex; hex += 2, len++)
		sscanf(hex, "%2hhx", &out[len]);
	return len;
}

/* Its section 2.4.2 starts at block 1, as an AEAD's text does, and its nonce fits in 64 bits. */
CASE(seals_the_text_of_rfc_8439)
{
	static const char plain[] =
		"Ladies and Gentlemen of the class of '99: If I could offer you "
		"only one tip for the future, sunscreen would be it.";
	static const char cipher[] = "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9f"
				     "ae0bf91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c35"
				     "9f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818c"
				     "e91ab77937365af90bbf74a35be6b40b8eedf2785e42874d";
	const size_t len = sizeof(plain) - 1;
	struct buffer b = buffer(WARREN_AEAD_ROOM + len + warren_aead_end_size(len), 0);
	u8 *packet = b.start + WARREN_AEAD_ROOM;
	u8 rfc_key[WARREN_KEY_SIZE], want[sizeof(plain) - 1];

	for (size_t i = 0; i < sizeof(rfc_key); i++)
		rfc_key[i] = i;
	memcpy(packet, plain, len);
	seal(packet, len, 0x4a000000, rfc_key);
	CHECK(from_hex(want, cipher) == len && !memcmp(packet, want, len));
	CHECK(done(&b));
}

CASE(seals_every_length)
{
	for (size_t len = 0; len <= 1600; len++)
		EXPECT(seals(len, 0, len));
}

CASE(seals_what_lies_in_two_places)
{
	for (size_t head = 0; head <= 600; head++) {
		EXPECT(seals_from(head, head, head % 16));
		EXPECT(seals_from(head, head + 1, head % 16));
		EXPECT(seals_from(head, 601, head % 16));
		EXPECT(seals_from(head, 1420, head % 16));
	}
}

CASE(seals_every_length_in_a_row_of_four)
{
	for (size_t len = 1; len <= 1600; len++)
		EXPECT(seals_row(4, len, len, len % 16));
}

CASE(seals_rows_of_any_count)
{
	for (unsigned int count = 1; count <= 45; count++) {
		EXPECT(seals_row(count, 1420, 1420, 0));
		EXPECT(seals_row(count, 1420, 7, 0));
		EXPECT(seals_row(count, 30, 29, 0));
		EXPECT(seals_row(count, 0, 0, 0));
	}
}

CASE(opens_every_length_with_room)
{
	for (size_t len = 0; len <= 1600; len++)
		EXPECT(opens(len, 0, true, len));
}

CASE(opens_every_length_without_room)
{
	for (size_t len = 0; len <= 1600; len++)
		EXPECT(opens(len, 0, false, len));
}

CASE(opens_every_length_in_place)
{
	for (size_t len = 0; len <= 1600; len++)
		EXPECT(opens_in_place(len, len % 16, len));
}

CASE(opens_four_of_every_length)
{
	for (size_t len = 1; len <= 1600; len++)
		EXPECT(opens_four(len, 0, 4));
}

CASE(opens_the_others_of_four_when_some_are_forged)
{
	for (unsigned int forged = 0; forged < 16; forged++)
		for (unsigned int forgotten = 0; forgotten <= 4; forgotten++)
			for (size_t len = 1300; len < 1300 + 40; len++)
				EXPECT(opens_four(len, forged, forgotten));
}

CASE(long_packets)
{
	for (size_t len = 65000; len <= 65535; len += 67) {
		EXPECT(seals(len, 0, 1));
		EXPECT(opens(len, 0, true, 1));
		EXPECT(opens(len, 0, false, 1));
	}
}

CASE(any_address)
{
	static const size_t lengths[] = {0, 1, 15, 16, 63, 64, 65, 127, 128, 129, 1420};

	for (size_t offset = 0; offset < 16; offset++)
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			EXPECT(seals(lengths[i], offset, 2));
			EXPECT(opens(lengths[i], offset, true, 2));
			EXPECT(opens(lengths[i], offset, false, 2));
		}
}

CASE(any_nonce)
{
	static const u64 nonces[] = {0,	     1, 0xff, 0xffffffff, 0x100000000, 0x0102030405060708,
				     U64_MAX};

	for (size_t i = 0; i < sizeof(nonces) / sizeof(nonces[0]); i++) {
		CHECK(seals(100, 0, nonces[i]));
		CHECK(opens(100, 0, true, nonces[i]));
		CHECK(opens(100, 0, false, nonces[i]));
	}
}

static bool opens_as(const u8 *from, size_t sealed, bool room, u64 nonce, const u8 *with)
{
	u8 to[WARREN_AEAD_ROOM + 256];

	return open_with(to + WARREN_AEAD_ROOM, from, sealed, room, nonce, with);
}

static void refuses_changes(size_t len, bool room)
{
	size_t sealed = len + WARREN_TAG_SIZE;
	struct buffer b = buffer(WARREN_AEAD_ROOM + len + warren_aead_end_size(len), 0);
	u8 *from = b.start + WARREN_AEAD_ROOM, other[WARREN_KEY_SIZE];

	seal(from, len, 3, key);
	EXPECT(opens_as(from, sealed, room, 3, key));
	for (size_t i = 0; i < 8 * sealed; i++) {
		from[i / 8] ^= 1 << i % 8;
		CHECK(!opens_as(from, sealed, room, 3, key));
		from[i / 8] ^= 1 << i % 8;
	}
	for (int i = 0; i < 64; i++)
		CHECK(!opens_as(from, sealed, room, 3 ^ 1ULL << i, key));
	for (int i = 0; i < 8 * WARREN_KEY_SIZE; i++) {
		memcpy(other, key, sizeof(other));
		other[i / 8] ^= 1 << i % 8;
		CHECK(!opens_as(from, sealed, room, 3, other));
	}
	for (size_t shorter = WARREN_TAG_SIZE; shorter < sealed; shorter++)
		CHECK(!opens_as(from, shorter, room, 3, key));
	/* What lies before the packet is none of the message. */
	from[-1] ^= 1;
	CHECK(opens_as(from, sealed, room, 3, key));
	done(&b);
}

CASE(refuses_what_was_changed_with_room)
{
	static const size_t lengths[] = {0, 1, 16, 17, 64, 65, 130};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		refuses_changes(lengths[i], true);
}

CASE(refuses_what_was_changed_without_room)
{
	static const size_t lengths[] = {0, 1, 16, 17, 64, 65, 130};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		refuses_changes(lengths[i], false);
}

/* Trailing zeros count: the padding of the authenticator's last block is not the text's. */
CASE(length_is_authenticated)
{
	u8 b[WARREN_AEAD_ROOM + 16 + WARREN_TAG_SIZE] = {}, *packet = b + WARREN_AEAD_ROOM;
	u8 tag[WARREN_TAG_SIZE];

	seal(packet, 15, 4, key);
	memcpy(tag, packet + 15, sizeof(tag));
	packet[15] = 0;
	memcpy(packet + 16, tag, sizeof(tag));
	CHECK(!opens_as(packet, 16 + WARREN_TAG_SIZE, true, 4, key));
	CHECK(!opens_as(packet, 16 + WARREN_TAG_SIZE, false, 4, key));
}
