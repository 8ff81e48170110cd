/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A policy applied to the nodes there are. Nodes for which every rule says the same are one class:
 * whether two nodes see each other is a few AND operations on the bit sets of their classes, and
 * is not worked out again for each pair of nodes.
 *
 * The sources of a rule become a text of addresses once, for all packet filters that use it; its
 * version moves when the text does, so that a stream knows what it has been told already.
 */
#ifndef CONTROL_REACH_H
#define CONTROL_REACH_H

#include "policy.h"

struct control_class {
	const struct control_user *user; /* NULL for tagged nodes */
	uint64_t *src_rules;		 /* rules of which the node is a source */
	uint64_t *src;			 /* the edges of those rules */
	uint64_t *dst;			 /* edges of which the node is a destination */
};

/* Who the sources of a rule are, as filters write it: JSON strings with commas between. */
struct control_sources {
	const struct control_user *user; /* of the devices of one user, for autogroup:self */
	char *text;
	uint32_t version;
	bool stale;
	struct control_sources *next;
};

struct control_reach {
	struct control_state *state;
	struct control_policy *policy;
	size_t rule_words;
	size_t edge_words;
	uint64_t *self_edges; /* edges to autogroup:self */
	struct control_class **classes;
	size_t n_classes;
	struct control_class **of; /* class of each node, by slot */
	size_t n_of;
	struct control_sources *sources; /* one a rule */
	struct control_sources *own;	 /* one a user with devices */
	uint32_t version;
};

static inline bool control_reach_bit(const uint64_t *set, size_t i)
{
	return set[i / 64] >> (i % 64) & 1;
}

struct control_reach *control_reach_new(struct control_state *st);
void control_reach_free(struct control_reach *r);

/* Puts a policy in force and classifies all nodes. Takes over @policy. */
void control_reach_set(struct control_reach *r, struct control_policy *policy);

/**
 * control_reach_update() - classify a node
 * @r: the relation
 * @node: new, or with other owner, tags, routes; a removed one with @gone
 * @gone: whether it is being removed
 *
 * Sources that it was or is in become stale; control_reach_refresh() renews them.
 *
 * Return: whether its class is another one now.
 */
bool control_reach_update(struct control_reach *r, struct control_node *node, bool gone);
/* Renews the texts of stale sources, and moves the version of those that differ. */
void control_reach_refresh(struct control_reach *r);

struct control_class *control_reach_class(const struct control_reach *r,
					  const struct control_node *node);
/* Whether @a may open connections to @b. */
bool control_reach_to(const struct control_reach *r, const struct control_class *a,
		      const struct control_class *b);
/* Whether the two appear in each other's map. */
bool control_reach_sees(const struct control_reach *r, const struct control_node *a,
			const struct control_node *b);
/* What the grants with "via" say about a route and a viewer. */
enum control_via {
	VIA_ANY,   /* nothing */
	VIA_THIS,  /* it goes by this router */
	VIA_OTHER, /* it goes by others */
};

enum control_via control_reach_via(const struct control_reach *r, const struct control_node *viewer,
				   const struct control_node *router,
				   const struct mesh_prefix *route);
/* Whether @viewer may use a route that @router serves, as far as no "via" speaks of it. */
bool control_reach_route(const struct control_reach *r, const struct control_node *viewer,
			 const struct control_node *router, const struct mesh_prefix *route);

/* The version of what node's filter for this rule says; 0 when the rule does not concern it. */
uint32_t control_reach_version(struct control_reach *r, const struct control_node *node,
			       size_t rule);
/* Appends the filter rules of one policy rule for a node: a JSON list. */
void control_reach_filter(struct control_reach *r, const struct control_node *node, size_t rule,
			  struct mesh_buf *out);

/* Whether the address is neither private nor shared nor multicast. */
bool control_reach_is_internet(const struct mesh_ip *ip);

/**
 * control_reach_test() - run the tests of the policy
 * @r: the relation, with the policy to be tested in force
 * @err: which test failed and why
 *
 * Return: whether all hold. Names without a device yet hold in "deny" and fail in "accept".
 */
bool control_reach_test(struct control_reach *r, struct mesh_error *err);

#endif /* CONTROL_REACH_H */
