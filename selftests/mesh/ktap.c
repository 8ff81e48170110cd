// SPDX-License-Identifier: GPL-2.0
#include "ktap.h"

#include <stdlib.h>

static struct ktap_case *cases, **tail = &cases;
static unsigned int count;
static bool failed;

void ktap_add(struct ktap_case *c)
{
	*tail = c;
	tail = &c->next;
	count++;
}

void ktap_fail(const char *file, int line, const char *what)
{
	const char *slash = strrchr(file, '/');

	printf("# %s:%d: %s\n", slash ? slash + 1 : file, line, what);
	failed = true;
}

int ktap_main(void)
{
	unsigned int n = 0;
	bool any = false;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%u\n", count);
	for (struct ktap_case *c = cases; c; c = c->next) {
		failed = false;
		c->run();
		any |= failed;
		printf("%s %u %s\n", failed ? "not ok" : "ok", ++n, c->name);
	}
	return any;
}
