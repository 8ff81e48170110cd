// SPDX-License-Identifier: GPL-2.0
#include "uapi.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "addr.h"

/* Longest line: an allowed IP or a key with its name. */
#define LINE 512

static int connect_to(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, saved;

	if (!warren_device_name_ok(name)) {
		errno = ENOENT;
		return -1;
	}
	snprintf(sun.sun_path, sizeof(sun.sun_path), WARREN_UAPI_DIR "/%s.sock", name);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&sun, sizeof(sun)))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

bool warren_uapi_present(const char *name)
{
	int fd = connect_to(name);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static FILE *open_stream(const char *name, char *buf, struct warren_error *err)
{
	int fd = connect_to(name);
	FILE *f;

	if (fd < 0) {
		warren_error_errno(err, WARREN_E_NODEV, errno,
				   "cannot connect to the program of %s", name);
		return NULL;
	}
	f = fdopen(fd, "r+");
	if (!f) {
		close(fd);
		warren_error_nomem(err);
		return NULL;
	}
	/* A buffer of ours can be wiped. */
	setvbuf(f, buf, _IOFBF, BUFSIZ);
	return f;
}

static uint64_t number(const char *value)
{
	return strtoull(value, NULL, 10);
}

static int device_line(struct warren_device *dev, const char *key, const char *value)
{
	if (!strcmp(key, "private_key")) {
		if (warren_key_from_hex(dev->private_key, value))
			return -1;
		dev->has_private_key = !warren_key_is_zero(dev->private_key);
	} else if (!strcmp(key, "listen_port")) {
		dev->listen_port = number(value);
		dev->has_listen_port = true;
	} else if (!strcmp(key, "fwmark")) {
		dev->fwmark = number(value);
		dev->has_fwmark = true;
	}
	return 0;
}

static int peer_line(struct warren_peer *peer, const char *key, const char *value,
		     struct warren_error *err)
{
	struct warren_prefix prefix;

	if (!strcmp(key, "preshared_key")) {
		if (warren_key_from_hex(peer->preshared_key, value))
			return -1;
		peer->has_preshared_key = !warren_key_is_zero(peer->preshared_key);
	} else if (!strcmp(key, "endpoint")) {
		return warren_addr_parse_endpoint(peer, value, err);
	} else if (!strcmp(key, "persistent_keepalive_interval")) {
		peer->keepalive = number(value);
		peer->has_keepalive = true;
	} else if (!strcmp(key, "allowed_ip")) {
		if (warren_addr_parse_prefix(&prefix, value, err))
			return -1;
		if (!warren_device_add_allowedip(peer, &prefix))
			return warren_error_nomem(err);
	} else if (!strcmp(key, "last_handshake_time_sec")) {
		peer->handshake_sec = number(value);
	} else if (!strcmp(key, "last_handshake_time_nsec")) {
		peer->handshake_nsec = number(value);
	} else if (!strcmp(key, "rx_bytes")) {
		peer->rx_bytes = number(value);
	} else if (!strcmp(key, "tx_bytes")) {
		peer->tx_bytes = number(value);
	}
	return 0;
}

/* Takes one answer line; returns 1 at its end, -1 if it cannot be. */
static int get_line(struct warren_device *dev, char *line, int *error, struct warren_error *err)
{
	size_t len = strcspn(line, "\n");
	char *value;

	if (!line[len])
		return -1;
	line[len] = '\0';
	if (!len)
		return 1;
	value = strchr(line, '=');
	if (!value)
		return -1;
	*value++ = '\0';
	if (!strcmp(line, "errno")) {
		*error = abs(atoi(value));
	} else if (!strcmp(line, "public_key")) {
		struct warren_peer *peer = warren_device_add_peer(dev);

		if (!peer || warren_key_from_hex(peer->public_key, value))
			return -1;
		peer->has_public_key = true;
	} else if (dev->peers_n) {
		return peer_line(&dev->peers[dev->peers_n - 1], line, value, err);
	} else {
		return device_line(dev, line, value);
	}
	return 0;
}

/* Reads an answer to its end, into dev; the program's errno comes with it. */
static int read_answer(FILE *f, struct warren_device *dev, const char *what,
		       struct warren_error *err)
{
	char line[LINE];
	int error = 0, ret = 0;

	while (!ret) {
		if (!fgets(line, sizeof(line), f))
			ret = -1;
		else
			ret = get_line(dev, line, &error, err);
	}
	warren_key_wipe(line, sizeof(line));
	if (ret < 0)
		return warren_error_set(
			err, WARREN_E_INTERNAL, "restart the program that runs the interface",
			"cannot %s: its program gave an answer that cannot be understood", what);
	if (error)
		return warren_error_errno(err, WARREN_E_KERNEL, error, "cannot %s", what);
	return 0;
}

int warren_uapi_get(struct warren_device *dev, struct warren_error *err)
{
	char buf[BUFSIZ], name[IFNAMSIZ], what[64];
	int ret = -1;
	FILE *f;

	memcpy(name, dev->name, sizeof(name));
	snprintf(what, sizeof(what), "read %s", name);
	f = open_stream(name, buf, err);
	if (!f)
		return -1;
	if (fputs("get=1\n\n", f) < 0 || fflush(f))
		warren_error_errno(err, WARREN_E_KERNEL, errno, "cannot %s", what);
	else
		ret = read_answer(f, dev, what, err);
	fclose(f);
	warren_key_wipe(buf, sizeof(buf));
	if (ret) {
		warren_device_free(dev);
		warren_device_init(dev, name);
	} else if (dev->has_private_key) {
		warren_key_public(dev->public_key, dev->private_key);
		dev->has_public_key = true;
	}
	dev->kind = WARREN_KIND_USERSPACE;
	dev->ifindex = if_nametoindex(name);
	return ret;
}

static void put_key(FILE *f, const char *name, const uint8_t key[WARREN_KEY_BYTES])
{
	char hex[WARREN_KEY_HEX];

	fprintf(f, "%s=%s\n", name, warren_key_to_hex(hex, key));
	warren_key_wipe(hex, sizeof(hex));
}

static void put_peer(FILE *f, const struct warren_peer *peer)
{
	char text[WARREN_ADDR_ENDPOINT];
	size_t i;

	put_key(f, "public_key", peer->public_key);
	if (peer->remove) {
		fputs("remove=true\n", f);
		return;
	}
	if (peer->update_only)
		fputs("update_only=true\n", f);
	if (peer->has_preshared_key)
		put_key(f, "preshared_key", peer->preshared_key);
	if (peer->endpoint.addr.sa_family != AF_UNSPEC)
		fprintf(f, "endpoint=%s\n", warren_addr_print_endpoint(text, &peer->endpoint));
	if (peer->has_keepalive)
		fprintf(f, "persistent_keepalive_interval=%u\n", peer->keepalive);
	if (peer->replace_allowedips)
		fputs("replace_allowed_ips=true\n", f);
	for (i = 0; i < peer->allowedips_n; i++)
		fprintf(f, "allowed_ip=%s%s\n", peer->allowedips[i].remove ? "-" : "",
			warren_addr_print_prefix(text, &peer->allowedips[i].prefix));
}

int warren_uapi_set(const struct warren_device *dev, struct warren_error *err)
{
	struct warren_device nothing;
	char buf[BUFSIZ], what[64];
	int ret = -1;
	size_t i;
	FILE *f;

	snprintf(what, sizeof(what), "change %s", dev->name);
	f = open_stream(dev->name, buf, err);
	if (!f)
		return -1;
	fputs("set=1\n", f);
	if (dev->has_private_key)
		put_key(f, "private_key", dev->private_key);
	if (dev->has_listen_port)
		fprintf(f, "listen_port=%u\n", dev->listen_port);
	if (dev->has_fwmark)
		fprintf(f, "fwmark=%" PRIu32 "\n", dev->fwmark);
	if (dev->replace_peers)
		fputs("replace_peers=true\n", f);
	for (i = 0; i < dev->peers_n; i++)
		put_peer(f, &dev->peers[i]);
	fputs("\n", f);
	if (fflush(f) || ferror(f)) {
		warren_error_errno(err, WARREN_E_KERNEL, errno, "cannot %s", what);
	} else {
		warren_device_init(&nothing, "");
		ret = read_answer(f, &nothing, what, err);
		warren_device_free(&nothing);
	}
	fclose(f);
	warren_key_wipe(buf, sizeof(buf));
	return ret;
}
