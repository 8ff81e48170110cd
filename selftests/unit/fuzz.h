/* SPDX-License-Identifier: GPL-2.0 */
/* The input of a fuzz target, read as a program of small steps. */
#ifndef WARREN_FUZZ_H
#define WARREN_FUZZ_H

#include <stdlib.h>

#include <linux/types.h>

struct input {
	const u8 *at, *end;
};

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static inline bool at_end(const struct input *input)
{
	return input->at == input->end;
}

/* After the end come zeros. */
static inline u8 next_byte(struct input *input)
{
	return at_end(input) ? 0 : *input->at++;
}

static inline void next_bytes(struct input *input, void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((u8 *)out)[i] = next_byte(input);
}

static inline u64 next_number(struct input *input, int bytes)
{
	u64 number = 0;

	while (bytes--)
		number = number << 8 | next_byte(input);
	return number;
}

/* The fuzzer sees a broken promise as a crash. */
static inline void must(bool condition)
{
	if (!condition)
		abort();
}

#endif
