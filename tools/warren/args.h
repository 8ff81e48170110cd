/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The arguments of set, apart from the verb so that they can be fuzzed.
 */
#ifndef WARREN_ARGS_H
#define WARREN_ARGS_H

#include "../lib/device.h"

/**
 * args_parse_set() - the changes that arguments of set ask for
 * @dev: empty; becomes a request, endpoint names unresolved
 * @argc: number of arguments after the interface
 * @argv: the arguments
 * @err: the argument's name as key, and the failure
 *
 * Return: 0 or -1.
 */
int args_parse_set(struct warren_device *dev, int argc, char **argv, struct warren_error *err);

#endif /* WARREN_ARGS_H */
