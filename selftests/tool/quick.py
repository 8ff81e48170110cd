#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""up and down: what they make is what wg-quick makes, and nothing is left behind."""

import os
import pathlib
import re
import signal
import subprocess

from common import (EXISTS, HOOK, KERNEL, PEERS, PRIVATE, RESOLVE, UNSUPPORTED, WARREN, check,
                    environment, equal, file_with, refused, warren)
import ktap
from ktap import case, eventually
from netns import command

A, B, _ = PEERS
KINDS = ("warren", "wireguard")

SITE = f"""[Interface]
PrivateKey = {PRIVATE}
ListenPort = 7777
Address = 10.1.0.1/24, fd01::1/64
Address=10.2.0.1

[Peer]
PublicKey = {A}
AllowedIPs = 10.1.0.2/32, 10.9.0.0/16, fd01::/64, fd02::/64
Endpoint = 192.0.2.1:7
[Peer]
PublicKey = {B}
AllowedIPs = 10.9.1.0/24,10.9.0.0/16, 128.0.0.0/1
PersistentKeepalive=25
"""

FULL = f"""[Interface]
PrivateKey = {PRIVATE}
ListenPort = 7777
Address = 10.1.0.1/24, fd01::1/64
MTU = 1300
[Peer]
PublicKey = {A}
AllowedIPs = 0.0.0.0/0, ::/0
Endpoint = 192.0.2.1:7
"""


def with_lines(text, *lines):
    return text.replace("[Interface]\n", "[Interface]\n" + "".join(f"{x}\n" for x in lines), 1)


def world():
    """A way out with an MTU of its own."""
    command("ip", "link", "add", "out", "type", "dummy")
    ktap.cleanup(command, "ip", "link", "del", "out")
    command("ip", "address", "add", "192.0.2.9/24", "dev", "out")
    command("ip", "link", "set", "out", "mtu", "1400", "up")


def state(name=None):
    """All of the network that up may change."""
    text = "".join(command("ip", *argv.split(), check=False) for argv in (
        "-o address show", "-o link show", "route show table all", "-6 route show table all",
        "rule show", "-6 rule show"))
    # What no two interfaces have alike, and what time changes.
    text = re.sub(r"^\d+: |link-netnsid \d+|valid_lft.*|brd \S+", "", text, flags=re.M)
    text = re.sub(r"qlen \d+\\?|link/\S+ .*", "", text)
    if name:
        text += command("wg", "show", name, "dump", check=False)
        text = re.sub(r"^(\S+\t\S+\t\S+\t\S+)\t\d+\t\d+\t\d+\t", r"\1\t", text, flags=re.M)
    return text


def guard():
    return command("nft", "list", "ruleset")


def up(path, *more):
    """Brings it up, and down after the case if that has not."""
    code, _, err = warren("up", path, *more)
    equal(code, 0, err)
    ktap.cleanup(warren, "down", path)
    return err


def down(path):
    code, out, err = warren("down", path)
    equal(code, 0, err)
    return out


def made_alike(text):
    """wg-quick and warren make the same of a file, and both undo it."""
    world()
    path = file_with(text, "t0.conf")
    before, rules = state(), guard()
    command("wg-quick", "up", path)
    want = state("t0")
    command("wg-quick", "down", path)
    equal(state(), before, "after wg-quick down")
    up(path, "--kind", "wireguard")
    got = state("t0")
    down(path)
    equal(got, want, "after up")
    equal((state(), guard()), (before, rules), "after down")
    return got


@case(timeout=300)
def site_to_site_as_wg_quick():
    text = made_alike(SITE)
    check("mtu 1320 " in text, "the MTU of the way out, less 80")
    check("10.9.1.0/24 dev t0" in text and "10.1.0.2 dev" not in text, "routes")


@case(timeout=300)
def full_tunnel_as_wg_quick():
    text = made_alike(FULL)
    check("not from all fwmark 0xca6c lookup 51820" in text, "rules")
    check("suppress_prefixlength 0" in text, "rules")


@case(timeout=300)
def table_off_as_wg_quick():
    check("10.9.0.0/16 dev t0" not in made_alike(with_lines(SITE, "Table = off")), "off")


@case(timeout=300)
def table_number_as_wg_quick():
    check("10.9.0.0/16 dev t0 table 77" in made_alike(with_lines(SITE, "Table = 77", "MTU=1400")),
          "77")


@case
def a_device_of_warren():
    world()
    path = file_with(SITE, "t0.conf")
    before = state()
    up(path)
    check("warren" in command("ip", "-d", "link", "show", "t0"), "kind")
    check("10.9.0.0/16 dev t0" in command("ip", "route"), "routes")
    refused(EXISTS, "t0", "already", argv=["up", path])
    check("10.9.0.0/16 dev t0" in command("ip", "route"), "it is still there")
    down(path)
    equal(state(), before, "after down")


@case
def the_leak_guard():
    world()
    path = file_with(FULL, "t0.conf")
    rules = guard()
    up(path)
    text = guard()
    for words in ('iifname != "t0" ip daddr 10.1.0.1 fib saddr type != local drop',
                  'iifname != "t0" ip6 daddr fd01::1 fib saddr type != local drop',
                  "meta l4proto udp meta mark set ct mark", "ct mark set meta mark"):
        check(words in text, f"{words!r} in {text}")
    check("dev t0 table 51820" in command("ip", "route", "get", "198.51.100.1"), "into the tunnel")
    check("dev out" in command("ip", "route", "get", "192.0.2.1"), "the local network is not")
    check("dev t0" not in command("ip", "route", "get", "198.51.100.1", "mark", "51820",
                                  check=False), "the tunnel's own packets are not")
    down(path)
    equal(guard(), rules, "after down")


@case
def a_table_in_use_is_left_alone():
    world()
    command("ip", "route", "add", "203.0.113.0/24", "dev", "out", "table", "51820")
    ktap.cleanup(command, "ip", "route", "flush", "table", "51820")
    path = file_with(FULL, "t0.conf")
    up(path)
    equal(command(WARREN, "show", "t0", "fwmark"), "0xca6d\n", "mark")
    check("default dev t0" in command("ip", "route", "show", "table", "51821"), "the next table")
    check("203.0.113.0" in command("ip", "route", "show", "table", "51820"), "the other's route")
    down(path)


@case
def a_mark_of_the_file_is_used():
    world()
    path = file_with(with_lines(FULL, "FwMark = 0x99"), "t0.conf")
    up(path)
    check("not from all fwmark 0x99 lookup 153" in command("ip", "rule"), "rule")
    down(path)
    check("0x99" not in command("ip", "rule"), "rule")


@case
def hooks_in_order():
    log = file_with("", "log")
    path = file_with(with_lines(
        SITE, f"PreUp = echo preup %i $(ip -o link show %i 2>/dev/null | wc -l) >> {log}",
        f"PostUp = echo postup %i >> {log}; echo more >> {log}", f"PostUp = echo two >> {log}",
        f"PreDown = echo predown $(ip -o link show %i | wc -l) >> {log}",
        f"PostDown = echo postdown $(ip -o link show %i 2>/dev/null | wc -l) >> {log}"), "t0.conf")
    err = up(path)
    check(f"[#] echo two >> {log}" in err, "they are told")
    down(path)
    equal(pathlib.Path(log).read_text().splitlines(),
          ["preup t0 0", "postup t0", "more", "two", "predown 1", "postdown 0"], "log")


@case
def a_hook_that_fails_undoes_all():
    world()
    before, rules = state(), guard()
    for line, key in (("PreUp = false; true", "PreUp"), ("PostUp = exit 3", "PostUp"),
                      ("PostUp = nosuchcommand", "PostUp"), ("PostUp = kill -9 $$", "PostUp")):
        path = file_with(with_lines(FULL, line), "t0.conf")
        refused(HOOK, path, f"{key}: ", argv=["up", path])
        equal((state(), guard()), (before, rules), f"after {line}")


@case
def a_failure_half_way_undoes_all():
    world()
    command("ip", "route", "add", "10.9.0.0/16", "dev", "out")
    before, rules = state(), guard()
    path = file_with(SITE, "t0.conf")
    refused(KERNEL, f"{path}:9: AllowedIPs: ", "10.9.0.0/16", "already", argv=["up", path])
    equal((state(), guard()), (before, rules), "a route in the way")
    path = file_with(with_lines(SITE, "Address = 10.1.0.1/24"), "t0.conf")
    refused(KERNEL, f"{path}:5: Address: ", "10.1.0.1/24", argv=["up", path])
    equal((state(), guard()), (before, rules), "an address twice")
    path = file_with(SITE.replace("192.0.2.1:7", "nosuch.invalid:7"), "t0.conf")
    refused(RESOLVE, "Endpoint: ", argv=["up", path], WG_ENDPOINT_RESOLUTION_RETRIES="0")
    equal((state(), guard()), (before, rules), "a name")


@case
def a_signal_half_way_undoes_all():
    world()
    before, rules = state(), guard()
    here = file_with("", "here")
    os.unlink(here)
    # No child may be there to take the signal in bash's place.
    path = file_with(with_lines(FULL, f"PostUp = : > {here}; exec sleep 60"), "t0.conf")
    process = subprocess.Popen([WARREN, "up", path], env=environment(), stderr=subprocess.DEVNULL,
                               start_new_session=True)
    eventually(lambda: os.path.exists(here), "the hook runs", 30)
    os.killpg(process.pid, signal.SIGINT)
    check(process.wait(30) != 0, "exit code")
    equal((state(), guard()), (before, rules), "afterwards")


@case
def save_config_as_wg_quick():
    lines = ("SaveConfig = true", "MTU = 1350", "Table = auto", "PreUp = true # x", "PostUp = :",
             "PostDown = echo %i")
    saved = []
    for tool, more in (("wg-quick", ()), (WARREN, ("--kind", "wireguard"))):
        path = file_with(with_lines(SITE, *lines), "t0.conf")
        command(tool, "up", path, *more)
        command("wg", "set", "t0", "listen-port", "777")
        command("ip", "address", "add", "10.3.0.1/24", "dev", "t0")
        command(tool, "down", path)
        saved.append(pathlib.Path(path).read_text())
        equal(os.stat(path).st_mode & 0o777, 0o600, "mode")
        equal(os.listdir(os.path.dirname(path)), ["t0.conf"], "nothing else is left")
    equal(saved[1], saved[0], "the file")
    check("Address = 10.3.0.1/24" in saved[1] and "ListenPort = 777" in saved[1], saved[1])


def fake(name, log):
    """A program that notes its arguments and input; PATH begins with it."""
    folder = os.path.dirname(file_with("", "x"))
    path = os.path.join(folder, name)
    pathlib.Path(path).write_text(f'#!/bin/sh\necho {name} "$@" >> {log}\ncat >> {log}\n')
    os.chmod(path, 0o755)
    return f"{folder}:{os.environ['PATH']}"


@case
def dns_by_resolvconf():
    if os.path.exists("/run/systemd/resolve"):
        raise ktap.Skip("n/a: systemd-resolved runs here")
    log = file_with("", "log")
    path = file_with(with_lines(SITE, "DNS = 192.0.2.53, example.org, 2001:db8::53"), "t0.conf")
    env = {"PATH": fake("resolvconf", log)}
    equal(warren("up", path, **env)[0], 0, "up")
    equal(warren("down", path, **env)[0], 0, "down")
    equal(pathlib.Path(log).read_text().splitlines(),
          ["resolvconf -a t0 -m 0 -x", "nameserver 192.0.2.53", "nameserver 2001:db8::53",
           "search example.org", "resolvconf -d t0 -f"], "what resolvconf was told")


@case
def dns_by_resolved():
    log = file_with("", "log")
    path = file_with(with_lines(SITE, "DNS = 192.0.2.53, example.org"), "t0.conf")
    if not os.path.exists("/run/systemd/resolve"):
        os.makedirs("/run/systemd/resolve")
        ktap.cleanup(os.rmdir, "/run/systemd/resolve")
    env = {"PATH": fake("resolvectl", log)}
    equal(warren("up", path, **env)[0], 0, "up")
    equal(warren("down", path, **env)[0], 0, "down")
    equal(pathlib.Path(log).read_text().splitlines(),
          ["resolvectl dns t0 192.0.2.53", "resolvectl domain t0 example.org ~.",
           "resolvectl revert t0"], "what resolvectl was told")


@case
def dns_without_a_tool():
    if os.path.exists("/run/systemd/resolve"):
        raise ktap.Skip("n/a: systemd-resolved runs here")
    before = state()
    resolv = pathlib.Path("/etc/resolv.conf").read_bytes()
    path = file_with(with_lines(SITE, "DNS = 192.0.2.53"), "t0.conf")
    folder = os.path.dirname(file_with("", "x"))
    os.symlink("/bin/bash", f"{folder}/bash")
    refused(UNSUPPORTED, "DNS: ", "resolvconf", "remedy", argv=["up", path], PATH=folder)
    equal(state(), before, "afterwards")
    equal(pathlib.Path("/etc/resolv.conf").read_bytes(), resolv, "no file is overwritten")


for module in (*KINDS, "dummy"):
    command("modprobe", module)
command("ip", "link", "set", "lo", "up")
ktap.main()
