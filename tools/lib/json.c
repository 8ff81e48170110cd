// SPDX-License-Identifier: GPL-2.0
#include "json.h"

#include <inttypes.h>
#include <stddef.h>

/* Length of the UTF-8 sequence at s, 0 if it is none (RFC 3629, section 4). */
static size_t sequence(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < len; i++) {
		if (s[i] < low || s[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

static void put_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len;

	fputc('"', out);
	for (; *s; s += len ? len : 1) {
		len = sequence(s);
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else if (len)
			fwrite(s, 1, len, out);
		else
			fputs("\\ufffd", out);
	}
	fputc('"', out);
}

static void line(struct warren_json *json)
{
	if (!json->compact)
		fprintf(json->out, "\n%*s", 2 * (int)json->depth, "");
}

static void begin(struct warren_json *json, const char *key)
{
	if (json->more)
		fputs(json->compact ? ", " : ",", json->out);
	if (json->depth)
		line(json);
	json->more = true;
	if (key) {
		put_string(json->out, key);
		fputs(": ", json->out);
	}
}

void warren_json_open(struct warren_json *json, const char *key, char bracket)
{
	begin(json, key);
	fputc(bracket, json->out);
	json->depth++;
	json->more = false;
}

void warren_json_close(struct warren_json *json, char bracket)
{
	json->depth--;
	if (json->more)
		line(json);
	fputc(bracket, json->out);
	json->more = true;
	if (!json->depth)
		fputc('\n', json->out);
}

void warren_json_string(struct warren_json *json, const char *key, const char *value)
{
	begin(json, key);
	if (value)
		put_string(json->out, value);
	else
		fputs("null", json->out);
}

void warren_json_number(struct warren_json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void warren_json_bool(struct warren_json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->out);
}
