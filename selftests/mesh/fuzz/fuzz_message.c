// SPDX-License-Identifier: GPL-2.0
/* The first byte chooses the message. What decodes must encode, and decode again to the same. */
#include "fuzz.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mesh_schema *const schemas[] = {
		&mesh_register_request_schema,
		&mesh_register_response_schema,
		&mesh_map_request_schema,
		&mesh_map_response_schema,
	};
	const struct mesh_schema *schema;
	struct mesh_arena a = {0}, b = {0};
	struct mesh_buf one = {0}, two = {0};
	struct mesh_error err;
	void *msg;

	if (!size)
		return 0;
	fuzz_init();
	schema = schemas[data[0] % 4];
	msg = malloc(schema->size);
	if (!mesh_codec_decode(schema, msg, &a, (const char *)data + 1, size - 1,
			       MESH_CODEC_MAX_JSON, &err)) {
		mesh_codec_encode(schema, msg, &one);
		if (mesh_codec_decode(schema, msg, &b, (const char *)one.data, one.len,
				      16 * MESH_CODEC_MAX_JSON, &err))
			abort();
		mesh_codec_encode(schema, msg, &two);
		if (one.len != two.len || memcmp(one.data, two.data, one.len))
			abort();
	}
	free(msg);
	mesh_arena_free(&a);
	mesh_arena_free(&b);
	mesh_buf_free(&one);
	mesh_buf_free(&two);
	return 0;
}
