// SPDX-License-Identifier: GPL-2.0
/* strip: a file without the keys that only up and down know. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "quick.h"
#include "verbs.h"

/* The key of a line, or its section, without comment and white space around. */
static void key_of(const char *line, char *key, size_t size)
{
	size_t len = strcspn(line, "#=\n"), start = strspn(line, " \t\r");

	while (len > start && strchr(" \t\r", line[len - 1]))
		len--;
	if (len <= start || len - start >= size) {
		*key = '\0';
		return;
	}
	memcpy(key, line + start, len - start);
	key[len - start] = '\0';
}

/* Prints a line as wg-quick does: without the blanks around it. */
static void print_trimmed(const char *line, size_t len)
{
	size_t start = strspn(line, " \t");

	while (len > start && strchr(" \t", line[len - 1]))
		len--;
	if (len > start)
		fwrite(line + start, 1, len - start, stdout);
	fputc('\n', stdout);
}

static int strip(struct quick *q, struct warren_error *err)
{
	bool interface = false;
	size_t room = 0, len;
	char *line = NULL, key[32];
	ssize_t got;
	FILE *f;
	int ret = 0;

	f = fopen(q->path, "re");
	if (!f)
		return warren_error_errno(err, WARREN_E_FILE, errno, "cannot open %s", q->path);
	while ((got = getline(&line, &room, f)) > 0) {
		len = strcspn(line, "\n");
		key_of(line, key, sizeof(key));
		if (*key == '[')
			interface = !strcasecmp(key, "[Interface]");
		if (!interface || !warren_config_is_ups(key))
			print_trimmed(line, len);
	}
	if (ferror(f))
		ret = warren_error_errno(err, WARREN_E_FILE, errno, "cannot read %s", q->path);
	fputc('\n', stdout);
	fclose(f);
	if (line)
		warren_key_wipe(line, room);
	free(line);
	return ret;
}

int verb_strip(struct warren_error *err, int argc, char **argv)
{
	/* Read as up would, so that a mistake is told here. */
	return quick_run(err, argc, argv, strip);
}
