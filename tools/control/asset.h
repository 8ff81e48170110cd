/* SPDX-License-Identifier: GPL-2.0 */
/* The files of web/, in the program; the Makefile makes asset.c of them. */
#ifndef CONTROL_ASSET_H
#define CONTROL_ASSET_H

#include <stddef.h>

struct control_asset {
	const char *name; /* NULL at the end */
	const char *text;
	size_t len;
};

extern const struct control_asset control_assets[];

#endif /* CONTROL_ASSET_H */
