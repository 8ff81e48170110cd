#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Warren and the kernel's own WireGuard, both loaded, at two ends of a link:
each starts the handshake in its turn, over IPv4 and IPv6, with traffic whose
content is checked."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import traffic
import wgproto
from ktap import case, equal
from link import Link
from netns import command
from tunnel import peer as setting

MB = 1 << 20
KINDS = ("warren", "wireguard"), ("wireguard", "warren")


def exchange(link, family, size=MB // 2):
    """The first site starts. TCP both ways, then datagrams both ways."""
    a, b = link.sites
    link.ping(family)
    traffic.tcp(a.ns, b.ns, b.inner[family], size)
    for source, sink in (a, b), (b, a):
        flow = traffic.Datagrams(source.ns, sink.ns, sink.inner[family])
        for size in 8, 100, 1391, 1393, 4000, 30001:
            flow.send(size)
        flow.all_came()


def each(function):
    """A case for each of the two that may start, and each outer family."""
    for kinds in KINDS:
        for outer in 4, 6:
            def run(kinds=kinds, outer=outer):
                function(kinds, outer)

            run.__name__ = f"{function.__name__}_{kinds[0]}_to_{kinds[1]}_over_ipv{outer}"
            case(run)


@each
def traffic_from(kinds, outer):
    link = Link(*kinds, outer=outer)
    exchange(link, 4)
    exchange(link, 6, 100_000)


@each
def preshared_key_from(kinds, outer):
    link = Link(*kinds, outer=outer, psk=os.urandom(32))
    exchange(link, 4, 50_000)


@each
def roaming_of(kinds, outer):
    """The first site moves to another address and port; the second follows."""
    link = Link(*kinds, outer=outer)
    a, b = link.sites
    link.ping()
    new, plen = ("10.9.0.77", 24) if outer == 4 else ("fd09::77", 64)
    a.ns.ip(f"address del {a.outer[outer]}/{plen} dev out0",
            f"address add {new}/{plen} dev out0" + (" nodad" if outer == 6 else ""))
    a.device.set(listen_port=40000)
    exchange(link, 4, 50_000)
    equal(b.device.endpoint(a.public), (new, 40000), "where the other believes it to be")


@case
def private_key_changes():
    """Warren gets another key; the other end is told of it."""
    link = Link("warren", "wireguard")
    a, b = link.sites
    link.ping()
    old, a.private = a.public, wgproto.generate_private()
    a.public = wgproto.public_of(a.private)
    a.device.set(private_key=a.private)
    b.device.set(peers=[setting(old, flags=1),
                        setting(a.public, allowed=["0.0.0.0/0", "::/0"],
                                endpoint=(a.outer[4], 51820))])
    exchange(link, 4, 50_000)


@case
def device_is_made_anew():
    """Either end forgets all: the other finds back."""
    link = Link("warren", "wireguard", keepalive=1)
    a, b = link.sites
    link.ping()
    a.ns.ip("link set wg0 down", "link set wg0 up")
    exchange(link, 4, 50_000)
    b.ns.ip("link set wg0 down", "link set wg0 up")
    exchange(link, 4, 50_000)


@case
def small_wire():
    """The outer packets have to be fragmented."""
    for kinds in KINDS:
        exchange(Link(*kinds, outer_mtu=1300, inner_mtu=1420), 4, 100_000)


@case
def bad_network():
    for kinds in KINDS:
        link = Link(*kinds, inner_mtu=1400)
        link.ping()
        for site in link.sites:
            site.ns.run("tc", "qdisc", "add", "dev", "out0", "root", "netem",
                        *"delay 1ms 1ms loss 1% duplicate 2% limit 10000".split())
        traffic.tcp(link.a.ns, link.b.ns, link.b.inner[4], MB // 8)


if __name__ == "__main__":
    ktap.main(setup=lambda: command("modprobe", "-a", "warren", "wireguard"))
