// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the instructions that QEMU emulates, by where they are: a plugin for the
 * virtual machine that selftests/bench/profile starts. Nothing is sampled, so that
 * a profile repeats to the instruction, and interrupts that are off hide nothing.
 *
 * A program in the guest that executes MARK has what was counted since the last
 * time written to PREFIX.NUMBER: a line for each piece of code of the kernel's, of
 * its address and how many instructions it took, and one for all programs with
 * address 0.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is used of the interface of QEMU's plugins; Debian 12 has no header of it. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { INLINE_ADD_U64 = 0, CB_NO_REGS = 0 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
						  void (*cb)(uint64_t id,
							     struct qemu_plugin_tb *tb));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *at,
						     uint64_t add);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
						   void (*cb)(unsigned int vcpu, void *data),
						   int flags, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
							size_t index);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(uint64_t id, const void *info,
							       int argc, char **argv);

/* No operation, with an operand that nobody else writes; profile knows it, too. */
static const uint8_t MARK[] = {0x0f, 0x1f, 0x84, 0x00, 'm', 'a', 'r', 'k'};

#define PLACES (1u << 20)

static struct place {
	uint64_t address, count;
} places[PLACES];
static uint64_t of_programs;
static const char *prefix = "profile";

static uint64_t *counter(uint64_t address)
{
	static uint32_t taken;
	uint32_t i = address * 0x9e3779b97f4a7c15 >> 44;

	while (places[i].address && places[i].address != address)
		i = (i + 1) % PLACES;
	if (!places[i].address && ++taken == PLACES) {
		fprintf(stderr, "profile: too much code\n");
		abort();
	}
	places[i].address = address;
	return &places[i].count;
}

static void marked(unsigned int vcpu, void *data)
{
	static unsigned int number;
	char name[4096];
	FILE *file;

	(void)vcpu;
	(void)data;
	snprintf(name, sizeof(name), "%s.%u", prefix, number++);
	file = fopen(name, "w");
	if (!file) {
		perror(name);
		abort();
	}
	fprintf(file, "0 %" PRIu64 "\n", of_programs);
	of_programs = 0;
	for (uint32_t i = 0; i < PLACES; i++) {
		if (places[i].count)
			fprintf(file, "%" PRIx64 " %" PRIu64 "\n", places[i].address,
				places[i].count);
		places[i].count = 0;
	}
	fclose(file);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	bool program = !(address >> 63);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64,
						 program ? &of_programs : counter(address), count);
	for (size_t i = 0; program && i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (qemu_plugin_insn_size(insn) == sizeof(MARK) &&
		    !memcmp(qemu_plugin_insn_data(insn), MARK, sizeof(MARK)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, CB_NO_REGS, NULL);
	}
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "prefix=", 7)) {
			fprintf(stderr, "profile: unknown argument '%s'\n", argv[i]);
			return -1;
		}
		prefix = strdup(argv[i] + 7);
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
