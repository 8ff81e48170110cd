// SPDX-License-Identifier: GPL-2.0
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* For each line of a file: printf() would take a sixth of the time of reading it. */
static void put(char *to, size_t size, const char *from)
{
	size_t len;

	if (from == to)
		return;
	from = from ? from : "";
	len = strnlen(from, size - 1);
	memcpy(to, from, len);
	to[len] = '\0';
}

int warren_error_set(struct warren_error *err, enum warren_code code, const char *remedy,
		     const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	/* An argument may point into err itself. */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err->code = code;
	put(err->text, sizeof(err->text), text);
	put(err->remedy, sizeof(err->remedy), remedy);
	return -1;
}

int warren_error_errno(struct warren_error *err, enum warren_code code, int error, const char *fmt,
		       ...)
{
	char text[sizeof(err->text) - 128];
	const char *remedy = NULL;
	va_list ap;

	if (error == ENOMEM) {
		code = WARREN_E_INTERNAL;
	} else if (error == EPERM || (error == EACCES && code != WARREN_E_FILE)) {
		code = WARREN_E_PERM;
		remedy = "run it as root, or with the capability CAP_NET_ADMIN";
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return warren_error_set(err, code, remedy, "%s: %s", text, strerror(error));
}

int warren_error_nomem(struct warren_error *err)
{
	return warren_error_set(err, WARREN_E_INTERNAL, NULL, "out of memory");
}

void warren_error_warn(struct warren_error *err, const char *remedy, const char *fmt, ...)
{
	struct warren_error w = *err;
	va_list ap;

	if (!err->warn)
		return;
	w.code = WARREN_OK;
	va_start(ap, fmt);
	vsnprintf(w.text, sizeof(w.text), fmt, ap);
	va_end(ap);
	put(w.remedy, sizeof(w.remedy), remedy);
	err->warn(err->warn_arg, &w);
}

void warren_error_place(struct warren_error *err, const char *file, unsigned int line,
			const char *key)
{
	put(err->file, sizeof(err->file), file);
	err->line = line;
	put(err->key, sizeof(err->key), key);
}

char *warren_error_format(const struct warren_error *err, char *buf, unsigned int size)
{
	char line[16] = "";

	if (err->line && err->file[0])
		snprintf(line, sizeof(line), ":%u", err->line);
	snprintf(buf, size, "%s%s%s%s%s%s%s%s", err->file, line, err->file[0] ? ": " : "", err->key,
		 err->key[0] ? ": " : "", err->text, err->remedy[0] ? "\n  remedy: " : "",
		 err->remedy);
	return buf;
}
