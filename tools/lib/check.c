// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int warren_check_add(struct warren_findings *findings, const char *rule, bool error,
		     unsigned int line, const char *remedy, const char *fmt, ...)
{
	struct warren_finding *f;
	va_list ap;

	f = reallocarray(findings->list, findings->n + 1, sizeof(*f));
	if (!f)
		return -1;
	findings->list = f;
	f += findings->n++;
	f->rule = rule;
	f->error = error;
	f->line = line;
	findings->errors += error;
	snprintf(f->remedy, sizeof(f->remedy), "%s", remedy);
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return 0;
}

/* What a network in the file is; an endpoint is one of full length. */
enum item_kind {
	ITEM_ADDRESS,
	ITEM_ALLOWED,
	ITEM_ENDPOINT,
};

struct item {
	struct warren_prefix prefix;
	enum item_kind kind;
	const struct warren_peer *peer;
	unsigned int line;
	size_t order;
};

static int by_place(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int ret = warren_addr_compare(&x->prefix, &y->prefix);

	if (!ret)
		ret = (int)x->kind - (int)y->kind;
	return ret ? ret : (x->order > y->order) - (x->order < y->order);
}

static size_t count_items(const struct warren_config *c)
{
	size_t i, n = c->addresses_n + c->device.peers_n;

	for (i = 0; i < c->device.peers_n; i++)
		n += c->device.peers[i].allowedips_n;
	return n;
}

static bool endpoint_prefix(struct warren_prefix *p, const union warren_endpoint *e)
{
	memset(p, 0, sizeof(*p));
	p->family = e->addr.sa_family;
	if (p->family == AF_INET)
		p->ip4 = e->in.sin_addr;
	else if (p->family == AF_INET6)
		p->ip6 = e->in6.sin6_addr;
	else
		return false;
	p->cidr = p->family == AF_INET ? 32 : 128;
	return true;
}

static size_t collect(struct item *items, const struct warren_config *c)
{
	size_t i, j, n = 0;

	for (i = 0; i < c->addresses_n; i++, n++) {
		items[n] = (struct item){.prefix = c->addresses[i].prefix,
					 .kind = ITEM_ADDRESS,
					 .line = c->addresses[i].line,
					 .order = n};
		warren_addr_mask(&items[n].prefix);
	}
	for (i = 0; i < c->device.peers_n; i++) {
		const struct warren_peer *p = &c->device.peers[i];

		for (j = 0; j < p->allowedips_n; j++, n++)
			items[n] = (struct item){.prefix = p->allowedips[j].prefix,
						 .kind = ITEM_ALLOWED,
						 .peer = p,
						 .line = p->allowedips[j].line,
						 .order = n};
		items[n] = (struct item){
			.kind = ITEM_ENDPOINT, .peer = p, .line = p->endpoint_line, .order = n};
		n += endpoint_prefix(&items[n].prefix, &p->endpoint);
	}
	return n;
}

/* Whether packets to a network go into the tunnel, those of the tunnel included. */
static bool captures(const struct warren_config *c, const struct item *item)
{
	/* Default routes of an automatic table leave the tunnel's packets out. */
	return item->kind == ITEM_ADDRESS || (c->table == WARREN_TABLE_AUTO && item->prefix.cidr);
}

static int check_endpoint(struct warren_findings *f, const struct item *item,
			  const struct item *around)
{
	char text[WARREN_ADDR_PREFIX], net[WARREN_ADDR_PREFIX];

	*strchr(warren_addr_print_prefix(text, &item->prefix), '/') = '\0';
	return warren_check_add(
		f, "endpoint-in-tunnel", true, item->line,
		"take the endpoint out of the networks that are routed into the "
		"tunnel",
		"the endpoint %s lies in %s of line %u: its packets would go into the "
		"tunnel they carry",
		text, warren_addr_print_prefix(net, &around->prefix), around->line);
}

static int check_allowed(struct warren_findings *f, const struct item *item,
			 const struct item *around)
{
	char text[WARREN_ADDR_PREFIX], net[WARREN_ADDR_PREFIX];
	bool same = !warren_addr_compare(&item->prefix, &around->prefix);

	warren_addr_print_prefix(text, &item->prefix);
	if (same && item->peer == around->peer)
		return warren_check_add(f, "network-twice", false, item->line, "take one out",
					"%s stands twice in this peer, first on line %u", text,
					around->line);
	if (same)
		return warren_check_add(f, "network-of-two", true, item->line,
					"give it to one of the two, or divide it",
					"%s belongs to this peer and to that of line %u: only the "
					"last one will have it",
					text, around->peer->line);
	if (item->peer == around->peer || !around->prefix.cidr)
		return 0;
	return warren_check_add(
		f, "overlap", false, item->line,
		"make them disjoint, unless the smaller one is meant as an exception",
		"%s lies in %s of the peer of line %u, which will not get it", text,
		warren_addr_print_prefix(net, &around->prefix), around->peer->line);
}

/* Goes through all networks in order, with those around the current one at hand. */
static int check_networks(struct warren_findings *f, const struct warren_config *c)
{
	size_t most = count_items(c), n, i, depth = 0;
	struct item *items = calloc(most + 1, sizeof(*items));
	/* Networks around one another differ in length: there are at most these. */
	const struct item *stack[2 * 129 + 2];
	int ret = items ? 0 : -1;

	n = items ? collect(items, c) : 0;
	if (n)
		qsort(items, n, sizeof(*items), by_place);
	for (i = 0; i < n && !ret; i++) {
		const struct item *item = &items[i], *around = NULL;
		size_t d;

		while (depth && !warren_addr_covers(&stack[depth - 1]->prefix, &item->prefix))
			depth--;
		for (d = depth; d-- && !around;)
			if (item->kind == ITEM_ENDPOINT ? captures(c, stack[d])
							: stack[d]->kind == item->kind)
				around = stack[d];
		if (around && item->kind == ITEM_ENDPOINT)
			ret = check_endpoint(f, item, around);
		else if (around && item->kind == ITEM_ALLOWED)
			ret = check_allowed(f, item, around);
		if (item->kind == ITEM_ENDPOINT)
			continue;
		/* One of each kind and length suffices. */
		if (around && around->kind == item->kind &&
		    !warren_addr_compare(&around->prefix, &item->prefix))
			continue;
		stack[depth++] = item;
	}
	free(items);
	return ret;
}

static int by_key(const void *a, const void *b)
{
	const struct warren_peer *const *x = a, *const *y = b;
	int ret = memcmp((*x)->public_key, (*y)->public_key, WARREN_KEY_BYTES);

	return ret ? ret : (*x > *y) - (*x < *y);
}

static int check_duplicates(struct warren_findings *f, const struct warren_device *dev)
{
	const struct warren_peer **order = calloc(dev->peers_n + 1, sizeof(*order));
	int ret = order ? 0 : -1;
	size_t i;

	for (i = 0; order && i < dev->peers_n; i++)
		order[i] = &dev->peers[i];
	if (order && dev->peers_n)
		qsort(order, dev->peers_n, sizeof(*order), by_key);
	for (i = 1; i < dev->peers_n && !ret; i++)
		if (!memcmp(order[i]->public_key, order[i - 1]->public_key, WARREN_KEY_BYTES))
			ret = warren_check_add(f, "peer-twice", true, order[i]->line,
					       "join the two sections",
					       "the peer of line %u has the same public key: its "
					       "networks will be lost",
					       order[i - 1]->line);
	free(order);
	return ret;
}

static int check_peer(struct warren_findings *f, const struct warren_device *dev,
		      const uint8_t *own, const struct warren_peer *peer)
{
	if (warren_key_is_zero(peer->public_key))
		return warren_check_add(f, "no-key", true, peer->line,
					"write the key that pubkey prints on the peer",
					"the public key is all zero");
	if (own && warren_key_equal(peer->public_key, own))
		return warren_check_add(f, "own-key", true, peer->line,
					"write the peer's own public key",
					"the public key is that of this interface");
	if (dev->has_private_key && warren_key_equal(peer->public_key, dev->private_key))
		return warren_check_add(
			f, "private-as-public", true, peer->line,
			"make a new private key, and write the peer's public key here",
			"the public key is this interface's private key");
	if (!peer->allowedips_n)
		return warren_check_add(f, "no-networks", false, peer->line,
					"add AllowedIPs with the peer's addresses and networks",
					"the peer has no AllowedIPs: nothing goes to it");
	return 0;
}

static int check_peers(struct warren_findings *f, const struct warren_device *dev)
{
	uint8_t own[WARREN_KEY_BYTES];
	bool endpoint = false;
	size_t i;

	if (dev->has_private_key)
		warren_key_public(own, dev->private_key);
	for (i = 0; i < dev->peers_n; i++) {
		const struct warren_peer *p = &dev->peers[i];

		endpoint |= p->endpoint_name || p->endpoint.addr.sa_family != AF_UNSPEC;
		if (check_peer(f, dev, dev->has_private_key ? own : NULL, p))
			return -1;
	}
	if (dev->peers_n && !endpoint && !dev->listen_port)
		return warren_check_add(
			f, "nobody-begins", false, 0, "set ListenPort here, or Endpoint of a peer",
			"no peer has an Endpoint and there is no ListenPort: no peer "
			"can find this one");
	return 0;
}

static const struct warren_allowedip *find_default(const struct warren_device *dev, int family)
{
	size_t i, j;

	for (i = 0; i < dev->peers_n; i++)
		for (j = 0; j < dev->peers[i].allowedips_n; j++) {
			const struct warren_allowedip *ip = &dev->peers[i].allowedips[j];

			if (ip->prefix.family == family && !ip->prefix.cidr)
				return ip;
		}
	return NULL;
}

static int check_default_routes(struct warren_findings *f, const struct warren_config *c)
{
	const struct warren_allowedip *four = find_default(&c->device, AF_INET);
	const struct warren_allowedip *six = find_default(&c->device, AF_INET6);
	unsigned int line = four ? four->line : six ? six->line : 0;

	if (!line)
		return 0;
	if (c->table != WARREN_TABLE_AUTO && !c->rule_priority && !c->kill_switch &&
	    warren_check_add(f, "no-leak-guard", false, c->table_line ? c->table_line : line,
			     "use Table = auto, RulePriority or KillSwitch, or see to rules and a "
			     "firewall in PostUp",
			     "a peer has a default route, but with this Table there are neither "
			     "rules nor a leak guard for it"))
		return -1;
	/* A kill switch lets nothing around, of neither family. */
	if (!four == !six || c->kill_switch)
		return 0;
	return warren_check_add(f, "one-family", false, line,
				four ? "add ::/0, if IPv6 shall not go around the tunnel"
				     : "add 0.0.0.0/0, if IPv4 shall not go around the tunnel",
				"all of %s goes through the tunnel, but %s goes around it",
				four ? "IPv4" : "IPv6", four ? "IPv6" : "IPv4");
}

/* A name that moves cannot be looked up again by way of the tunnel that it stopped. */
static int check_names(struct warren_findings *f, const struct warren_config *c)
{
	size_t i;

	for (i = 0; i < c->device.peers_n; i++)
		if (c->device.peers[i].endpoint_name &&
		    warren_check_add(
			    f, "kill-switch-name", false, c->device.peers[i].endpoint_line,
			    "write its address, or a name server of the local network into "
			    "KillSwitchExcept",
			    "while the tunnel is down the kill switch keeps the name %s "
			    "from being looked up",
			    c->device.peers[i].endpoint_name))
			return -1;
	return 0;
}

/* Keys that depend on others. */
static int check_effect(struct warren_findings *f, const struct warren_config *c)
{
	bool full = find_default(&c->device, AF_INET) || find_default(&c->device, AF_INET6);
	bool own = c->table > 0 && c->table != RT_TABLE_MAIN;

	if (full && c->kill_switch && !c->except.allowedips_n && check_names(f, c))
		return -1;

	if (c->rule_priority && !own && !(full && c->table == WARREN_TABLE_AUTO) &&
	    warren_check_add(f, "no-effect", false, c->rule_priority_line,
			     "add a Table of its own, or take RulePriority out",
			     "RulePriority does nothing: no rules lead to this Table"))
		return -1;
	if (c->except.allowedips_n && !c->kill_switch &&
	    warren_check_add(f, "no-effect", false, c->except.allowedips[0].line,
			     "add KillSwitch = true, or take KillSwitchExcept out",
			     "KillSwitchExcept does nothing without KillSwitch"))
		return -1;
	return 0;
}

static int check_interface(struct warren_findings *f, const struct warren_config *c)
{
	bool hooks = c->pre_up.n || c->post_up.n, six = false;
	size_t i, j;

	if (!c->device.has_private_key && !hooks &&
	    warren_check_add(f, "no-private-key", true, 0, "add PrivateKey, as genkey prints it",
			     "there is no PrivateKey, and no hook that could set it"))
		return -1;
	if (!c->addresses_n && !hooks &&
	    warren_check_add(f, "no-address", false, 0, "add Address to [Interface]",
			     "the interface has no Address"))
		return -1;
	for (i = 0; i < c->addresses_n; i++) {
		const struct warren_prefix *a = &c->addresses[i].prefix;

		six |= a->family == AF_INET6;
		for (j = 0; j < i; j++) {
			const struct warren_prefix *b = &c->addresses[j].prefix;

			if (a->family == b->family &&
			    !memcmp(warren_addr_bytes(a), warren_addr_bytes(b),
				    warren_addr_size(a->family)) &&
			    warren_check_add(f, "address-twice", true, c->addresses[i].line,
					     "take one out", "the address is that of line %u",
					     c->addresses[j].line))
				return -1;
		}
	}
	if (c->mtu && c->mtu < 1280 && six &&
	    warren_check_add(f, "mtu-below-ipv6", true, c->mtu_line, "use 1280 or more",
			     "an MTU of %u is too small for the IPv6 address (RFC 8200, section 5)",
			     c->mtu))
		return -1;
	return 0;
}

int warren_check_config(struct warren_findings *findings, const struct warren_config *config)
{
	return check_interface(findings, config) || check_peers(findings, &config->device) ||
			       check_duplicates(findings, &config->device) ||
			       check_networks(findings, config) ||
			       check_default_routes(findings, config) ||
			       check_effect(findings, config)
		       ? -1
		       : 0;
}

static int by_line(const void *a, const void *b)
{
	const struct warren_finding *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->rule, y->rule);
}

void warren_check_sort(struct warren_findings *findings)
{
	if (findings->n)
		qsort(findings->list, findings->n, sizeof(*findings->list), by_line);
}

void warren_check_free(struct warren_findings *findings)
{
	free(findings->list);
	memset(findings, 0, sizeof(*findings));
}
