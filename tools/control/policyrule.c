// SPDX-License-Identifier: GPL-2.0
/* The rules of the policy: acls and grants, which become edges. */
#include "policyparse.h"

#include <stdlib.h>
#include <string.h>

static bool read_port(const char **p, uint16_t *port)
{
	unsigned int v = 0;
	const char *start = *p;

	for (; **p >= '0' && **p <= '9' && v < 65536; (*p)++)
		v = v * 10 + (unsigned int)(**p - '0');
	*port = (uint16_t)v;
	return *p > start && v < 65536;
}

/* "*", "22", "80,443", "8000-8999" */
static bool read_ports(struct policy_parser *s, const struct control_hujson *at, const char *text,
		       struct policy_edge *e)
{
	const char *p = text;

	e->ports.v = mesh_arena_alloc(s->arena, (strlen(text) / 2 + 1) * sizeof(*e->ports.v));
	e->ports.n = 0;
	if (!strcmp(text, "*")) {
		e->ports.v[e->ports.n++] = (struct policy_ports){0, 65535};
		return true;
	}
	do {
		struct policy_ports *r = &e->ports.v[e->ports.n++];

		if (!read_port(&p, &r->first))
			break;
		r->last = r->first;
		if (*p == '-') {
			p++;
			if (!read_port(&p, &r->last))
				break;
		}
		if (!r->first || r->last < r->first)
			break;
		if (!*p)
			return true;
	} while (*p++ == ',');
	control_hujson_error(s->err, at,
			     "\"%s\" are no ports: \"*\", \"22\", \"80,443\" or \"8000-8999\"",
			     text);
	return false;
}

int64_t policy_read_protocol(struct policy_parser *s, const struct control_hujson *at,
			     const char *text, size_t len)
{
	static const struct {
		const char *name;
		int64_t number;
	} names[] = {{"icmp", 1}, {"igmp", 2},	     {"ipv4", 4},  {"ip-in-ip", 4}, {"tcp", 6},
		     {"egp", 8},  {"igp", 9},	     {"udp", 17},  {"gre", 47},	    {"esp", 50},
		     {"ah", 51},  {"ipv6-icmp", 58}, {"sctp", 132}};
	int64_t number = -1;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == len && !memcmp(names[i].name, text, len))
			number = names[i].number;
	if (number < 0 && len && len <= 3 && strspn(text, "0123456789") >= len &&
	    (text[0] != '0' || len == 1))
		number = atoi(text);
	if (number >= 0 && number <= 255)
		return number;
	control_hujson_error(s->err, at, "unknown protocol \"%.*s\"", (int)len, text);
	return -1;
}

static bool read_protocol(struct policy_parser *s, const struct control_hujson *at,
			  const char *text, size_t len, struct policy_edge *e)
{
	int64_t number = policy_read_protocol(s, at, text, len);

	if (number < 0)
		return false;
	/* "icmp" means both families', as ping does. */
	e->protocols.v = mesh_arena_alloc(s->arena, 2 * sizeof(*e->protocols.v));
	e->protocols.v[0] = number;
	e->protocols.v[1] = 58;
	e->protocols.n = number == 1 ? 2 : 1;
	return true;
}

bool policy_has_ports(int64_t protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 132;
}

static bool ports_fit(struct policy_parser *s, const struct control_hujson *at,
		      const struct policy_edge *e)
{
	int64_t proto = e->protocols.n ? e->protocols.v[0] : 6;

	if (policy_has_ports(proto) ||
	    (e->ports.n == 1 && !e->ports.v[0].first && e->ports.v[0].last == 65535))
		return true;
	control_hujson_error(s->err, at, "only tcp, udp and sctp have ports; use \"*\"");
	return false;
}

static struct policy_edge *add_edge(struct policy_parser *s, const struct control_hujson *at)
{
	struct control_policy *p = s->policy;
	struct policy_edge *e;

	if (p->n_edges == POLICY_MAX_EDGES) {
		control_hujson_error(s->err, at, "more than %d destinations in all rules",
				     POLICY_MAX_EDGES);
		return NULL;
	}
	/* Doubles; old arrays stay in the arena until the policy is freed. */
	if (!(p->n_edges & (p->n_edges - 1))) {
		struct policy_edge *v =
			mesh_arena_alloc(s->arena, (p->n_edges ? 2 * p->n_edges : 1) * sizeof(*v));

		if (p->n_edges)
			memcpy(v, p->edges, p->n_edges * sizeof(*v));
		p->edges = v;
	}
	e = &p->edges[p->n_edges++];
	memset(e, 0, sizeof(*e));
	e->rule = p->n_rules;
	return e;
}

static bool read_destination(struct policy_parser *s, const struct control_hujson *at,
			     const char *text, const struct policy_aliases *src,
			     struct policy_alias *dst)
{
	if (!policy_read_alias(s, at, text, dst))
		return false;
	if (dst->kind == ALIAS_DANGER) {
		control_hujson_error(s->err, at, "\"%s\" can only be a source", text);
		return false;
	}
	/* It only says something about the owners of devices. */
	for (size_t i = 0; dst->kind == ALIAS_SELF && i < src->n; i++) {
		enum policy_alias_kind k = src->v[i].kind;

		if (k != ALIAS_USER && k != ALIAS_GROUP && k != ALIAS_MEMBER && k != ALIAS_ANY) {
			control_hujson_error(s->err, at,
					     "\"autogroup:self\" needs users, groups, "
					     "autogroup:member or * as sources");
			return false;
		}
	}
	return true;
}

bool policy_read_acl(struct policy_parser *s, const struct control_hujson *v)
{
	static const char *const names[] = {"action", "proto", "src", "dst", NULL};
	const struct control_hujson *action, *proto, *src, *dst;
	struct policy_aliases *from = &s->policy->rules[s->policy->n_rules];

	if (!policy_is_object(s, v) || !policy_only(s, v, names) ||
	    !(action = policy_need(s, v, "action")) || !(src = policy_need(s, v, "src")) ||
	    !(dst = policy_need(s, v, "dst")))
		return false;
	if (action->type != HUJSON_STRING || strcmp(action->string, "accept")) {
		control_hujson_error(s->err, action,
				     "the only action is \"accept\"; everything "
				     "that no rule accepts is refused");
		return false;
	}
	if (!policy_read_aliases(s, src, from, PLACE_SOURCES) || !policy_is_list(s, dst))
		return false;
	proto = control_hujson_get(v, "proto");
	if (proto && !policy_is_string(s, proto))
		return false;
	for (const struct control_hujson *item = dst->first; item; item = item->next) {
		struct policy_edge *e = add_edge(s, item);
		const char *colon;
		char *alias;
		size_t len;

		if (!e || !policy_is_string(s, item))
			return false;
		colon = strrchr(item->string, ':');
		if (!colon || colon == item->string) {
			control_hujson_error(s->err, item,
					     "\"%s\" needs ports after a colon, like \"%s:*\"",
					     item->string, item->string);
			return false;
		}
		len = (size_t)(colon - item->string);
		alias = mesh_arena_strdup(s->arena, item->string, len);
		if (alias[0] == '[' && alias[len - 1] == ']') {
			alias[len - 1] = 0;
			alias++;
		}
		if (!read_destination(s, item, alias, from, &e->dst) ||
		    !read_ports(s, item, colon + 1, e))
			return false;
		if (proto && *proto->string &&
		    !read_protocol(s, proto, proto->string, strlen(proto->string), e))
			return false;
		if (!ports_fit(s, item, e))
			return false;
	}
	s->policy->n_rules++;
	return true;
}

/* "*", "443", "tcp:443,8000-9000", "icmp:*" */
static bool read_grant_ip(struct policy_parser *s, const struct control_hujson *item,
			  struct policy_edge *e)
{
	const char *colon = strchr(item->string, ':');

	if (colon && !read_protocol(s, item, item->string, (size_t)(colon - item->string), e))
		return false;
	return read_ports(s, item, colon ? colon + 1 : item->string, e) && ports_fit(s, item, e);
}

static const char *app_json(struct policy_parser *s, const struct control_hujson *app)
{
	struct mesh_buf out = {0};
	const char *text;

	if (!policy_is_object(s, app))
		return NULL;
	for (const struct control_hujson *cap = app->first; cap; cap = cap->next)
		if (!policy_is_list(s, cap))
			return NULL;
	control_hujson_json(&out, app);
	text = mesh_arena_strdup(s->arena, (char *)out.data, out.len);
	mesh_buf_free(&out);
	return text;
}

/* The routers by which the sources shall go. */
static bool read_via(struct policy_parser *s, const struct control_hujson *via,
		     const struct control_hujson *app, struct policy_aliases *out)
{
	if (app) {
		control_hujson_error(s->err, via, "\"via\" is about routes, not about \"app\"");
		return false;
	}
	if (!policy_read_aliases(s, via, out, PLACE_DEVICES))
		return false;
	for (size_t i = 0; i < out->n; i++) {
		if (out->v[i].kind != ALIAS_TAG) {
			control_hujson_error(s->err, via, "\"via\" takes tags of routers");
			return false;
		}
	}
	if (!out->n)
		control_hujson_error(s->err, via, "\"via\" is empty");
	return out->n;
}

/* Only what is behind a router can be reached by one. */
static bool via_fits(struct policy_parser *s, const struct control_hujson *at,
		     const struct policy_alias *to)
{
	if (to->kind == ALIAS_PREFIX || to->kind == ALIAS_INTERNET)
		return true;
	control_hujson_error(s->err, at,
			     "with \"via\" the destination must be a prefix, a host or "
			     "autogroup:internet");
	return false;
}

bool policy_read_grant(struct policy_parser *s, const struct control_hujson *v)
{
	static const char *const names[] = {"src", "dst", "ip", "app", "via", NULL};
	const struct control_hujson *src, *dst, *ip, *app, *via;
	struct policy_aliases *from = &s->policy->rules[s->policy->n_rules];
	struct policy_aliases routers = {0};
	const char *caps = NULL;

	if (!policy_is_object(s, v) || !policy_only(s, v, names) ||
	    !(src = policy_need(s, v, "src")) || !(dst = policy_need(s, v, "dst")) ||
	    !policy_read_aliases(s, src, from, PLACE_SOURCES) || !policy_is_list(s, dst))
		return false;
	ip = control_hujson_get(v, "ip");
	app = control_hujson_get(v, "app");
	if (!ip && !app) {
		control_hujson_error(s->err, v, "a grant needs \"ip\" or \"app\"");
		return false;
	}
	via = control_hujson_get(v, "via");
	if (via && !read_via(s, via, app, &routers))
		return false;
	if ((ip && !policy_is_list(s, ip)) || (app && !(caps = app_json(s, app))))
		return false;
	for (const struct control_hujson *d = dst->first; d; d = d->next) {
		struct policy_alias to;
		struct policy_edge *e;

		if (!policy_is_string(s, d) || !read_destination(s, d, d->string, from, &to) ||
		    (via && !via_fits(s, d, &to)))
			return false;
		for (const struct control_hujson *i = ip ? ip->first : NULL; i; i = i->next) {
			e = add_edge(s, i);
			if (!e || !policy_is_string(s, i))
				return false;
			e->dst = to;
			e->via = routers;
			s->policy->has_via |= routers.n != 0;
			if (!read_grant_ip(s, i, e))
				return false;
		}
		if (caps) {
			e = add_edge(s, d);
			if (!e)
				return false;
			e->dst = to;
			e->app = caps;
		}
	}
	s->policy->n_rules++;
	return true;
}
