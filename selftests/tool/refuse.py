#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What cannot be used is refused: the exit code, the place, the thing, the remedy."""

from common import (Device, FILE, NODEV, PEERS, PRIVATE, RESOLVE, USAGE, VALUE, check, equal,
                    file_with, good, own_namespaces, refused, warren)
import ktap
from ktap import case

A = PEERS[0]
PEER = f"[Peer]\nPublicKey = {A}\n"


def bad_line(text, line, key, *words):
    """A file that setconf must refuse, naming the line and the key."""
    device = Device()
    path = file_with(text)
    place = f"{path}:{line}: {key}: " if key else f"{path}:{line}: "
    refused(VALUE, place, "remedy: ", *words, argv=["setconf", "wgt", path])
    equal(device.requests, [], "nothing is sent")
    ktap._cleanups.pop()[0]()
    ktap._cleanups.pop()[0]()


@case
def keys_in_files():
    bad_line("[Interface]\nPrivateKey = x\n", 2, "PrivateKey", "not a key")
    bad_line(f"[Interface]\n\nPrivateKey = {PRIVATE[:-1]}\n", 3, "PrivateKey", "44 characters")
    bad_line(f"[Peer]\nPublicKey = {A}x\n", 2, "PublicKey", "45 characters")
    bad_line(f"{PEER}PresharedKey = {A[:-2]}9=\n", 3, "PresharedKey", "not a key")


@case
def a_secret_is_not_repeated():
    Device()
    path = file_with(f"[Interface]\nPrivateKey = {PRIVATE[:-1]}\n")
    err = refused(VALUE, argv=["setconf", "wgt", path])
    check(PRIVATE[:12] not in err, err)


@case
def numbers_in_files():
    for value in ("65536", "-1", "http", "0x50", "99999999999999999999", "1.5"):
        bad_line(f"[Interface]\nListenPort = {value}\n", 2, "ListenPort", f'"{value}"')
    for value in ("4294967296", "-1", "0x", "0x123456789", "0xg", "on", "1e3"):
        bad_line(f"[Interface]\nFwMark = {value}\n", 2, "FwMark", f'"{value}"', "off")
    for value in ("65536", "-1", "0x19", "25s"):
        bad_line(f"{PEER}PersistentKeepalive = {value}\n", 3, "PersistentKeepalive",
                 f'"{value}"', "off")


@case
def networks_in_files():
    for value in ("10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/+3", "10.0.0.0/8/8",
                  "::/-1", "10.0.0.0/99999999999"):
        bad_line(f"{PEER}AllowedIPs = {value}\n", 3, "AllowedIPs", f'"{value}"', "prefix length")
    for value in ("10.0.0", "host.example/32", "1.2/16", "fd00:::1", "10.0.0.256", "+10.0.0.0/8",
                  "-10.0.0.0/8", "x" * 100):
        bad_line(f"{PEER}AllowedIPs = {value}\n", 3, "AllowedIPs", value[:30], "not an IP address")
    for value in (",", "10.0.0.1,", ",10.0.0.1", "10.0.0.1,,10.0.0.2"):
        bad_line(f"{PEER}AllowedIPs = {value}\n", 3, "AllowedIPs", '""')


@case
def endpoints_in_files():
    for value in ("192.0.2.1", "[fd00::1]", "host"):
        bad_line(f"{PEER}Endpoint = {value}\n", 3, "Endpoint", f'"{value}" has no port')
    for value in ("192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:", "host:http", "[::1]:x"):
        bad_line(f"{PEER}Endpoint = {value}\n", 3, "Endpoint", "not a number from 1 to 65535")
    for value in (":51820", "[]:51820", "[::1:5", "a/b:5"):
        bad_line(f"{PEER}Endpoint = {value}\n", 3, "Endpoint", "Endpoint")
    bad_line(f"{PEER}Endpoint = [fd00::zz]:5\n", 3, "Endpoint", "IPv6")


@case
def structure_of_files():
    bad_line("ListenPort = 5\n", 1, "", "before the first section")
    bad_line("# x\n[Foo]\n", 2, "", '"[Foo]"', "[Interface] and [Peer]")
    bad_line("[Interface]\nListenPort 5\n", 2, "", 'no "="')
    bad_line("[Interface]\nListenPort =\n", 2, "ListenPort", "no value")
    bad_line("[Interface]\nListenPort = # 5\n", 2, "ListenPort", "no value")
    bad_line("[Interface]\nListenPorts = 5\n", 2, "", '"ListenPorts"', "PrivateKey ListenPort")
    bad_line("[Interface]\nAllowedIPs = ::/0\n", 2, "", "belongs to a section [Peer]")
    bad_line(f"{PEER}ListenPort = 5\n", 3, "", "belongs to a section [Interface]")
    bad_line(f"{PEER}\n[Peer]\nAllowedIPs = ::/0\n", 4, "PublicKey", "no public key")
    bad_line("[Peer]\n[Interface]\n", 1, "PublicKey", "no public key")
    bad_line(b"[Interface]\nListen\0Port = 5\n", 2, "", "zero byte")


@case
def keys_of_up_are_not_setconfs():
    for key in ("Address", "DNS", "MTU", "Table", "PreUp", "PostUp", "PreDown", "PostDown",
                "SaveConfig"):
        bad_line(f"[Interface]\n{key} = 10.0.0.1\n", 2, key, "warren up")


@case
def files_that_cannot_be_read():
    Device()
    refused(FILE, "/nonexistent", "No such file", argv=["setconf", "wgt", "/nonexistent"])
    refused(FILE, "/tmp", "Is a directory", argv=["setconf", "wgt", "/tmp"])
    refused(FILE, "private-key", "/nonexistent", argv=["set", "wgt", "private-key", "/nonexistent"])
    refused(VALUE, "preshared-key", "does not hold a key",
            argv=["set", "wgt", "peer", A, "preshared-key", file_with("abc")])


@case
def names_that_do_not_resolve():
    device = Device()
    path = file_with(f"[Interface]\nListenPort = 5\n{PEER}\nEndpoint = nosuch.invalid:5\n")
    refused(RESOLVE, f"{path}:6: Endpoint: ", "nosuch.invalid", "remedy",
            argv=["setconf", "wgt", path], WG_ENDPOINT_RESOLUTION_RETRIES="0")
    equal(device.requests, [], "nothing is sent")


@case
def resolution_is_tried_again():
    Device()
    # The namespace has no network: every answer is "try again".
    code, _, err = warren("set", "wgt", "peer", A, "endpoint", "nosuch.invalid:5",
                          WG_ENDPOINT_RESOLUTION_RETRIES="1")
    equal(code, RESOLVE, err)
    if "trying again" not in err:
        raise ktap.Skip("n/a: the resolver of this host gives a final answer")
    equal(err.count("trying again in 1.00 seconds"), 1, err)


@case
def numeric_endpoints_need_no_resolver():
    device = Device()
    good("set", "wgt", "peer", A, "endpoint", "192.0.2.1:5", WG_ENDPOINT_RESOLUTION_RETRIES="0")
    check("endpoint=192.0.2.1:5" in device.requests[0], device.requests)


@case
def arguments_of_set():
    Device()
    refused(USAGE, "Usage: warren set", argv=["set", "wgt"])
    refused(USAGE, '"bogus"', "Usage:", argv=["set", "wgt", "bogus"])
    refused(USAGE, "listen-port: ", "value", argv=["set", "wgt", "listen-port"])
    refused(USAGE, "peer: ", "value", argv=["set", "wgt", "peer"])
    refused(USAGE, '"listen-port"', "before", argv=["set", "wgt", "peer", A, "listen-port", "7"])
    refused(USAGE, '"allowed-ips"', "peer KEY", argv=["set", "wgt", "allowed-ips", "1.2.3.4"])
    refused(USAGE, '"remove"', "peer KEY", argv=["set", "wgt", "remove"])
    refused(USAGE, '"PEER"', argv=["set", "wgt", "PEER", A])
    refused(VALUE, "peer: ", '"bad"', "44", argv=["set", "wgt", "peer", "bad"])
    refused(VALUE, "listen-port: ", '"65536"', argv=["set", "wgt", "listen-port", "65536"])
    refused(VALUE, "fwmark: ", argv=["set", "wgt", "fwmark", "4294967296"])
    refused(VALUE, "persistent-keepalive: ",
            argv=["set", "wgt", "peer", A, "persistent-keepalive", "65536"])
    refused(VALUE, "endpoint: ", "no port", argv=["set", "wgt", "peer", A, "endpoint", "1.2.3.4"])
    refused(VALUE, "allowed-ips: ", '"1.1.1.1/33"',
            argv=["set", "wgt", "peer", A, "allowed-ips", "1.1.1.1/33"])


@case
def verbs_and_their_arguments():
    refused(USAGE, '"bogus"', "Verbs:", argv=["bogus"])
    for verb in ("showconf", "setconf", "addconf", "syncconf", "add", "del", "up", "down"):
        refused(USAGE, f"Usage: warren {verb} ", argv=[verb])
        refused(USAGE, f"Usage: warren {verb} ", argv=[verb, "a", "b", "c", "d"])
        check(good(verb, "--help").startswith(f"Usage: warren {verb}"), verb)
    refused(USAGE, '"bogus"', "Usage: warren show", argv=["show", "all", "bogus"])
    refused(USAGE, "Usage: warren show", argv=["show", "interfaces", "dump"])
    refused(USAGE, "Usage: warren show", argv=["show", "all", "dump", "x"])
    refused(USAGE, "neither warren nor wireguard", argv=["add", "x", "--kind", "vlan"])
    refused(VALUE, '"a/b"', "15 characters", argv=["add", "a/b"])
    refused(VALUE, '"67"', "MTU", argv=["add", "x", "--mtu", "67"])
    equal(good("--help"), good("help"), "help")
    check(good("--version").startswith("warren v"), "version")


@case
def interfaces_that_are_none():
    for argv in (["show", "nosuch"], ["showconf", "nosuch"], ["del", "nosuch"],
                 ["set", "nosuch", "fwmark", "1"], ["setconf", "nosuch", "/nonexistent"],
                 ["show", "a-name-that-is-too-long"]):
        refused(NODEV, "no interface", argv=argv)
    for argv in (["show", "lo"], ["del", "lo"], ["syncconf", "lo", "/dev/null"]):
        refused(NODEV, "lo is not a warren or WireGuard interface", argv=argv)


@case
def files_of_up():
    refused(FILE, "/etc/warren/nosuch.conf", "/etc/wireguard/nosuch.conf", argv=["up", "nosuch"])
    refused(FILE, "/nonexistent/wg0.conf", "No such file", argv=["up", "/nonexistent/wg0.conf"])
    refused(VALUE, "does not end in .conf", argv=["up", "/etc/passwd"])
    refused(VALUE, "interface's name", argv=["up", "./a-name-that-is-too-long.conf"])
    refused(VALUE, "interface's name", argv=["up", "./a b.conf"])
    for line, words in (("Address = 10.0.0.1/33", "prefix length"), ("Address = x", "IP address"),
                        ("DNS = a b, c/d", "neither an address nor a domain"),
                        ("MTU = 67", "not an MTU"), ("MTU = x", "not an MTU"),
                        ("Table = -1", "not a routing table"), ("Table = 0", "routing table"),
                        ("SaveConfig = yes", "neither true nor false"), ("PostUp =", "no value")):
        path = file_with(f"[Interface]\n{line}\n", "wgx.conf")
        refused(VALUE, f"{path}:2: {line.split()[0]}: ", words, "remedy", argv=["up", path])


@case
def a_world_readable_file_gives_a_warning():
    text = "[Interface]\nListenPort = 5\n"
    code, _, err = warren("strip", file_with(text, "wgx.conf", mode=0o644))
    equal(code, 0, err)
    check("warning" in err and "everyone may read the file" in err, err)
    good("strip", file_with(text, "wgx.conf", mode=0o640))


@case
def a_device_that_refuses():
    device = Device()
    device.error = 22
    refused(9, "wgt", "Invalid argument", argv=["set", "wgt", "listen-port", "5"])
    device.error = 1
    refused(7, "CAP_NET_ADMIN", argv=["show", "wgt"])


@case
def a_device_that_talks_nonsense():
    for state in ("x\n", "=\n", "private_key=5\n", f"public_key={'zz' * 32}\n", "x" * 5000,
                  f"public_key={'00' * 32}\nallowed_ip=x\n", f"public_key={'00' * 32}\nendpoint=:\n",
                  "\n" * 2 + "x"):
        Device("wgt", state)
        code, _, err = warren("show", "wgt")
        check(code in (1, 0), f"{state!r}: {code} {err}")
        ktap._cleanups.pop()[0]()


own_namespaces()
ktap.main()
