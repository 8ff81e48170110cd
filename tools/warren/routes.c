// SPDX-License-Identifier: GPL-2.0
#include "routes.h"

#include <stdlib.h>
#include <string.h>

static int longest_first(const void *a, const void *b)
{
	const struct warren_allowedip *x = a, *y = b;

	if (x->prefix.cidr != y->prefix.cidr)
		return (int)y->prefix.cidr - (int)x->prefix.cidr;
	return warren_addr_compare(&x->prefix, &y->prefix);
}

/* Whether the kernel made the route already, with an address of the interface. */
static bool connected(const struct warren_config *c, const struct warren_prefix *prefix)
{
	size_t i;

	for (i = 0; i < c->addresses_n; i++)
		if (warren_addr_covers(&c->addresses[i].prefix, prefix))
			return true;
	return false;
}

static bool is_wanted(const struct warren_config *c, const struct warren_prefix *prefix)
{
	/* The default routes of an automatic table are full_set()'s. */
	return c->table != WARREN_TABLE_AUTO || (prefix->cidr && !connected(c, prefix));
}

int routes_wanted(struct routes *routes, const struct warren_config *config,
		  struct warren_error *err)
{
	const struct warren_device *dev = &config->device;
	struct warren_allowedip *all;
	size_t i, j, n = 0;

	memset(routes, 0, sizeof(*routes));
	routes->table = config->table > 0 ? config->table : ROUTES_MAIN_TABLE;
	if (config->table == WARREN_TABLE_OFF)
		return 0;
	for (i = 0; i < dev->peers_n; i++)
		n += dev->peers[i].allowedips_n;
	all = calloc(n + 1, sizeof(*all));
	if (!all)
		return warren_error_nomem(err);
	for (i = 0, n = 0; i < dev->peers_n; i++)
		for (j = 0; j < dev->peers[i].allowedips_n; j++)
			if (is_wanted(config, &dev->peers[i].allowedips[j].prefix))
				all[n++] = dev->peers[i].allowedips[j];
	if (n)
		qsort(all, n, sizeof(*all), longest_first);
	for (i = 0; i < n; i++)
		if (!i || warren_addr_compare(&all[i].prefix, &all[i - 1].prefix))
			all[routes->n++] = all[i];
	routes->list = all;
	return 0;
}
