#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Outer sockets bound to an interface and to addresses, by every way there is."""

import json
import pathlib
import socket

from common import (NODEV, PEERS, PRIVATE, UNSUPPORTED, VALUE, WARREN, check, cleanup, equal,
                    file_with, good, refused, run, warren)
import ktap
from ktap import case
from netns import Namespace, command

A = PEERS[0]
BOUND = f"""[Interface]
ListenPort = 7777
Bind = out
BindAddress = 192.0.2.9, 2001:db8::9
PrivateKey = {PRIVATE}

[Peer]
PublicKey = {A}
AllowedIPs = 10.9.0.0/16
Endpoint = 192.0.2.1:7
"""
FREE = BOUND.replace("Bind = out\nBindAddress = 192.0.2.9, 2001:db8::9\n", "")


def world():
    """A way out with two addresses of a family."""
    command("ip", "link", "add", "out", "type", "veth", "peer", "name", "far")
    cleanup(command, "ip", "link", "del", "out")
    for address in "192.0.2.8/24", "192.0.2.9/24", "2001:db8::9/64":
        command("ip", "address", "add", address, "dev", "out",
                *(["nodad"] if ":" in address else []))
    command("ip", "link", "set", "out", "up")
    command("ip", "link", "set", "far", "up")
    command("ip", "neigh", "add", "192.0.2.1", "lladdr", "02:00:00:00:00:01", "dev", "out")


def added(name="t0", kind="warren"):
    good("add", name, "--kind", kind)
    cleanup(lambda: command("ip", "link", "del", name, check=False))


def bound(name="t0"):
    shown = json.loads(good("show", name, "--json"))["interfaces"][0]
    return shown["bind"], shown["bind_addresses"]


ALL, NONE = ("out", ["192.0.2.9", "2001:db8::9"]), (None, [])


@case
def by_set():
    world()
    added()
    good("set", "t0", "bind", "out", "bind-address", "192.0.2.9,2001:db8::9")
    equal(bound(), ALL, "JSON")
    text = good("show", "t0")
    check("  bound to: out\n  bound to address: 192.0.2.9, 2001:db8::9\n" in text, text)
    good("set", "t0", "listen-port", "7777")
    equal(bound(), ALL, "after another change")
    good("set", "t0", "bind-address", "2001:db8::9")
    equal(bound(), ("out", ["2001:db8::9"]), "one address only")
    good("set", "t0", "bind", "off", "bind-address", "off")
    equal(bound(), NONE, "off")
    check("bound" not in good("show", "t0"), "show")


@case
def by_files():
    world()
    added()
    good("setconf", "t0", file_with(BOUND))
    equal(good("showconf", "t0"), BOUND, "showconf")
    good("addconf", "t0", file_with("[Interface]\nFwMark = 7\n"))
    equal(bound(), ALL, "addconf changes what it names")
    good("syncconf", "t0", file_with(FREE))
    equal(good("showconf", "t0"), FREE, "syncconf takes it away")
    good("syncconf", "t0", file_with(BOUND))
    equal(bound(), ALL, "and sets it")
    good("setconf", "t0", file_with(FREE))
    equal(bound(), NONE, "setconf takes it away")
    equal(good("show", "t0", "dump").splitlines()[0].count("\t"), 3, "dump is wg's")


@case(timeout=120)
def up_and_apply():
    world()
    path = file_with(BOUND.replace("PrivateKey", "Address = 10.1.0.1/24\nPrivateKey"), "t0.conf")
    command(WARREN, "up", path)
    cleanup(lambda: command(WARREN, "down", path, check=False))
    equal(bound(), ALL, "up")
    equal(good("apply", path), "t0: nothing to change\n", "apply")
    moved = pathlib.Path(path).read_text().replace("192.0.2.9, ", "").replace("Bind = out\n", "")
    pathlib.Path(path).write_text(moved)
    equal(good("apply", path), "~ bind: out -> off\n"
          "~ bind-address: 192.0.2.9, 2001:db8::9 -> 2001:db8::9\n", "what apply changes")
    equal(bound(), (None, ["2001:db8::9"]), "afterwards")
    command(WARREN, "save", path)
    check("\nBindAddress = 2001:db8::9\n" in pathlib.Path(path).read_text(), "save")


@case
def it_is_what_leaves():
    world()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)) as wire:
        wire.bind(("far", 0x0800))
        wire.settimeout(30)
        for address in "192.0.2.9", "192.0.2.8":
            path = file_with(BOUND.replace("192.0.2.9", address).replace(
                "PrivateKey", "Address = 10.1.0.1/24\nPrivateKey"), "t0.conf")
            command(WARREN, "up", path)
            cleanup(lambda path=path: command(WARREN, "down", path, check=False))
            command("ping", "-c", "1", "-W", "1", "10.9.0.1", check=False)
            while True:
                packet = wire.recv(2048)
                if socket.inet_ntoa(packet[16:20]) == "192.0.2.1":
                    break
            equal(socket.inet_ntoa(packet[12:16]), address, "source")
            command(WARREN, "down", path)


@case
def to_a_vrf():
    world()
    command("modprobe", "vrf")
    command("ip", "link", "add", "blue", "type", "vrf", "table", "10")
    cleanup(lambda: command("ip", "link", "del", "blue", check=False))
    added()
    good("setconf", "t0", file_with("[Interface]\nBind = blue\n"))
    equal(bound(), ("blue", []), "bound")
    command("ip", "link", "del", "blue")
    check("Bind = blue" not in good("showconf", "t0"), "it has lost its name")
    good("set", "t0", "bind", "off")
    equal(bound(), NONE, "off")


@case
def of_a_device_that_moved():
    """The interface is one of the namespace in which the device was made."""
    world()
    added()
    inside = Namespace("inside")
    command("ip", "link", "set", "t0", "netns", inside.name)
    inside.run(WARREN, "set", "t0", "bind", "out")
    shown = json.loads(inside.run(WARREN, "show", "t0", "--json"))["interfaces"][0]
    equal(shown["bind"], "out", "JSON")
    path = file_with(inside.run(WARREN, "showconf", "t0"))
    inside.run(WARREN, "syncconf", "t0", path)
    check("Bind = out\n" in inside.run(WARREN, "showconf", "t0"), "showconf")


@case
def what_is_refused():
    world()
    added()
    refused(NODEV, "t0", "nosuch", argv=["set", "t0", "bind", "nosuch"])
    refused(VALUE, "bind", "a/b", argv=["set", "t0", "bind", "a/b"])
    for text in ("x", "192.0.2.9/32", "192.0.2.9,192.0.2.8", "2001:db8::9,2001:db8::8", "",
                 "0.0.0.0", "192.0.2.9,"):
        refused(VALUE, "bind-address", argv=["set", "t0", "bind-address", text])
    path = file_with(BOUND.replace("192.0.2.9, ", "192.0.2.300, "))
    refused(VALUE, f"{path}:4: BindAddress: ", "remedy", argv=["setconf", "t0", path])
    equal(bound(), NONE, "nothing has changed")
    added("t1", "wireguard")
    refused(UNSUPPORTED, "t1", "kind warren", argv=["setconf", "t1", file_with(BOUND)])
    equal(good("show", "t1", "dump"), "(none)\t(none)\t0\toff\n", "nothing has changed")
    good("setconf", "t1", file_with(FREE))
    equal(run("wg", "showconf", "t1")[1], good("showconf", "t1"), "to the byte")


@case
def check_finds_what_is_wrong():
    world()
    text = BOUND.replace("PrivateKey", "Address = 10.1.0.1/24\nPrivateKey")

    def findings(new):
        _, out, err = warren("check", file_with(new, "t0.conf"), "--json")
        equal(err, "", "stderr")
        return [(one["rule"], one["severity"], one["line"]) for one in json.loads(out)["findings"]]

    equal(findings(text), [], "as it is")
    equal(findings(text.replace("Bind = out", "Bind = nosuch")), [("bind-device", "warning", 3)],
          "no such interface")
    equal(findings(text.replace("Bind = out", "Bind = t0")), [("bind-device", "error", 3)],
          "itself")
    equal(findings(text.replace("192.0.2.9,", "192.0.2.7,")), [("bind-address", "warning", 4)],
          "an address of others")


command("modprobe", "warren")
command("ip", "link", "set", "lo", "up")
ktap.main()
