// SPDX-License-Identifier: GPL-2.0
/*
 * Frames of a hostile client (first byte even) or server (odd). However the bytes are cut, the
 * result is the same.
 */
#include "fuzz.h"
#include "websocket.h"

#include <stdlib.h>
#include <string.h>

static int run(bool client, const uint8_t *data, size_t size, size_t step, struct mesh_buf *out,
	       struct mesh_buf *reply)
{
	struct mesh_websocket ws = {.client = client};
	struct mesh_buf in = {0};
	int ret = 0;

	for (size_t at = 0; at < size && !ret; at += step) {
		mesh_buf_add(&in, data + at, size - at < step ? size - at : step);
		ret = mesh_websocket_receive(&ws, &in, out, reply);
	}
	mesh_buf_free(&in);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mesh_buf one[2] = {{0}}, all[2] = {{0}};
	char accept[MESH_WEBSOCKET_ACCEPT], key[32] = "";

	if (!size)
		return 0;
	fuzz_init();
	memcpy(key, data, size < sizeof(key) ? size : sizeof(key) - 1);
	mesh_websocket_accept(accept, key);
	if (run(data[0] & 1, data + 1, size - 1, 1, &one[0], &one[1]) !=
	    run(data[0] & 1, data + 1, size - 1, size, &all[0], &all[1]))
		abort();
	for (int i = 0; i < 2; i++) {
		if (one[i].len != all[i].len ||
		    (one[i].len && memcmp(one[i].data, all[i].data, one[i].len)))
			abort();
		mesh_buf_free(&one[i]);
		mesh_buf_free(&all[i]);
	}
	return 0;
}
