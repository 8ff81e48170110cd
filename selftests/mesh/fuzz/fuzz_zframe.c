// SPDX-License-Identifier: GPL-2.0
/* Map stream frames of a hostile server, plain and compressed. */
#include "fuzz.h"
#include "zframe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mesh_zframe z;
	struct mesh_buf in = {0}, json = {0};

	fuzz_init();
	for (int compressed = 0; compressed < 2; compressed++) {
		mesh_buf_add(&in, data, size);
		while (mesh_zframe_read(&z, &in, &json, compressed) > 0)
			;
		mesh_buf_free(&in);
		mesh_buf_free(&json);
	}
	return 0;
}
