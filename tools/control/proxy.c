// SPDX-License-Identifier: GPL-2.0
#include "proxy.h"

#include <string.h>
#include <strings.h>

bool control_proxy_is(const mesh_prefixes *proxies, const struct mesh_ip *ip)
{
	for (size_t i = 0; i < proxies->n; i++)
		if (proxies->v[i].ip.family == ip->family && mesh_text_contains(&proxies->v[i], ip))
			return true;
	return false;
}

/* An address of the list, with or without a port. */
static bool parse(struct mesh_ip *ip, const char *text, size_t len)
{
	struct mesh_addrport with_port;
	char copy[MESH_ADDR_TEXT];

	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	if (!len || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = 0;
	if (mesh_text_unip(ip, copy))
		return true;
	if (!mesh_text_unaddrport(&with_port, copy))
		return false;
	*ip = with_port.ip;
	return true;
}

void control_proxy_client(const mesh_prefixes *proxies, const struct control_http *req,
			  struct mesh_ip *ip)
{
	struct mesh_ip from;

	/* Proxies add at the end of the line, or a line at the end. */
	for (size_t i = req->n_headers; i-- > 0;) {
		const char *value = req->headers[i].value, *end = value + strlen(value);

		if (strcasecmp(req->headers[i].name, "X-Forwarded-For"))
			continue;
		for (;;) {
			const char *start = end;

			while (start > value && start[-1] != ',')
				start--;
			if (!parse(&from, start, (size_t)(end - start)))
				return;
			if (!control_proxy_is(proxies, &from)) {
				*ip = from;
				return;
			}
			if (start == value)
				break;
			end = start - 1;
		}
	}
}
