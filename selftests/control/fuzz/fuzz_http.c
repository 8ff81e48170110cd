// SPDX-License-Identifier: GPL-2.0
/* Requests on the port. */
#include "fuzz.h"
#include "http.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1), value[16];
	struct control_http r;

	memcpy(copy, data, size);
	if (control_http_parse(&r, copy, size) > 0) {
		control_http_header(&r, "Upgrade");
		control_http_has_token(&r, "Connection", "upgrade");
		control_http_query(r.query, "v", value, sizeof(value));
	}
	free(copy);
	return 0;
}
