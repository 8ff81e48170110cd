// SPDX-License-Identifier: GPL-2.0
/*
 * Two sides whose messages pass through the hands of the input: it says which
 * step is next, and may change, repeat or make up a message. No order of steps
 * may break a state; a refused message changes nothing; and when both sides
 * have the same transcript they have the same keys.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/time64.h>

#include "noise.h"
#include "fuzz.h"

static const u8 private_keys[2][32] = {{8, 1}, {8, 2}};

static struct {
	struct warren_identity identity;
	struct warren_handshake handshake;
} sides[2];
static struct warren_message_initiation initiation;
static struct warren_message_response response;
static u64 now;
static u32 moment;

static void setup(void)
{
	static bool once;

	if (!once)
		warren_noise_init();
	once = true;
	memset(&initiation, 0, sizeof(initiation));
	memset(&response, 0, sizeof(response));
	now = NSEC_PER_SEC;
	moment = 1;
	for (int i = 0; i < 2; i++)
		warren_identity_set(&sides[i].identity, private_keys[i]);
	for (int i = 0; i < 2; i++) {
		warren_handshake_init(&sides[i].handshake, sides[!i].identity.public_key);
		warren_handshake_prepare(&sides[i].handshake, &sides[i].identity);
	}
}

static void create_initiation(int side)
{
	u8 timestamp[WARREN_TIMESTAMP_SIZE];

	warren_noise_timestamp(timestamp, moment, 0);
	must(!warren_noise_create_initiation(&initiation, &sides[side].handshake,
					     &sides[side].identity, moment, timestamp));
}

static void take_initiation(int side)
{
	struct warren_handshake before = sides[side].handshake;
	struct warren_opened_initiation opened;

	if (warren_noise_open_initiation(&opened, &initiation, &sides[side].identity))
		return;
	if (memcmp(opened.remote_static, before.remote_static, 32))
		return;
	if (warren_noise_accept_initiation(&sides[side].handshake, &opened, &initiation, now)) {
		must(!memcmp(&before, &sides[side].handshake, sizeof(before)));
		return;
	}
	must(memcmp(before.latest_timestamp, sides[side].handshake.latest_timestamp, 12) < 0);
	must(sides[side].handshake.state == WARREN_HANDSHAKE_ACCEPTED_INITIATION);
}

static void create_response(int side)
{
	bool turn = sides[side].handshake.state == WARREN_HANDSHAKE_ACCEPTED_INITIATION;

	must(!warren_noise_create_response(&response, &sides[side].handshake, moment) == turn);
}

static void take_response(int side)
{
	struct warren_handshake before = sides[side].handshake;

	if (warren_noise_consume_response(&sides[side].handshake, &response,
					  &sides[side].identity)) {
		must(!memcmp(&before, &sides[side].handshake, sizeof(before)));
		return;
	}
	must(before.state == WARREN_HANDSHAKE_CREATED_INITIATION);
	must(sides[side].handshake.state == WARREN_HANDSHAKE_CONSUMED_RESPONSE);
}

static void derive_sessions(void)
{
	struct warren_session sessions[2];
	bool same = !memcmp(sides[0].handshake.hash, sides[1].handshake.hash, 32);
	int derived = 0;

	for (int i = 0; i < 2; i++)
		derived += !warren_noise_derive_session(&sessions[i], &sides[i].handshake);
	if (derived != 2)
		return;
	/* Equal transcripts, and only they, make equal keys. */
	must(same == !memcmp(sessions[0].sending_key, sessions[1].receiving_key, 32));
	must(same == !memcmp(sessions[1].sending_key, sessions[0].receiving_key, 32));
}

/* Two bytes say where a message is changed and how; or all of it is made up. */
static void change(void *message, size_t len, struct input *input)
{
	u8 at = next_byte(input);

	if (at == 0xff)
		next_bytes(input, message, len);
	else
		((u8 *)message)[at % len] ^= next_byte(input);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input input = {data, data + size};

	setup();
	for (int steps = 0; steps < 24 && !at_end(&input); steps++) {
		u8 step = next_byte(&input);
		int side = step >> 7;

		moment++;
		now += (step >> 4 & 7) * NSEC_PER_MSEC * 4;
		switch (step & 15) {
		case 0:
			create_initiation(side);
			break;
		case 1:
			take_initiation(side);
			break;
		case 2:
			create_response(side);
			break;
		case 3:
			take_response(side);
			break;
		case 4:
			derive_sessions();
			break;
		case 5:
			change(&initiation, sizeof(initiation), &input);
			break;
		case 6:
			change(&response, sizeof(response), &input);
			break;
		case 7:
			warren_handshake_clear(&sides[side].handshake);
			break;
		case 8:
			sides[side].handshake.preshared_key[0] ^= next_byte(&input);
			break;
		case 9:
			warren_handshake_forget_identity(&sides[side].handshake);
			warren_handshake_prepare(&sides[side].handshake, &sides[side].identity);
			break;
		}
	}
	return 0;
}
