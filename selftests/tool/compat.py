#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""wg and warren on one device of warren.ko, which with wireguard_compat=1 answers both."""

from common import CONFIG, FIELDS, KERNEL, PEERS, check, equal, file_with, good, refused, same
import ktap
from ktap import case
from netns import command

A = PEERS[0]


def made(kind):
    good("add", "t0", "--kind", kind)
    ktap.cleanup(command, "ip", "link", "del", "t0")


def every_form():
    for argv in [["show"], ["showconf", "t0"], ["show", "interfaces"],
                 *(["show", which, field] for which in ("t0", "all") for field in FIELDS)]:
        same(*argv)
    same("show", WG_COLOR_MODE="always", WG_HIDE_KEYS="never")


@case(timeout=240)
def a_device_of_kind_wireguard():
    made("wireguard")
    every_form()
    command("wg", "setconf", "t0", file_with(CONFIG))
    every_form()
    equal(sorted(good("showconf", "t0").strip().split("\n\n")),
          sorted(CONFIG.strip().split("\n\n")), "what wg wrote, warren reads")


@case
def one_network_less():
    made("wireguard")
    good("set", "t0", "peer", A, "allowed-ips", "10.0.0.0/8,fd00::/64")
    # Unlike the kernel's own before 6.16.
    good("set", "t0", "peer", A, "allowed-ips", "-fd00::/64")
    equal(same("show", "t0", "allowed-ips"), f"{A}\t10.0.0.0/8\n", "networks")


@case
def refusals_have_the_kernels_words():
    made("wireguard")
    good("set", "t0", "listen-port", "4444")
    command("ip", "link", "set", "t0", "up")
    good("add", "t1", "--kind", "wireguard")
    ktap.cleanup(command, "ip", "link", "del", "t1")
    command("ip", "link", "set", "t1", "up")
    err = refused(KERNEL, "LISTEN_PORT", argv=["set", "t1", "listen-port", "4444"])
    check("in use" in err, err)


command("sh", "-c", "modprobe -r wireguard; modprobe -r warren; modprobe warren wireguard_compat=1")
try:
    ktap.main()
finally:
    command("modprobe", "-r", "warren")
