// SPDX-License-Identifier: GPL-2.0
/* Parsing and checking of the policy. */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char control_policy_default[] =
	"{\"acls\": [{\"action\": \"accept\", \"src\": [\"autogroup:member\"], "
	"\"dst\": [\"autogroup:self:*\"]}]}";

struct parser {
	struct control_policy *policy;
	struct mesh_arena *arena;
	struct mesh_error *err;
	const struct control_hujson *hosts;
	const struct control_hujson *tag_owners;
};

static bool wrong(struct parser *s, const struct control_hujson *v, const char *want)
{
	control_hujson_error(s->err, v, "%s%s%smust be %s, not %s", v->name ? "\"" : "",
			     v->name ? v->name : "this ", v->name ? "\" " : "", want,
			     control_hujson_type_name(v->type));
	return false;
}

static bool is_list(struct parser *s, const struct control_hujson *v)
{
	return v->type == HUJSON_ARRAY || wrong(s, v, "a list");
}

static bool is_object(struct parser *s, const struct control_hujson *v)
{
	return v->type == HUJSON_OBJECT || wrong(s, v, "an object");
}

static bool is_string(struct parser *s, const struct control_hujson *v)
{
	return v->type == HUJSON_STRING || wrong(s, v, "a string");
}

/* The members that an object may have; NULL ends the list. */
static bool only(struct parser *s, const struct control_hujson *object, const char *const *names)
{
	for (const struct control_hujson *v = object->first; v; v = v->next) {
		size_t i = 0;

		while (names[i] && strcmp(names[i], v->name))
			i++;
		if (!names[i]) {
			control_hujson_error(s->err, v, "unknown member \"%s\"", v->name);
			return false;
		}
	}
	return true;
}

static bool read_strings(struct parser *s, const struct control_hujson *v, mesh_strings *out)
{
	if (!is_list(s, v))
		return false;
	out->v = mesh_arena_alloc(s->arena, v->n * sizeof(*out->v));
	out->set = true;
	for (const struct control_hujson *item = v->first; item; item = item->next) {
		if (!is_string(s, item))
			return false;
		out->v[out->n++] = item->string;
	}
	return true;
}

static bool read_alias(struct parser *s, const struct control_hujson *at, const char *text,
		       struct policy_alias *out)
{
	static const struct {
		const char *name;
		enum policy_alias_kind kind;
	} autogroups[] = {
		{"autogroup:member", ALIAS_MEMBER},
		{"autogroup:tagged", ALIAS_TAGGED},
		{"autogroup:self", ALIAS_SELF},
		{"autogroup:internet", ALIAS_INTERNET},
	};
	const struct control_hujson *host;

	memset(out, 0, sizeof(*out));
	out->name = text;
	if (!strcmp(text, "*")) {
		out->kind = ALIAS_ANY;
		return true;
	}
	if (!strncmp(text, "autogroup:", 10)) {
		for (size_t i = 0; i < sizeof(autogroups) / sizeof(autogroups[0]); i++) {
			if (!strcmp(text, autogroups[i].name)) {
				out->kind = autogroups[i].kind;
				return true;
			}
		}
		control_hujson_error(s->err, at, "unknown autogroup \"%s\"", text);
		return false;
	}
	if (!strncmp(text, "group:", 6)) {
		out->kind = ALIAS_GROUP;
		for (out->group = s->policy->groups; out->group; out->group = out->group->next)
			if (!strcmp(out->group->name, text))
				return true;
		control_hujson_error(s->err, at, "\"%s\" is not defined in \"groups\"", text);
		return false;
	}
	if (!strncmp(text, "tag:", 4)) {
		out->kind = ALIAS_TAG;
		if (s->tag_owners && control_hujson_get(s->tag_owners, text))
			return true;
		control_hujson_error(s->err, at, "\"%s\" is not defined in \"tagOwners\"", text);
		return false;
	}
	if (strchr(text, '@')) {
		out->kind = ALIAS_USER;
		return true;
	}
	out->kind = ALIAS_PREFIX;
	host = s->hosts ? control_hujson_get(s->hosts, text) : NULL;
	if (mesh_text_unprefix(&out->prefix, host ? host->string : text))
		return true;
	control_hujson_error(
		s->err, at,
		"\"%s\" is no address, no prefix with zero host bits and not defined in "
		"\"hosts\" (a user is written with an @)",
		text);
	return false;
}

static bool read_aliases(struct parser *s, const struct control_hujson *v,
			 struct policy_aliases *out, bool device_only)
{
	if (!is_list(s, v))
		return false;
	out->v = mesh_arena_alloc(s->arena, v->n * sizeof(*out->v));
	for (const struct control_hujson *item = v->first; item; item = item->next) {
		if (!is_string(s, item) || !read_alias(s, item, item->string, &out->v[out->n]))
			return false;
		if (device_only &&
		    (out->v[out->n].kind == ALIAS_SELF || out->v[out->n].kind == ALIAS_INTERNET)) {
			control_hujson_error(s->err, item, "\"%s\" cannot be used here",
					     item->string);
			return false;
		}
		out->n++;
	}
	return true;
}

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
static bool read_ports(struct parser *s, const struct control_hujson *at, const char *text,
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

static bool read_protocol(struct parser *s, const struct control_hujson *at, const char *text,
			  size_t len, struct policy_edge *e)
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
	if (number < 0 || number > 255) {
		control_hujson_error(s->err, at, "unknown protocol \"%.*s\"", (int)len, text);
		return false;
	}
	/* "icmp" means both families', as ping does. */
	e->protocols.v = mesh_arena_alloc(s->arena, 2 * sizeof(*e->protocols.v));
	e->protocols.v[0] = number;
	e->protocols.v[1] = 58;
	e->protocols.n = number == 1 ? 2 : 1;
	return true;
}

static bool ports_fit(struct parser *s, const struct control_hujson *at,
		      const struct policy_edge *e)
{
	int64_t proto = e->protocols.n ? e->protocols.v[0] : 6;

	if (proto == 6 || proto == 17 || proto == 132 ||
	    (e->ports.n == 1 && !e->ports.v[0].first && e->ports.v[0].last == 65535))
		return true;
	control_hujson_error(s->err, at, "only tcp, udp and sctp have ports; use \"*\"");
	return false;
}

static struct policy_edge *add_edge(struct parser *s, const struct control_hujson *at)
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

/* "autogroup:self" only says something about the owners of devices. */
static bool self_fits(struct parser *s, const struct control_hujson *at,
		      const struct policy_alias *dst, const struct policy_aliases *src)
{
	if (dst->kind != ALIAS_SELF)
		return true;
	for (size_t i = 0; i < src->n; i++) {
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

static const struct control_hujson *need(struct parser *s, const struct control_hujson *object,
					 const char *name)
{
	const struct control_hujson *v = control_hujson_get(object, name);

	if (!v)
		control_hujson_error(s->err, object, "\"%s\" is missing", name);
	return v;
}

static bool read_acl(struct parser *s, const struct control_hujson *v)
{
	static const char *const names[] = {"action", "proto", "src", "dst", NULL};
	const struct control_hujson *action, *proto, *src, *dst;
	struct policy_aliases *from = &s->policy->rules[s->policy->n_rules];

	if (!is_object(s, v) || !only(s, v, names) || !(action = need(s, v, "action")) ||
	    !(src = need(s, v, "src")) || !(dst = need(s, v, "dst")))
		return false;
	if (action->type != HUJSON_STRING || strcmp(action->string, "accept")) {
		control_hujson_error(s->err, action,
				     "the only action is \"accept\"; everything "
				     "that no rule accepts is refused");
		return false;
	}
	if (!read_aliases(s, src, from, true) || !is_list(s, dst))
		return false;
	proto = control_hujson_get(v, "proto");
	if (proto && !is_string(s, proto))
		return false;
	for (const struct control_hujson *item = dst->first; item; item = item->next) {
		struct policy_edge *e = add_edge(s, item);
		const char *colon;
		char *alias;
		size_t len;

		if (!e || !is_string(s, item))
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
		if (!read_alias(s, item, alias, &e->dst) || !self_fits(s, item, &e->dst, from) ||
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
static bool read_grant_ip(struct parser *s, const struct control_hujson *item,
			  struct policy_edge *e)
{
	const char *colon = strchr(item->string, ':');

	if (colon && !read_protocol(s, item, item->string, (size_t)(colon - item->string), e))
		return false;
	return read_ports(s, item, colon ? colon + 1 : item->string, e) && ports_fit(s, item, e);
}

static void to_json(struct mesh_buf *out, const struct control_hujson *v)
{
	const char *sep = "";

	switch (v->type) {
	case HUJSON_NULL:
		mesh_buf_str(out, "null");
		break;
	case HUJSON_BOOL:
		mesh_buf_str(out, v->boolean ? "true" : "false");
		break;
	case HUJSON_NUMBER:
		mesh_buf_printf(out, "%.17g", v->number);
		break;
	case HUJSON_STRING:
		mesh_codec_string(out, v->string);
		break;
	case HUJSON_ARRAY:
	case HUJSON_OBJECT:
		mesh_buf_str(out, v->type == HUJSON_ARRAY ? "[" : "{");
		for (const struct control_hujson *i = v->first; i; i = i->next, sep = ",") {
			mesh_buf_str(out, sep);
			if (i->name) {
				mesh_codec_string(out, i->name);
				mesh_buf_str(out, ":");
			}
			to_json(out, i);
		}
		mesh_buf_str(out, v->type == HUJSON_ARRAY ? "]" : "}");
		break;
	}
}

static const char *app_json(struct parser *s, const struct control_hujson *app)
{
	struct mesh_buf out = {0};
	const char *text;

	if (!is_object(s, app))
		return NULL;
	for (const struct control_hujson *cap = app->first; cap; cap = cap->next)
		if (!is_list(s, cap))
			return NULL;
	to_json(&out, app);
	text = mesh_arena_strdup(s->arena, (char *)out.data, out.len);
	mesh_buf_free(&out);
	return text;
}

static bool read_grant(struct parser *s, const struct control_hujson *v)
{
	static const char *const names[] = {"src", "dst", "ip", "app", NULL};
	const struct control_hujson *src, *dst, *ip, *app;
	struct policy_aliases *from = &s->policy->rules[s->policy->n_rules];
	const char *caps = NULL;

	if (!is_object(s, v) || !only(s, v, names) || !(src = need(s, v, "src")) ||
	    !(dst = need(s, v, "dst")) || !read_aliases(s, src, from, true) || !is_list(s, dst))
		return false;
	ip = control_hujson_get(v, "ip");
	app = control_hujson_get(v, "app");
	if (!ip && !app) {
		control_hujson_error(s->err, v, "a grant needs \"ip\" or \"app\"");
		return false;
	}
	if ((ip && !is_list(s, ip)) || (app && !(caps = app_json(s, app))))
		return false;
	for (const struct control_hujson *d = dst->first; d; d = d->next) {
		struct policy_alias to;
		struct policy_edge *e;

		if (!is_string(s, d) || !read_alias(s, d, d->string, &to) ||
		    !self_fits(s, d, &to, from))
			return false;
		for (const struct control_hujson *i = ip ? ip->first : NULL; i; i = i->next) {
			e = add_edge(s, i);
			if (!e || !is_string(s, i))
				return false;
			e->dst = to;
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

static bool read_groups(struct parser *s, const struct control_hujson *v)
{
	if (!is_object(s, v))
		return false;
	for (const struct control_hujson *g = v->first; g; g = g->next) {
		struct policy_group *group = mesh_arena_alloc(s->arena, sizeof(*group));

		if (strncmp(g->name, "group:", 6) || !g->name[6]) {
			control_hujson_error(s->err, g,
					     "the name of a group begins with \"group:\"");
			return false;
		}
		if (!read_strings(s, g, &group->members))
			return false;
		for (const struct control_hujson *m = g->first; m; m = m->next) {
			bool foreign = !strncmp(m->string, POLICY_OIDC, strlen(POLICY_OIDC)) &&
				       m->string[strlen(POLICY_OIDC)];

			if (!foreign && !strchr(m->string, '@')) {
				control_hujson_error(s->err, m,
						     "\"%s\" is no user: write \"%s@\", or "
						     "\"oidc:NAME\" for a group of the identity "
						     "provider (groups cannot be nested)",
						     m->string, m->string);
				return false;
			}
		}
		group->name = g->name;
		group->next = s->policy->groups;
		s->policy->groups = group;
	}
	return true;
}

static bool read_hosts(struct parser *s, const struct control_hujson *v)
{
	struct mesh_prefix p;

	if (!is_object(s, v))
		return false;
	for (const struct control_hujson *h = v->first; h; h = h->next) {
		if (strpbrk(h->name, ":@*/")) {
			control_hujson_error(s->err, h, "a host name has no : @ * or / in it");
			return false;
		}
		if (!is_string(s, h))
			return false;
		if (!mesh_text_unprefix(&p, h->string)) {
			control_hujson_error(
				s->err, h, "\"%s\" is no address and no prefix with zero host bits",
				h->string);
			return false;
		}
	}
	s->hosts = v;
	return true;
}

static bool read_tag_owners(struct parser *s, const struct control_hujson *v)
{
	struct control_policy *p = s->policy;

	if (!is_object(s, v))
		return false;
	s->tag_owners = v;
	p->tag_owners.v = mesh_arena_alloc(s->arena, v->n * sizeof(*p->tag_owners.v));
	for (const struct control_hujson *t = v->first; t; t = t->next) {
		struct policy_owner *o = &p->tag_owners.v[p->tag_owners.n++];
		struct mesh_error inner;

		if (!control_preauth_tags_ok(t->name, &inner) || strchr(t->name, ' ')) {
			control_hujson_error(s->err, t, "%s", inner.text);
			return false;
		}
		o->tag = t->name;
		if (!read_aliases(s, t, &o->owners, true))
			return false;
	}
	return true;
}

static bool read_approvers(struct parser *s, const struct control_hujson *v)
{
	static const char *const names[] = {"routes", "exitNode", NULL};
	struct control_policy *p = s->policy;
	const struct control_hujson *routes, *exit_node;

	if (!is_object(s, v) || !only(s, v, names))
		return false;
	routes = control_hujson_get(v, "routes");
	exit_node = control_hujson_get(v, "exitNode");
	if (routes && !is_object(s, routes))
		return false;
	p->approvers.v = mesh_arena_alloc(s->arena,
					  ((routes ? routes->n : 0) + 1) * sizeof(*p->approvers.v));
	for (const struct control_hujson *r = routes ? routes->first : NULL; r; r = r->next) {
		struct policy_approver *a = &p->approvers.v[p->approvers.n++];

		if (!mesh_text_unprefix(&a->prefix, r->name)) {
			control_hujson_error(s->err, r, "\"%s\" is no prefix with zero host bits",
					     r->name);
			return false;
		}
		if (!read_aliases(s, r, &a->who, true))
			return false;
	}
	return !exit_node ||
	       read_aliases(s, exit_node, &p->approvers.v[p->approvers.n++].who, true);
}

static bool read_attrs(struct parser *s, const struct control_hujson *v)
{
	static const char *const names[] = {"target", "attr", NULL};
	struct control_policy *p = s->policy;

	if (!is_list(s, v))
		return false;
	p->attrs.v = mesh_arena_alloc(s->arena, v->n * sizeof(*p->attrs.v));
	for (const struct control_hujson *item = v->first; item; item = item->next) {
		struct policy_attr *a = &p->attrs.v[p->attrs.n++];
		const struct control_hujson *target, *attr;

		if (!is_object(s, item) || !only(s, item, names) ||
		    !(target = need(s, item, "target")) || !(attr = need(s, item, "attr")) ||
		    !read_aliases(s, target, &a->target, true) || !read_strings(s, attr, &a->attr))
			return false;
	}
	return true;
}

static bool read_tests(struct parser *s, const struct control_hujson *v)
{
	static const char *const names[] = {"src", "accept", "deny", NULL};
	struct control_policy *p = s->policy;

	if (!is_list(s, v))
		return false;
	p->tests.v = mesh_arena_alloc(s->arena, v->n * sizeof(*p->tests.v));
	for (const struct control_hujson *item = v->first; item; item = item->next) {
		struct policy_test *t = &p->tests.v[p->tests.n++];
		const struct control_hujson *src, *list;

		if (!is_object(s, item) || !only(s, item, names) || !(src = need(s, item, "src")) ||
		    !is_string(s, src))
			return false;
		t->line = item->line;
		t->column = item->column;
		t->src = src->string;
		list = control_hujson_get(item, "accept");
		if (list && !read_strings(s, list, &t->accept))
			return false;
		list = control_hujson_get(item, "deny");
		if (list && !read_strings(s, list, &t->deny))
			return false;
	}
	return true;
}

static bool read_rules(struct parser *s, const struct control_hujson *v,
		       bool (*one)(struct parser *s, const struct control_hujson *v))
{
	if (!is_list(s, v))
		return false;
	for (const struct control_hujson *item = v->first; item; item = item->next)
		if (!one(s, item))
			return false;
	return true;
}

static bool read_policy(struct parser *s, const struct control_hujson *root)
{
	/* In the order in which they need each other. */
	static const char *const names[] = {"groups",	 "hosts",  "tagOwners",
					    "acls",	 "grants", "autoApprovers",
					    "nodeAttrs", "tests",  NULL};
	const struct control_hujson *v[8];
	size_t rules;

	if (!is_object(s, root) || !only(s, root, names))
		return false;
	for (int i = 0; i < 8; i++)
		v[i] = control_hujson_get(root, names[i]);
	rules = (v[3] ? v[3]->n : 0) + (v[4] ? v[4]->n : 0);
	s->policy->rules = mesh_arena_alloc(s->arena, (rules + 1) * sizeof(*s->policy->rules));
	return (!v[0] || read_groups(s, v[0])) && (!v[1] || read_hosts(s, v[1])) &&
	       (!v[2] || read_tag_owners(s, v[2])) && (!v[3] || read_rules(s, v[3], read_acl)) &&
	       (!v[4] || read_rules(s, v[4], read_grant)) && (!v[5] || read_approvers(s, v[5])) &&
	       (!v[6] || read_attrs(s, v[6])) && (!v[7] || read_tests(s, v[7]));
}

struct control_policy *control_policy_parse(const char *text, size_t len, struct mesh_error *err)
{
	struct control_policy *p = mesh_alloc(sizeof(*p));
	struct parser s = {.policy = p, .arena = &p->arena, .err = err};
	const struct control_hujson *root;

	if (len > POLICY_MAX_TEXT) {
		mesh_error_set(err, "the policy is larger than %d bytes", POLICY_MAX_TEXT);
		control_policy_free(p);
		return NULL;
	}
	root = control_hujson_parse(&p->arena, text, len, err);
	if (!root || !read_policy(&s, root)) {
		control_policy_free(p);
		return NULL;
	}
	p->first_edge = mesh_arena_alloc(&p->arena, (p->n_rules + 1) * sizeof(size_t));
	for (size_t i = 0, rule = 0; rule <= p->n_rules; rule++) {
		p->first_edge[rule] = i;
		while (i < p->n_edges && p->edges[i].rule == rule)
			i++;
	}
	return p;
}

void control_policy_free(struct control_policy *policy)
{
	if (!policy)
		return;
	mesh_arena_free(&policy->arena);
	free(policy);
}
