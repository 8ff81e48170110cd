// SPDX-License-Identifier: GPL-2.0
/* Streams, gathering of changes, and the differences that are sent. */
#include "mapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Changes for which there is a patch, and those that need the whole node. */
#define PATCHES (CHANGE_ENDPOINTS | CHANGE_DERP | CHANGE_DISCO | CHANGE_ONLINE)

/* A message under construction. */
struct message {
	struct mesh_buf json;
	struct mesh_buf changed;
	struct mesh_buf patched;
	struct mesh_buf profiles;
	struct mesh_buf removed;
	const struct control_user *users[16]; /* whose profile is in it */
	size_t n_users;
};

static bool knows(const struct control_stream *s, uint32_t slot)
{
	return slot / 64 < s->words && s->known[slot / 64] >> (slot % 64) & 1;
}

static void learn(struct control_stream *s, uint32_t slot, bool known)
{
	size_t word = slot / 64;

	if (word >= s->words) {
		size_t n = word + 1 + word / 2;

		s->known = mesh_realloc(s->known, n * sizeof(*s->known));
		memset(s->known + s->words, 0, (n - s->words) * sizeof(*s->known));
		s->words = n;
	}
	if (known)
		s->known[word] |= (uint64_t)1 << (slot % 64);
	else
		s->known[word] &= ~((uint64_t)1 << (slot % 64));
}

static void wake(struct control_mapper *m)
{
	if (m->pending)
		return;
	m->pending = true;
	m->wake(m->wake_ctx);
}

static void add_dirty(struct control_mapper *m, struct control_node *node, unsigned int what)
{
	if (!node->change) {
		if (!(m->n_dirty & (m->n_dirty - 1)))
			m->dirty = mesh_realloc(m->dirty, (m->n_dirty ? 2 * m->n_dirty : 1) *
								  sizeof(*m->dirty));
		m->dirty[m->n_dirty++] = node;
	}
	node->change |= what;
}

static void drop_dirty(struct control_mapper *m, struct control_node *node)
{
	for (size_t i = 0; i < m->n_dirty; i++) {
		if (m->dirty[i] == node) {
			m->dirty[i] = m->dirty[--m->n_dirty];
			return;
		}
	}
}

static void add_removed(struct control_stream *s, int64_t id)
{
	size_t n = s->removed.n;

	if (!(n & (n - 1)))
		s->removed.v = mesh_realloc(s->removed.v, (n ? 2 * n : 1) * sizeof(*s->removed.v));
	s->removed.v[s->removed.n++] = id;
}

/* Ends the streams of a node that may not go on with them. */
static void end_streams(struct control_mapper *m, const struct control_node *node)
{
	struct control_stream *s, *next;

	for (s = m->streams; s; s = next) {
		next = s->next;
		if (s->node == node)
			s->events->gone(s->ctx);
	}
}

/* The listener. */
static void changed(void *ctx, struct control_node *node, unsigned int what)
{
	struct control_mapper *m = ctx;

	/* The policy may speak of a user who has this name only now. */
	for (size_t i = 0; what & CHANGE_USERS && i < m->state->n_slots; i++)
		if (m->state->nodes[i] && control_reach_update(m->reach, m->state->nodes[i], false))
			add_dirty(m, m->state->nodes[i], CHANGE_REACH);
	if (node) {
		free(node->wire);
		node->wire = NULL;
		if (what & (CHANGE_REMOVED | CHANGE_KEY))
			end_streams(m, node);
		if (what & (CHANGE_ADDED | CHANGE_REACH | CHANGE_WHOLE))
			control_reach_update(m->reach, node, false);
		if (node->approved.n &&
		    what & (CHANGE_ADDED | CHANGE_REACH | CHANGE_ONLINE | CHANGE_EXPIRY))
			m->new_routes = true;
		if (what & CHANGE_REMOVED) {
			drop_dirty(m, node);
			control_reach_update(m->reach, node, true);
			/* Its slot may belong to another node by the time of the flush. */
			for (struct control_stream *s = m->streams; s; s = s->next) {
				if (knows(s, node->slot)) {
					add_removed(s, node->id);
					learn(s, node->slot, false);
				}
			}
			control_routes_update(&m->routes, m->state, node);
		} else {
			add_dirty(m, node, what);
		}
	}
	wake(m);
}

struct control_mapper *control_mapper_new(struct control_state *st, const char *derp_map,
					  void (*wake_fn)(void *ctx), void *ctx)
{
	struct control_mapper *m = mesh_alloc(sizeof(*m));
	struct mesh_error err;

	m->state = st;
	m->wake = wake_fn;
	m->wake_ctx = ctx;
	m->dns = control_mapnode_dns(st->config);
	m->derp_map = mesh_strdup(derp_map);
	m->reach = control_reach_new(st);
	control_reach_set(m->reach, control_policy_parse(control_policy_default,
							 strlen(control_policy_default), &err));
	st->changed = changed;
	st->changed_ctx = m;
	control_routes_update(&m->routes, st, NULL);
	return m;
}

void control_mapper_free(struct control_mapper *m)
{
	if (!m)
		return;
	while (m->streams)
		control_mapper_close(m->streams);
	m->state->changed = NULL;
	control_reach_free(m->reach);
	control_routes_free(&m->routes);
	mesh_zframe_free(&m->zframe);
	mesh_buf_free(&m->last.json);
	mesh_buf_free(&m->last.frame);
	free(m->dirty);
	free(m->dns);
	free(m->derp_map);
	free(m);
}

void control_mapper_set_policy(struct control_mapper *m, struct control_policy *policy)
{
	control_reach_set(m->reach, policy);
	m->new_policy = true;
	wake(m);
}

void control_mapper_set_derp_map(struct control_mapper *m, const char *json)
{
	free(m->derp_map);
	m->derp_map = mesh_strdup(json);
	m->new_derp_map = true;
	wake(m);
}

/* Begins a member; the caller appends its value. */
static void member(struct mesh_buf *json, const char *name)
{
	mesh_buf_printf(json, "%s\"%s\":", json->len ? "," : "{", name);
}

static void list_member(struct mesh_buf *json, const char *name, const struct mesh_buf *items)
{
	if (!items->len)
		return;
	member(json, name);
	mesh_buf_str(json, "[");
	mesh_buf_add(json, items->data, items->len);
	mesh_buf_str(json, "]");
}

static void item(struct mesh_buf *list)
{
	if (list->len)
		mesh_buf_str(list, ",");
}

static void add_profile(struct message *msg, const struct control_user *user)
{
	const size_t max = sizeof(msg->users) / sizeof(msg->users[0]);

	for (size_t i = 0; i < msg->n_users; i++)
		if (msg->users[i] == user)
			return;
	/* Beyond that many, one may come twice: receivers replace it. */
	msg->users[msg->n_users < max ? msg->n_users++ : max - 1] = user;
	item(&msg->profiles);
	control_mapnode_profile(user, &msg->profiles);
}

/* As control_node_expired(), without asking the clock a million times. */
static bool expired(const struct control_mapper *m, const struct control_node *node)
{
	return node->expires && node->expires <= m->now;
}

static bool visible(struct control_mapper *m, const struct control_node *viewer,
		    const struct control_node *node)
{
	return viewer != node && !expired(m, viewer) && !expired(m, node) &&
	       control_reach_sees(m->reach, viewer, node);
}

/* Notes in the message what a change to a node means to the stream. */
static void consider(struct control_stream *s, struct control_node *node, unsigned int what,
		     struct message *msg)
{
	struct control_mapper *m = s->mapper;
	bool known = knows(s, node->slot);

	if (!visible(m, s->node, node)) {
		if (known) {
			add_removed(s, node->id);
			learn(s, node->slot, false);
		}
		return;
	}
	if (!known || what & ~PATCHES) {
		learn(s, node->slot, true);
		item(&msg->changed);
		control_mapnode_json(m, node, s->node, &msg->changed);
		add_profile(msg, node->user);
	} else if (what) {
		item(&msg->patched);
		control_mapnode_patch(node, what, &msg->patched);
	}
}

/* Filters whose content differs from what the stream was told. */
static void add_filters(struct control_stream *s, bool all, struct mesh_buf *json)
{
	struct control_reach *r = s->mapper->reach;
	size_t n = r->policy->n_rules;
	const char *sep = "";
	bool any = false;

	if (all) {
		s->filters = mesh_realloc(s->filters, (n + 1) * sizeof(*s->filters));
		memset(s->filters, 0, (n + 1) * sizeof(*s->filters));
		s->n_filters = n;
		member(json, "PacketFilters");
		/* Forget what was before; an empty filter blocks, no filter at all would wait. */
		mesh_buf_str(json, "{\"*\":null,\"base\":[]");
		sep = ",";
		any = true;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t version = control_reach_version(r, s->node, i);

		if (version == s->filters[i])
			continue;
		if (!any) {
			member(json, "PacketFilters");
			mesh_buf_str(json, "{");
			any = true;
		}
		mesh_buf_printf(json, "%s\"rule%zu\":", sep, i);
		sep = ",";
		if (version)
			control_reach_filter(r, s->node, i, json);
		else
			mesh_buf_str(json, "null");
		s->filters[i] = version;
	}
	if (any)
		mesh_buf_str(json, "}");
}

static void add_removals(struct control_stream *s, struct message *msg)
{
	for (size_t i = 0; i < s->removed.n; i++)
		mesh_buf_printf(&msg->removed, "%s%lld", i ? "," : "", (long long)s->removed.v[i]);
	free(s->removed.v);
	memset(&s->removed, 0, sizeof(s->removed));
}

static void free_message(struct message *msg)
{
	mesh_buf_free(&msg->json);
	mesh_buf_free(&msg->changed);
	mesh_buf_free(&msg->patched);
	mesh_buf_free(&msg->profiles);
	mesh_buf_free(&msg->removed);
}

static void transmit(struct control_stream *s, struct mesh_buf *json)
{
	struct control_mapper *m = s->mapper;

	if (m->last.compress != s->compress || m->last.json.len != json->len ||
	    memcmp(m->last.json.data, json->data, json->len)) {
		mesh_buf_free(&m->last.json);
		mesh_buf_free(&m->last.frame);
		mesh_zframe_write(&m->zframe, &m->last.frame, json->data, json->len, s->compress);
		m->last.json = *json;
		m->last.compress = s->compress;
		memset(json, 0, sizeof(*json));
	}
	m->messages++;
	m->bytes += m->last.frame.len;
	s->events->send(s->ctx, m->last.frame.data, m->last.frame.len);
}

static void finish(struct control_stream *s, struct message *msg)
{
	add_removals(s, msg);
	list_member(&msg->json, "PeersRemoved", &msg->removed);
	list_member(&msg->json, "PeersChanged", &msg->changed);
	list_member(&msg->json, "PeersChangedPatch", &msg->patched);
	list_member(&msg->json, "UserProfiles", &msg->profiles);
	if (msg->json.len) {
		mesh_buf_str(&msg->json, "}");
		transmit(s, &msg->json);
	}
	free_message(msg);
}

static void add_self(struct control_stream *s, struct message *msg)
{
	member(&msg->json, "Node");
	control_mapnode_json(s->mapper, s->node, NULL, &msg->json);
	add_profile(msg, s->node->user);
}

static void add_dns(struct control_mapper *m, struct message *msg)
{
	member(&msg->json, "DNSConfig");
	mesh_buf_str(&msg->json, m->dns);
}

static void add_derp_map(struct control_mapper *m, struct message *msg)
{
	member(&msg->json, "DERPMap");
	mesh_buf_str(&msg->json, m->derp_map);
}

static void whole_map(struct control_stream *s)
{
	struct control_mapper *m = s->mapper;
	struct message msg = {0};
	char now[MESH_TIME_TEXT];

	m->now = control_now();
	control_reach_refresh(m->reach);
	add_self(s, &msg);
	add_derp_map(m, &msg);
	add_dns(m, &msg);
	mesh_text_time(now, m->now);
	member(&msg.json, "Domain");
	mesh_codec_string(&msg.json, m->state->config->dns.base_domain);
	member(&msg.json, "CollectServices");
	mesh_buf_str(&msg.json, "false");
	member(&msg.json, "Debug");
	mesh_buf_str(&msg.json, "{\"DisableLogTail\":true}");
	member(&msg.json, "ControlTime");
	mesh_buf_printf(&msg.json, "\"%s\"", now);
	add_filters(s, true, &msg.json);
	for (size_t i = 0; i < m->state->n_slots; i++)
		if (m->state->nodes[i])
			consider(s, m->state->nodes[i], 0, &msg);
	/* As the first message, an upsert of every peer is the whole list; and may be empty. */
	finish(s, &msg);
}

struct control_stream *control_mapper_open(struct control_mapper *m, struct control_node *node,
					   bool compress,
					   const struct control_stream_events *events, void *ctx)
{
	struct control_stream *s = mesh_alloc(sizeof(*s));

	s->mapper = m;
	s->node = node;
	s->compress = compress;
	s->events = events;
	s->ctx = ctx;
	s->next = m->streams;
	s->prev = &m->streams;
	if (s->next)
		s->next->prev = &s->next;
	m->streams = s;
	m->n_streams++;
	whole_map(s);
	return s;
}

void control_mapper_close(struct control_stream *s)
{
	*s->prev = s->next;
	if (s->next)
		s->next->prev = s->prev;
	s->mapper->n_streams--;
	free(s->known);
	free(s->filters);
	free(s->removed.v);
	free(s);
}

void control_mapper_keep_alive(struct control_stream *s)
{
	struct mesh_buf json = {0};

	mesh_buf_str(&json, "{\"KeepAlive\":true}");
	transmit(s, &json);
	mesh_buf_free(&json);
}

void control_mapper_expire(struct control_mapper *m)
{
	for (size_t i = 0; i < m->state->n_slots; i++) {
		struct control_node *n = m->state->nodes[i];

		if (n && n->told_expired != control_node_expired(n)) {
			n->told_expired = control_node_expired(n);
			control_state_changed(m->state, n, CHANGE_EXPIRY);
		}
	}
}

/* What one stream has to be told of everything since the last flush. */
static void flush_stream(struct control_stream *s, bool filters)
{
	struct control_mapper *m = s->mapper;
	const unsigned int self =
		CHANGE_WHOLE | CHANGE_KEY | CHANGE_EXPIRY | CHANGE_REACH | CHANGE_ADDED;
	struct message msg = {0};
	bool reach;

	if (m->new_policy || s->node->change & self)
		add_self(s, &msg);
	if (m->new_derp_map)
		add_derp_map(m, &msg);
	reach = m->new_policy || s->node->change & CHANGE_REACH;
	if (reach || s->node->change & CHANGE_EXPIRY) {
		/* Any pair may be different now; who is known and has no change costs little. */
		add_filters(s, true, &msg.json);
		for (size_t i = 0; i < m->state->n_slots; i++) {
			struct control_node *n = m->state->nodes[i];

			if (!n)
				continue;
			/* What it may use of a router's routes is in the router's node. */
			consider(s, n, n->change | (reach && n->approved.n ? CHANGE_WHOLE : 0),
				 &msg);
		}
	} else {
		if (filters)
			add_filters(s, false, &msg.json);
		for (size_t i = 0; i < m->n_dirty; i++)
			consider(s, m->dirty[i], m->dirty[i]->change, &msg);
	}
	finish(s, &msg);
}

/* Routes that the policy approves by itself. */
static void approve_routes(struct control_mapper *m)
{
	for (size_t i = 0; i < m->n_dirty; i++) {
		struct control_node *n = m->dirty[i];
		struct mesh_prefix *all;
		size_t count = n->approved.n;
		struct mesh_error err;

		if (!(n->change & (CHANGE_REACH | CHANGE_ADDED)) || !n->advertised.n)
			continue;
		all = mesh_alloc((count + n->advertised.n) * sizeof(*all));
		if (count)
			memcpy(all, n->approved.v, count * sizeof(*all));
		for (size_t k = 0; k < n->advertised.n; k++)
			if (control_node_waits(n, &n->advertised.v[k]) &&
			    control_policy_approves(m->reach->policy, n, &n->advertised.v[k]))
				all[count++] = n->advertised.v[k];
		if (count > n->approved.n)
			control_node_approve(m->state, n, all, count, &err);
		free(all);
	}
}

/* Who goes by which router is different for each viewer: all look again. */
static void tell_routers(struct control_mapper *m)
{
	for (size_t i = 0; i < m->state->n_slots; i++)
		if (m->state->nodes[i] && m->state->nodes[i]->approved.n)
			add_dirty(m, m->state->nodes[i], CHANGE_WHOLE);
}

void control_mapper_flush(struct control_mapper *m)
{
	m->now = control_now();
	approve_routes(m);
	if (m->new_routes)
		control_routes_update(&m->routes, m->state, NULL);
	if (m->new_routes && m->reach->policy->has_via)
		tell_routers(m);
	control_reach_refresh(m->reach);
	for (struct control_stream *s = m->streams; s; s = s->next)
		flush_stream(s, m->reach->version != m->told_version);
	for (size_t i = 0; i < m->n_dirty; i++)
		m->dirty[i]->change = 0;
	m->n_dirty = 0;
	m->told_version = m->reach->version;
	m->pending = m->new_policy = m->new_derp_map = m->new_routes = false;
	mesh_buf_free(&m->last.json);
	mesh_buf_free(&m->last.frame);
}
