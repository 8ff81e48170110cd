#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""apply: the difference, told and made, and taken back when a part is refused.

The device is wireguard-go's: a real interface with real addresses and routes,
which needs no kernel module.
"""

import json
import os
import re
import socket
import subprocess

from common import (KERNEL, NODEV, PEERS, PRIVATE, UNSUPPORTED, check, environment, equal,
                    file_with, good, own_namespaces, refused, run)
import ktap
from ktap import case, eventually

A, B, C = PEERS

FILE = f"""[Interface]
PrivateKey = {PRIVATE}
ListenPort = 7777
Address = 10.1.0.1/24, fd01::1/64
MTU = 1400

[Peer]
PublicKey = {A}
AllowedIPs = 10.1.0.2/32, 10.9.0.0/16, fd02::/64
Endpoint = 192.0.2.1:7
[Peer]
PublicKey = {B}
AllowedIPs = 10.8.0.0/16
PersistentKeepalive = 25
"""


def ip(*lines):
    for line in lines:
        code, _, err = run("ip", *line.split())
        equal(code, 0, f"ip {line}: {err}")


def device():
    """An interface t0 that is up and has nothing."""
    process = subprocess.Popen(["wireguard-go", "-f", "t0"], env=environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end():
        process.terminate()
        process.wait()

    ktap.cleanup(end)
    eventually(lambda: os.path.exists("/run/wireguard/t0.sock"), "wireguard-go runs", 20)
    ip("link set t0 up")


def state():
    # wireguard-go lists its peers in a new order each time.
    text = "\n".join(sorted(x.strip() for x in good("showconf", "t0").split("\n\n")))
    for argv in (["-o", "address", "show", "dev", "t0", "scope", "global"],
                 ["route", "show", "table", "all", "dev", "t0"],
                 ["-6", "route", "show", "table", "all", "dev", "t0"], ["link", "show", "t0"]):
        text += run("ip", *argv)[1]
    return re.sub(r"qlen \d+|.*fe80::.*\n", "", text)


def applied(text, *more):
    """Applies a file, whose changes must be those told before; returns them."""
    path = file_with(text, "t0.conf")
    before = state()
    told = good("apply", path, "--dry-run", *more)
    equal(state(), before, "after --dry-run")
    equal(good("apply", path, *more), told, "what is told")
    equal(good("apply", path), "t0: nothing to change\n", "a second time")
    return told.splitlines()


def started(text=FILE):
    device()
    return applied(text)


@case
def from_nothing():
    lines = started()
    for line in ("~ private-key", f"+ peer {A}", f"+ peer {B}", "+ address 10.1.0.1/24",
                 "+ address fd01::1/64", "+ route 10.9.0.0/16", "+ route fd02::/64",
                 "+ route 10.8.0.0/16", f"~ peer {A} endpoint: (none) -> 192.0.2.1:7",
                 f"+ peer {A} allowed-ips 10.9.0.0/16",
                 f"~ peer {B} persistent-keepalive: off -> 25"):
        check(line in lines, f"{line!r} is not in {lines}")
    check(any(re.match(r"~ listen-port: \d+ -> 7777", x) for x in lines), lines)
    check(any(re.match(r"~ mtu: \d+ -> 1400", x) for x in lines), lines)
    check(not any("10.1.0.2" in x and "route" in x for x in lines), "the address's own route")
    check(not any(PRIVATE in x for x in lines), "no secrets")
    check("10.9.0.0/16" in run("ip", "route")[1], "routes")
    check("mtu 1400" in state() and "10.1.0.1/24" in state(), "MTU and address")


@case
def a_peer_more_and_less():
    started()
    more = f"[Peer]\nPublicKey = {C}\nAllowedIPs = 10.7.0.0/16\n"
    equal(applied(FILE + more), [f"+ peer {C}", f"+ peer {C} allowed-ips 10.7.0.0/16",
                                 "+ route 10.7.0.0/16"], "more")
    equal(applied(FILE), [f"- peer {C}", "- route 10.7.0.0/16"], "less")


@case
def one_thing_of_a_peer():
    started()
    equal(applied(FILE.replace("10.9.0.0/16", "10.6.0.0/16")),
          [f"+ peer {A} allowed-ips 10.6.0.0/16", f"- peer {A} allowed-ips 10.9.0.0/16",
           "+ route 10.6.0.0/16", "- route 10.9.0.0/16"], "a network")
    equal(applied(FILE.replace("10.9.0.0/16", "10.6.0.0/16").replace("192.0.2.1:7", "192.0.2.2:8")),
          [f"~ peer {A} endpoint: 192.0.2.1:7 -> 192.0.2.2:8"], "an endpoint")
    text = FILE.replace(f"PublicKey = {A}\n", f"PublicKey = {A}\nPresharedKey = {PRIVATE}\n")
    lines = applied(text)
    check(f"~ peer {A} preshared-key" in lines, lines)
    check(f"~ peer {A} preshared-key" in applied(FILE), "gone again")


@case
def a_network_moves():
    started()
    text = FILE.replace("10.9.0.0/16, ", "").replace("10.8.0.0/16", "10.8.0.0/16, 10.9.0.0/16")
    lines = applied(text)
    check(f"+ peer {B} allowed-ips 10.9.0.0/16" in lines, lines)
    check(not any("route" in x for x in lines), "its route stays")
    check(f"{B}\t10.8.0.0/16 10.9.0.0/16" in good("show", "t0", "allowed-ips").replace(
        "10.9.0.0/16 10.8.0.0/16", "10.8.0.0/16 10.9.0.0/16"), "it moved")


@case
def addresses_and_mtu():
    started()
    equal(applied(FILE.replace("10.1.0.1/24", "10.1.0.9/24").replace("1400", "1300")),
          ["~ mtu: 1400 -> 1300", "+ address 10.1.0.9/24", "- address 10.1.0.1/24"], "changed")


@case
def another_table():
    started()
    lines = applied(FILE.replace("MTU", "Table = 77\nMTU"))
    check("+ route 10.9.0.0/16 table 77" in lines and "- route 10.9.0.0/16" in lines, lines)
    lines = applied(FILE.replace("MTU", "Table = off\nMTU"))
    check("- route 10.9.0.0/16 table 77" in lines, lines)
    check("10.9.0.0" not in run("ip", "route", "show", "table", "all")[1], "no routes")


@case
def what_a_hook_made_stays():
    started()
    ip("route add 203.0.113.0/24 dev t0")
    equal(good("apply", file_with(FILE, "t0.conf")), "t0: nothing to change\n", "apply")
    check("203.0.113.0/24" in run("ip", "route")[1], "the route")
    key = file_with(PRIVATE)
    text = FILE.replace(f"PrivateKey = {PRIVATE}\n", "")
    good("set", "t0", "private-key", key)
    equal(good("apply", file_with(text, "t0.conf")), "t0: nothing to change\n", "a key set by hand")


@case
def a_refusal_leaves_all_as_it_was():
    started()
    ip("link add other type veth", "address add 198.51.100.1/24 dev other", "link set other up",
       "route add 10.5.0.0/16 dev other")
    ktap.cleanup(ip, "link del other")
    before = state()
    # A new peer, an address, a network less, and a route that is there already.
    text = (FILE.replace("10.8.0.0/16", "10.4.0.0/16").replace("10.1.0.1/24", "10.1.0.9/24")
            + f"[Peer]\nPublicKey = {C}\nAllowedIPs = 10.5.0.0/16\n")
    path = file_with(text, "t0.conf")
    refused(KERNEL, f"{path}:", "10.5.0.0/16", "already", argv=["apply", path])
    equal(state(), before, "afterwards")


@case
def a_device_that_refuses_leaves_all_as_it_was():
    started()
    blocker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    blocker.bind(("0.0.0.0", 7778))
    ktap.cleanup(blocker.close)
    before = state()
    text = FILE.replace("7777", "7778").replace("10.8.0.0/16", "10.4.0.0/16")
    refused(KERNEL, "t0", argv=["apply", file_with(text, "t0.conf")])
    equal(state(), before, "afterwards")


@case
def default_routes_are_for_down_and_up():
    started()
    before = state()
    refused(UNSUPPORTED, "default route", "down and up", argv=[
        "apply", file_with(FILE.replace("10.8.0.0/16", "0.0.0.0/0"), "t0.conf")])
    equal(state(), before, "afterwards")


@case
def as_json():
    started()
    path = file_with(FILE.replace("192.0.2.1:7", "192.0.2.1:8") +
                     f"[Peer]\nPublicKey = {C}\nAllowedIPs = 10.7.0.0/16\n", "t0.conf")
    answer = json.loads(good("apply", path, "--dry-run", "--json"))
    equal(answer["interface"], "t0", "interface")
    one = {"action": "change", "object": "peer endpoint", "name": A, "from": "192.0.2.1:7",
           "to": "192.0.2.1:8"}
    check(one in answer["changes"], answer)
    check({"action": "add", "object": "route", "name": "10.7.0.0/16", "from": None, "to": None}
          in answer["changes"], answer)
    good("apply", path)
    equal(json.loads(good("apply", path, "--json")), {"interface": "t0", "changes": []}, "rests")


@case
def no_interface():
    refused(NODEV, "t0", argv=["apply", file_with(FILE, "t0.conf")])


own_namespaces()
run("ip", "link", "set", "lo", "up")
ktap.main()
