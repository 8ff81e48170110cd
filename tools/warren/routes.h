/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_ROUTES_H
#define WARREN_ROUTES_H

#include "quick.h"

#define ROUTES_MAIN_TABLE 254

/**
 * struct routes - the routes a file asks for, but those of full_set()
 * @list: networks, longest prefix first, each once
 * @n: their number
 * @table: the table they belong in
 */
struct routes {
	struct warren_allowedip *list;
	size_t n;
	uint32_t table;
};

/**
 * routes_wanted() - which networks are to be routed into the interface
 * @routes: filled; free @list with free()
 * @config: the file
 * @err: filled on failure
 *
 * All allowed IPs, without those that a route of one of the interface's own
 * addresses covers already. None if Table is off.
 *
 * Return: 0 or -1.
 */
int routes_wanted(struct routes *routes, const struct warren_config *config,
		  struct warren_error *err);

#endif /* WARREN_ROUTES_H */
