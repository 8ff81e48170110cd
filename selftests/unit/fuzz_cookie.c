// SPDX-License-Identifier: GPL-2.0
/*
 * Strangers' messages of any length at a checker, and strangers' cookie replies
 * at a peer: nothing is believed that was not made with the keys.
 */
#include <string.h>

#include <linux/time64.h>

#include "cookie.h"
#include "fuzz.h"

static const u8 public_key[WARREN_KEY_SIZE] = {1, 2, 3};
static struct warren_cookie_checker checker;
static struct warren_cookie cookie;
static struct warren_source source;
static u64 now;

static void setup(void)
{
	warren_cookie_checker_init(&checker);
	warren_cookie_checker_rekey(&checker, public_key);
	warren_cookie_init(&cookie, public_key);
	now = NSEC_PER_SEC;
	memset(&source, 0, sizeof(source));
	source.address_len = 4;
}

/* A message just long enough for its bytes, so that no reader gets past them. */
static void check_stranger(struct input *input)
{
	size_t len = next_byte(input);
	u8 *message = malloc(len);

	next_bytes(input, message, len);
	must(warren_cookie_check(&checker, message, len, &source, true, now) == WARREN_MAC_INVALID);
	free(message);
}

/* A message of ours, as it is or changed; and the reply to it. */
static void check_ours(struct input *input)
{
	struct warren_message_response message;
	struct warren_message_cookie reply;
	struct warren_cookie before;
	u8 changed_at = next_byte(input) % sizeof(message), change = next_byte(input);
	bool mac1_changed = change && changed_at < sizeof(message) - WARREN_MAC_SIZE;
	enum warren_mac_state state;

	next_bytes(input, &message, 16);
	memset((u8 *)&message + 16, 0, sizeof(message) - 16);
	warren_cookie_add_macs(&cookie, &message, sizeof(message), now);
	((u8 *)&message)[changed_at] ^= change;
	state = warren_cookie_check(&checker, &message, sizeof(message), &source, true, now);
	must((state == WARREN_MAC_INVALID) == mac1_changed);
	must(!change || state != WARREN_MAC_VALID_WITH_COOKIE);
	((u8 *)&message)[changed_at] ^= change;

	warren_cookie_create_reply(&reply, &checker, &message, sizeof(message), message.sender,
				   &source, now);
	changed_at = next_byte(input) % sizeof(reply);
	change = next_byte(input);
	((u8 *)&reply)[changed_at] ^= change;
	before = cookie;
	/* Type and index are the caller's to check. */
	if (change && changed_at >= 8) {
		must(warren_cookie_consume_reply(&cookie, &reply, now));
		must(!memcmp(&before, &cookie, sizeof(cookie)));
	} else {
		must(!warren_cookie_consume_reply(&cookie, &reply, now));
		must(warren_cookie_consume_reply(&cookie, &reply, now));
	}
}

static void consume_stranger(struct input *input)
{
	struct warren_message_cookie reply;

	next_bytes(input, &reply, sizeof(reply));
	must(warren_cookie_consume_reply(&cookie, &reply, now));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input input = {data, data + size};

	setup();
	while (!at_end(&input)) {
		switch (next_byte(&input) % 6) {
		case 0:
			check_stranger(&input);
			break;
		case 1:
			check_ours(&input);
			break;
		case 2:
			consume_stranger(&input);
			break;
		case 3:
			now += next_byte(&input) * NSEC_PER_SEC;
			break;
		case 4:
			source.port = next_byte(&input);
			break;
		case 5:
			next_bytes(&input, source.address, 4);
			break;
		}
	}
	return 0;
}
