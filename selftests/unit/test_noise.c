// SPDX-License-Identifier: GPL-2.0
/* The handshake: byte for byte as another implementation makes it, and all that can go wrong. */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/time64.h>

#include "noise.h"
#include "ktap.h"
#include "shim.h"
#include "handshake_vectors.h"
#include "low_order.h"

#define SECOND	 ((u64)NSEC_PER_SEC)
#define INTERVAL ((u64)WARREN_INITIATION_INTERVAL_MS * NSEC_PER_MSEC)

/* Two sides that know each other, and the messages between them. */
static struct side {
	struct warren_identity identity;
	struct warren_handshake handshake;
	struct warren_session session;
} initiator, responder;

static struct warren_message_initiation initiation;
static struct warren_message_response response;
static struct warren_opened_initiation opened;
static u8 timestamp[WARREN_TIMESTAMP_SIZE];
static u64 now;

static const u8 zeros[256];

static bool same(const void *a, const void *b, size_t len)
{
	return !memcmp(a, b, len);
}

static void setup_from(const struct handshake_vector *vector)
{
	warren_noise_init();
	now = 1000 * SECOND;
	warren_identity_set(&initiator.identity, vector->initiator_private);
	warren_identity_set(&responder.identity, vector->responder_private);
	warren_handshake_init(&initiator.handshake, vector->responder_public);
	warren_handshake_prepare(&initiator.handshake, &initiator.identity);
	warren_handshake_init(&responder.handshake, vector->initiator_public);
	warren_handshake_prepare(&responder.handshake, &responder.identity);
	memcpy(initiator.handshake.preshared_key, vector->psk, WARREN_KEY_SIZE);
	memcpy(responder.handshake.preshared_key, vector->psk, WARREN_KEY_SIZE);
	memcpy(timestamp, vector->timestamp, sizeof(timestamp));
	memset(&initiation, 0, sizeof(initiation));
	memset(&response, 0, sizeof(response));
}

static void setup(void)
{
	setup_from(&handshake_vectors[1]);
}

/* The steps of a handshake; each begins where the one before it ended. */
static int create_initiation(void)
{
	return warren_noise_create_initiation(&initiation, &initiator.handshake,
					      &initiator.identity, 0x11111111, timestamp);
}

static int open_initiation(void)
{
	return warren_noise_open_initiation(&opened, &initiation, &responder.identity);
}

static int accept_initiation(void)
{
	return warren_noise_accept_initiation(&responder.handshake, &opened, &initiation, now);
}

static int create_response(void)
{
	return warren_noise_create_response(&response, &responder.handshake, 0x22222222);
}

static int consume_response(void)
{
	return warren_noise_consume_response(&initiator.handshake, &response, &initiator.identity);
}

static bool derive_sessions(void)
{
	return !warren_noise_derive_session(&initiator.session, &initiator.handshake) &&
	       !warren_noise_derive_session(&responder.session, &responder.handshake);
}

static bool exchange_initiation(void)
{
	return !create_initiation() && !open_initiation() && !accept_initiation();
}

static bool exchange(void)
{
	return exchange_initiation() && !create_response() && !consume_response();
}

static bool sessions_fit(void)
{
	return same(initiator.session.sending_key, responder.session.receiving_key, 32) &&
	       same(initiator.session.receiving_key, responder.session.sending_key, 32) &&
	       !same(initiator.session.sending_key, initiator.session.receiving_key, 32);
}

/* Later, in the peer's clock and in ours: the next initiation will be taken. */
static void time_passes(void)
{
	timestamp[7]++;
	now += SECOND;
}

/* --- against another implementation --- */

static void check_vector(const struct handshake_vector *vector)
{
	const size_t macs = sizeof(struct warren_message_macs);

	setup_from(vector);
	CHECK(same(initiator.identity.public_key, vector->initiator_public, 32));
	CHECK(same(responder.identity.public_key, vector->responder_public, 32));

	shim_random_next(vector->initiator_ephemeral, 32);
	CHECK(!warren_noise_create_initiation(&initiation, &initiator.handshake,
					      &initiator.identity, vector->initiator_index,
					      vector->timestamp));
	CHECK(same(&initiation, vector->initiation, sizeof(initiation) - macs));

	CHECK(!open_initiation());
	CHECK(same(opened.remote_static, vector->initiator_public, 32));
	CHECK(!accept_initiation());
	CHECK(same(responder.handshake.latest_timestamp, vector->timestamp, sizeof(timestamp)));
	CHECK(responder.handshake.remote_index == vector->initiator_index);

	shim_random_next(vector->responder_ephemeral, 32);
	CHECK(!warren_noise_create_response(&response, &responder.handshake,
					    vector->responder_index));
	CHECK(same(&response, vector->response, sizeof(response) - macs));
	CHECK(!consume_response());
	CHECK(!shim_random_waiting());

	CHECK(derive_sessions());
	CHECK(same(initiator.session.sending_key, vector->initiator_sending_key, 32));
	CHECK(same(initiator.session.receiving_key, vector->initiator_receiving_key, 32));
	CHECK(sessions_fit());
	CHECK(initiator.session.initiator && !responder.session.initiator);
	CHECK(initiator.session.local_index == vector->initiator_index);
	CHECK(initiator.session.remote_index == vector->responder_index);
	CHECK(responder.session.local_index == vector->responder_index);
	CHECK(responder.session.remote_index == vector->initiator_index);
}

TEST(handshake_as_python_makes_it)
{
	check_vector(&handshake_vectors[0]);
}

TEST(handshake_with_psk_as_python_makes_it)
{
	check_vector(&handshake_vectors[1]);
}

/* --- identities --- */

TEST(zero_private_key_is_none)
{
	setup();
	warren_identity_set(&initiator.identity, zeros);
	CHECK(!initiator.identity.valid);
	CHECK(same(initiator.identity.public_key, zeros, 32));
	CHECK(same(initiator.identity.private_key, zeros, 32));
}

TEST(private_key_is_clamped)
{
	u8 key[32];

	memset(key, 0xff, sizeof(key));
	warren_identity_set(&initiator.identity, key);
	CHECK(initiator.identity.valid);
	CHECK(initiator.identity.private_key[0] == 0xf8);
	CHECK(initiator.identity.private_key[31] == 0x7f);
	/* Not a zero key, although clamping leaves no bit of it. */
	memset(key, 0, sizeof(key));
	key[0] = 1;
	warren_identity_set(&initiator.identity, key);
	CHECK(initiator.identity.valid);
}

TEST(without_a_private_key_nothing_starts)
{
	setup();
	EXPECT(!create_initiation());
	warren_identity_set(&initiator.identity, zeros);
	warren_identity_set(&responder.identity, zeros);
	CHECK(open_initiation() == -ENOKEY);
	CHECK(create_initiation() == -ENOKEY);
	CHECK(initiator.handshake.state == WARREN_HANDSHAKE_NONE);
	warren_handshake_forget_identity(&initiator.handshake);
	warren_handshake_prepare(&initiator.handshake, &initiator.identity);
	CHECK(same(initiator.handshake.static_static, zeros, 32));
}

TEST(new_private_key_reaches_the_handshake)
{
	struct warren_handshake before;
	u8 key[32] = {0x42};

	setup();
	EXPECT(!create_initiation());
	before = initiator.handshake;
	warren_identity_set(&initiator.identity, key);
	warren_handshake_forget_identity(&initiator.handshake);
	warren_handshake_prepare(&initiator.handshake, &initiator.identity);
	CHECK(initiator.handshake.state == WARREN_HANDSHAKE_NONE);
	CHECK(!same(initiator.handshake.static_static, before.static_static, 32));
	CHECK(same(initiator.handshake.preshared_key, before.preshared_key, 32));

	/* The other side hears of it, and all is well again. */
	warren_handshake_init(&responder.handshake, initiator.identity.public_key);
	warren_handshake_prepare(&responder.handshake, &responder.identity);
	memcpy(responder.handshake.preshared_key, before.preshared_key, 32);
	CHECK(exchange() && derive_sessions() && sessions_fit());
}

/* --- states --- */

TEST(steps_out_of_turn_are_refused)
{
	struct warren_session session;

	setup();
	CHECK(create_response() == -EPROTO);
	CHECK(consume_response() == -EPROTO);
	CHECK(warren_noise_derive_session(&session, &initiator.handshake) == -EPROTO);

	EXPECT(exchange_initiation());
	CHECK(warren_noise_derive_session(&session, &initiator.handshake) == -EPROTO);
	CHECK(warren_noise_derive_session(&session, &responder.handshake) == -EPROTO);
	CHECK(warren_noise_create_response(&response, &initiator.handshake, 1) == -EPROTO);

	EXPECT(!create_response());
	CHECK(create_response() == -EPROTO);
	EXPECT(!consume_response());
	CHECK(consume_response() == -EPROTO);
	CHECK(derive_sessions() && sessions_fit());
	CHECK(warren_noise_derive_session(&session, &initiator.handshake) == -EPROTO);
}

TEST(second_initiation_replaces_the_first)
{
	struct warren_message_response late;

	setup();
	EXPECT(exchange_initiation() && !create_response());
	late = response;
	time_passes();
	EXPECT(exchange_initiation() && !create_response());
	CHECK(warren_noise_consume_response(&initiator.handshake, &late, &initiator.identity) ==
	      -EBADMSG);
	CHECK(!consume_response());
	CHECK(derive_sessions() && sessions_fit());
}

TEST(crossing_initiations_end_in_one_session)
{
	struct warren_message_initiation theirs;

	setup();
	EXPECT(!create_initiation());
	/* The responder starts one of its own, and then takes the initiator's. */
	EXPECT(!warren_noise_create_initiation(&theirs, &responder.handshake, &responder.identity,
					       7, timestamp));
	CHECK(!open_initiation() && !accept_initiation() && !create_response());
	CHECK(!consume_response() && derive_sessions() && sessions_fit());
}

TEST(secrets_of_a_handshake_are_wiped_after_it)
{
	const struct warren_handshake *sides[] = {&initiator.handshake, &responder.handshake};

	setup();
	EXPECT(exchange());
	CHECK(same(initiator.handshake.ephemeral_private, zeros, 32));
	CHECK(same(responder.handshake.ephemeral_private, zeros, 32));
	EXPECT(derive_sessions());
	for (unsigned int i = 0; i < ARRAY_SIZE(sides); i++) {
		CHECK(sides[i]->state == WARREN_HANDSHAKE_NONE);
		CHECK(same(sides[i]->remote_ephemeral, zeros, 32));
		CHECK(same(sides[i]->hash, zeros, 32));
		CHECK(same(sides[i]->chaining_key, zeros, 32));
		CHECK(!sides[i]->local_index && !sides[i]->remote_index);
	}
	CHECK(same(responder.handshake.latest_timestamp, timestamp, sizeof(timestamp)));
	CHECK(responder.handshake.last_initiation_ns == now);
}

TEST(every_handshake_has_its_own_keys)
{
	u8 key[32];

	setup();
	EXPECT(exchange() && derive_sessions());
	memcpy(key, initiator.session.sending_key, sizeof(key));
	time_passes();
	EXPECT(exchange() && derive_sessions() && sessions_fit());
	CHECK(!same(key, initiator.session.sending_key, sizeof(key)));
}

/* --- the first message --- */

/* Each bit that is authenticated, one at a time. */
TEST(flipped_bits_of_an_initiation_are_noticed)
{
	const size_t first = offsetof(struct warren_message_initiation, ephemeral);
	const size_t end = offsetof(struct warren_message_initiation, macs);
	struct warren_handshake before;

	setup();
	EXPECT(!create_initiation());
	before = responder.handshake;
	for (size_t bit = first * 8; bit < end * 8; bit++) {
		int ret;

		/* The top bit of a curve point is masked off, but it is in the hash. */
		((u8 *)&initiation)[bit / 8] ^= 1 << bit % 8;
		ret = open_initiation();
		if (!ret)
			ret = accept_initiation();
		CHECK(ret == -EBADMSG);
		((u8 *)&initiation)[bit / 8] ^= 1 << bit % 8;
	}
	CHECK(same(&before, &responder.handshake, sizeof(before)));
	CHECK(!open_initiation() && !accept_initiation());
}

TEST(initiation_for_another_is_not_opened)
{
	struct warren_identity other;
	u8 key[32] = {9};

	setup();
	warren_identity_set(&other, key);
	EXPECT(!create_initiation());
	CHECK(warren_noise_open_initiation(&opened, &initiation, &other) == -EBADMSG);
}

TEST(opening_tells_who_it_is_and_changes_nothing)
{
	struct warren_handshake before;

	setup();
	before = responder.handshake;
	EXPECT(!create_initiation() && !open_initiation());
	CHECK(same(opened.remote_static, initiator.identity.public_key, 32));
	CHECK(same(opened.remote_ephemeral, initiation.ephemeral, 32));
	CHECK(same(&before, &responder.handshake, sizeof(before)));
}

/* Knowing a public key is not enough: who has not the private one is not accepted. */
TEST(impostor_is_opened_but_not_accepted)
{
	struct warren_handshake before;
	u8 key[32] = {77};
	struct side impostor;

	setup();
	warren_identity_set(&impostor.identity, key);
	memcpy(impostor.identity.public_key, initiator.identity.public_key, 32);
	warren_handshake_init(&impostor.handshake, responder.identity.public_key);
	warren_handshake_prepare(&impostor.handshake, &impostor.identity);
	EXPECT(!warren_noise_create_initiation(&initiation, &impostor.handshake, &impostor.identity,
					       1, timestamp));
	before = responder.handshake;
	CHECK(!open_initiation());
	CHECK(accept_initiation() == -EBADMSG);
	CHECK(same(&before, &responder.handshake, sizeof(before)));
}

TEST(replayed_timestamp_is_refused)
{
	struct warren_handshake before;

	setup();
	EXPECT(exchange_initiation());
	before = responder.handshake;
	now += SECOND;
	CHECK(accept_initiation() == -EALREADY);
	CHECK(same(&before, &responder.handshake, sizeof(before)));

	/* Neither the same moment again in another message, nor one before it. */
	EXPECT(!create_initiation() && !open_initiation());
	CHECK(accept_initiation() == -EALREADY);
	timestamp[8]--;
	EXPECT(!create_initiation() && !open_initiation());
	CHECK(accept_initiation() == -EALREADY);
	CHECK(same(&before, &responder.handshake, sizeof(before)));
	timestamp[8] += 2;
	EXPECT(!create_initiation() && !open_initiation());
	CHECK(!accept_initiation());
}

TEST(latest_timestamp_survives_clear_and_rekey)
{
	setup();
	EXPECT(exchange_initiation());
	warren_handshake_clear(&responder.handshake);
	warren_handshake_forget_identity(&responder.handshake);
	warren_handshake_prepare(&responder.handshake, &responder.identity);
	now += SECOND;
	CHECK(accept_initiation() == -EALREADY);
}

TEST(flood_of_initiations_is_refused)
{
	struct warren_handshake before;

	setup();
	EXPECT(exchange_initiation());
	before = responder.handshake;
	timestamp[7]++;
	EXPECT(!create_initiation() && !open_initiation());
	CHECK(accept_initiation() == -EAGAIN);
	now += INTERVAL - 1;
	CHECK(accept_initiation() == -EAGAIN);
	CHECK(same(&before, &responder.handshake, sizeof(before)));
	now++;
	CHECK(!accept_initiation());
	/* A clock read a little earlier, by another worker, is within the interval. */
	timestamp[7]++;
	now -= 5;
	EXPECT(!create_initiation() && !open_initiation());
	CHECK(accept_initiation() == -EAGAIN);
}

TEST(first_initiation_after_boot_is_no_flood)
{
	setup();
	now = 1;
	CHECK(exchange_initiation());
}

/* --- the second message --- */

TEST(flipped_bits_of_a_response_are_noticed)
{
	const size_t first = offsetof(struct warren_message_response, receiver);
	const size_t end = offsetof(struct warren_message_response, macs);
	struct warren_handshake before;

	setup();
	EXPECT(exchange_initiation() && !create_response());
	before = initiator.handshake;
	for (size_t bit = first * 8; bit < end * 8; bit++) {
		((u8 *)&response)[bit / 8] ^= 1 << bit % 8;
		CHECK(consume_response() == -EBADMSG);
		((u8 *)&response)[bit / 8] ^= 1 << bit % 8;
	}
	CHECK(same(&before, &initiator.handshake, sizeof(before)));
	CHECK(!consume_response() && derive_sessions() && sessions_fit());
}

TEST(different_psks_do_not_agree)
{
	struct warren_handshake before;

	setup();
	responder.handshake.preshared_key[31] ^= 1;
	EXPECT(exchange_initiation() && !create_response());
	before = initiator.handshake;
	CHECK(consume_response() == -EBADMSG);
	CHECK(same(&before, &initiator.handshake, sizeof(before)));
}

TEST(psk_set_while_a_handshake_runs_counts)
{
	setup();
	EXPECT(exchange_initiation());
	memset(initiator.handshake.preshared_key, 5, 32);
	memset(responder.handshake.preshared_key, 5, 32);
	CHECK(!create_response() && !consume_response());
	CHECK(derive_sessions() && sessions_fit());
}

/* --- low-order points --- */

TEST(low_order_peer_never_shakes_hands)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(low_order_points); i++) {
		setup();
		EXPECT(!create_initiation() && !open_initiation());
		warren_handshake_init(&initiator.handshake, low_order_points[i]);
		warren_handshake_prepare(&initiator.handshake, &initiator.identity);
		CHECK(same(initiator.handshake.static_static, zeros, 32));
		CHECK(create_initiation() == -EKEYREJECTED);
		CHECK(initiator.handshake.state == WARREN_HANDSHAKE_NONE);
		CHECK(same(initiator.handshake.ephemeral_private, zeros, 32));

		warren_handshake_init(&responder.handshake, low_order_points[i]);
		warren_handshake_prepare(&responder.handshake, &responder.identity);
		CHECK(accept_initiation() == -EKEYREJECTED);
		CHECK(responder.handshake.state == WARREN_HANDSHAKE_NONE);
	}
}

TEST(low_order_ephemeral_of_an_initiation_is_refused)
{
	setup();
	EXPECT(!create_initiation());
	for (unsigned int i = 0; i < ARRAY_SIZE(low_order_points); i++) {
		memcpy(initiation.ephemeral, low_order_points[i], 32);
		CHECK(open_initiation() == -EKEYREJECTED);
	}
}

TEST(low_order_ephemeral_of_a_response_is_refused)
{
	struct warren_message_response good;
	struct warren_handshake before;

	setup();
	EXPECT(exchange_initiation() && !create_response());
	good = response;
	before = initiator.handshake;
	for (unsigned int i = 0; i < ARRAY_SIZE(low_order_points); i++) {
		memcpy(response.ephemeral, low_order_points[i], 32);
		CHECK(consume_response() == -EKEYREJECTED);
		CHECK(same(&before, &initiator.handshake, sizeof(before)));
	}
	response = good;
	CHECK(!consume_response());
}

/* Not to be had over the wire: the key of a peer changed between two steps. */
TEST(low_order_key_stops_a_response)
{
	struct warren_handshake before;

	setup();
	EXPECT(exchange_initiation());
	memset(responder.handshake.remote_static, 0, 32);
	before = responder.handshake;
	CHECK(create_response() == -EKEYREJECTED);
	CHECK(same(&before, &responder.handshake, sizeof(before)));
}

/* --- the timestamp --- */

TEST(timestamp_is_tai64n)
{
	static const u8 want[12] = {0x40, 0, 0, 0, 0x65, 0x53, 0xf1, 0x0a, 0x12, 0, 0, 0};
	u8 label[12];

	warren_noise_timestamp(label, 1700000000, 0x12345678);
	CHECK(same(label, want, sizeof(label)));
	CHECK(same(label, handshake_vectors[0].timestamp, sizeof(label)));
}

TEST(timestamps_grow_with_time)
{
	u8 earlier[12], later[12];

	warren_noise_timestamp(earlier, -1, 999999999);
	warren_noise_timestamp(later, 0, 0);
	CHECK(memcmp(earlier, later, 12) < 0);
	warren_noise_timestamp(earlier, 255, 999999999);
	warren_noise_timestamp(later, 256, 0);
	CHECK(memcmp(earlier, later, 12) < 0);
	warren_noise_timestamp(earlier, 256, 0);
	warren_noise_timestamp(later, 256, 1 << 24);
	CHECK(memcmp(earlier, later, 12) < 0);
	/* What is finer is not told. */
	warren_noise_timestamp(earlier, 256, 0xffffff);
	warren_noise_timestamp(later, 256, 0);
	CHECK(same(earlier, later, 12));
}
