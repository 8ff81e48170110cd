// SPDX-License-Identifier: GPL-2.0
#include "args.h"

#include <string.h>

#include "../lib/addr.h"

static int listen_port(struct warren_device *dev, struct warren_peer *peer, const char *value,
		       struct warren_error *err)
{
	(void)peer;
	dev->has_listen_port = true;
	return warren_addr_parse_port(&dev->listen_port, value, err);
}

static int fwmark(struct warren_device *dev, struct warren_peer *peer, const char *value,
		  struct warren_error *err)
{
	(void)peer;
	dev->has_fwmark = true;
	return warren_addr_parse_fwmark(&dev->fwmark, value, err);
}

static int bind_device(struct warren_device *dev, struct warren_peer *peer, const char *value,
		       struct warren_error *err)
{
	(void)peer;
	return warren_addr_parse_bind(dev, value, err);
}

static int bind_address(struct warren_device *dev, struct warren_peer *peer, const char *value,
			struct warren_error *err)
{
	(void)peer;
	return warren_addr_parse_bind_address(dev, value, err);
}

static int private_key(struct warren_device *dev, struct warren_peer *peer, const char *value,
		       struct warren_error *err)
{
	(void)peer;
	dev->has_private_key = true;
	return warren_key_from_file(dev->private_key, value, err);
}

static int preshared_key(struct warren_device *dev, struct warren_peer *peer, const char *value,
			 struct warren_error *err)
{
	(void)dev;
	peer->has_preshared_key = true;
	return warren_key_from_file(peer->preshared_key, value, err);
}

static int endpoint(struct warren_device *dev, struct warren_peer *peer, const char *value,
		    struct warren_error *err)
{
	(void)dev;
	return warren_addr_parse_endpoint(peer, value, err);
}

static int keepalive(struct warren_device *dev, struct warren_peer *peer, const char *value,
		     struct warren_error *err)
{
	(void)dev;
	peer->has_keepalive = true;
	return warren_addr_parse_keepalive(&peer->keepalive, value, err);
}

static int allowed_ips(struct warren_device *dev, struct warren_peer *peer, const char *value,
		       struct warren_error *err)
{
	bool incremental = false;

	(void)dev;
	if (warren_addr_parse_allowedips(peer, value, &incremental, err))
		return -1;
	if (!incremental)
		peer->replace_allowedips = true;
	return 0;
}

static const struct argument {
	const char *name;
	bool of_peer;
	int (*parse)(struct warren_device *dev, struct warren_peer *peer, const char *value,
		     struct warren_error *err);
} arguments[] = {
	{"bind", false, bind_device},	     {"bind-address", false, bind_address},
	{"listen-port", false, listen_port}, {"fwmark", false, fwmark},
	{"private-key", false, private_key}, {"preshared-key", true, preshared_key},
	{"endpoint", true, endpoint},	     {"persistent-keepalive", true, keepalive},
	{"allowed-ips", true, allowed_ips},
};

static const struct argument *find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(arguments) / sizeof(*arguments); i++)
		if (!strcmp(arguments[i].name, name))
			return &arguments[i];
	return NULL;
}

static int begin_peer(struct warren_device *dev, struct warren_peer **peer, const char *key,
		      struct warren_error *err)
{
	*peer = warren_device_add_peer(dev);
	if (!*peer)
		return warren_error_nomem(err);
	if (warren_key_from_base64((*peer)->public_key, key))
		return warren_error_set(err, WARREN_E_VALUE,
					"a key has 44 characters of base64, the last of them \"=\"",
					"\"%s\" is not a key", key);
	(*peer)->has_public_key = true;
	return 0;
}

int args_parse_set(struct warren_device *dev, int argc, char **argv, struct warren_error *err)
{
	struct warren_peer *peer = NULL;
	int i;

	for (i = 0; i < argc; i++) {
		bool is_peer = !strcmp(argv[i], "peer");
		const struct argument *a = find(argv[i]);

		warren_error_place(err, NULL, 0, NULL);
		if (peer && !strcmp(argv[i], "remove")) {
			peer->remove = true;
			continue;
		}
		if (!a && !is_peer)
			return warren_error_set(err, WARREN_E_USAGE, NULL,
						strcmp(argv[i], "remove")
							? "there is no argument \"%s\""
							: "\"%s\" must follow \"peer KEY\"",
						argv[i]);
		if (a && a->of_peer != !!peer)
			return warren_error_set(err, WARREN_E_USAGE, NULL,
						peer ? "\"%s\" is the interface's: it must stand "
						       "before the first \"peer\""
						     : "\"%s\" must follow \"peer KEY\"",
						argv[i]);
		warren_error_place(err, NULL, 0, argv[i]);
		if (i + 1 == argc)
			return warren_error_set(err, WARREN_E_USAGE, NULL, "a value must follow");
		i++;
		if (is_peer ? begin_peer(dev, &peer, argv[i], err)
			    : a->parse(dev, peer, argv[i], err))
			return -1;
	}
	return 0;
}
