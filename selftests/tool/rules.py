#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Routing tables and rules of the user's choice, and those of others left alone."""

import pathlib

from common import KERNEL, PEERS, PRIVATE, UNSUPPORTED, VALUE, WARREN, check, equal, file_with, refused
import ktap
from ktap import case
from netns import command


def config(*lines, networks="0.0.0.0/0, ::/0", address="10.1.0.1/24, fd01::1/64"):
    return "".join(f"{line}\n" for line in (
        "[Interface]", f"PrivateKey = {PRIVATE}", f"Address = {address}", "MTU = 1300", *lines,
        "[Peer]", f"PublicKey = {PEERS[0]}", f"AllowedIPs = {networks}", "Endpoint = 192.0.2.1:7"))


def rules(family):
    """The rules but the kernel's own three: {priority: rest}."""
    lines = command("ip", family, "rule").splitlines()
    found = {int(line.split(":")[0]): line.split("\t")[1].strip() for line in lines}
    return {k: v for k, v in found.items() if k not in (0, 32766, 32767)}


def state():
    return "".join(command("ip", *line.split()) for line in (
        "rule", "-6 rule", "route show table all", "-6 route show table all"))


def brought_up(path):
    ktap.cleanup(lambda: command(WARREN, "down", path, check=False))
    return command(WARREN, "up", path)


def with_rule(*rule):
    command("ip", "rule", "add", *rule)
    ktap.cleanup(command, "ip", "rule", "del", *rule)


def table_name(name, number):
    """A name for a table; the guest's files are its own."""
    folder = pathlib.Path("/etc/iproute2/rt_tables.d")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "warren-test.conf"
    path.write_text(f"# ours\n{number}\t{name}\n")
    ktap.cleanup(path.unlink)


SUPPRESS = "from all lookup main suppress_prefixlength 0"


@case
def priorities_of_the_file():
    before = state()
    path = file_with(config("RulePriority = 1000"), "t0.conf")
    brought_up(path)
    for family in "-4", "-6":
        equal(rules(family), {1000: SUPPRESS, 1001: "not from all fwmark 0xca6c lookup 51820"},
              f"rules {family}")
    command(WARREN, "down", path)
    equal(state(), before, "after down")


@case
def a_table_of_the_file():
    before = state()
    path = file_with(config("RulePriority = 1000", "Table = 700", "FwMark = 0x77",
                            networks="0.0.0.0/0, 10.9.0.0/16"), "t0.conf")
    brought_up(path)
    equal(rules("-4"), {1000: SUPPRESS, 1001: "not from all fwmark 0x77 lookup 700"}, "rules")
    equal(rules("-6"), {}, "no network of IPv6")
    routes = command("ip", "route", "show", "table", "700")
    check("default dev t0" in routes and "10.9.0.0/16 dev t0" in routes, routes)
    check("dev t0 table 700" in command("ip", "route", "get", "198.51.100.1"), "into the tunnel")
    command(WARREN, "down", path)
    equal(state(), before, "after down")


@case
def a_table_of_the_file_without_rules():
    path = file_with(config("Table = 700"), "t0.conf")
    brought_up(path)
    equal((rules("-4"), rules("-6")), ({}, {}), "rules")
    command(WARREN, "down", path)


@case
def a_table_by_name():
    table_name("vpn-a", 7007)
    path = file_with(config("Table = vpn-a", "SaveConfig = true"), "t0.conf")
    brought_up(path)
    check("default dev t0" in command("ip", "route", "show", "table", "7007"), "routes")
    command(WARREN, "down", path)
    check("Table = vpn-a\n" in pathlib.Path(path).read_text(), "saved by its name")
    path = file_with(config("Table = vpn-b"), "t0.conf")
    refused(VALUE, f"{path}:5: Table: ", "vpn-b", "rt_tables", argv=["up", path])
    refused(VALUE, f"{path}:5: Table: ", "vpn-b", argv=["check", path])


@case
def a_place_that_is_taken_is_refused():
    for priority in "1000", "1001":
        with_rule("from", "192.0.2.99", "lookup", "main", "priority", priority)
        before = state()
        path = file_with(config("RulePriority = 1000"), "t0.conf")
        refused(KERNEL, f"{path}:5: RulePriority: ", priority, "remedy", argv=["up", path])
        equal(state(), before, "afterwards")
        ktap._undo()


@case
def numbers_that_rules_have_are_left_alone():
    with_rule("lookup", "51820", "priority", "5000")
    with_rule("fwmark", "51821", "lookup", "main", "priority", "5001")
    before = state()
    path = file_with(config(), "t0.conf")
    brought_up(path)
    equal(rules("-4"), {4998: SUPPRESS, 4999: "not from all fwmark 0xca6e lookup 51822",
                        5000: "from all lookup 51820",
                        5001: "from all fwmark 0xca6d lookup main"}, "rules")
    command(WARREN, "down", path)
    equal(state(), before, "after down")


@case
def no_place_before_the_others():
    with_rule("from", "192.0.2.99", "lookup", "main", "priority", "2")
    before = state()
    path = file_with(config(), "t0.conf")
    refused(KERNEL, "RulePriority", "remedy", argv=["up", path])
    equal(state(), before, "afterwards")


@case
def two_tunnels_have_their_own():
    one = file_with(config("RulePriority = 1000"), "t0.conf")
    two = file_with(config(networks="0.0.0.0/0", address="10.2.0.1/24"), "t1.conf")
    brought_up(one)
    brought_up(two)
    want = {998: SUPPRESS, 999: "not from all fwmark 0xca6d lookup 51821", 1000: SUPPRESS,
            1001: "not from all fwmark 0xca6c lookup 51820"}
    equal(rules("-4"), want, "rules of both")
    command(WARREN, "down", two)
    equal(rules("-4"), {k: want[k] for k in (1000, 1001)}, "those of the other stay")
    brought_up(two)
    command(WARREN, "down", one)
    equal(rules("-4"), {k: want[k] for k in (998, 999)}, "the other way round")
    command(WARREN, "down", two)
    equal(rules("-4"), {}, "none")


@case
def down_goes_by_what_is_there():
    before = state()
    path = file_with(config("RulePriority = 1000"), "t0.conf")
    brought_up(path)
    pathlib.Path(path).write_text(config("RulePriority = 2000", networks="10.9.0.0/16"))
    command(WARREN, "down", path)
    equal(state(), before, "after down with a file that has changed")


@case
def apply_does_not_move_rules():
    path = file_with(config("RulePriority = 1000"), "t0.conf")
    brought_up(path)
    equal(command(WARREN, "apply", path, "--dry-run"), "t0: nothing to change\n", "as it is")
    moved = file_with(config("RulePriority = 1002"), "t0.conf")
    refused(UNSUPPORTED, "down and up", argv=["apply", moved])
    moved = file_with(config("RulePriority = 1000", "Table = 700"), "t0.conf")
    refused(UNSUPPORTED, "down and up", argv=["apply", moved])
    command(WARREN, "down", path)


command("modprobe", "warren")
command("ip", "link", "set", "lo", "up")
ktap.main()
