// SPDX-License-Identifier: GPL-2.0
/* setconf, addconf and syncconf: a file's configuration onto a device. */
#include <stdlib.h>
#include <string.h>

#include "../lib/config.h"
#include "../lib/ipc.h"
#include "../lib/sync.h"
#include "verbs.h"

static int sync_device(const struct warren_device *wanted, struct warren_error *err)
{
	struct warren_device running, request;
	int ret;

	ret = warren_ipc_get(&running, wanted->name, err);
	if (!ret) {
		ret = warren_sync_diff(&request, &running, wanted, WARREN_SYNC_AS_WG, err);
		if (!ret && !warren_sync_empty(&request))
			ret = warren_ipc_set(&request, err);
		warren_device_free(&request);
	}
	warren_device_free(&running);
	return ret;
}

static int set_device(struct warren_device *dev, bool replace, struct warren_error *err)
{
	if (replace) {
		/* What the file does not say is off: all of it is written. */
		dev->replace_peers = true;
		dev->has_private_key = true;
		dev->has_listen_port = true;
		dev->has_fwmark = true;
		dev->has_bind = true;
		dev->has_bind_address = true;
	}
	return warren_ipc_set(dev, err);
}

int verb_setconf(struct warren_error *err, int argc, char **argv)
{
	struct warren_device probe;
	struct warren_config config;
	int ret;

	if (argc != 3)
		return verb_usage(err);
	/* A wrong name is told before a long file is read and names are resolved. */
	warren_device_init(&probe, argv[1]);
	if (warren_ipc_find(&probe, err))
		return -1;
	ret = warren_config_read(&config, argv[2], WARREN_CONFIG_TUNNEL, err);
	if (!ret)
		ret = warren_addr_resolve(
			&config.device,
			warren_addr_retries(getenv("WG_ENDPOINT_RESOLUTION_RETRIES")), err);
	if (!ret) {
		warren_error_place(err, NULL, 0, NULL);
		memcpy(config.device.name, probe.name, sizeof(probe.name));
		ret = strcmp(argv[0], "syncconf")
			      ? set_device(&config.device, !strcmp(argv[0], "setconf"), err)
			      : sync_device(&config.device, err);
	}
	warren_config_free(&config);
	return ret;
}
