/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What makes a link fail, or leak, found in its configuration file beforehand.
 */
#ifndef WARREN_LIB_CHECK_H
#define WARREN_LIB_CHECK_H

#include "config.h"

/**
 * struct warren_finding - one thing that is wrong or looks it
 * @rule: a short name of the rule, which stays the same
 * @error: true if the link cannot work or is not safe, false if it may be meant
 * @line: where, or 0 for the file as a whole
 * @text: what, a sentence without a full stop
 * @remedy: what to do about it
 */
struct warren_finding {
	const char *rule;
	bool error;
	unsigned int line;
	char text[256];
	char remedy[192];
};

/**
 * struct warren_findings - a list of them
 * @list: the findings
 * @n: their number
 * @errors: how many of them are errors
 */
struct warren_findings {
	struct warren_finding *list;
	size_t n;
	size_t errors;
};

/**
 * warren_check_add() - add a finding
 * @findings: the list
 * @rule: as in struct warren_finding, and so the next three
 * @error: whether it is an error
 * @line: where
 * @remedy: what to do
 * @fmt: what it is, as printf
 *
 * Return: 0, or -1 without memory.
 */
int warren_check_add(struct warren_findings *findings, const char *rule, bool error,
		     unsigned int line, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/**
 * warren_check_config() - look at a configuration, without the network
 * @findings: findings are added
 * @config: all of a file, endpoint names unresolved
 *
 * Takes the time of a few sorts, also for many peers.
 *
 * Return: 0, or -1 without memory.
 */
int warren_check_config(struct warren_findings *findings, const struct warren_config *config);

/**
 * warren_check_sort() - put findings in the order of their lines
 * @findings: the list
 */
void warren_check_sort(struct warren_findings *findings);

/**
 * warren_check_free() - give a list's memory back
 * @findings: the list
 */
void warren_check_free(struct warren_findings *findings);

#endif /* WARREN_LIB_CHECK_H */
