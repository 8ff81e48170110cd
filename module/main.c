// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>
#include "device.h"
#include "noise.h"
#include "pages.h"
#include "peer.h"
#include "uapi/warren.h"
#include "x86.h"

static uint simd = WARREN_X86_AVX512;
module_param(simd, uint, 0444);
MODULE_PARM_DESC(simd,
		 "Vector unit for data messages: 0 the kernel's library chooses, 1 AVX2, 2 AVX-512 where there is one (default)");

static int __init warren_init(void)
{
	int err;

	simd = warren_x86_init(min_t(uint, simd, WARREN_X86_AVX512));
	warren_noise_init();
	err = warren_allowedips_cache_create();
	if (err)
		return err;
	err = warren_peer_cache_create();
	if (err)
		goto err_allowedips;
	err = warren_device_init();
	if (err)
		goto err_peer;
	pr_info("encrypted tunnels that speak the WireGuard protocol\n");
	return 0;

err_peer:
	warren_peer_cache_destroy();
err_allowedips:
	warren_allowedips_cache_destroy();
	return err;
}

static void __exit warren_exit(void)
{
	warren_device_exit();
	/* Keypairs and peers are freed by functions of this module. */
	rcu_barrier();
	warren_pages_exit();
	warren_peer_cache_destroy();
	warren_allowedips_cache_destroy();
}

module_init(warren_init);
module_exit(warren_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Encrypted UDP tunnels, wire-compatible with WireGuard");
MODULE_AUTHOR("The Warren authors");
MODULE_ALIAS_RTNL_LINK(WARREN_LINK_KIND);
MODULE_ALIAS_GENL_FAMILY(WARREN_GENL_NAME);
