// SPDX-License-Identifier: GPL-2.0
#include "routes.h"

#include <stdlib.h>
#include <string.h>

static struct control_route *find(const struct control_routes *routes,
				  const struct mesh_prefix *prefix)
{
	for (size_t i = 0; i < routes->n; i++)
		if (mesh_text_prefix_same(&routes->v[i].prefix, prefix))
			return &routes->v[i];
	return NULL;
}

static bool eligible(const struct control_node *n, const struct mesh_prefix *prefix,
		     const struct control_node *gone)
{
	return n && n != gone && control_node_serves(n, prefix) && !control_node_expired(n);
}

/* Nobody knows whether a plain WireGuard peer is there; one that is online is better. */
static int presence(const struct control_node *n)
{
	return n->online ? 2 : n->plain ? 1 : 0;
}

/* The best router of a prefix: the present one, an online one, any one. */
static struct control_node *choose(struct control_state *st, const struct mesh_prefix *prefix,
				   struct control_node *present, const struct control_node *gone)
{
	struct control_node *best = NULL;

	if (eligible(present, prefix, gone))
		best = present;
	if (best && presence(best) == 2)
		return best;
	for (size_t i = 0; i < st->n_slots; i++) {
		struct control_node *n = st->nodes[i];

		if (eligible(n, prefix, gone) &&
		    (!best || presence(n) > presence(best) ||
		     (presence(n) == presence(best) && best != present && n->id < best->id)))
			best = n;
	}
	return best;
}

struct control_node *
control_routes_best(struct control_state *st, const struct mesh_prefix *prefix,
		    bool (*one_of)(const struct control_node *router, void *ctx), void *ctx)
{
	struct control_node *best = NULL;

	for (size_t i = 0; i < st->n_slots; i++) {
		struct control_node *n = st->nodes[i];

		if (eligible(n, prefix, NULL) && one_of(n, ctx) &&
		    (!best || presence(n) > presence(best) ||
		     (presence(n) == presence(best) && n->id < best->id)))
			best = n;
	}
	return best;
}

void control_routes_update(struct control_routes *routes, struct control_state *st,
			   const struct control_node *gone)
{
	for (size_t i = 0; i < st->n_slots; i++) {
		const struct control_node *n = st->nodes[i];

		for (size_t k = 0; n && k < n->approved.n; k++) {
			const struct mesh_prefix *p = &n->approved.v[k];

			if (!p->bits || find(routes, p) || !eligible(n, p, gone))
				continue;
			routes->v = mesh_realloc(routes->v, (routes->n + 1) * sizeof(*routes->v));
			routes->v[routes->n++] = (struct control_route){.prefix = *p};
		}
	}
	for (size_t i = 0; i < routes->n;) {
		struct control_route *r = &routes->v[i];
		struct control_node *old = r->primary;

		r->primary = choose(st, &r->prefix, old, gone);
		if (r->primary != old) {
			if (old && old != gone)
				control_state_changed(st, old, CHANGE_WHOLE);
			if (r->primary)
				control_state_changed(st, r->primary, CHANGE_WHOLE);
		}
		if (r->primary)
			i++;
		else
			*r = routes->v[--routes->n];
	}
}

bool control_routes_primary(const struct control_routes *routes, const struct control_node *node,
			    const struct mesh_prefix *prefix)
{
	const struct control_route *r = find(routes, prefix);

	return r && r->primary == node;
}

void control_routes_free(struct control_routes *routes)
{
	free(routes->v);
	memset(routes, 0, sizeof(*routes));
}
