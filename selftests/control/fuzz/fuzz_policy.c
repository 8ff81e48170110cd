// SPDX-License-Identifier: GPL-2.0
/* HuJSON and the policy. */
#include "fuzz.h"
#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mesh_error err;

	fuzz_init();
	control_policy_free(control_policy_parse((const char *)data, size, &err));
	return 0;
}
