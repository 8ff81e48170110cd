#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Stock wg and wg-quick on warren.ko loaded with wireguard_compat=1: it owns
the kind and the netlink family that those programs know."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import traffic
import wgproto
from ktap import Failure, case, check, cleanup, equal
from netns import Namespace, command, veth
from tunnel import b64

A, B = (wgproto.generate_private() for _ in "ab")
A_PUBLIC, B_PUBLIC = map(wgproto.public_of, (A, B))
PSK = os.urandom(32)


def load():
    """Warren in the place of the kernel's own module."""
    for module in "wireguard", "warren":
        if os.path.exists(f"/sys/module/{module}"):
            command("rmmod", module)
    command("modprobe", "warren", "wireguard_compat=1")


def device():
    ns = Namespace("compat")
    ns.ip("link add wg0 type wireguard")
    return ns


def wg(ns, *arguments, **options):
    return ns.run("wg", *arguments, **options)


@case
def kind_wireguard_is_ours():
    ns = device()
    check(not os.path.exists("/sys/module/wireguard"), "the kernel's own module was loaded")
    check("wireguard" in ns.run("ip", "-d", "link", "show", "wg0"), "ip -d link: no such kind")
    check("warren" in ns.run("ethtool", "-i", "wg0"), "ethtool -i: not our driver")
    equal(wg(ns, "show", "interfaces").split(), ["wg0"], "wg show interfaces")


@case
def both_kinds_side_by_side():
    ns = device()
    ns.ip("link add warren0 type warren")
    for name in "wg0", "warren0":
        wg(ns, "set", name, "fwmark", "0x7")
        equal(wg(ns, "show", name, "fwmark").strip(), "0x7", f"mark of {name}")


CONFIG = f"""[Interface]
ListenPort = 12345
FwMark = 0x51
PrivateKey = {b64(A)}

[Peer]
PublicKey = {b64(B_PUBLIC)}
PresharedKey = {b64(PSK)}
AllowedIPs = 10.66.0.0/24, fd66::/64
Endpoint = 192.0.2.1:999
PersistentKeepalive = 25
"""


@case
def wg_setconf_and_showconf():
    ns = device()
    wg(ns, "setconf", "wg0", "/dev/stdin", stdin=CONFIG)

    def lines(text):
        return sorted(line.lower() for line in text.split("\n") if line)

    equal(lines(wg(ns, "showconf", "wg0")), lines(CONFIG), "wg showconf")


@case
def wg_show_dump():
    ns = device()
    wg(ns, "setconf", "wg0", "/dev/stdin", stdin=CONFIG)
    one, two = wg(ns, "show", "wg0", "dump").splitlines()
    equal(one.split("\t"), [b64(A), b64(A_PUBLIC), "12345", "0x51"], "the device")
    equal(two.split("\t"), [b64(B_PUBLIC), b64(PSK), "192.0.2.1:999",
                            "10.66.0.0/24,fd66::/64", "0", "0", "0", "25"], "the peer")


@case
def wg_addconf_syncconf_and_set():
    ns = device()
    other = b64(bytes(range(32)))
    wg(ns, "setconf", "wg0", "/dev/stdin", stdin=CONFIG)
    wg(ns, "addconf", "wg0", "/dev/stdin", stdin=f"[Peer]\nPublicKey = {other}\n")
    equal(len(wg(ns, "show", "wg0", "peers").split()), 2, "peers after addconf")
    wg(ns, "syncconf", "wg0", "/dev/stdin", stdin=CONFIG)
    equal(wg(ns, "show", "wg0", "peers").split(), [b64(B_PUBLIC)], "peers after syncconf")
    wg(ns, "set", "wg0", "peer", b64(B_PUBLIC), "allowed-ips", "10.9.9.0/24",
       "persistent-keepalive", "off")
    equal(wg(ns, "show", "wg0", "allowed-ips").split(), [b64(B_PUBLIC), "10.9.9.0/24"],
          "allowed IPs after set")
    wg(ns, "set", "wg0", "peer", b64(B_PUBLIC), "remove")
    equal(wg(ns, "show", "wg0", "peers"), "", "peers after remove")


@case
def wg_with_a_thousand_peers():
    ns = device()
    text = "".join(f"[Peer]\nPublicKey = {b64(i.to_bytes(4, 'little') + bytes(28))}\n"
                   f"AllowedIPs = 10.{i >> 8}.{i & 255}.0/24\n" for i in range(10, 1010))
    wg(ns, "setconf", "wg0", "/dev/stdin", stdin=text)
    lines = wg(ns, "show", "wg0", "allowed-ips").splitlines()
    equal(len(lines), 1000, "peers")
    equal(sorted(line.split("\t")[1] for line in lines),
          sorted(f"10.{i >> 8}.{i & 255}.0/24" for i in range(10, 1010)), "allowed IPs")


def quick_sites(extra_a=""):
    """Two namespaces, and a wg-quick file for each."""
    a, b = Namespace("a"), Namespace("b")
    veth(a, "out0", b, "out0", "address add 10.9.0.1/24 dev out0")
    b.ip("address add 10.9.0.2/24 dev out0", "address add 192.168.2.1/24 dev lo")
    folder = f"/tmp/quick-{os.getpid()}"
    os.makedirs(folder, exist_ok=True)

    def write(name, text):
        path = f"{folder}/{name}.conf"
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        return path

    allowed = extra_a or "10.66.0.2/32, fd66::2/128, 192.168.2.0/24"
    return a, b, write("quicka", f"""[Interface]
PrivateKey = {b64(A)}
ListenPort = 51820
Address = 10.66.0.1/24, fd66::1/64
MTU = 1380
[Peer]
PublicKey = {b64(B_PUBLIC)}
PresharedKey = {b64(PSK)}
AllowedIPs = {allowed}
Endpoint = 10.9.0.2:51820
"""), write("quickb", f"""[Interface]
PrivateKey = {b64(B)}
ListenPort = 51820
Address = 10.66.0.2/24, fd66::2/64
[Peer]
PublicKey = {b64(A_PUBLIC)}
PresharedKey = {b64(PSK)}
AllowedIPs = 10.66.0.1/32, fd66::1/128
""")


@case
def wg_quick_up_and_down():
    a, b, file_a, file_b = quick_sites()
    a.run("wg-quick", "up", file_a)
    b.run("wg-quick", "up", file_b)
    check("mtu 1380" in a.run("ip", "link", "show", "quicka"), "the MTU was not set")
    a.run("ping", "-q", "-c", "1", "-w", "20", "10.66.0.2")
    a.run("ping", "-q", "-c", "1", "-w", "20", "fd66::2")
    a.run("ping", "-q", "-c", "1", "-w", "20", "192.168.2.1")
    traffic.tcp(a, b, "192.168.2.1", 100_000)
    a.run("wg-quick", "down", file_a)
    b.run("wg-quick", "down", file_b)
    check("quicka" not in a.run("ip", "link"), "the device is still there")


@case
def wg_quick_with_a_default_route():
    """Everything goes through the tunnel, but the tunnel's own packets: by its mark."""
    a, b, file_a, file_b = quick_sites("0.0.0.0/0, ::/0")
    b.ip("address add 198.51.100.7/32 dev lo")
    a.ip("route add default via 10.9.0.2")
    a.run("wg-quick", "up", file_a)
    b.run("wg-quick", "up", file_b)
    check(int(wg(a, "show", "quicka", "fwmark"), 16), "there is no mark")
    a.run("ping", "-q", "-c", "1", "-w", "20", "198.51.100.7")
    traffic.tcp(a, b, "198.51.100.7", 100_000)
    check(int(wg(a, "show", "quicka", "transfer").split()[2]) > 100_000,
          "the traffic did not go through the tunnel")
    a.run("wg-quick", "down", file_a)


@case
def wg_quick_save():
    a, _, file_a, _ = quick_sites()
    a.run("wg-quick", "up", file_a)
    wg(a, "set", "quicka", "peer", b64(B_PUBLIC), "persistent-keepalive", "17")
    a.run("wg-quick", "save", file_a)
    with open(file_a) as file:
        check("PersistentKeepalive = 17" in file.read(), "the change was not saved")
    a.run("wg-quick", "down", file_a)


@case
def refused_while_the_kernels_own_module_is_loaded():
    """A clear line in the log, and nothing half loaded."""
    command("rmmod", "warren")
    command("modprobe", "wireguard")
    cleanup(load)
    try:
        command("modprobe", "warren", "wireguard_compat=1")
        check(False, "loaded although the kind is taken")
    except Failure:
        pass
    check(not os.path.exists("/sys/module/warren"), "warren is half loaded")
    log = command("dmesg")
    check("unload the wireguard module first" in log, "no line in the kernel log says why")
    command("modprobe", "warren")
    check(os.path.exists("/sys/module/warren"), "warren does not load without the parameter")


@case
def loads_again_without_the_parameter():
    """For those who come after."""
    for module in "warren", "wireguard":
        if os.path.exists(f"/sys/module/{module}"):
            command("rmmod", module)
    command("modprobe", "warren")


if __name__ == "__main__":
    ktap.main(setup=load)
