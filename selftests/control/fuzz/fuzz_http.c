// SPDX-License-Identifier: GPL-2.0
/* Requests on the port. */
#include "fuzz.h"
#include "http.h"
#include "proxy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1), value[16];
	struct mesh_prefix proxy[] = {{mesh_text_ip4(0x7f000001), 32},
				      {mesh_text_ip4(0x0a000000), 8}};
	mesh_prefixes proxies = {.v = proxy, .n = 2};
	struct mesh_ip from = proxy[0].ip;
	struct control_http r;
	size_t len;

	memcpy(copy, data, size);
	if (control_http_parse(&r, copy, size) > 0) {
		control_http_header(&r, "Upgrade");
		control_http_has_token(&r, "Connection", "upgrade");
		control_http_query(r.query, "v", value, sizeof(value));
		if (control_http_cookie(&r, "a", &len) && len > size)
			abort();
		control_proxy_client(&proxies, &r, &from);
	}
	free(copy);
	return 0;
}
