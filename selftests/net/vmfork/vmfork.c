// SPDX-License-Identifier: GPL-2.0
/*
 * Being loaded, this tells the kernel that it is a copy of another machine, as
 * the driver of a virtual machine's generation counter would. That driver is
 * built in, and an emulator changes the counter only when it restores a state,
 * so a test has no other way.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/random.h>

static int __init vmfork_init(void)
{
	struct kprobe probe = {.symbol_name = "add_vmfork_randomness"};
	void (*tell)(const void *unique_vm_id, size_t len);
	u8 id[16];
	int err;

	/* It is not exported: a probe finds its address. */
	err = register_kprobe(&probe);
	if (err)
		return err;
	tell = (void *)probe.addr;
	unregister_kprobe(&probe);
	get_random_bytes(id, sizeof(id));
	tell(id, sizeof(id));
	return 0;
}

static void __exit vmfork_exit(void)
{
}

module_init(vmfork_init);
module_exit(vmfork_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Says that this virtual machine is a copy");
