// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ktap.h"

static struct ktap_case *first, **last = &first;
static int number_of_cases;
static bool failed;

void ktap_register(struct ktap_case *test)
{
	*last = test;
	last = &test->next;
	number_of_cases++;
}

bool ktap_check(bool ok, const char *file, int line, const char *what)
{
	if (!ok) {
		failed = true;
		printf("# %s:%d: not so: %s\n", file, line, what);
	}
	return ok;
}

void ktap_note(const char *format, ...)
{
	va_list arguments;

	printf("# ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

int main(int argc, char *argv[])
{
	const char *only = argc > 1 ? argv[1] : NULL;
	bool any_failed = false;
	int number = 0;

	/* A crash must not take along what was said before it. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct ktap_case *test = first; only && test; test = test->next)
		number += !strcmp(test->name, only);
	if (only && !number) {
		fprintf(stderr, "%s: no case is named '%s'\n", argv[0], only);
		return 2;
	}

	printf("TAP version 13\n1..%d\n", only ? number : number_of_cases);
	number = 0;
	for (struct ktap_case *test = first; test; test = test->next) {
		if (only && strcmp(test->name, only))
			continue;
		failed = false;
		test->run();
		printf("%s %d %s\n", failed ? "not ok" : "ok", ++number, test->name);
		any_failed |= failed;
	}
	return any_failed;
}
