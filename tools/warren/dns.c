// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quick.h"

static bool has_resolved(void)
{
	return !access("/run/systemd/resolve", F_OK) && run_find("resolvectl");
}

/* Runs resolvectl VERB NAME and a list. */
static int resolvectl(const struct quick *q, char *verb, const struct warren_strings *list,
		      char *last, struct warren_error *err)
{
	char **argv = calloc(list->n + 5, sizeof(*argv)), *name = strdup(q->name);
	size_t n = 0, i;
	int ret;

	if (!argv || !name) {
		ret = warren_error_nomem(err);
	} else {
		argv[n++] = "resolvectl";
		argv[n++] = verb;
		argv[n++] = name;
		for (i = 0; i < list->n; i++)
			argv[n++] = list->s[i];
		argv[n] = last;
		quick_say("resolvectl %s %s ...", verb, q->name);
		ret = run_program(argv, NULL, err);
	}
	free(argv);
	free(name);
	return ret;
}

static int resolvconf_add(const struct quick *q, struct warren_error *err)
{
	char name[IFNAMSIZ], *text = NULL;
	char *argv[] = {"resolvconf", "-a", name, "-m", "0", "-x", NULL};
	size_t size, i;
	FILE *f = open_memstream(&text, &size);
	int ret;

	if (!f)
		return warren_error_nomem(err);
	for (i = 0; i < q->config.dns.n; i++)
		fprintf(f, "nameserver %s\n", q->config.dns.s[i]);
	for (i = 0; i < q->config.search.n; i++)
		fprintf(f, "%s%s", i ? " " : "search ", q->config.search.s[i]);
	if (i)
		fputs("\n", f);
	if (fclose(f)) {
		free(text);
		return warren_error_nomem(err);
	}
	memcpy(name, q->name, sizeof(name));
	quick_say("resolvconf -a %s -m 0 -x", name);
	ret = run_program(argv, text, err);
	free(text);
	return ret;
}

int dns_set(const struct quick *q, struct warren_error *err)
{
	if (!q->config.dns.n && !q->config.search.n)
		return 0;
	warren_error_place(err, q->path, 0, "DNS");
	if (has_resolved()) {
		/* "~.": these servers for all names, as resolvconf -x. */
		if (resolvectl(q, "dns", &q->config.dns, NULL, err) ||
		    resolvectl(q, "domain", &q->config.search, q->config.dns.n ? "~." : NULL, err))
			return -1;
	} else if (!run_find("resolvconf")) {
		return warren_error_set(
			err, WARREN_E_UNSUPPORTED,
			"install systemd-resolved, resolvconf or openresolv, or set "
			"name servers in PostUp",
			"this host has neither systemd-resolved nor resolvconf");
	} else if (resolvconf_add(q, err)) {
		return -1;
	}
	warren_error_place(err, NULL, 0, NULL);
	return 0;
}

int dns_unset(const struct quick *q, struct warren_error *err)
{
	static const struct warren_strings nothing;
	char name[IFNAMSIZ];
	char *argv[] = {"resolvconf", "-d", name, "-f", NULL};

	if (!q->config.dns.n && !q->config.search.n)
		return 0;
	if (has_resolved())
		return resolvectl(q, "revert", &nothing, NULL, err);
	memcpy(name, q->name, sizeof(name));
	quick_say("resolvconf -d %s -f", name);
	return run_program(argv, NULL, err);
}
