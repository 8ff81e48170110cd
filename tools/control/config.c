// SPDX-License-Identifier: GPL-2.0
#include "config.h"
#include "hujson.h"
#include "oidc.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FILE (1 << 20)
#define DAY	 86400

enum kind {
	STRING,
	BOOLEAN,
	INTEGER, /* .min to .max */
	DURATION,
	ADDRPORT,
	PREFIX, /* "" for none; .min is the family */
	PREFIXES,
	STRINGS,
	STRING_LISTS,
	RECORDS,
	PARAMETERS,
};

struct key {
	const char *section; /* NULL: top level */
	const char *name;
	enum kind kind;
	size_t offset;
	int64_t min;
	int64_t max;
};

#define AT(member) offsetof(struct control_config, member)

static const struct key keys[] = {
	{NULL, "server_url", STRING, AT(server_url), 0, 0},
	{NULL, "listen", ADDRPORT, AT(listen), 0, 0},
	{NULL, "state_dir", STRING, AT(state_dir), 0, 0},
	{NULL, "socket", STRING, AT(socket_path), 0, 0},
	{NULL, "database", STRING, AT(database), 0, 0},
	{NULL, "proxies", PREFIXES, AT(proxies), 0, 0},
	{NULL, "policy_file", STRING, AT(policy_file), 0, 0},
	{NULL, "batch_milliseconds", INTEGER, AT(batch_ms), 1, 10000},
	{NULL, "handshakes_per_second", INTEGER, AT(handshake_rate), 0, 100000},
	{NULL, "debug", BOOLEAN, AT(debug), 0, 0},
	{"web", "enabled", BOOLEAN, AT(web), 0, 0},
	{"web", "session", DURATION, AT(session), 0, 0},
	{"tls", "certificate", STRING, AT(tls_cert), 0, 0},
	{"tls", "key", STRING, AT(tls_key), 0, 0},
	{"addresses", "ipv4", PREFIX, AT(v4), 4, 0},
	{"addresses", "ipv6", PREFIX, AT(v6), 6, 0},
	{"nodes", "expiry", DURATION, AT(node_expiry), 0, 0},
	{"nodes", "ephemeral_timeout", DURATION, AT(ephemeral_timeout), 0, 0},
	{"dns", "magic", BOOLEAN, AT(dns.magic), 0, 0},
	{"dns", "base_domain", STRING, AT(dns.base_domain), 0, 0},
	{"dns", "nameservers", STRINGS, AT(dns.nameservers), 0, 0},
	{"dns", "override_local", BOOLEAN, AT(dns.override_local), 0, 0},
	{"dns", "split", STRING_LISTS, AT(dns.split), 0, 0},
	{"dns", "search", STRINGS, AT(dns.search), 0, 0},
	{"dns", "extra_records", RECORDS, AT(dns.extra), 0, 0},
	{"relay", "enabled", BOOLEAN, AT(relay.enabled), 0, 0},
	{"relay", "verify_clients", BOOLEAN, AT(relay.verify_clients), 0, 0},
	{"relay", "region_id", INTEGER, AT(relay.region_id), 1, 65535},
	{"relay", "region_code", STRING, AT(relay.region_code), 0, 0},
	{"relay", "region_name", STRING, AT(relay.region_name), 0, 0},
	{"relay", "stun", ADDRPORT, AT(relay.stun), 0, 0},
	{"relay", "map_file", STRING, AT(relay_map), 0, 0},
	{"oidc", "issuer", STRING, AT(oidc.issuer), 0, 0},
	{"oidc", "client_id", STRING, AT(oidc.client_id), 0, 0},
	{"oidc", "client_secret_file", STRING, AT(oidc.secret_file), 0, 0},
	{"oidc", "ca_file", STRING, AT(oidc.ca_file), 0, 0},
	{"oidc", "scopes", STRINGS, AT(oidc.scopes), 0, 0},
	{"oidc", "parameters", PARAMETERS, AT(oidc.params), 0, 0},
	{"oidc", "allowed_domains", STRINGS, AT(oidc.allowed_domains), 0, 0},
	{"oidc", "allowed_users", STRINGS, AT(oidc.allowed_users), 0, 0},
	{"oidc", "allowed_groups", STRINGS, AT(oidc.allowed_groups), 0, 0},
	{"oidc", "admin_users", STRINGS, AT(oidc.admin_users), 0, 0},
	{"oidc", "admin_groups", STRINGS, AT(oidc.admin_groups), 0, 0},
	{"oidc", "groups_claim", STRING, AT(oidc.groups_claim), 0, 0},
	{"oidc", "name_claim", STRING, AT(oidc.name_claim), 0, 0},
	{"oidc", "require_verified_email", BOOLEAN, AT(oidc.require_verified_email), 0, 0},
	{"oidc", "expiry_from_token", BOOLEAN, AT(oidc.expiry_from_token), 0, 0},
};

bool control_config_duration(const char *text, int64_t *seconds)
{
	static const char units[] = "smhd";
	static const int64_t factor[] = {1, 60, 3600, DAY};
	char *end;
	long long n;
	const char *unit;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || n > 100000000)
		return false;
	if (!n && !*end) {
		*seconds = 0;
		return true;
	}
	unit = *end ? strchr(units, *end) : NULL;
	if (!unit || end[1])
		return false;
	*seconds = n * factor[unit - units];
	return true;
}

static bool wrong(struct mesh_error *err, const struct control_hujson *v, const char *want)
{
	control_hujson_error(err, v, "\"%s\" must be %s, not %s", v->name ? v->name : "(item)",
			     want, control_hujson_type_name(v->type));
	return false;
}

static bool strings(struct mesh_arena *arena, mesh_strings *out, const struct control_hujson *v,
		    struct mesh_error *err)
{
	size_t i = 0;

	if (v->type != HUJSON_ARRAY)
		return wrong(err, v, "a list of strings");
	out->v = mesh_arena_alloc(arena, v->n * sizeof(*out->v));
	out->n = v->n;
	out->set = true;
	for (const struct control_hujson *item = v->first; item; item = item->next) {
		if (item->type != HUJSON_STRING)
			return wrong(err, item, "a string");
		out->v[i++] = item->string;
	}
	return true;
}

static bool prefixes(struct control_config *c, mesh_prefixes *out, const struct control_hujson *v,
		     struct mesh_error *err)
{
	if (v->type != HUJSON_ARRAY)
		return wrong(err, v, "a list of prefixes");
	out->v = mesh_arena_alloc(&c->arena, v->n * sizeof(*out->v));
	for (const struct control_hujson *item = v->first; item; item = item->next)
		if (item->type != HUJSON_STRING ||
		    !mesh_text_unprefix(&out->v[out->n++], item->string))
			return wrong(err, item,
				     "an address or a prefix with zero host bits, like "
				     "\"10.0.0.0/8\"");
	return true;
}

static bool split(struct control_config *c, const struct control_hujson *v, struct mesh_error *err)
{
	size_t i = 0;

	if (v->type != HUJSON_OBJECT)
		return wrong(err, v, "an object of domains with lists of resolvers");
	c->dns.split.v = mesh_arena_alloc(&c->arena, v->n * sizeof(*c->dns.split.v));
	c->dns.split.n = v->n;
	for (const struct control_hujson *item = v->first; item; item = item->next, i++) {
		c->dns.split.v[i].key = item->name;
		if (!strings(&c->arena, &c->dns.split.v[i].value, item, err))
			return false;
	}
	return true;
}

static bool records(struct control_config *c, const struct control_hujson *v,
		    struct mesh_error *err)
{
	size_t i = 0;

	if (v->type != HUJSON_ARRAY)
		return wrong(err, v, "a list of {name, type, value}");
	c->dns.extra.v = mesh_arena_alloc(&c->arena, v->n * sizeof(*c->dns.extra.v));
	c->dns.extra.n = v->n;
	for (const struct control_hujson *item = v->first; item; item = item->next, i++) {
		const struct control_hujson *name = control_hujson_get(item, "name");
		const struct control_hujson *type = control_hujson_get(item, "type");
		const struct control_hujson *value = control_hujson_get(item, "value");
		struct mesh_ip ip;

		if (!name || name->type != HUJSON_STRING || !value ||
		    value->type != HUJSON_STRING || !mesh_text_unip(&ip, value->string)) {
			control_hujson_error(
				err, item, "a record needs a \"name\" and an address as \"value\"");
			return false;
		}
		if (type && (type->type != HUJSON_STRING ||
			     strcmp(type->string, ip.family == 4 ? "A" : "AAAA"))) {
			control_hujson_error(err, type, "the type does not fit the address");
			return false;
		}
		c->dns.extra.v[i].name = name->string;
		c->dns.extra.v[i].value = value->string;
	}
	return true;
}

/* What the login itself says is not to be said again. */
static bool parameters(struct control_config *c, const struct control_hujson *v,
		       struct mesh_error *err)
{
	static const char *const own[] = {
		"response_type", "response_mode", "client_id",	    "redirect_uri",	    "scope",
		"state",	 "nonce",	  "code_challenge", "code_challenge_method"};
	size_t i = 0;

	if (v->type != HUJSON_OBJECT)
		return wrong(err, v, "an object of strings");
	c->oidc.params.v = mesh_arena_alloc(&c->arena, v->n * sizeof(*c->oidc.params.v));
	c->oidc.params.n = v->n;
	for (const struct control_hujson *item = v->first; item; item = item->next, i++) {
		for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++) {
			if (!strcmp(item->name, own[k])) {
				control_hujson_error(err, item, "\"%s\" cannot be set here",
						     item->name);
				return false;
			}
		}
		if (item->type != HUJSON_STRING)
			return wrong(err, item, "a string");
		c->oidc.params.v[i].key = item->name;
		c->oidc.params.v[i].value = item->string;
	}
	return true;
}

static bool assign(struct control_config *c, const struct key *key, const struct control_hujson *v,
		   struct mesh_error *err)
{
	void *out = (char *)c + key->offset;

	switch (key->kind) {
	case STRING:
		if (v->type != HUJSON_STRING)
			return wrong(err, v, "a string");
		*(const char **)out = v->string;
		return true;
	case BOOLEAN:
		if (v->type != HUJSON_BOOL)
			return wrong(err, v, "true or false");
		*(bool *)out = v->boolean;
		return true;
	case INTEGER:
		if (v->type != HUJSON_NUMBER || v->number < (double)key->min ||
		    v->number > (double)key->max || v->number != (double)(int64_t)v->number) {
			control_hujson_error(err, v,
					     "\"%s\" must be a whole number from %lld to %lld",
					     v->name, (long long)key->min, (long long)key->max);
			return false;
		}
		*(int64_t *)out = (int64_t)v->number;
		return true;
	case DURATION:
		if (v->type != HUJSON_STRING || !control_config_duration(v->string, out))
			return wrong(err, v, "a duration like \"30m\", \"12h\", \"180d\" or \"0\"");
		return true;
	case ADDRPORT:
		if (v->type != HUJSON_STRING || !mesh_text_unaddrport(out, v->string))
			return wrong(err, v, "an address and port like \"0.0.0.0:8080\"");
		return true;
	case PREFIX:
		if (v->type == HUJSON_STRING && !*v->string) {
			memset(out, 0, sizeof(struct mesh_prefix));
			return true;
		}
		if (v->type != HUJSON_STRING || !mesh_text_unprefix(out, v->string) ||
		    ((struct mesh_prefix *)out)->ip.family != key->min)
			return wrong(err, v,
				     key->min == 4 ? "an IPv4 prefix with zero host bits"
						   : "an IPv6 prefix with zero host bits");
		return true;
	case PREFIXES:
		return prefixes(c, out, v, err);
	case STRINGS:
		return strings(&c->arena, out, v, err);
	case STRING_LISTS:
		return split(c, v, err);
	case RECORDS:
		return records(c, v, err);
	case PARAMETERS:
		return parameters(c, v, err);
	}
	return false;
}

/* One level of the file; a name that is no key may be a section. */
static bool read_object(struct control_config *c, const char *section,
			const struct control_hujson *object, struct mesh_error *err)
{
	for (const struct control_hujson *v = object->first; v; v = v->next) {
		const struct key *key = NULL;
		bool is_section = false;

		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			const char *s = keys[i].section;

			if (!section && s && !strcmp(s, v->name))
				is_section = true;
			if ((section ? s && !strcmp(s, section) : !s) &&
			    !strcmp(keys[i].name, v->name))
				key = &keys[i];
		}
		if (is_section && v->type != HUJSON_OBJECT)
			return wrong(err, v, "an object");
		if (is_section ? !read_object(c, v->name, v, err)
		    : key      ? !assign(c, key, v, err)
			       : true) {
			if (!is_section && !key)
				control_hujson_error(err, v, "unknown key \"%s\"", v->name);
			return false;
		}
	}
	return true;
}

/* The address that this machine uses towards others; sends nothing. */
static void own_address(char out[MESH_ADDR_TEXT])
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockaddr_in me;
	socklen_t len = sizeof(me);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct mesh_ip ip = mesh_text_ip4(0x7f000001);

	to.sin_addr.s_addr = htonl(0xc0000201);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)) &&
	    !getsockname(fd, (struct sockaddr *)&me, &len))
		ip = mesh_text_ip4(ntohl(me.sin_addr.s_addr));
	if (fd >= 0)
		close(fd);
	mesh_text_ip(out, &ip);
}

static const char *print(struct control_config *c, const char *fmt, const char *a, const char *b)
{
	char text[512];
	int n = snprintf(text, sizeof(text), fmt, a, b);

	return mesh_arena_strdup(&c->arena, text, (size_t)n < sizeof(text) ? (size_t)n : 0);
}

static bool bad_url(struct mesh_error *err, const char *url, const char *why)
{
	mesh_error_set(err, "server_url \"%s\": %s", url, why);
	return false;
}

/* Takes the URL apart: scheme, host, port. */
static bool parse_url(struct control_config *c, struct mesh_error *err)
{
	const char *url = c->server_url, *host, *end, *port;
	size_t len = strlen(url);
	char *end_port;
	long n;

	while (len && url[len - 1] == '/')
		len--;
	c->server_url = url = mesh_arena_strdup(&c->arena, url, len);
	if (!strncmp(url, "https://", 8))
		c->server_tls = true;
	else if (strncmp(url, "http://", 7))
		return bad_url(err, url, "must begin with http:// or https://");
	host = url + (c->server_tls ? 8 : 7);
	if (strpbrk(host, "/?#@ \t"))
		return bad_url(err, url, "must be a host and a port only");
	if (*host == '[') {
		end = strchr(++host, ']');
		port = end && end[1] == ':' ? end + 2 : NULL;
	} else {
		end = strchr(host, ':');
		port = end ? end + 1 : NULL;
		if (!end)
			end = host + strlen(host);
	}
	if (!end || end == host)
		return bad_url(err, url, "has no host");
	c->server_host = mesh_arena_strdup(&c->arena, host, (size_t)(end - host));
	c->server_port = c->server_tls ? 443 : 80;
	if (port) {
		n = strtol(port, &end_port, 10);
		if (n < 1 || n > 65535 || *end_port)
			return bad_url(err, url, "has no valid port");
		c->server_port = (uint16_t)n;
	}
	return true;
}

static bool is_domain(const char *name)
{
	size_t label = 0, labels = 1, len = strlen(name);

	for (const char *p = name; *p; p++) {
		if (*p == '.') {
			if (!label || p[-1] == '-')
				return false;
			label = 0;
			labels++;
		} else if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
			   (*p == '-' && label)) {
			label++;
		} else {
			return false;
		}
		if (label > 63)
			return false;
	}
	return label && labels > 1 && len < 190;
}

static bool check_oidc(const struct control_config *c, struct mesh_error *err)
{
	bool openid = false;

	if (!c->oidc.issuer && !c->oidc.client_id)
		return true;
	if (!c->oidc.issuer || !c->oidc.client_id) {
		mesh_error_set(err, "oidc needs both \"issuer\" and \"client_id\"");
		return false;
	}
	if (!control_oidc_url_ok(c->oidc.issuer)) {
		mesh_error_set(err,
			       "oidc.issuer \"%.120s\" must be an https URL (http is possible on "
			       "this machine itself)",
			       c->oidc.issuer);
		return false;
	}
	/* The provider sends codes there. */
	if (!control_oidc_url_ok(c->server_url)) {
		mesh_error_set(err, "oidc needs a server_url that begins with https:// (http is "
				    "possible on this machine itself)");
		return false;
	}
	for (size_t i = 0; i < c->oidc.scopes.n; i++)
		openid |= !strcmp(c->oidc.scopes.v[i], "openid");
	if (!openid)
		mesh_error_set(err, "oidc.scopes needs \"openid\"");
	return openid;
}

static bool check(struct control_config *c, struct mesh_error *err)
{
	char ip[MESH_ADDR_TEXT], port[8];

	if (!c->server_url) {
		own_address(ip);
		snprintf(port, sizeof(port), "%u", c->listen.port);
		c->server_url = print(c, "http://%s:%s", ip, port);
	}
	if (!parse_url(c, err))
		return false;
	if (!c->database)
		c->database = print(c, "%s/%s", c->state_dir, "control.sqlite");
	if (!c->socket_path)
		c->socket_path = print(c, "%s/%s", c->state_dir, "control.sock");
	if (!c->tls_cert != !c->tls_key) {
		mesh_error_set(err, "tls needs both \"certificate\" and \"key\"");
		return false;
	}
	if (!is_domain(c->dns.base_domain)) {
		mesh_error_set(
			err,
			"dns.base_domain \"%s\" must be a lower-case domain of two labels or "
			"more, like \"mesh.example\"",
			c->dns.base_domain);
		return false;
	}
	if (!strcmp(c->dns.base_domain, c->server_host)) {
		mesh_error_set(err, "dns.base_domain must not be the host of server_url: devices "
				    "could not find the server any more");
		return false;
	}
	if (c->session < 1) {
		mesh_error_set(err, "web.session must be at least a second, like \"12h\"");
		return false;
	}
	if (!c->v4.ip.family && !c->v6.ip.family) {
		mesh_error_set(err, "addresses: one of \"ipv4\" and \"ipv6\" is needed");
		return false;
	}
	return check_oidc(c, err);
}

static void defaults(struct control_config *c)
{
	static const char *const scopes[] = {"openid", "profile", "email"};

	mesh_text_unaddrport(&c->listen, "0.0.0.0:8080");
	mesh_text_unaddrport(&c->relay.stun, "0.0.0.0:3478");
	mesh_text_unprefix(&c->v4, "100.64.0.0/10");
	mesh_text_unprefix(&c->v6, "fd7a:115c:a1e0::/48");
	c->state_dir = "/var/lib/warren-control";
	c->node_expiry = 180 * DAY;
	c->ephemeral_timeout = 30 * 60;
	c->dns.magic = true;
	c->dns.base_domain = "mesh.internal";
	c->relay.enabled = true;
	c->relay.verify_clients = true;
	c->relay.region_id = 900;
	c->relay.region_code = "own";
	c->relay.region_name = "Own relay";
	c->oidc.scopes.v = (const char **)scopes;
	c->oidc.scopes.n = sizeof(scopes) / sizeof(scopes[0]);
	c->oidc.groups_claim = "groups";
	c->oidc.name_claim = "email";
	c->oidc.require_verified_email = true;
	c->batch_ms = 100;
	c->handshake_rate = 20;
	c->web = true;
	c->session = 12 * 3600;
}

struct control_config *control_config_load(const char *path, struct mesh_error *err)
{
	struct control_config *c = mesh_alloc(sizeof(*c));
	struct control_hujson *root;
	struct mesh_error inner;
	char *text;
	size_t len;

	defaults(c);
	c->path = path;
	if (path) {
		text = control_hujson_load(&c->arena, path, MAX_FILE, &len, err);
		if (!text)
			goto fail;
		root = control_hujson_parse(&c->arena, text, len, &inner);
		if (root && root->type != HUJSON_OBJECT) {
			control_hujson_error(&inner, root, "the file must be an object: { ... }");
			root = NULL;
		}
		if (!root || !read_object(c, NULL, root, &inner)) {
			mesh_error_set(err, "%s: %s", path, inner.text);
			goto fail;
		}
	}
	if (!check(c, &inner)) {
		mesh_error_set(err, "%s%s%s", path ? path : "", path ? ": " : "", inner.text);
		goto fail;
	}
	return c;
fail:
	control_config_free(c);
	return NULL;
}

void control_config_free(struct control_config *config)
{
	if (!config)
		return;
	mesh_arena_free(&config->arena);
	free(config);
}
