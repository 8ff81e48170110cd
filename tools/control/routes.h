/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of several routers of one prefix is used: one that is online, kept as long as it is, the
 * lowest node ID when a new one has to be chosen. Exit routes are not exclusive: each device picks.
 */
#ifndef CONTROL_ROUTES_H
#define CONTROL_ROUTES_H

#include "state.h"

struct control_route {
	struct mesh_prefix prefix;
	struct control_node *primary;
};

struct control_routes {
	struct control_route *v;
	size_t n;
};

/**
 * control_routes_update() - choose again after routes or presence changed
 * @routes: the choice so far
 * @st: the nodes
 * @gone: a node that is being removed, or NULL
 *
 * Nodes that won or lost a prefix are told to the listener as changed.
 */
void control_routes_update(struct control_routes *routes, struct control_state *st,
			   const struct control_node *gone);
/* Whether the node is the one that is used for this prefix. */
bool control_routes_primary(const struct control_routes *routes, const struct control_node *node,
			    const struct mesh_prefix *prefix);
/**
 * control_routes_best() - the router that is used for a prefix, of some
 * @st: the nodes
 * @prefix: the prefix
 * @one_of: whether a node is among them
 * @ctx: for @one_of
 */
struct control_node *
control_routes_best(struct control_state *st, const struct mesh_prefix *prefix,
		    bool (*one_of)(const struct control_node *router, void *ctx), void *ctx);
void control_routes_free(struct control_routes *routes);

#endif /* CONTROL_ROUTES_H */
