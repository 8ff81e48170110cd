/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing JSON (RFC 8259) to a stream, one line a value and two blanks a level, or
 * all in one line.
 */
#ifndef WARREN_LIB_JSON_H
#define WARREN_LIB_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct warren_json - a text being written
 * @out: where to; zero the rest
 * @compact: one line
 * @depth: how deep we are in objects and arrays
 * @more: whether something stands before the next value at this depth
 */
struct warren_json {
	FILE *out;
	bool compact;
	unsigned int depth;
	bool more;
};

/**
 * warren_json_open() - begin an object or an array
 * @json: the text
 * @key: its name in the object around it; NULL in an array and at the top
 * @bracket: '{' or '['
 */
void warren_json_open(struct warren_json *json, const char *key, char bracket);

/**
 * warren_json_close() - end it; at the top a newline follows
 * @json: the text
 * @bracket: '}' or ']'
 */
void warren_json_close(struct warren_json *json, char bracket);

/**
 * warren_json_string() - a string
 * @json: the text
 * @key: as above
 * @value: UTF-8, or NULL for null; bytes that are not UTF-8 become U+FFFD
 */
void warren_json_string(struct warren_json *json, const char *key, const char *value);

/**
 * warren_json_number() - a whole number from 0
 * @json: the text
 * @key: as above
 * @value: the number
 */
void warren_json_number(struct warren_json *json, const char *key, uint64_t value);

/**
 * warren_json_bool() - true or false
 * @json: the text
 * @key: as above
 * @value: which
 */
void warren_json_bool(struct warren_json *json, const char *key, bool value);

#endif /* WARREN_LIB_JSON_H */
