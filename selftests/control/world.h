/* SPDX-License-Identifier: GPL-2.0 */
/* A small mesh in memory for the tests: a state on a scratch database, a mapper, captured streams.
 */
#ifndef WORLD_H
#define WORLD_H

#include "login.h"
#include "mapper.h"

/* What one stream has been told, as the client would see it. */
struct seen {
	struct mesh_arena arena;
	struct mesh_zframe zframe;
	unsigned int messages;
	size_t bytes;
	bool gone;
	char *last; /* JSON of the last message */
	struct mesh_map_response map;
};

struct world {
	struct control_config *config;
	struct control_state *st;
	struct control_mapper *m;
	struct control_login *login;
	unsigned int woken;
	char dir[64];
};

extern int64_t world_clock; /* what control_now() gives */

void world_open(struct world *w);
/* Closes and opens again on the same database. */
void world_reopen(struct world *w);
/* Only closes. */
void world_detach(struct world *w);
void world_close(struct world *w);
struct control_user *world_user(struct world *w, const char *name);
/* A node with machine and node key seq(@n), seq(@n + 1); @user NULL with @tags. */
struct control_node *world_node(struct world *w, struct control_user *user, const char *tags,
				uint8_t n, const char *hostname);
/* Routes that the node advertises, space-separated. */
void world_routes(struct world *w, struct control_node *node, const char *routes);
/* Puts the policy in force; false prints the error. */
bool world_policy(struct world *w, const char *text);

struct control_stream *world_stream(struct world *w, struct control_node *node, struct seen *seen);
void seen_free(struct seen *seen);
/* Number of peers in the last message's PeersChanged. */
bool seen_has(const struct seen *seen, const char *text);
/* Forgets the messages so far. */
void seen_clear(struct seen *seen);

#endif /* WORLD_H */
