/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What up, down, save and strip share: a file that describes a whole interface.
 */
#ifndef WARREN_QUICK_H
#define WARREN_QUICK_H

#include <limits.h>
#include <stdarg.h>

#include "../lib/config.h"
#include "../lib/rtnl.h"

/**
 * struct quick - an interface and its file
 * @name: the interface
 * @path: the file
 * @config: what the file says
 * @rtnl: open routing socket
 * @ifindex: the interface's index while it exists
 * @mark: the mark of its own packets, once it is chosen; 0 for none
 */
struct quick {
	char name[IFNAMSIZ];
	char path[PATH_MAX];
	struct warren_config config;
	struct warren_rtnl rtnl;
	uint32_t ifindex;
	uint32_t mark;
};

/**
 * quick_read() - find and read the file that an argument names
 * @q: filled; close it with quick_close(), also after a failure
 * @arg: a path that ends in NAME.conf, or NAME for NAME.conf in /etc/warren or
 *       /etc/wireguard
 * @err: warnings and the failure
 *
 * Return: 0 or -1.
 */
int quick_read(struct quick *q, const char *arg, struct warren_error *err);

/**
 * quick_open() - quick_read(), a word about a readable file, and a routing socket
 * @q: as for quick_read()
 * @arg: as for quick_read()
 * @err: warnings and the failure
 *
 * Return: 0 or -1.
 */
int quick_open(struct quick *q, const char *arg, struct warren_error *err);

/**
 * quick_run() - what a verb does whose only argument is a file
 * @err: filled on failure
 * @argc: number of arguments, the verb's name included
 * @argv: the arguments
 * @run: does it with the opened file; 0 or -1
 *
 * Return: 0 or -1.
 */
int quick_run(struct warren_error *err, int argc, char **argv,
	      int (*run)(struct quick *q, struct warren_error *err));

/**
 * quick_close() - give its memory back, keys overwritten
 * @q: from quick_open()
 */
void quick_close(struct quick *q);

/**
 * quick_say() - tell on standard error what is done, as an ip(8) command or such
 * @fmt: the text, as printf
 */
void quick_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * run_hooks() - run the commands of one of the four hook keys
 * @q: the interface, for %i
 * @hooks: the commands, run by bash
 * @key: the key, for the error
 * @err: filled on failure
 *
 * Stops at the first command that fails.
 *
 * Return: 0 or -1.
 */
int run_hooks(const struct quick *q, const struct warren_strings *hooks, const char *key,
	      struct warren_error *err);

/**
 * run_program() - run a program
 * @argv: its name and arguments, ended by NULL
 * @input: its standard input, or NULL for /dev/null
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int run_program(char *const argv[], const char *input, struct warren_error *err);

/**
 * run_find() - whether a program is there
 * @name: its path, or its name, looked for in PATH
 *
 * Return: true if it can be run.
 */
bool run_find(const char *name);

/**
 * dns_set() - use the name servers and search domains of the file
 * @q: the interface
 * @err: filled on failure
 *
 * By systemd-resolved where it runs, else by resolvconf.
 *
 * Return: 0 or -1.
 */
int dns_set(const struct quick *q, struct warren_error *err);

/**
 * dns_unset() - take them back
 * @q: the interface, which still exists
 * @err: filled on failure
 *
 * Return: 0 or -1.
 */
int dns_unset(const struct quick *q, struct warren_error *err);

#endif /* WARREN_QUICK_H */
