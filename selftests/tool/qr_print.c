// SPDX-License-Identifier: GPL-2.0
/* Prints standard input as a QR code: qr_print text|svg. Exit code: the errno. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/qr.h"

int main(int argc, char **argv)
{
	char text[8192] = "", *out;
	int ret;

	if (argc != 2 || (!fread(text, 1, sizeof(text) - 1, stdin) && ferror(stdin)))
		return 255;
	ret = strcmp(argv[1], "svg") ? warren_qr_text(text, &out) : warren_qr_svg(text, &out);
	if (ret)
		return -ret;
	fputs(out, stdout);
	free(out);
	return 0;
}
