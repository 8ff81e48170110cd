/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All traffic through a tunnel, whose own packets must not go through it.
 *
 * The device marks its packets. A rule sends what lacks the mark to a table
 * that has the routes into the tunnel; a second rule, before it, lets the main
 * table's other routes, such as the local network, come first.
 */
#ifndef WARREN_FULL_H
#define WARREN_FULL_H

#include "quick.h"

/**
 * full_wanted() - whether a file needs rules that lead into the tunnel
 * @q: the interface
 * @family: AF_INET or AF_INET6
 *
 * Return: true if Table is auto and a peer has 0.0.0.0/0, or ::/0; also if there is
 * RulePriority, Table is a table of its own, and a peer has a network of the family.
 */
bool full_wanted(const struct quick *q, uint16_t family);

/**
 * full_choose_mark() - a mark for the tunnel's own packets
 * @q: the interface
 * @mark: the file's, or the first number from 51820 on that no route's table and
 *        no rule has
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int full_choose_mark(struct quick *q, uint32_t *mark, struct warren_error *err);

/**
 * full_set() - make the rules, and the default routes of an automatic table
 * @q: the interface, up
 * @mark: the device's mark
 * @err: filled on failure; what was done before it is for full_unset()
 *
 * A place for the rules that has one already is refused.
 *
 * Return: 0 or -1.
 */
int full_set(struct quick *q, uint32_t mark, struct warren_error *err);

/**
 * full_there() - whether there are such rules
 * @q: the interface
 * @family: AF_INET or AF_INET6
 * @mark: the device's mark
 * @there: filled: true if they lead where the file says
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int full_there(struct quick *q, uint16_t family, uint32_t mark, bool *there,
	       struct warren_error *err);

/**
 * full_unset() - take the rules back
 * @q: the interface
 * @mark: the device's mark, which the rules have
 * @err: filled on failure
 *
 * Whatever the file says now: what the rules say counts.
 *
 * Return: 0 or -1.
 */
int full_unset(struct quick *q, uint32_t mark, struct warren_error *err);

#endif /* WARREN_FULL_H */
