/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What apply is about to change, and how it says so.
 */
#ifndef WARREN_PLAN_H
#define WARREN_PLAN_H

#include "guard.h"
#include "routes.h"

/**
 * enum step_what - what a step adds or removes
 * @STEP_ADDRESS: an address of the interface
 * @STEP_ROUTE: a route into it
 */
enum step_what {
	STEP_ADDRESS,
	STEP_ROUTE,
};

/**
 * struct step - one address or route to add or remove
 * @what: which of the two
 * @add: to add it, else to remove it
 * @done: it was done
 * @prefix: the address with its host bits, or the network
 * @table: the route's table
 * @line: where the file says it
 */
struct step {
	enum step_what what;
	bool add;
	bool done;
	struct warren_prefix prefix;
	uint32_t table;
	unsigned int line;
};

/**
 * struct plan - all that changes
 * @running: the device as it is
 * @request: what changes of it
 * @device_done: @request was sent, at least in part
 * @steps: addresses and routes
 * @steps_n: their number
 * @mtu_now: the MTU as it is
 * @mtu: the MTU to be, 0 for no change
 * @guard: the guard as it is
 * @guard_wanted: whether there shall be one
 * @guard_same: whether it stays as it is
 * @kill_switch: 1 if one is added, -1 if it is removed, else 0
 */
struct plan {
	struct warren_device running;
	struct warren_device request;
	bool device_done;
	struct step *steps;
	size_t steps_n;
	uint32_t mtu_now;
	uint32_t mtu;
	struct guard guard;
	bool guard_wanted;
	bool guard_same;
	int kill_switch;
};

/**
 * plan_print() - a plan for people
 * @out: where to
 * @plan: the plan
 *
 * A line each, which begins with "+", "-" or "~" for what is added, removed or
 * changed. Keys that are secret are not printed.
 */
void plan_print(FILE *out, const struct plan *plan);

/**
 * plan_json() - a plan for programs
 * @out: where to
 * @plan: the plan
 */
void plan_json(FILE *out, const struct plan *plan);

#endif /* WARREN_PLAN_H */
