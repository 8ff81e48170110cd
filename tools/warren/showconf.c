// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "../lib/config.h"
#include "../lib/ipc.h"
#include "show.h"
#include "verbs.h"

int verb_showconf(struct warren_error *err, int argc, char **argv)
{
	struct warren_json json = {.out = stdout};
	bool as_json = argc > 1 && !strcmp(argv[argc - 1], "--json");
	struct warren_device dev;
	int ret;

	if (argc - as_json != 2)
		return verb_usage(err);
	ret = warren_ipc_get(&dev, argv[1], err);
	if (!ret && as_json)
		show_json(&json, &dev, true);
	else if (!ret)
		warren_config_print(stdout, &dev);
	warren_device_free(&dev);
	return ret;
}
