#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""check finds each mistake, on its line, with a remedy; and nothing in a good file."""

import json
import subprocess

from common import (PEERS, PRIVATE, PUBLIC, USAGE, VALUE, check, equal, file_with, good,
                    own_namespaces, refused, warren)
import ktap
from ktap import case

A, B, C = PEERS
FINDINGS = 12

GOOD = f"""[Interface]
PrivateKey = {PRIVATE}
Address = 10.0.0.1/24, fd00::1/64
ListenPort = 51820
[Peer]
PublicKey = {A}
AllowedIPs = 10.0.0.2/32, fd00::2/128, 10.1.0.0/16
Endpoint = 192.0.2.1:51820
[Peer]
PublicKey = {B}
AllowedIPs = 10.0.0.3/32, 10.2.0.0/16
Endpoint = vpn.example.org:51820
"""


def found(text, mode=0o600):
    """What check says of a file: a list of (rule, severity, line)."""
    path = file_with(text, "t0.conf", mode)
    code, out, err = warren("check", path, "--json")
    answer = json.loads(out)
    equal(sorted(answer), ["file", "findings"], "names")
    for one in answer["findings"]:
        equal(sorted(one), ["line", "remedy", "rule", "severity", "text"], "names")
        check(one["text"] and one["remedy"], one)
    equal((code, err), (FINDINGS if answer["findings"] else 0, ""), "exit code")
    return [(one["rule"], one["severity"], one["line"]) for one in answer["findings"]]


def changed(old, new):
    check(GOOD.count(old) >= 1, f"{old!r} is in the file")
    return found(GOOD.replace(old, new, 1))


@case
def a_good_file():
    equal(found(GOOD), [], "findings")
    path = file_with(GOOD, "t0.conf")
    equal(good("check", path), f"{path}: 0 errors, 0 warnings\n", "text")


@case
def text_has_place_rule_and_remedy():
    path = file_with(GOOD.replace("10.2.0.0/16", "10.1.0.0/16"), "t0.conf")
    code, out, _ = warren("check", path)
    equal(code, FINDINGS, out)
    check(f"{path}:11: error: 10.1.0.0/16 belongs to this peer and to that of line 5" in out, out)
    check("[network-of-two]\n  remedy: give it" in out, out)
    check(f"{path}: 1 errors, 0 warnings" in out, out)


@case
def readable_keys():
    for mode in (0o640, 0o604, 0o660, 0o644):
        equal(found(GOOD, mode), [("readable-keys", "error", 2)], f"{mode:o}")
    equal(found(GOOD.replace(f"PrivateKey = {PRIVATE}", "PostUp = true"), 0o644), [], "no key")


@case
def networks_of_two_peers():
    equal(changed("10.2.0.0/16", "10.1.0.0/16"), [("network-of-two", "error", 11)], "the same")
    equal(changed("10.2.0.0/16", "10.1.2.0/24"), [("overlap", "warning", 11)], "inside")
    equal(changed("10.2.0.0/16", "10.0.0.0/8"),
          [("overlap", "warning", 7)] * 2, "around, once for each network inside")
    equal(changed("10.2.0.0/16", "10.2.0.0/16, 10.2.0.0/16"),
          [("network-twice", "warning", 11)], "twice in one peer")
    equal(changed("10.2.0.0/16", "10.2.0.0/16, 10.2.3.0/24"), [], "nested in one peer")
    equal(changed("10.2.0.0/16", "0.0.0.0/0, ::/0"), [], "a default route is around all")


@case
def host_bits():
    equal(changed("10.2.0.0/16", "10.2.0.1/16"), [("host-bits", "warning", 11)], "")


@case
def endpoint_in_the_tunnel():
    finding = [("endpoint-in-tunnel", "error", 8)]
    equal(changed("10.2.0.0/16", "192.0.2.0/24"), finding, "in a peer's network")
    equal(changed("10.1.0.0/16", "192.0.0.0/16"), finding, "in its own peer's")
    equal(changed("10.0.0.1/24", "192.0.2.9/24"), finding, "in the network of the address")
    equal(changed("10.2.0.0/16", "128.0.0.0/1"), finding, "in half of all")
    equal(changed("ListenPort = 51820", "ListenPort = 51820\nTable = off\n#").count(
        ("endpoint-in-tunnel", "error", 10)), 0, "no routes")
    off = GOOD.replace("10.1.0.0/16", "192.0.2.0/24").replace("ListenPort", "Table = off\nListenPort")
    equal(found(off), [], "no routes are made")
    equal(found(off.replace("10.0.0.1/24", "192.0.0.9/16")),
          [("endpoint-in-tunnel", "error", 9)], "but that of an address is")


@case
def keys():
    equal(changed(f"PublicKey = {A}", f"PublicKey = {PUBLIC}"), [("own-key", "error", 5)], "own")
    equal(changed(f"PublicKey = {A}", f"PublicKey = {PRIVATE}"),
          [("private-as-public", "error", 5)], "the private key")
    equal(changed(f"PublicKey = {B}", f"PublicKey = {A}"), [("peer-twice", "error", 9)], "twice")
    equal(changed(f"PublicKey = {B}", f"PublicKey = {'A' * 43}="), [("no-key", "error", 9)], "zero")
    equal(changed(f"PrivateKey = {PRIVATE}\n", ""), [("no-private-key", "error", 0)], "none")
    equal(changed(f"PrivateKey = {PRIVATE}", "PostUp = true"), [], "a hook may set it")


@case
def default_routes():
    full = GOOD.replace("10.2.0.0/16", "0.0.0.0/0, ::/0")
    equal(found(full), [], "auto")
    for table in ("off", "77"):
        equal(found(full.replace("ListenPort", f"Table = {table}\nListenPort")),
              [("no-leak-guard", "warning", 4)], table)
    equal(changed("10.2.0.0/16", "0.0.0.0/0"), [("one-family", "warning", 11)], "no IPv6")
    equal(changed("10.2.0.0/16", "::/0"), [("one-family", "warning", 11)], "no IPv4")


@case
def guards_and_rules():
    full = GOOD.replace("10.2.0.0/16", "0.0.0.0/0")
    for line in "KillSwitch = true", "KillSwitch = true\nTable = off":
        text = full.replace("ListenPort", f"{line}\nListenPort")
        equal(found(text), [("kill-switch-name", "warning", len(line.split("\n")) + 12)], line)
        equal(found(text.replace("vpn.example.org", "192.0.2.7")), [], line)
        text = text.replace(line, f"{line}\nKillSwitchExcept = 192.168.1.1")
        equal(found(text), [], "with a name server")
    equal(found(GOOD.replace("10.2.0.0/16", "0.0.0.0/0, ::/0").replace(
        "ListenPort", "RulePriority = 7\nTable = 77\nListenPort")), [], "rules for a table")
    unused = [("no-effect", "warning", 4)]
    for lines in ("RulePriority = 7", "RulePriority = 7\nTable = main",
                  "KillSwitchExcept = 192.168.1.0/24"):
        equal(changed("ListenPort", f"{lines}\nListenPort"), unused, lines)
    equal(changed("ListenPort", "RulePriority = 7\nTable = 77\nListenPort"), [], "a table")


@case
def what_is_missing():
    equal(changed("AllowedIPs = 10.0.0.3/32, 10.2.0.0/16\n", ""),
          [("no-networks", "warning", 9)], "AllowedIPs")
    equal(changed("Address = 10.0.0.1/24, fd00::1/64\n", ""), [("no-address", "warning", 0)],
          "Address")
    text = "".join(line + "\n" for line in GOOD.splitlines()
                   if not line.startswith(("Endpoint", "ListenPort")))
    equal(found(text), [("nobody-begins", "warning", 0)], "Endpoint and ListenPort")


@case
def addresses():
    equal(changed("10.0.0.1/24", "10.0.0.1/24, 10.0.0.1/16"),
          [("address-twice", "error", 3)], "twice")


@case
def mtu():
    equal(changed("ListenPort", "MTU = 1279\nListenPort"), [("mtu-below-ipv6", "error", 4)], "IPv6")
    equal(changed("ListenPort", "MTU = 1280\nListenPort"), [], "just enough")
    for argv in ("link set lo up", "link add out type veth", "address add 192.0.2.9/24 dev out",
                 "link set out mtu 1400 up"):
        subprocess.run(["ip", *argv.split()], check=True)
    ktap.cleanup(subprocess.run, ["ip", "link", "del", "out"])
    equal(changed("ListenPort", "MTU = 1341\nListenPort"), [("mtu-too-large", "error", 4)], "1341")
    equal(changed("ListenPort", "MTU = 1340\nListenPort"), [], "1400 - 60")


@case
def what_cannot_be_read():
    path = file_with("[Interface]\nAddress = x\n", "t0.conf")
    for more in ([], ["--json"]):
        refused(VALUE, f"{path}:2: Address: ", "remedy", argv=["check", path, *more])
    refused(USAGE, "Usage: warren check", argv=["check"])
    refused(USAGE, "Usage: warren check", argv=["check", "--json"])


@case
def many_peers_take_no_time():
    text = f"[Interface]\nPrivateKey = {PRIVATE}\nAddress = 10.0.0.1/32\nListenPort = 5\n"
    for n in range(10000):
        text += (f"[Peer]\nPublicKey = {A[:10]}{n:08d}{A[18:]}\n"
                 f"AllowedIPs = 10.{n // 256}.{n % 256}.0/24\nEndpoint = 192.0.2.1:{n + 1}\n")
    equal(found(text), [], "findings")


own_namespaces()
ktap.main()
