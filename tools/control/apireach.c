// SPDX-License-Identifier: GPL-2.0
/*
 * Who may reach whom, as the policy in force was compiled: groups of nodes that are alike, and what
 * each may open on another. With ?node=NAME only what concerns that node.
 */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#define MAX_GROUPS 100
#define MAX_NAMES  50 /* of a group */

struct group {
	struct control_class *class;
	json_t *nodes;
	size_t n;
	const struct control_node *first;
};

static bool leads(const struct control_reach *r, const struct control_class *from,
		  const struct control_class *to, size_t edge)
{
	return control_reach_bit(from->src, edge) && control_reach_bit(to->dst, edge) &&
	       (r->policy->edges[edge].dst.kind != ALIAS_SELF ||
		(from->user && from->user == to->user));
}

static void add_protocols(struct mesh_buf *out, const struct policy_edge *e)
{
	static const struct {
		int64_t number;
		const char *name;
	} names[] = {{1, "icmp"}, {6, "tcp"}, {17, "udp"}, {58, "icmpv6"}, {132, "sctp"}};

	for (size_t i = 0; i < e->protocols.n; i++) {
		const char *name = NULL;

		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (names[k].number == e->protocols.v[i])
				name = names[k].name;
		mesh_buf_str(out, i ? "+" : "");
		if (name)
			mesh_buf_str(out, name);
		else
			mesh_buf_printf(out, "%lld", (long long)e->protocols.v[i]);
	}
	if (e->protocols.n)
		mesh_buf_str(out, ":");
}

/* "tcp:22,443", "*", "10.0.0.0/8 *", or the name of a capability. */
static json_t *access_json(const struct policy_edge *e)
{
	struct mesh_buf out = {0};
	char prefix[MESH_ADDR_TEXT];
	json_t *text;

	if (e->dst.kind == ALIAS_PREFIX) {
		mesh_text_prefix(prefix, &e->dst.prefix);
		mesh_buf_printf(&out, "%s ", prefix);
	} else if (e->dst.kind == ALIAS_INTERNET) {
		mesh_buf_str(&out, "internet ");
	}
	if (e->app) {
		mesh_buf_str(&out, "capability");
	} else {
		add_protocols(&out, e);
		for (size_t i = 0; i < e->ports.n; i++) {
			const struct policy_ports *p = &e->ports.v[i];

			mesh_buf_str(&out, i ? "," : "");
			if (!p->first && p->last == 65535)
				mesh_buf_str(&out, "*");
			else if (p->first == p->last)
				mesh_buf_printf(&out, "%u", p->first);
			else
				mesh_buf_printf(&out, "%u-%u", p->first, p->last);
		}
	}
	text = json_stringn((char *)out.data, out.len);
	mesh_buf_free(&out);
	return text;
}

/* What the nodes of one class may open on those of another; NULL for nothing. */
static json_t *link_json(const struct control_reach *r, const struct control_class *from,
			 const struct control_class *to)
{
	json_t *list = json_array(), *item, *text;
	size_t i;

	for (size_t edge = 0; edge < r->policy->n_edges; edge++) {
		bool known = false;

		if (!leads(r, from, to, edge))
			continue;
		text = access_json(&r->policy->edges[edge]);
		json_array_foreach(list, i, item) known |= json_equal(item, text);
		if (known)
			json_decref(text);
		else
			json_array_append_new(list, text);
	}
	if (json_array_size(list))
		return list;
	json_decref(list);
	return NULL;
}

static struct group *group_of(struct group *groups, size_t n, const struct control_class *class)
{
	for (size_t i = 0; i < n; i++)
		if (groups[i].class == class)
			return &groups[i];
	return NULL;
}

static void get_reach(struct control_call *c)
{
	const struct control_reach *r = c->srv->mapper->reach;
	struct control_class *about = NULL;
	struct group groups[MAX_GROUPS];
	json_t *list = json_array(), *links = json_array();
	size_t n = 0, left = 0;
	char name[64];

	if (control_http_query(c->req->query, "node", name, sizeof(name))) {
		struct control_node *node = control_api_node(c, name);

		if (!node)
			goto out;
		about = control_reach_class(r, node);
	}
	for (size_t i = 0; i < c->st->n_slots; i++) {
		const struct control_node *node = c->st->nodes[i];
		struct control_class *class = node ? control_reach_class(r, node) : NULL;
		struct group *g;

		if (!class || (about && class != about && !control_reach_to(r, about, class) &&
			       !control_reach_to(r, class, about)))
			continue;
		g = group_of(groups, n, class);
		if (!g && n == MAX_GROUPS) {
			left++;
			continue;
		}
		if (!g) {
			g = &groups[n++];
			*g = (struct group){class, json_array(), 0, node};
		}
		if (g->n++ < MAX_NAMES)
			json_array_append_new(g->nodes, json_string(node->name));
	}
	for (size_t i = 0; i < n; i++) {
		const struct control_node *first = groups[i].first;

		json_array_append_new(
			list, json_pack("{s:o, s:o, s:o, s:I}", "user",
					first->user ? json_string(first->user->name) : json_null(),
					"tags", control_api_words(first->tags), "nodes",
					groups[i].nodes, "count", (json_int_t)groups[i].n));
		for (size_t k = 0; k < n; k++) {
			json_t *access;

			/* A lone node does not need to reach itself. */
			if ((i == k && groups[i].n == 1) ||
			    (about && groups[i].class != about && groups[k].class != about))
				continue;
			access = link_json(r, groups[i].class, groups[k].class);
			if (access)
				json_array_append_new(
					links, json_pack("{s:I, s:I, s:o}", "from", (json_int_t)i,
							 "to", (json_int_t)k, "access", access));
		}
	}
	c->out = json_pack("{s:O, s:O, s:I}", "groups", list, "links", links, "left",
			   (json_int_t)left);
out:
	json_decref(list);
	json_decref(links);
}

const struct control_api_call control_api_reach[] = {
	{"GET", "reach", get_reach},
	{NULL, NULL, NULL},
};
