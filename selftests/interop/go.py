#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Warren and wireguard-go, the implementation in user space."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import traffic
from ktap import Skip, case, equal
from link import Link
from netns import command


def exchange(link, family, size):
    a, b = link.sites
    link.ping(family)
    traffic.tcp(a.ns, b.ns, b.inner[family], size)
    for source, sink in (a, b), (b, a):
        flow = traffic.Datagrams(source.ns, sink.ns, sink.inner[family])
        for size in 8, 100, 1391, 1393, 4000:
            flow.send(size)
        flow.all_came()


def link_of(kinds, **options):
    if not shutil.which("wireguard-go"):
        raise Skip("wireguard-go is not installed: selftests/deps interop")
    return Link(*kinds, **options)


WARREN_FIRST, GO_FIRST = ("warren", "wireguard-go"), ("wireguard-go", "warren")


def one(name, kinds, outer, **options):
    def run():
        link = link_of(kinds, outer=outer, **options)
        exchange(link, 4, 200_000)
        exchange(link, 6, 20_000)

    run.__name__ = name
    case(run)


one("warren_starts_over_ipv4", WARREN_FIRST, 4)
one("warren_starts_over_ipv6", WARREN_FIRST, 6)
one("wireguard_go_starts_over_ipv4", GO_FIRST, 4)
one("wireguard_go_starts_over_ipv6", GO_FIRST, 6)
one("preshared_key_when_warren_starts", WARREN_FIRST, 4, psk=b"\x05" * 32)
one("preshared_key_when_wireguard_go_starts", GO_FIRST, 4, psk=b"\x05" * 32)


@case
def warren_roams():
    link = link_of(WARREN_FIRST)
    a, b = link.sites
    link.ping()
    a.device.set(listen_port=40000)
    exchange(link, 4, 20_000)
    equal(b.device.endpoint(a.public), (a.outer[4], 40000), "where wireguard-go believes it to be")


@case
def wireguard_go_roams():
    link = link_of(GO_FIRST)
    a, b = link.sites
    link.ping()
    a.ns.run("wg", "set", a.name, "listen-port", "40000")
    exchange(link, 4, 20_000)
    equal(b.device.endpoint(a.public), (a.outer[4], 40000), "where warren believes it to be")


if __name__ == "__main__":
    ktap.main(setup=lambda: command("modprobe", "-a", "warren", "tun"))
