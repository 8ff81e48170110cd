/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WARREN_SAVE_H
#define WARREN_SAVE_H

#include "quick.h"

/**
 * save_config() - write the running interface into its file
 * @q: the interface, which exists
 * @err: filled on failure
 *
 * The file's own keys stay but Address, which is read from the interface. The
 * new file takes the old one's place at once, or the old one stays.
 *
 * Return: 0 or -1.
 */
int save_config(struct quick *q, struct warren_error *err);

#endif /* WARREN_SAVE_H */
