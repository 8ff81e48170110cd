// SPDX-License-Identifier: GPL-2.0
#include "plan.h"

#include <inttypes.h>
#include <string.h>

#include "../lib/json.h"
#include "../lib/sync.h"

static const struct warren_peer *find_running(const struct plan *plan, const uint8_t *key)
{
	size_t i;

	for (i = 0; i < plan->running.peers_n; i++)
		if (!memcmp(plan->running.peers[i].public_key, key, WARREN_KEY_BYTES))
			return &plan->running.peers[i];
	return NULL;
}

static bool has(const struct warren_peer *peer, const struct warren_prefix *prefix)
{
	size_t i;

	for (i = 0; peer && i < peer->allowedips_n; i++)
		if (!warren_addr_compare(&peer->allowedips[i].prefix, prefix))
			return true;
	return false;
}

/* One change as both forms need it. */
struct change {
	const char *action; /* "add", "remove" or "change" */
	const char *object;
	const char *name; /* which one, or NULL where there is only one */
	const char *from; /* NULL where it is not told */
	const char *to;
};

typedef void (*tell_t)(void *arg, const struct change *change);

static void tell_field(tell_t tell, void *arg, const char *peer, const char *field,
		       const char *from, const char *to)
{
	char object[40];

	snprintf(object, sizeof(object), "%s%s", peer ? "peer " : "", field);
	tell(arg, &(struct change){"change", object, peer, from, to});
}

static const char *endpoint_text(char text[WARREN_ADDR_ENDPOINT], const union warren_endpoint *e)
{
	return e->addr.sa_family == AF_UNSPEC ? "(none)" : warren_addr_print_endpoint(text, e);
}

static const char *seconds_text(char text[16], uint16_t seconds)
{
	if (!seconds)
		return "off";
	snprintf(text, 16, "%u", seconds);
	return text;
}

static void tell_networks(const struct warren_peer *was, const struct warren_peer *to,
			  const char *key, tell_t tell, void *arg)
{
	char text[WARREN_ADDR_PREFIX];
	size_t i;

	for (i = 0; i < to->allowedips_n; i++)
		if (!has(was, &to->allowedips[i].prefix))
			tell(arg, &(struct change){"add", "peer allowed-ips", key, NULL,
						   warren_addr_print_prefix(
							   text, &to->allowedips[i].prefix)});
	for (i = 0; was && to->replace_allowedips && i < was->allowedips_n; i++)
		if (!has(to, &was->allowedips[i].prefix))
			tell(arg, &(struct change){"remove", "peer allowed-ips", key,
						   warren_addr_print_prefix(
							   text, &was->allowedips[i].prefix),
						   NULL});
}

static void tell_peer(const struct plan *plan, const struct warren_peer *to, tell_t tell, void *arg)
{
	const struct warren_peer *was = find_running(plan, to->public_key);
	static const struct warren_peer nothing;
	char key[WARREN_KEY_BASE64], one[WARREN_ADDR_ENDPOINT], two[WARREN_ADDR_ENDPOINT];
	char now[16], then[16];

	warren_key_to_base64(key, to->public_key);
	if (to->remove || !was)
		tell(arg, &(struct change){to->remove ? "remove" : "add", "peer", key, NULL, NULL});
	if (to->remove)
		return;
	if (to->has_preshared_key)
		tell_field(tell, arg, key, "preshared-key", NULL, NULL);
	if (to->endpoint.addr.sa_family != AF_UNSPEC)
		tell_field(tell, arg, key, "endpoint",
			   endpoint_text(one, was ? &was->endpoint : &nothing.endpoint),
			   endpoint_text(two, &to->endpoint));
	if (to->has_keepalive)
		tell_field(tell, arg, key, "persistent-keepalive",
			   seconds_text(now, was ? was->keepalive : 0),
			   seconds_text(then, to->keepalive));
	tell_networks(was, to, key, tell, arg);
}

static void tell_number(tell_t tell, void *arg, const char *field, const char *format,
			uint32_t from, uint32_t to)
{
	char one[16], two[16];

	snprintf(one, sizeof(one), format[0] == 'x' ? "0x%" PRIx32 : "%" PRIu32, from);
	snprintf(two, sizeof(two), format[0] == 'x' ? "0x%" PRIx32 : "%" PRIu32, to);
	tell_field(tell, arg, NULL, field, one, two);
}

static const char *bind_text(char text[WARREN_ADDR_BIND], const struct warren_device *dev)
{
	return warren_addr_print_bind_address(text, dev)[0] ? text : "off";
}

static void tell_all(const struct plan *plan, tell_t tell, void *arg)
{
	const struct warren_device *to = &plan->request;
	char text[WARREN_ADDR_PREFIX + 24], was[WARREN_ADDR_BIND], will[WARREN_ADDR_BIND];
	size_t i;

	if (to->has_private_key)
		tell_field(tell, arg, NULL, "private-key", NULL, NULL);
	if (to->has_listen_port)
		tell_number(tell, arg, "listen-port", "d", plan->running.listen_port,
			    to->listen_port);
	if (to->has_fwmark)
		tell_number(tell, arg, "fwmark", "x", plan->running.fwmark, to->fwmark);
	if (to->has_bind)
		tell_field(tell, arg, NULL, "bind",
			   plan->running.bind[0] ? plan->running.bind : "off",
			   to->bind[0] ? to->bind : "off");
	if (to->has_bind_address)
		tell_field(tell, arg, NULL, "bind-address", bind_text(was, &plan->running),
			   bind_text(will, to));
	if (plan->mtu)
		tell_number(tell, arg, "mtu", "d", plan->mtu_now, plan->mtu);
	if (plan->kill_switch)
		tell(arg, &(struct change){plan->kill_switch > 0 ? "add" : "remove", "kill-switch",
					   NULL, NULL, NULL});
	else if (!plan->guard_same)
		tell_field(tell, arg, NULL, "guard", NULL, NULL);
	for (i = 0; i < to->peers_n; i++)
		tell_peer(plan, &to->peers[i], tell, arg);
	for (i = 0; i < plan->steps_n; i++) {
		const struct step *s = &plan->steps[i];

		warren_addr_print_prefix(text, &s->prefix);
		if (s->what == STEP_ROUTE && s->table != ROUTES_MAIN_TABLE)
			snprintf(text + strlen(text), 24, " table %" PRIu32, s->table);
		tell(arg, &(struct change){s->add ? "add" : "remove",
					   s->what == STEP_ADDRESS ? "address" : "route", text,
					   NULL, NULL});
	}
}

static void print_one(void *arg, const struct change *c)
{
	FILE *out = arg;

	fprintf(out, "%c %s",
		c->action[0] == 'a'   ? '+'
		: c->action[0] == 'r' ? '-'
				      : '~',
		!strncmp(c->object, "peer ", 5) ? "peer" : c->object);
	if (c->name)
		fprintf(out, " %s", c->name);
	if (!strncmp(c->object, "peer ", 5))
		fprintf(out, " %s", c->object + 5);
	if (c->from && c->to)
		fprintf(out, ": %s -> %s", c->from, c->to);
	else if (c->from || c->to)
		fprintf(out, " %s", c->from ? c->from : c->to);
	fputs("\n", out);
}

static bool empty(const struct plan *plan)
{
	return !plan->steps_n && !plan->mtu && plan->guard_same &&
	       warren_sync_empty(&plan->request);
}

void plan_print(FILE *out, const struct plan *plan)
{
	if (empty(plan))
		fprintf(out, "%s: nothing to change\n", plan->running.name);
	tell_all(plan, print_one, out);
}

static void json_one(void *arg, const struct change *c)
{
	struct warren_json *json = arg;

	warren_json_open(json, NULL, '{');
	warren_json_string(json, "action", c->action);
	warren_json_string(json, "object", c->object);
	warren_json_string(json, "name", c->name);
	warren_json_string(json, "from", c->from);
	warren_json_string(json, "to", c->to);
	warren_json_close(json, '}');
}

void plan_json(FILE *out, const struct plan *plan)
{
	struct warren_json json = {.out = out};

	warren_json_open(&json, NULL, '{');
	warren_json_string(&json, "interface", plan->running.name);
	warren_json_open(&json, "changes", '[');
	tell_all(plan, json_one, &json);
	warren_json_close(&json, ']');
	warren_json_close(&json, '}');
}
