/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test cases that print KTAP. TEST(name) { ... } defines a case and registers it; EXPECT() notes a
 * failure and leaves the case. ktap_main() runs all and gives the exit code of kselftest.
 */
#ifndef KTAP_H
#define KTAP_H

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

void ktap_add(struct ktap_case *c);
void ktap_fail(const char *file, int line, const char *what);
int ktap_main(void);

#define TEST(id)                                                                                   \
	static void test_##id(void);                                                               \
	static struct ktap_case case_##id = {.name = #id, .run = test_##id};                       \
	__attribute__((constructor)) static void add_##id(void)                                    \
	{                                                                                          \
		ktap_add(&case_##id);                                                              \
	}                                                                                          \
	static void test_##id(void)

#define EXPECT(cond)                                                                               \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			ktap_fail(__FILE__, __LINE__, #cond);                                      \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/* For strings: shows what came instead. */
#define EXPECT_STR(got, want)                                                                      \
	do {                                                                                       \
		const char *got_ = (got), *want_ = (want);                                         \
		if (!got_ || strcmp(got_, want_)) {                                                \
			printf("# got  %s\n# want %s\n", got_ ? got_ : "(null)", want_);           \
			ktap_fail(__FILE__, __LINE__, #got);                                       \
			return;                                                                    \
		}                                                                                  \
	} while (0)

#endif /* KTAP_H */
