// SPDX-License-Identifier: GPL-2.0
/* STUN: tells a device how its packets look from here. */
#include "stun.h"
#include "server.h"

#include <string.h>

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	static char room[2048];

	(void)h;
	(void)suggested;
	*buf = uv_buf_init(room, sizeof(room));
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
			unsigned int flags)
{
	uint8_t txid[MESH_STUN_TXID], out[MESH_STUN_MAX_RESPONSE];
	struct mesh_addrport ap;
	uv_buf_t answer;

	(void)flags;
	if (n <= 0 || !from || mesh_stun_parse_request((uint8_t *)buf->base, (size_t)n, txid))
		return;
	if (from->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;

		ap.ip = mesh_text_ip4(ntohl(in->sin_addr.s_addr));
		ap.port = ntohs(in->sin_port);
	} else {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

		ap.ip = mesh_text_ip16(in6->sin6_addr.s6_addr);
		ap.port = ntohs(in6->sin6_port);
	}
	answer = uv_buf_init((char *)out, (unsigned int)mesh_stun_response(out, txid, &ap));
	/* When the socket is full the client asks again. */
	uv_udp_try_send(udp, &answer, 1, from);
}

int control_stun_start(struct control_server *srv, struct mesh_error *err)
{
	const struct mesh_addrport *ap = &srv->config->relay.stun;
	struct sockaddr_storage ss;
	char text[MESH_ADDR_TEXT];
	int ret;

	control_server_sockaddr(ap, &ss);
	uv_udp_init(&srv->loop, &srv->stun);
	ret = uv_udp_bind(&srv->stun, (struct sockaddr *)&ss, 0);
	if (!ret)
		ret = uv_udp_recv_start(&srv->stun, on_alloc, on_datagram);
	if (ret) {
		mesh_text_addrport(text, ap);
		mesh_error_set(err, "relay.stun %s: %s", text, uv_strerror(ret));
	}
	return ret;
}
