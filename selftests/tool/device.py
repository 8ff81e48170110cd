#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The tool on devices of the kernel: warren.ko's and the kernel's own WireGuard."""

import ipaddress
import os
import re
import subprocess

from common import (CONFIG, EXISTS, FIELDS, KERNEL, NODEV, PEERS, PERM, PRIVATE, TOP, WARREN, check,
                    environment, equal, file_with, good, refused, run, same)
import ktap
from ktap import case, cleanup, note
from netns import Namespace, command, veth

A, B, C = PEERS
KINDS = ("warren", "wireguard")


def made(name, kind):
    good("add", name, "--kind", kind)
    cleanup(lambda: command("ip", "link", "del", name, check=False))
    return name


def each_kind(function):
    """Registers a case once for each kind."""
    for kind in KINDS:
        def one(kind=kind):
            function(kind)
        one.__name__ = f"{function.__name__}_{kind}"
        case(one, timeout=240)
    return function


def sections(text):
    """The parts of a configuration, whose peers a kernel may list in any order."""
    return sorted(text.strip().split("\n\n"))


@each_kind
def add_and_del(kind):
    made("t0", kind)
    check(f"{kind} " in command("ip", "-d", "link", "show", "t0") + " ", "the kind")
    refused(EXISTS, "t0", "already", argv=["add", "t0", "--kind", kind])
    equal(good("show", "interfaces"), "t0\n", "listed")
    equal(good("del", "t0"), "", "deleted")
    equal(good("show", "interfaces"), "", "gone")
    refused(NODEV, "t0", argv=["del", "t0"])


@each_kind
def add_with_an_mtu(kind):
    good("add", "t0", "--kind", kind, "--mtu", "1300")
    cleanup(command, "ip", "link", "del", "t0")
    check("mtu 1300" in command("ip", "link", "show", "t0"), "MTU")


@case
def both_kinds_are_listed():
    made("t1", "wireguard")
    made("t0", "warren")
    equal(good("show", "interfaces"), "t1 t0\n", "by index")
    equal([line.split("\t")[0] for line in good("show", "all", "fwmark").splitlines()],
          ["t1", "t0"], "show all")


@each_kind
def a_new_device_has_nothing(kind):
    made("t0", kind)
    equal(good("show", "t0"), "interface: t0\n", "pretty")
    equal(good("show", "t0", "dump"), "(none)\t(none)\t0\toff\n", "dump")
    equal(good("showconf", "t0"), "[Interface]\n\n", "showconf")


@each_kind
def setconf_and_showconf(kind):
    made("t0", kind)
    good("setconf", "t0", file_with(CONFIG))
    got = good("showconf", "t0")
    equal(sections(got), sections(CONFIG), "roundtrip")
    good("setconf", "t0", file_with("[Interface]\n"))
    equal(good("show", "t0", "dump").split("\t")[0::3], ["(none)", "off\n"], "all is gone")


@each_kind
def addconf_adds(kind):
    made("t0", kind)
    good("setconf", "t0", file_with(CONFIG))
    extra = PRIVATE[:-2] + "A="
    good("addconf", "t0", file_with(f"[Peer]\nPublicKey={extra}\nAllowedIPs=10.0.0.0/8\n"))
    equal(set(good("show", "t0", "peers").split()), {*PEERS, extra}, "peers")
    check(f"{extra}\t10.0.0.0/8\n" in good("show", "t0", "allowed-ips"), "it took the network")
    check(f"{A}\t192.168.4.4/32 fd00::/64\n" in good("show", "t0", "allowed-ips"), "from A")


@each_kind
def set_one_thing_each(kind):
    made("t0", kind)
    key = file_with(PRIVATE)
    good("set", "t0", "private-key", key, "listen-port", "777", "fwmark", "7")
    equal(good("show", "t0", "dump").split(), [PRIVATE, command_pubkey(), "777", "0x7"], "device")
    good("set", "t0", "peer", A, "preshared-key", key, "endpoint", "192.0.2.1:5",
         "persistent-keepalive", "25", "allowed-ips", "10.0.0.0/8")
    equal(good("show", "t0", "dump").splitlines()[1].split("\t"),
          [A, PRIVATE, "192.0.2.1:5", "10.0.0.0/8", "0", "0", "0", "25"], "peer")
    good("set", "t0", "peer", A, "preshared-key", "/dev/null", "persistent-keepalive", "off",
         "allowed-ips", "")
    equal(good("show", "t0", "dump").splitlines()[1].split("\t"),
          [A, "(none)", "192.0.2.1:5", "(none)", "0", "0", "0", "off"], "less of it")
    good("set", "t0", "peer", A, "remove", "peer", B)
    equal(good("show", "t0", "peers").split(), [B], "peers")


def command_pubkey():
    return good("pubkey", stdin=PRIVATE).strip()


@each_kind
def one_allowed_ip_more(kind):
    made("t0", kind)
    good("set", "t0", "peer", A, "allowed-ips", "10.0.0.0/8")
    good("set", "t0", "peer", A, "allowed-ips", "+fd00::/64,+192.0.2.1")
    equal(set(good("show", "t0", "allowed-ips").split()[1:]),
          {"10.0.0.0/8", "fd00::/64", "192.0.2.1/32"}, "networks")


@each_kind
def one_allowed_ip_less(kind):
    made("t0", kind)
    good("set", "t0", "peer", A, "allowed-ips", "10.0.0.0/8,fd00::/64,192.0.2.1")
    good("set", "t0", "peer", A, "allowed-ips", "-fd00::/64,-192.0.2.1")
    equal(good("show", "t0", "allowed-ips"), f"{A}\t10.0.0.0/8\n", "networks")
    good("set", "t0", "peer", A, "allowed-ips", "-10.0.0.0/8,+10.1.0.0/16")
    equal(good("show", "t0", "allowed-ips"), f"{A}\t10.1.0.0/16\n", "networks")


@case(timeout=240)
def every_form_is_wgs():
    made("t0", "wireguard")
    made("t1", "wireguard")
    good("setconf", "t0", file_with(CONFIG))
    for field in FIELDS:
        same("show", "t0", field)
        same("show", "t1", field)
        same("show", "all", field)
    for mode in ("always", "never"):
        same("show", WG_COLOR_MODE=mode, WG_HIDE_KEYS="never")
    same("showconf", "t0")
    same("showconf", "t1")
    same("show", "interfaces")


@case(timeout=240)
def both_kinds_show_the_same():
    made("t0", "wireguard")
    made("t1", "warren")
    for name in ("t0", "t1"):
        good("setconf", name, file_with(CONFIG.replace("51820\nF", f"4000{name[1]}\nF")))
    for field in FIELDS:
        one, two = (good("show", name, field).replace(f"4000{name[1]}", "PORT")
                    for name in ("t0", "t1"))
        equal(sorted(two.splitlines()), sorted(one.splitlines()), field)


def large(peers, ips):
    """A configuration that needs many messages, its networks already masked."""
    lines = [f"[Interface]\nListenPort = 7\nPrivateKey = {PRIVATE}\n"]
    base = int(ipaddress.ip_address("10.0.0.0"))
    for n in range(peers):
        key = PEERS[0][:10] + f"{n:08d}" + PEERS[0][18:]
        first = base + 256 * n
        own = [f"{ipaddress.ip_address(first)}/24"]
        if not n:
            own += [f"fd00:{i // 65536:x}:{i % 65536:x}::/64" for i in range(1, ips)]
        # The kernel prints addresses in their shortest form.
        own = [str(ipaddress.ip_network(ip)) for ip in own]
        lines.append(f"[Peer]\nPublicKey = {key}\nAllowedIPs = {', '.join(own)}\n"
                     f"Endpoint = 192.0.2.1:{n % 60000 + 1}\n")
    return "\n".join(lines)


def parts(text):
    """Sections with each one's networks in order of their text."""
    return sorted("\n".join(", ".join(sorted(line.split(" = ")[1].split(", ")))
                            if line.startswith("AllowedIPs") else line
                            for line in section.splitlines())
                  for section in text.strip().split("\n\n"))


@each_kind
def many_peers_and_many_networks(kind):
    made("t0", kind)
    text = large(300, 1500)
    good("setconf", "t0", file_with(text))
    equal(parts(good("showconf", "t0")), parts(text), "roundtrip")
    good("syncconf", "t0", file_with(text))
    # A second time replaces: a split change must not remove what it just added.
    good("setconf", "t0", file_with(text))
    equal(parts(good("showconf", "t0")), parts(text), "roundtrip")
    if kind == "wireguard":
        same("show", "t0", "dump")


@each_kind
def reading_while_it_changes(kind):
    made("t0", kind)
    good("setconf", "t0", file_with(large(120, 1)))
    keys = set(good("show", "t0", "peers").split())
    stop = file_with("", "run")
    changer = subprocess.Popen(
        ["bash", "-c", f"while [ -e {stop} ]; do "
         f"{WARREN} set t0 peer {B} allowed-ips 172.16.0.0/16; {WARREN} set t0 peer {B} remove; "
         "done"], env=environment())
    cleanup(changer.wait)
    try:
        for _ in range(3):
            got = good("show", "t0", "peers").split()
            equal(set(got) - {B}, keys, "all peers")
            equal(len(got), len(set(got)), "none twice")
    finally:
        os.unlink(stop)


@each_kind
def syncconf_keeps_the_session(kind):
    one, two = Namespace("one"), Namespace("two")
    veth(one, "v", two, "v", "address add 192.0.2.1/24 dev v")
    two.ip("address add 192.0.2.2/24 dev v")
    keys = [good("genkey").strip() for _ in range(2)]
    pubs = [good("pubkey", stdin=key).strip() for key in keys]

    def text(me, *more):
        return (f"[Interface]\nPrivateKey = {keys[me]}\nListenPort = 5182{me}\n"
                f"[Peer]\nPublicKey = {pubs[1 - me]}\nAllowedIPs = 10.0.0.{2 - me}\n"
                f"Endpoint = 192.0.2.{2 - me}:5182{1 - me}\n" + "".join(more))

    for me, ns in enumerate((one, two)):
        ns.run(WARREN, "add", "t0", "--kind", kind)
        ns.run(WARREN, "setconf", "t0", file_with(text(me)))
        ns.ip(f"address add 10.0.0.{me + 1}/24 dev t0", "link set t0 up")
    one.run("ping", "-c", "1", "-W", "10", "10.0.0.2")
    before = one.run(WARREN, "show", "t0", "latest-handshakes")
    check(int(before.split()[1]) > 0, before)
    one.run(WARREN, "syncconf", "t0", file_with(
        text(0, f"[Peer]\nPublicKey = {A}\nAllowedIPs = 10.1.0.0/16\n")))
    check(before in one.run(WARREN, "show", "t0", "latest-handshakes"), "the session is there")
    sent = int(one.run(WARREN, "show", "t0", "transfer").split(pubs[1])[1].split()[1])
    one.run("ping", "-c", "1", "-W", "10", "10.0.0.2")
    # One ping of 84 bytes, padded to 96, in a packet of 32 more: no new handshake.
    equal(int(one.run(WARREN, "show", "t0", "transfer").split(pubs[1])[1].split()[1]), sent + 128,
          "bytes sent")


@each_kind
def another_user_may_not(kind):
    made("t0", kind)
    for argv in (["show", "t0"], ["set", "t0", "listen-port", "5"], ["add", "t1"], ["del", "t0"]):
        code, _, err = run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                           WARREN, *argv, ASAN_OPTIONS="detect_leaks=0")
        equal(code, PERM, f"{argv}: {err}")
        check("CAP_NET_ADMIN" in err, err)


def dressed(name):
    """A device with all that migrate must keep."""
    made(name, "wireguard")
    good("setconf", name, file_with(CONFIG.replace("FwMark = 0x1234\n", "")))
    for line in (f"address add 10.77.0.1/24 dev {name}", f"address add fd77::1/64 dev {name}",
                 f"link set {name} mtu 1340 up", f"route add 10.78.0.0/16 dev {name} metric 50",
                 f"-6 route add fd78::/64 dev {name} table 99"):
        command("ip", *line.split())


def dress_of(name):
    text = good("showconf", name)
    for argv in ("-o address show dev", "route show table all dev", "-6 route show table all dev"):
        text += command("ip", *argv.split(), name)
    text = re.sub(r"^\d+: |^.*(fe80|ff00)::.*\n", "", text, flags=re.M)
    return sorted(text.splitlines()), "mtu 1340 " in command("ip", "link", "show", name)


@case
def migrate_keeps_everything():
    dressed("t0")
    before = dress_of("t0")
    good("migrate", "t0")
    check("warren " in command("ip", "-d", "link", "show", "t0") + " ", "the kind")
    equal(dress_of("t0"), before, "the rest")
    equal(good("show", "interfaces"), "t0\n", "no other is left")
    refused(EXISTS, "kind warren already", argv=["migrate", "t0"])


@case
def migrate_leaves_what_it_cannot_do():
    dressed("t0")
    before = dress_of("t0")
    blocker = command("sh", "-c", "ip -o link show t0").split(":")[0]
    # The name it would use meanwhile is taken.
    command("ip", "link", "add", f"warren-{blocker}", "type", "dummy")
    cleanup(command, "ip", "link", "del", f"warren-{blocker}")
    refused(EXISTS, "already", argv=["migrate", "t0"])
    equal(dress_of("t0"), before, "it is as it was")
    check("wireguard " in command("ip", "-d", "link", "show", "t0") + " ", "the kind")


@each_kind
def with_sanitizers(kind):
    """The netlink reader and writer, built with the sanitizers."""
    made("t0", kind)
    tool = str(TOP / "build/asan/bin/warren")
    path = file_with(large(20, 1200))
    for argv in (["setconf", "t0", path], ["syncconf", "t0", path], ["show", "t0"],
                 ["set", "t0", "peer", A, "allowed-ips", "+10.0.0.0/8"], ["show", "t0", "dump"],
                 *([["migrate", "t0"]] if kind == "wireguard" else [])):
        code, _, err = run(tool, *argv)
        equal((code, err), (0, ""), f"{argv}")


@case
def the_kernels_own_words():
    made("t0", "warren")
    made("t1", "warren")
    good("set", "t0", "listen-port", "4444")
    good("set", "t1", "listen-port", "4444")
    command("ip", "link", "set", "t0", "up")
    code, _, err = run("ip", "link", "set", "t1", "up")
    check(code, "two devices on one port")
    good("set", "t1", "listen-port", "4445")
    command("ip", "link", "set", "t1", "up")
    err = refused(KERNEL, "cannot change t1: ", "in use", argv=["set", "t1", "listen-port", "4444"])
    note(err)
    check(re.search("cannot change t1: .*[a-z]+.*: Address", err), "the extended ack")


for module in (*KINDS, "dummy"):
    command("modprobe", module)
ktap.main()
