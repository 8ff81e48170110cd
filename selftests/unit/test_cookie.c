// SPDX-License-Identifier: GPL-2.0
/* MACs and cookies: who may make us work, and how a sender proves its address. */
#include <string.h>

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/time64.h>

#include "cookie.h"
#include "ktap.h"
#include "shim.h"
#include "handshake_vectors.h"

#define SECOND ((u64)NSEC_PER_SEC)

/* We are the responder of a vector; its initiator sends to us. */
static const struct handshake_vector *const vector = &handshake_vectors[0];
static struct warren_cookie_checker checker;
static struct warren_cookie cookie;
static struct warren_message_initiation message;
static struct warren_message_cookie reply;
static struct warren_source source;
static u64 now;

static void setup(void)
{
	now = 1000 * SECOND;
	warren_cookie_checker_init(&checker);
	warren_cookie_checker_rekey(&checker, vector->responder_public);
	warren_cookie_init(&cookie, vector->responder_public);
	memcpy(&message, vector->initiation, sizeof(message));
	source = (struct warren_source){{192, 0, 2, 1}, 4, htobe16(51820)};
}

static enum warren_mac_state check(void)
{
	return warren_cookie_check(&checker, &message, sizeof(message), &source, true, now);
}

static void add_macs(void)
{
	warren_cookie_add_macs(&cookie, &message, sizeof(message), now);
}

static void create_reply(void)
{
	warren_cookie_create_reply(&reply, &checker, &message, sizeof(message), message.sender,
				   &source, now);
}

static int consume_reply(void)
{
	return warren_cookie_consume_reply(&cookie, &reply, now);
}

/* The sender asks and is told to prove its address. */
static bool get_cookie(void)
{
	add_macs();
	create_reply();
	return !consume_reply();
}

/* --- against another implementation --- */

TEST(macs_as_python_makes_them)
{
	setup();
	memset(&message.macs, 0xaa, sizeof(message.macs));
	add_macs();
	CHECK(!memcmp(&message, vector->initiation, sizeof(message)));
	CHECK(check() == WARREN_MAC_VALID);
}

TEST(macs_of_a_response_as_python_makes_them)
{
	struct warren_message_response response;

	setup();
	memcpy(&response, vector->response, sizeof(response));
	memset(&response.macs, 0, sizeof(response.macs));
	warren_cookie_init(&cookie, vector->initiator_public);
	warren_cookie_add_macs(&cookie, &response, sizeof(response), now);
	CHECK(!memcmp(&response, vector->response, sizeof(response)));

	warren_cookie_checker_rekey(&checker, vector->initiator_public);
	CHECK(warren_cookie_check(&checker, &response, sizeof(response), &source, false, now) ==
	      WARREN_MAC_VALID);
}

TEST(cookie_reply_as_python_makes_it)
{
	setup();
	add_macs();
	shim_random_next(vector->cookie_nonce, sizeof(vector->cookie_nonce));
	shim_random_next(vector->cookie_secret, sizeof(vector->cookie_secret));
	create_reply();
	CHECK(!memcmp(&reply, vector->cookie_reply, sizeof(reply)));

	CHECK(!consume_reply());
	add_macs();
	CHECK(!memcmp(&message, vector->initiation_with_cookie, sizeof(message)));
	CHECK(check() == WARREN_MAC_VALID_WITH_COOKIE);
}

/* --- mac1 --- */

TEST(flipped_bits_are_noticed_by_mac1)
{
	setup();
	for (size_t bit = 0; bit < offsetof(struct warren_message_initiation, macs.mac2) * 8;
	     bit++) {
		((u8 *)&message)[bit / 8] ^= 1 << bit % 8;
		CHECK(check() == WARREN_MAC_INVALID);
		((u8 *)&message)[bit / 8] ^= 1 << bit % 8;
	}
	CHECK(check() == WARREN_MAC_VALID);
}

TEST(mac1_for_another_device_is_invalid)
{
	setup();
	warren_cookie_checker_rekey(&checker, vector->initiator_public);
	CHECK(check() == WARREN_MAC_INVALID);
}

TEST(truncated_message_is_invalid)
{
	setup();
	for (size_t len = 0; len < sizeof(message); len++)
		CHECK(warren_cookie_check(&checker, &message, len, &source, true, now) ==
		      WARREN_MAC_INVALID);
}

/* --- mac2 --- */

TEST(cookie_proves_the_address)
{
	setup();
	EXPECT(get_cookie());
	add_macs();
	CHECK(check() == WARREN_MAC_VALID_WITH_COOKIE);
	CHECK(warren_cookie_check(&checker, &message, sizeof(message), &source, false, now) ==
	      WARREN_MAC_VALID);
}

TEST(flipped_bits_are_noticed_by_mac2)
{
	setup();
	EXPECT(get_cookie());
	add_macs();
	for (int bit = 0; bit < WARREN_MAC_SIZE * 8; bit++) {
		message.macs.mac2[bit / 8] ^= 1 << bit % 8;
		CHECK(check() == WARREN_MAC_VALID);
		message.macs.mac2[bit / 8] ^= 1 << bit % 8;
	}
	CHECK(check() == WARREN_MAC_VALID_WITH_COOKIE);
}

TEST(cookie_is_for_one_address_and_port)
{
	setup();
	EXPECT(get_cookie());
	add_macs();
	source.address[3]++;
	CHECK(check() == WARREN_MAC_VALID);
	source.address[3]--;
	source.port = htobe16(51821);
	CHECK(check() == WARREN_MAC_VALID);
	source.port = htobe16(51820);
	source.address_len = 16;
	CHECK(check() == WARREN_MAC_VALID);
}

TEST(cookie_is_for_the_whole_ipv6_address)
{
	setup();
	source.address_len = 16;
	source.address[15] = 1;
	EXPECT(get_cookie());
	add_macs();
	CHECK(check() == WARREN_MAC_VALID_WITH_COOKIE);
	source.address[15] = 2;
	CHECK(check() == WARREN_MAC_VALID);
}

TEST(sender_uses_a_cookie_for_115_seconds)
{
	static const u8 none[WARREN_MAC_SIZE];

	setup();
	EXPECT(get_cookie());
	now += 115 * SECOND - 1;
	add_macs();
	CHECK(memcmp(message.macs.mac2, none, sizeof(none)));
	now++;
	add_macs();
	CHECK(!memcmp(message.macs.mac2, none, sizeof(none)));
	CHECK(!cookie.valid && !memcmp(cookie.cookie, none, sizeof(none)));
}

TEST(secret_is_renewed_after_120_seconds)
{
	u8 secret[WARREN_HASH_SIZE];

	setup();
	EXPECT(get_cookie());
	memcpy(secret, checker.secret, sizeof(secret));
	add_macs();
	now += 120 * SECOND - 1;
	CHECK(check() == WARREN_MAC_VALID_WITH_COOKIE);
	CHECK(!memcmp(secret, checker.secret, sizeof(secret)));
	now++;
	CHECK(check() == WARREN_MAC_VALID);
	CHECK(memcmp(secret, checker.secret, sizeof(secret)));
	EXPECT(get_cookie());
	add_macs();
	CHECK(check() == WARREN_MAC_VALID_WITH_COOKIE);
}

/* Also in the first two minutes after boot, when no secret would look fresh. */
TEST(first_secret_is_random)
{
	static const u8 none[WARREN_HASH_SIZE];

	setup();
	now = 1;
	EXPECT(get_cookie());
	CHECK(memcmp(checker.secret, none, sizeof(none)));
	add_macs();
	CHECK(check() == WARREN_MAC_VALID_WITH_COOKIE);
}

/* A worker that read its clock before another renewed the secret. */
TEST(earlier_clock_does_not_renew_the_secret)
{
	setup();
	EXPECT(get_cookie());
	now -= 5;
	add_macs();
	CHECK(check() == WARREN_MAC_VALID_WITH_COOKIE);
}

/* --- the reply --- */

TEST(reply_names_the_sender)
{
	setup();
	add_macs();
	create_reply();
	CHECK(le32toh(reply.header.type) == 3);
	CHECK(reply.receiver == message.sender);
}

TEST(replies_have_their_own_nonces)
{
	u8 nonce[WARREN_COOKIE_NONCE_SIZE];

	setup();
	create_reply();
	memcpy(nonce, reply.nonce, sizeof(nonce));
	create_reply();
	CHECK(memcmp(nonce, reply.nonce, sizeof(nonce)));
}

TEST(forged_reply_is_refused)
{
	struct warren_cookie before;

	setup();
	add_macs();
	create_reply();
	before = cookie;
	for (size_t bit = offsetof(struct warren_message_cookie, nonce) * 8;
	     bit < sizeof(reply) * 8; bit++) {
		((u8 *)&reply)[bit / 8] ^= 1 << bit % 8;
		CHECK(consume_reply() == -EBADMSG);
		((u8 *)&reply)[bit / 8] ^= 1 << bit % 8;
	}
	CHECK(!memcmp(&before, &cookie, sizeof(cookie)));
	CHECK(!consume_reply());
}

TEST(reply_to_nothing_is_refused)
{
	struct warren_cookie before;

	setup();
	create_reply();
	before = cookie;
	CHECK(consume_reply() == -EPROTO);
	CHECK(!memcmp(&before, &cookie, sizeof(cookie)));
}

TEST(replayed_reply_is_refused)
{
	struct warren_cookie before;

	setup();
	EXPECT(get_cookie());
	now += SECOND;
	before = cookie;
	CHECK(consume_reply() == -EPROTO);
	add_macs();
	message.header.type++;
	add_macs();
	CHECK(consume_reply() == -EBADMSG);
	CHECK(cookie.birth_ns == before.birth_ns);
}

TEST(reply_from_another_device_is_refused)
{
	setup();
	add_macs();
	warren_cookie_checker_rekey(&checker, vector->initiator_public);
	create_reply();
	CHECK(consume_reply() == -EBADMSG);
}
