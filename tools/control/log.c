// SPDX-License-Identifier: GPL-2.0
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum control_log_level limit = LOG_INFO;

void control_log_level(enum control_log_level level)
{
	limit = level;
}

void control_log(enum control_log_level level, const char *fmt, ...)
{
	/* The numbers systemd reads at the start of a line. */
	static const char *const mark[] = {"<3>", "<4>", "<6>", "<7>"};
	static const char *const word[] = {"error: ", "warning: ", "", "debug: "};
	char line[1024];
	va_list ap;
	int n;

	if (level > limit)
		return;
	n = snprintf(line, sizeof(line), "%s",
		     getenv("JOURNAL_STREAM") ? mark[level] : word[level]);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	/* What others sent may be in it; keep it one line. */
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	fprintf(stderr, "%s\n", line);
}
