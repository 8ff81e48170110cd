// SPDX-License-Identifier: GPL-2.0
/* Records and the early payload, as an agent and as a server read them. */
#include "fuzz.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[32];
	struct mesh_buf in = {0}, out = {0};
	struct mesh_noise_session session;
	struct mesh_key k = {{1}};
	uint8_t resp[MESH_NOISE_RESP_SIZE];
	struct mesh_record rx;

	fuzz_init();
	mesh_record_init(&rx, key);
	mesh_buf_add(&in, data, size);
	mesh_record_open(&rx, &in, &out);
	mesh_buf_free(&out);
	mesh_buf_free(&in);

	mesh_buf_add(&in, data, size);
	mesh_record_skip_early(&in, &k);
	mesh_buf_free(&in);

	if (size >= MESH_NOISE_INIT_SIZE)
		mesh_noise_accept(&session, &k, data, NULL, resp);
	return 0;
}
