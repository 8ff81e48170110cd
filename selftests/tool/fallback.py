#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What up does where the kernel has no warren: its WireGuard, or a program."""

import os
import pathlib

from common import HOOK, PEERS, PRIVATE, UNSUPPORTED, check, equal, file_with, refused, warren
import ktap
from ktap import case, eventually
from netns import command

CONFIG = f"""[Interface]
PrivateKey = {PRIVATE}
Address = 10.1.0.1/24
[Peer]
PublicKey = {PEERS[0]}
AllowedIPs = 10.9.0.0/16
"""
SOCKET = pathlib.Path("/run/wireguard/t0.sock")
MODPROBE = pathlib.Path("/proc/sys/kernel/modprobe")


def without_modules():
    """A kernel that has no tunnels, and loads no module for one."""
    was = MODPROBE.read_text()
    MODPROBE.write_text("/bin/false")
    ktap.cleanup(MODPROBE.write_text, was)
    command("modprobe", "-rq", "warren", check=False)
    command("modprobe", "-rq", "wireguard", check=False)
    command("modprobe", "tun")


def up(path, *more, **env):
    code, _, err = warren("up", path, *more, **env)
    equal(code, 0, err)
    ktap.cleanup(warren, "down", path)
    return err


def kind():
    words = command("ip", "-d", "link", "show", "t0").split()
    return next(word for word in ("warren", "wireguard", "tun") if word in words)


def program(text):
    path = file_with("#!/bin/sh\n" + text, "program", 0o755)
    return path


@case
def a_program_runs_it():
    without_modules()
    path = file_with(CONFIG, "t0.conf")
    check("wireguard-go t0" in up(path), "it is told")
    equal(kind(), "tun", "kind")
    equal(warren("show", "t0", "peers")[1], f"{PEERS[0]}\n", "peers")
    check("10.9.0.0/16 dev t0" in command("ip", "route"), "routes")
    equal(warren("down", path)[0], 0, "down")
    eventually(lambda: not SOCKET.exists(), "the program has ended", 30)
    check(not os.path.exists("/sys/class/net/t0"), "the interface is gone")


@case
def a_program_of_the_users_choice():
    without_modules()
    log = file_with("", "log")
    path = file_with(CONFIG, "t0.conf")
    chosen = program(f'echo "$@" >> {log}\nexec wireguard-go "$@"\n')
    up(path, WG_QUICK_USERSPACE_IMPLEMENTATION=chosen)
    equal(pathlib.Path(log).read_text(), "t0\n", "its arguments")
    equal(kind(), "tun", "kind")


@case
def the_kernels_wireguard_comes_first():
    without_modules()
    command("modprobe", "wireguard")
    path = file_with(CONFIG, "t0.conf")
    up(path)
    equal(kind(), "wireguard", "kind")
    equal(warren("down", path)[0], 0, "down")
    command("modprobe", "-r", "wireguard")


@case
def not_for_a_kind_that_was_asked_for():
    without_modules()
    path = file_with(CONFIG, "t0.conf")
    for asked in "warren", "wireguard":
        refused(UNSUPPORTED, asked, "modprobe", argv=["up", path, "--kind", asked])
        check(not os.path.exists("/sys/class/net/t0"), "no interface")


@case
def a_program_that_is_missing_or_fails():
    without_modules()
    path = file_with(CONFIG, "t0.conf")
    refused(UNSUPPORTED, "warren", "modprobe", argv=["up", path],
            WG_QUICK_USERSPACE_IMPLEMENTATION="/nosuch")
    refused(HOOK, "ended with 3", argv=["up", path],
            WG_QUICK_USERSPACE_IMPLEMENTATION=program("exit 3\n"))
    check(not os.path.exists("/sys/class/net/t0"), "no interface")


ktap.main()
