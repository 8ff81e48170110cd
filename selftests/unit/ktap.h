/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small named cases, told in KTAP.
 *
 *	#include "ktap.h"
 *
 *	TEST(addition_is_commutative)
 *	{
 *		CHECK(1 + 2 == 2 + 1);
 *	}
 *
 * A program is one or more files of cases linked with ktap.c; it runs them in
 * the order of the files. CHECK() tells of a failure and goes on; REQUIRE()
 * leaves the function. A name on the command line runs the one case.
 */
#ifndef WARREN_KTAP_H
#define WARREN_KTAP_H

#include <stdbool.h>

struct ktap_case {
	const char *name;
	void (*run)(void);
	struct ktap_case *next;
};

void ktap_register(struct ktap_case *test);

bool ktap_check(bool ok, const char *file, int line, const char *what);

/* A line for the reader: a figure, or how far a random case came. */
void ktap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define TEST(test_name)                                                                            \
	static void test_name(void);                                                               \
	static struct ktap_case test_name##_case = {#test_name, test_name, 0};                     \
	static void __attribute__((constructor)) test_name##_register(void)                        \
	{                                                                                          \
		ktap_register(&test_name##_case);                                                  \
	}                                                                                          \
	static void test_name(void)

#define CHECK(condition) ktap_check(condition, __FILE__, __LINE__, #condition)

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!CHECK(condition))                                                             \
			return;                                                                    \
	} while (0)

#endif
