/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The verbs of the tool: one file each, and the table in main.c.
 */
#ifndef WARREN_VERBS_H
#define WARREN_VERBS_H

#include "../lib/error.h"

/**
 * struct verb - one verb
 * @name: as typed
 * @run: does it; argv[0] is @name. Returns 0, or -1 with the error filled; a
 *       WARREN_E_USAGE without a text makes main print @usage
 * @summary: one line for the list of verbs
 * @usage: what may follow the name
 */
struct verb {
	const char *name;
	int (*run)(struct warren_error *err, int argc, char **argv);
	const char *summary;
	const char *usage;
};

int verb_show(struct warren_error *err, int argc, char **argv);
int verb_showconf(struct warren_error *err, int argc, char **argv);
int verb_set(struct warren_error *err, int argc, char **argv);
int verb_setconf(struct warren_error *err, int argc, char **argv);
int verb_genkey(struct warren_error *err, int argc, char **argv);
int verb_pubkey(struct warren_error *err, int argc, char **argv);
int verb_add(struct warren_error *err, int argc, char **argv);
int verb_del(struct warren_error *err, int argc, char **argv);
int verb_up(struct warren_error *err, int argc, char **argv);
int verb_down(struct warren_error *err, int argc, char **argv);
int verb_save(struct warren_error *err, int argc, char **argv);
int verb_apply(struct warren_error *err, int argc, char **argv);
int verb_check(struct warren_error *err, int argc, char **argv);
int verb_monitor(struct warren_error *err, int argc, char **argv);
int verb_export(struct warren_error *err, int argc, char **argv);
int verb_init(struct warren_error *err, int argc, char **argv);
int verb_migrate(struct warren_error *err, int argc, char **argv);
int verb_resolve(struct warren_error *err, int argc, char **argv);
int verb_strip(struct warren_error *err, int argc, char **argv);

/**
 * verb_usage() - refuse a command line
 * @err: filled
 *
 * Return: -1.
 */
int verb_usage(struct warren_error *err);

#endif /* WARREN_VERBS_H */
