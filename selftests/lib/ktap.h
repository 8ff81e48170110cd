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
 * the order of the files. CHECK() tells of a failure and goes on; EXPECT() leaves
 * the function. A name on the command line runs the one case. A program that has
 * more to do has a main() of its own, which calls ktap_main().
 */
#ifndef WARREN_KTAP_H
#define WARREN_KTAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct ktap_case {
	const char *name;
	void (*run)(void);
	struct ktap_case *next;
};

void ktap_register(struct ktap_case *test);

bool ktap_check(bool ok, const char *file, int line, const char *what);

/* A line for the reader: a figure, or how far a random case came. */
void ktap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs all cases; gives the exit code of kselftest. */
int ktap_main(void);

#define TEST(id)                                                                                   \
	static void test_##id(void);                                                               \
	static struct ktap_case case_##id = {.name = #id, .run = test_##id};                       \
	__attribute__((constructor)) static void register_##id(void)                               \
	{                                                                                          \
		ktap_register(&case_##id);                                                         \
	}                                                                                          \
	static void test_##id(void)

#define CHECK(condition) ktap_check(condition, __FILE__, __LINE__, #condition)

#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!CHECK(condition))                                                             \
			return;                                                                    \
	} while (0)

/* For strings: shows what came instead. */
#define EXPECT_STR(got, want)                                                                      \
	do {                                                                                       \
		const char *got_ = (got), *want_ = (want);                                         \
		if (!got_ || strcmp(got_, want_)) {                                                \
			ktap_note("got  %s", got_ ? got_ : "(null)");                              \
			ktap_note("want %s", want_);                                               \
			ktap_check(false, __FILE__, __LINE__, #got);                               \
			return;                                                                    \
		}                                                                                  \
	} while (0)

#endif /* WARREN_KTAP_H */
