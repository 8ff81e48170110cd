// SPDX-License-Identifier: GPL-2.0
#include "qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Modules that must stay light on each side. */
#define MARGIN 4

/* Bytes of one line's colours and newline, and of one half block. */
#define BLACK_ON_WHITE "\033[30;47m"
#define NO_COLOURS     "\033[0m\n"
#define BLOCK_BYTES    3

#define SVG_PIXELS 4
/* Room for "M177 177h177v1h-177z". */
#define SVG_RUN 24

static int encode(const char *text, QRcode **code)
{
	if (!*text)
		return -EINVAL;
	*code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	if (*code)
		return 0;
	return errno == ERANGE ? -E2BIG : errno == EINVAL ? -EINVAL : -ENOMEM;
}

/* QRcode_free() leaves the code in memory, and the code may be a key. */
static void release(QRcode *code)
{
	explicit_bzero(code->data, (size_t)code->width * code->width);
	QRcode_free(code);
}

/* Coordinates count from the corner of the margin. */
static bool is_dark(const QRcode *code, int x, int y)
{
	x -= MARGIN;
	y -= MARGIN;
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
	       code->data[y * code->width + x] & 1;
}

int warren_qr_text(const char *text, char **out)
{
	static const char *const blocks[] = {" ", "▄", "▀", "█"};
	int x, y, side, ret;
	QRcode *code;
	char *to;

	ret = encode(text, &code);
	if (ret)
		return ret;
	side = code->width + 2 * MARGIN;
	*out = to = malloc((size_t)((side + 1) / 2) *
				   (strlen(BLACK_ON_WHITE NO_COLOURS) + side * BLOCK_BYTES) +
			   1);
	for (y = 0; to && y < side; y += 2) {
		to = stpcpy(to, BLACK_ON_WHITE);
		for (x = 0; x < side; x++)
			to = stpcpy(to, blocks[2 * is_dark(code, x, y) + is_dark(code, x, y + 1)]);
		to = stpcpy(to, NO_COLOURS);
	}
	release(code);
	return to ? 0 : -ENOMEM;
}

/* One path of all dark modules, a piece for each run of them in a row. */
static char *put_modules(char *to, const QRcode *code, int side)
{
	int x, y, from;

	for (y = 0; y < side; y++)
		for (x = 0; x < side; x++) {
			for (from = x; is_dark(code, x, y); x++)
				;
			if (x > from)
				to += sprintf(to, "M%d %dh%dv1h-%dz", from, y, x - from, x - from);
		}
	return to;
}

int warren_qr_svg(const char *text, char **out)
{
	QRcode *code;
	int side, ret;
	char *to;

	ret = encode(text, &code);
	if (ret)
		return ret;
	side = code->width + 2 * MARGIN;
	*out = to = malloc(512 + (size_t)side * ((side + 1) / 2) * SVG_RUN);
	if (to) {
		to += sprintf(to,
			      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
			      " viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
			      "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/><path d=\"",
			      side * SVG_PIXELS, side * SVG_PIXELS, side, side);
		to = put_modules(to, code, side);
		strcpy(to, "\" fill=\"#000\"/></svg>\n");
	}
	release(code);
	return to ? 0 : -ENOMEM;
}
