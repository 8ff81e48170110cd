// SPDX-License-Identifier: GPL-2.0
#include "netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../module/uapi/warren.h"
#include "genl.h"
#include "stats.h"

/* A device that changes faster than it can be read is read this often. */
#define TRIES 16

struct reading {
	struct warren_device *dev;
	struct warren_peer *peer;
};

static bool is_size(const struct nlattr *attr, size_t size)
{
	return mnl_attr_get_payload_len(attr) == size;
}

static void get_key(uint8_t key[WARREN_KEY_BYTES], bool *has, const struct nlattr *attr)
{
	if (!is_size(attr, WARREN_KEY_BYTES))
		return;
	memcpy(key, mnl_attr_get_payload(attr), WARREN_KEY_BYTES);
	*has = !warren_key_is_zero(key);
}

static uint64_t get_u64(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U64) < 0 ? 0 : mnl_attr_get_u64(attr);
}

static int allowedip_attr(const struct nlattr *attr, void *data)
{
	struct warren_prefix *p = data;

	switch (mnl_attr_get_type(attr)) {
	case WARREN_ALLOWEDIP_A_FAMILY:
		if (mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
			p->family = mnl_attr_get_u16(attr);
		break;
	case WARREN_ALLOWEDIP_A_IPADDR:
		if (is_size(attr, sizeof(p->ip4)))
			memcpy(&p->ip4, mnl_attr_get_payload(attr), sizeof(p->ip4));
		else if (is_size(attr, sizeof(p->ip6)))
			memcpy(&p->ip6, mnl_attr_get_payload(attr), sizeof(p->ip6));
		break;
	case WARREN_ALLOWEDIP_A_CIDR_MASK:
		if (mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
			p->cidr = mnl_attr_get_u8(attr);
		break;
	}
	return MNL_CB_OK;
}

static int allowedip_nest(const struct nlattr *attr, void *data)
{
	struct warren_peer *peer = data;
	struct warren_prefix p = {};

	if (mnl_attr_parse_nested(attr, allowedip_attr, &p) < 0)
		return MNL_CB_ERROR;
	if ((p.family == AF_INET && p.cidr <= 32) || (p.family == AF_INET6 && p.cidr <= 128)) {
		if (!warren_device_add_allowedip(peer, &p)) {
			errno = ENOMEM;
			return MNL_CB_ERROR;
		}
	}
	return MNL_CB_OK;
}

static void get_endpoint(struct warren_peer *peer, const struct nlattr *attr)
{
	const struct sockaddr *sa = mnl_attr_get_payload(attr);

	if (is_size(attr, sizeof(peer->endpoint.in)) && sa->sa_family == AF_INET)
		memcpy(&peer->endpoint.in, sa, sizeof(peer->endpoint.in));
	else if (is_size(attr, sizeof(peer->endpoint.in6)) && sa->sa_family == AF_INET6)
		memcpy(&peer->endpoint.in6, sa, sizeof(peer->endpoint.in6));
}

static void get_time(struct warren_peer *peer, const struct nlattr *attr)
{
	int64_t time[2];

	if (!is_size(attr, sizeof(time)))
		return;
	memcpy(time, mnl_attr_get_payload(attr), sizeof(time));
	peer->handshake_sec = time[0];
	peer->handshake_nsec = time[1];
}

static int stats_attr(const struct nlattr *attr, void *data)
{
	uint16_t type = mnl_attr_get_type(attr);
	uint64_t *stats = data;

	/* One that is newer than this program has no name. */
	if (type < WARREN_STATS_N)
		stats[type] = get_u64(attr);
	return MNL_CB_OK;
}

static int get_stats(struct warren_peer *peer, const struct nlattr *attr)
{
	if (!peer->stats)
		peer->stats = calloc(WARREN_STATS_N, sizeof(*peer->stats));
	if (!peer->stats) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	return mnl_attr_parse_nested(attr, stats_attr, peer->stats);
}

static int peer_attr(const struct nlattr *attr, void *data)
{
	struct warren_peer *peer = data;

	switch (mnl_attr_get_type(attr)) {
	case WARREN_PEER_A_PUBLIC_KEY:
		get_key(peer->public_key, &peer->has_public_key, attr);
		break;
	case WARREN_PEER_A_PRESHARED_KEY:
		get_key(peer->preshared_key, &peer->has_preshared_key, attr);
		break;
	case WARREN_PEER_A_ENDPOINT:
		get_endpoint(peer, attr);
		break;
	case WARREN_PEER_A_PERSISTENT_KEEPALIVE_INTERVAL:
		if (mnl_attr_validate(attr, MNL_TYPE_U16) >= 0) {
			peer->keepalive = mnl_attr_get_u16(attr);
			peer->has_keepalive = true;
		}
		break;
	case WARREN_PEER_A_LAST_HANDSHAKE_TIME:
		get_time(peer, attr);
		break;
	case WARREN_PEER_A_RX_BYTES:
		peer->rx_bytes = get_u64(attr);
		break;
	case WARREN_PEER_A_TX_BYTES:
		peer->tx_bytes = get_u64(attr);
		break;
	case WARREN_PEER_A_ALLOWEDIPS:
		return mnl_attr_parse_nested(attr, allowedip_nest, peer);
	case WARREN_PEER_A_STATS:
		return get_stats(peer, attr);
	}
	return MNL_CB_OK;
}

static int find_public_key(const struct nlattr *attr, void *data)
{
	const uint8_t **key = data;

	if (mnl_attr_get_type(attr) == WARREN_PEER_A_PUBLIC_KEY && is_size(attr, WARREN_KEY_BYTES))
		*key = mnl_attr_get_payload(attr);
	return MNL_CB_OK;
}

static int peer_nest(const struct nlattr *attr, void *data)
{
	struct reading *r = data;
	const uint8_t *key = NULL;

	if (mnl_attr_parse_nested(attr, find_public_key, &key) < 0)
		return MNL_CB_ERROR;
	/* The same peer again: the rest of its allowed IPs. */
	if (!r->peer || !key || !warren_key_equal(key, r->peer->public_key))
		r->peer = warren_device_add_peer(r->dev);
	if (!r->peer) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	return mnl_attr_parse_nested(attr, peer_attr, r->peer);
}

/*
 * The number is what the sockets are bound to; the name, where there still is one,
 * comes after it, and is what people write.
 */
static void get_bind(struct warren_device *dev, const struct nlattr *attr)
{
	if (mnl_attr_get_type(attr) == WARREN_DEVICE_A_BIND_IFNAME) {
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(dev->bind, sizeof(dev->bind), "%s", mnl_attr_get_str(attr));
	} else if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 && mnl_attr_get_u32(attr)) {
		snprintf(dev->bind, sizeof(dev->bind), "%u", mnl_attr_get_u32(attr));
	}
}

static int device_attr(const struct nlattr *attr, void *data)
{
	struct reading *r = data;
	struct warren_device *dev = r->dev;

	switch (mnl_attr_get_type(attr)) {
	case WARREN_DEVICE_A_IFINDEX:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			dev->ifindex = mnl_attr_get_u32(attr);
		break;
	case WARREN_DEVICE_A_PRIVATE_KEY:
		get_key(dev->private_key, &dev->has_private_key, attr);
		break;
	case WARREN_DEVICE_A_PUBLIC_KEY:
		get_key(dev->public_key, &dev->has_public_key, attr);
		break;
	case WARREN_DEVICE_A_LISTEN_PORT:
		if (mnl_attr_validate(attr, MNL_TYPE_U16) >= 0) {
			dev->listen_port = mnl_attr_get_u16(attr);
			dev->has_listen_port = true;
		}
		break;
	case WARREN_DEVICE_A_FWMARK:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
			dev->fwmark = mnl_attr_get_u32(attr);
			dev->has_fwmark = true;
		}
		break;
	case WARREN_DEVICE_A_BIND_IFINDEX:
	case WARREN_DEVICE_A_BIND_IFNAME:
		get_bind(dev, attr);
		break;
	case WARREN_DEVICE_A_BIND_ADDR4:
		if (is_size(attr, sizeof(dev->bind4)))
			memcpy(&dev->bind4, mnl_attr_get_payload(attr), sizeof(dev->bind4));
		break;
	case WARREN_DEVICE_A_BIND_ADDR6:
		if (is_size(attr, sizeof(dev->bind6)))
			memcpy(&dev->bind6, mnl_attr_get_payload(attr), sizeof(dev->bind6));
		break;
	case WARREN_DEVICE_A_PEERS:
		return mnl_attr_parse_nested(attr, peer_nest, r);
	}
	return MNL_CB_OK;
}

static int device_message(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), device_attr, data);
}

int warren_netlink_get(struct warren_device *dev, struct warren_error *err)
{
	bool warren = dev->kind == WARREN_KIND_WARREN, stats = dev->want_stats;
	enum warren_kind kind = dev->kind;
	char name[IFNAMSIZ], what[64];
	struct warren_genl genl;
	int tries, ret = -1;

	if (warren_genl_open(&genl, warren ? WARREN_GENL_NAME : WARREN_COMPAT_NAME,
			     WARREN_GENL_VERSION, err))
		return -1;
	memcpy(name, dev->name, sizeof(name));
	snprintf(what, sizeof(what), "read %s", name);
	for (tries = 0; tries < TRIES; tries++) {
		struct reading reading = {.dev = dev};
		bool interrupted = false;
		struct nlmsghdr *nlh;

		nlh = warren_genl_begin(&genl, WARREN_CMD_GET_DEVICE, NLM_F_DUMP);
		mnl_attr_put_strz(nlh, WARREN_DEVICE_A_IFNAME, name);
		if (warren && stats)
			mnl_attr_put_u32(nlh, WARREN_DEVICE_A_FLAGS, WARREN_DEVICE_F_STATS);
		ret = warren_genl_run(&genl, nlh, device_message, &reading, &interrupted, what,
				      err);
		if (ret && (errno == ENODEV || errno == EOPNOTSUPP))
			err->code = WARREN_E_NODEV;
		if (!ret && !interrupted)
			break;
		warren_device_free(dev);
		warren_device_init(dev, name);
		dev->kind = kind;
		if (ret)
			break;
		ret = warren_error_set(err, WARREN_E_KERNEL, "try again when it is quieter",
				       "cannot read %s: it is changed all the time", name);
	}
	warren_genl_close(&genl);
	return ret;
}
