// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "../lib/addr.h"
#include "../lib/ipc.h"
#include "args.h"
#include "verbs.h"

int verb_set(struct warren_error *err, int argc, char **argv)
{
	struct warren_device dev;
	int ret;

	if (argc < 3)
		return verb_usage(err);
	warren_device_init(&dev, argv[1]);
	ret = warren_ipc_find(&dev, err);
	if (!ret)
		ret = args_parse_set(&dev, argc - 2, argv + 2, err);
	if (!ret) {
		warren_error_place(err, NULL, 0, NULL);
		ret = warren_addr_resolve(
			&dev, warren_addr_retries(getenv("WG_ENDPOINT_RESOLUTION_RETRIES")), err);
	}
	if (!ret) {
		warren_error_place(err, NULL, 0, NULL);
		ret = warren_ipc_set(&dev, err);
	}
	warren_device_free(&dev);
	return ret;
}
