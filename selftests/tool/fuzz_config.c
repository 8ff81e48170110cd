// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration files: any bytes are read or refused with a place, and what was
 * read and printed reads as the same again.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/config.h"

static char *print(const struct warren_device *dev, size_t *size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);

	if (!f)
		abort();
	warren_config_print(f, dev);
	fclose(f);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct warren_error err = {};
	struct warren_config c, again;
	char *first, *second;
	size_t one, two;

	if (warren_config_parse(&c, (const char *)data, size, "f", WARREN_CONFIG_ALL, &err)) {
		if (err.code != WARREN_E_VALUE || !err.line || !err.text[0])
			abort();
		warren_config_free(&c);
		return 0;
	}
	first = print(&c.device, &one);
	if (warren_config_parse(&again, first, one, "f", WARREN_CONFIG_TUNNEL, &err))
		abort();
	second = print(&again.device, &two);
	/* A zero key is printed, and read, as a key. */
	if (one != two || memcmp(first, second, one))
		abort();
	free(first);
	free(second);
	warren_config_free(&c);
	warren_config_free(&again);
	return 0;
}
