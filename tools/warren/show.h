/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The forms in which show prints a device. All but JSON are wg's, to the byte.
 */
#ifndef WARREN_SHOW_H
#define WARREN_SHOW_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "../lib/device.h"
#include "../lib/json.h"

/**
 * struct show_style - how the form for people looks
 * @colour: with terminal colours
 * @keys: with private and preshared keys
 * @now: the time handshakes are compared with, seconds since the epoch
 */
struct show_style {
	bool colour;
	bool keys;
	time_t now;
};

/**
 * show_style() - the style for standard output
 *
 * From WG_COLOR_MODE, WG_HIDE_KEYS, the clock and whether it is a terminal.
 *
 * Return: the style.
 */
struct show_style show_style(void);

/**
 * show_pretty() - a device in the form for people
 * @out: where to
 * @dev: the device
 * @style: its looks
 *
 * Return: 0, or -1 without memory.
 */
int show_pretty(FILE *out, const struct warren_device *dev, const struct show_style *style);

/**
 * show_field() - one field of a device and its peers, or "dump" for all
 * @out: where to; NULL only to ask whether there is such a field
 * @dev: the device
 * @field: name of the field
 * @with_name: begin each line with the interface's name
 *
 * Return: 0, or -1 if there is no such field.
 */
int show_field(FILE *out, const struct warren_device *dev, const char *field, bool with_name);

/**
 * show_json() - a device as a JSON object
 * @json: the text, inside an array
 * @dev: the device
 * @keys: with private and preshared keys
 */
void show_json(struct warren_json *json, const struct warren_device *dev, bool keys);

#endif /* WARREN_SHOW_H */
