/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each device is told of the mesh. A stream gets the whole map once; after that only what
 * changed, gathered for a moment: a changed peer whole, a moved endpoint or presence as a patch, a
 * packet filter rule whose sources are others now. A stream that a change does not concern gets
 * nothing. What a stream was told is remembered as a bit for each peer and a version for each rule.
 *
 *   mapper.c     streams, gathering, differences
 *   mapnode.c    nodes, users, DNS and relays as JSON
 */
#ifndef CONTROL_MAPPER_H
#define CONTROL_MAPPER_H

#include "reach.h"
#include "routes.h"
#include "zframe.h"

struct control_mapper;

struct control_stream_events {
	/* A framed message. Must not close the stream. */
	void (*send)(void *ctx, const void *data, size_t len);
	/* The node was removed or has another key: the receiver closes the stream. */
	void (*gone)(void *ctx);
};

struct control_stream {
	struct control_mapper *mapper;
	struct control_stream *next;
	struct control_stream **prev;
	struct control_node *node;
	bool compress;
	const struct control_stream_events *events;
	void *ctx;

	uint64_t *known; /* peers it was told, by slot */
	size_t words;
	uint32_t *filters; /* version of each rule it was told */
	size_t n_filters;
	mesh_ints removed; /* peers that went since the last message */
};

struct control_mapper {
	struct control_state *state;
	struct control_reach *reach;
	struct control_routes routes;
	struct control_stream *streams;
	size_t n_streams;
	/* Called when there is something to flush, once until the flush. */
	void (*wake)(void *ctx);
	void *wake_ctx;

	struct control_node **dirty;
	size_t n_dirty;
	bool pending;
	bool new_policy;
	bool new_derp_map;
	bool new_routes;
	int64_t now;	       /* seconds, of the message being made */
	uint32_t told_version; /* of the reach at the last flush */
	struct mesh_zframe zframe;
	char *dns;	/* JSON */
	char *derp_map; /* JSON */
	struct {
		struct mesh_buf json;
		struct mesh_buf frame;
		bool compress;
	} last; /* the last message of a flush, as many streams get the same */

	/* Counters. */
	uint64_t messages;
	uint64_t bytes;
};

/**
 * control_mapper_new() - map for a state
 * @st: becomes the mapper's: it sets the listener
 * @derp_map: JSON of a DERPMap; copied
 * @wake: see above
 * @ctx: for @wake
 *
 * The default policy is in force.
 */
struct control_mapper *control_mapper_new(struct control_state *st, const char *derp_map,
					  void (*wake)(void *ctx), void *ctx);
void control_mapper_free(struct control_mapper *m);

/* Takes over the policy. */
void control_mapper_set_policy(struct control_mapper *m, struct control_policy *policy);
void control_mapper_set_derp_map(struct control_mapper *m, const char *json);

/* A node's stream; the whole map is sent from within. */
struct control_stream *control_mapper_open(struct control_mapper *m, struct control_node *node,
					   bool compress,
					   const struct control_stream_events *events, void *ctx);
void control_mapper_close(struct control_stream *s);
/* Tells every stream what changed. */
void control_mapper_flush(struct control_mapper *m);
/* Notes nodes whose keys expired since the last call. */
void control_mapper_expire(struct control_mapper *m);
/* A message that only says that the server is there. */
void control_mapper_keep_alive(struct control_stream *s);

/* For mapper.c, in mapnode.c. */
/* Appends the node as JSON; @viewer sees of its routes what it may use, NULL is the node itself. */
void control_mapnode_json(struct control_mapper *m, struct control_node *node,
			  const struct control_node *viewer, struct mesh_buf *out);
/* The prefixes that @viewer may send to the node: its addresses, and routes that it serves. */
void control_mapnode_allowed(struct control_mapper *m, struct control_node *node,
			     const struct control_node *viewer, struct mesh_arena *arena,
			     mesh_prefixes *out);
void control_mapnode_patch(const struct control_node *node, unsigned int what,
			   struct mesh_buf *out);
void control_mapnode_profile(const struct control_user *user, struct mesh_buf *out);
char *control_mapnode_dns(const struct control_config *config);

#endif /* CONTROL_MAPPER_H */
