// SPDX-License-Identifier: GPL-2.0
#include "ktap.h"

#include <stdarg.h>

static struct ktap_case *first, **last = &first;
static bool failed;

void ktap_register(struct ktap_case *test)
{
	*last = test;
	last = &test->next;
}

bool ktap_check(bool ok, const char *file, int line, const char *what)
{
	const char *slash = strrchr(file, '/');

	if (!ok) {
		failed = true;
		printf("# %s:%d: not so: %s\n", slash ? slash + 1 : file, line, what);
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

static bool chosen(const struct ktap_case *test, const char *only)
{
	return !only || !strcmp(test->name, only);
}

static int run(const char *only)
{
	bool any_failed = false;
	int number = 0;

	/* A crash must not take along what was said before it. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct ktap_case *test = first; test; test = test->next)
		number += chosen(test, only);
	if (!number) {
		fprintf(stderr, "no case is named '%s'\n", only ? only : "");
		return 2;
	}
	printf("TAP version 13\n1..%d\n", number);
	number = 0;
	for (struct ktap_case *test = first; test; test = test->next) {
		if (!chosen(test, only))
			continue;
		failed = false;
		test->run();
		printf("%s %d %s\n", failed ? "not ok" : "ok", ++number, test->name);
		any_failed |= failed;
	}
	return any_failed;
}

int ktap_main(void)
{
	return run(NULL);
}

__attribute__((weak)) int main(int argc, char *argv[])
{
	return run(argc > 1 ? argv[1] : NULL);
}
