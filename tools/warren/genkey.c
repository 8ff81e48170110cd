// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/key.h"
#include "verbs.h"

int verb_genkey(struct warren_error *err, int argc, char **argv)
{
	uint8_t key[WARREN_KEY_BYTES];
	char text[WARREN_KEY_BASE64];
	struct stat st;

	if (argc != 1)
		return verb_usage(err);
	if (!fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode) && st.st_mode & 0007)
		warren_error_warn(err, "remove it, set umask 077 and make another key",
				  "everyone may read the file that gets this key");
	if (!strcmp(argv[0], "genpsk"))
		warren_key_random(key);
	else
		warren_key_generate(key);
	puts(warren_key_to_base64(text, key));
	warren_key_wipe(key, sizeof(key));
	warren_key_wipe(text, sizeof(text));
	return 0;
}
