// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <unistd.h>

#include "../lib/key.h"
#include "verbs.h"

int verb_pubkey(struct warren_error *err, int argc, char **argv)
{
	uint8_t key[WARREN_KEY_BYTES], pub[WARREN_KEY_BYTES];
	char text[WARREN_KEY_BASE64];

	(void)argv;
	if (argc != 1)
		return verb_usage(err);
	if (warren_key_read(key, STDIN_FILENO, "standard input", err))
		return -1;
	if (warren_key_is_zero(key))
		return warren_error_set(err, WARREN_E_VALUE,
					"give a private key, as in: warren genkey | warren pubkey",
					"standard input holds no key");
	warren_key_public(pub, key);
	puts(warren_key_to_base64(text, pub));
	warren_key_wipe(key, sizeof(key));
	return 0;
}
