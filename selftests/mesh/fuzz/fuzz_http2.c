// SPDX-License-Identifier: GPL-2.0
/* HTTP/2 bytes of a hostile client (first byte even) or server (odd). */
#include "fuzz.h"
#include "http2.h"

static struct mesh_http2 *session;

static void request(void *ctx, int32_t stream, const char *method, const char *path,
		    const uint8_t *body, size_t len)
{
	(void)ctx;
	(void)method;
	(void)path;
	if (stream % 4 == 1) {
		mesh_http2_respond(session, stream, 200, NULL, body, len);
	} else {
		mesh_http2_open(session, stream, 200, NULL);
		mesh_http2_send(session, stream, "x", 1);
	}
}

static void response(void *ctx, int32_t stream, int status)
{
	(void)ctx;
	(void)stream;
	(void)status;
}

static void data_in(void *ctx, int32_t stream, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)stream;
	(void)data;
	(void)len;
}

static void closed(void *ctx, int32_t stream, uint32_t error)
{
	(void)ctx;
	(void)stream;
	(void)error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mesh_http2_events events = {request, response, data_in, closed};
	struct mesh_buf out = {0};

	if (!size)
		return 0;
	fuzz_init();
	if (data[0] & 1) {
		session = mesh_http2_client(&events, NULL);
		mesh_http2_request(session, "POST", "a", "/", "{}", 2);
	} else {
		session = mesh_http2_server(&events, NULL);
	}
	mesh_http2_receive(session, data + 1, size - 1);
	mesh_http2_pull(session, &out, 0);
	mesh_http2_free(session);
	mesh_buf_free(&out);
	return 0;
}
