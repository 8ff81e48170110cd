/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Plain WireGuard peers: devices that can run WireGuard and nothing else, such as a router, or a
 * telephone with the WireGuard app. An administrator adds one; it gets addresses and a name, and
 * all devices that the policy lets talk with it have it in their map as a WireGuard-only peer.
 * There is no gateway in between: each of them is a WireGuard peer of the device. What the device
 * itself has to know is a configuration file, which is made anew whenever somebody asks for it.
 *
 * A device without a fixed endpoint is found by the packets that it sends. Tailscale clients answer
 * to where the last one came from, but forget it after five seconds; so it has to keep itself in
 * mind (PLAIN_KEEPALIVE).
 */
#ifndef CONTROL_PLAIN_H
#define CONTROL_PLAIN_H

#include "mapper.h"

#define PLAIN_KEEPALIVE	    4
#define PLAIN_MTU	    1280 /* what Tailscale clients use */
#define PLAIN_MAX_ENDPOINTS 8

struct control_plain {
	const char *name;	   /* its label in DNS */
	struct control_user *user; /* owner, or NULL with tags */
	const char *tags;
	struct mesh_key key;		 /* public */
	struct mesh_addrport *endpoints; /* where it can always be reached; may be none */
	size_t n_endpoints;
	struct control_prefixes routes; /* networks behind it */
};

/* Adds the peer. NULL with @err. */
struct control_node *control_plain_add(struct control_state *st, const struct control_plain *p,
				       struct mesh_error *err);

/* What of a peer is to be changed. */
enum control_plain_part {
	PLAIN_KEY = 1 << 0,   /* with a new one its expiry begins anew */
	PLAIN_OWNER = 1 << 1, /* user or tags; the same */
	PLAIN_ENDPOINTS = 1 << 2,
	PLAIN_ROUTES = 1 << 3,
};

/**
 * control_plain_change() - change a plain peer
 * @st: state
 * @node: the peer
 * @p: the new values; its name is not looked at
 * @what: which of them count, bits of enum control_plain_part
 * @err: what is wrong
 *
 * Return: 0, -EEXIST for a key that another node has, -EINVAL, or what the database gave.
 */
int control_plain_change(struct control_state *st, struct control_node *node,
			 const struct control_plain *p, unsigned int what, struct mesh_error *err);

/**
 * control_plain_config() - the configuration file of a plain peer
 * @m: mapper; the policy decides whom the peer may talk with
 * @node: the peer
 * @priv: its private key, or NULL when only the device has it
 * @peers: the nodes that shall be in the file
 * @n: how many; 0 for all that may be
 * @out: text is appended
 * @err: what is wrong: a node that the policy keeps apart from it
 */
bool control_plain_config(struct control_mapper *m, struct control_node *node,
			  const struct mesh_key *priv, struct control_node *const *peers, size_t n,
			  struct mesh_buf *out, struct mesh_error *err);

#endif /* CONTROL_PLAIN_H */
