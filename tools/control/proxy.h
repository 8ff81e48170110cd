/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Proxies in front of the server, which the configuration names: what they say about where a
 * request comes from is believed, so that limits and the audit log are about the client. Pure.
 */
#ifndef CONTROL_PROXY_H
#define CONTROL_PROXY_H

#include "http.h"
#include "message.h"

/* Whether an address is one of the proxies. */
bool control_proxy_is(const mesh_prefixes *proxies, const struct mesh_ip *ip);

/**
 * control_proxy_client() - where a request that came through a proxy began
 * @proxies: those that are believed
 * @req: the request
 * @ip: the proxy that it came from; replaced by the last address in X-Forwarded-For that is none of
 *      the proxies, as what stands before it can be the client's invention
 *
 * Without such an address @ip stays.
 */
void control_proxy_client(const mesh_prefixes *proxies, const struct control_http *req,
			  struct mesh_ip *ip);

#endif /* CONTROL_PROXY_H */
