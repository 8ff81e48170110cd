/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Routing rules: which table is asked for the way of a packet.
 */
#ifndef WARREN_LIB_RULE_H
#define WARREN_LIB_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtnl.h"

/**
 * struct warren_rule - one routing rule
 * @family: AF_INET or AF_INET6
 * @table: the table it leads to, 0 if it leads to none
 * @priority: its place; rules with smaller numbers are asked first
 * @mark: the mark it is about; 0 to match all
 * @inverted: match what does not have @mark
 * @suppress_default: do not use the table's default routes
 */
struct warren_rule {
	uint16_t family;
	uint32_t table;
	uint32_t priority;
	uint32_t mark;
	bool inverted;
	bool suppress_default;
};

/**
 * warren_rule_each() - call a function for each rule of this network namespace
 * @rtnl: open socket
 * @family: AF_INET or AF_INET6
 * @each: the function; it may see a rule twice
 * @arg: its first argument
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_rule_each(struct warren_rtnl *rtnl, uint16_t family,
		     void (*each)(void *arg, const struct warren_rule *rule), void *arg,
		     struct warren_error *err);

/**
 * warren_rule_add() - add a rule
 * @rtnl: open socket
 * @rule: the rule
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int warren_rule_add(struct warren_rtnl *rtnl, const struct warren_rule *rule,
		    struct warren_error *err);

/**
 * warren_rule_del() - delete a rule
 * @rtnl: open socket
 * @rule: the rule
 * @err: filled on failure
 *
 * Return: 0; 1 if there is no such rule; -1.
 */
int warren_rule_del(struct warren_rtnl *rtnl, const struct warren_rule *rule,
		    struct warren_error *err);

#endif /* WARREN_LIB_RULE_H */
