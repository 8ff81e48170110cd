// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments of set, one a line: any are taken or refused with a text, and what
 * was taken leads, by the difference, to a request that rests.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/sync.h"
#include "warren/args.h"

#define MOST 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct warren_device dev, nothing, request;
	struct warren_error err = {};
	char *copy, *rest, *argv[MOST];
	int argc = 0, i;

	copy = malloc(size + 1);
	memcpy(copy, data, size);
	copy[size] = '\0';
	for (rest = copy; rest && argc < MOST;)
		argv[argc++] = strsep(&rest, "\n");
	/* Files of this machine are no input. */
	for (i = 1; i < argc; i++)
		if (strstr(argv[i - 1], "-key"))
			argv[i] = "/dev/null";
	warren_device_init(&dev, "wg0");
	if (args_parse_set(&dev, argc, argv, &err)) {
		if (!err.text[0] || (err.code != WARREN_E_USAGE && err.code != WARREN_E_VALUE))
			abort();
	} else {
		warren_device_init(&nothing, "wg0");
		if (warren_sync_diff(&request, &nothing, &dev, WARREN_SYNC_EXACT, &err))
			abort();
		warren_device_free(&request);
	}
	warren_device_free(&dev);
	free(copy);
	return 0;
}
