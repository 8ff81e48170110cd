#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Real traffic between two devices, with every byte checked: odd MTUs, bad
networks, and the offloads that the speed comes from."""

import os
import select
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import traffic
from ktap import case, check, equal, within
from link import Link
from tunnel import OURS

MB = 1 << 20
SOL_UDP, UDP_SEGMENT = 17, 103


def both(link, size=MB, family=4, **options):
    """TCP each way, then datagrams each way."""
    a, b = link.sites
    link.ping(family)
    traffic.tcp(a.ns, b.ns, b.inner[family], size, **options)
    for source, sink in (a, b), (b, a):
        flow = traffic.Datagrams(source.ns, sink.ns, sink.inner[family])
        for size in 8, 9, 100, 1000, 1391, 1392, 1393, 1472, 4000, 30001, 65000:
            flow.send(size)
        flow.all_came()


# --- inner and outer families ----------------------------------------------------------


def families(outer, inner):
    def run():
        both(Link(outer=outer), family=inner)

    run.__name__ = f"ipv{inner}_in_ipv{outer}"
    return run


for _outer in 4, 6:
    for _inner in 4, 6:
        case(families(_outer, _inner))


# --- sizes -----------------------------------------------------------------------------


def mtu(outer, inner, family):
    def run():
        both(Link(outer_mtu=outer, inner_mtu=inner), size=MB // 4, family=family)

    run.__name__ = f"mtu_{inner}_over_{outer}_ipv{family}"
    return run


for _sizes in ((1500, 577, 4), (1500, 1281, 6), (1500, 1399, 4), (1500, 1413, 6),
               (9000, 8921, 4), (65535, 65400, 4), (1300, 1420, 4), (1281, 1420, 6)):
    case(mtu(*_sizes))


# --- what the network does -----------------------------------------------------------------


def netem(name, rule, drops):
    def run():
        link = Link(inner_mtu=1400)
        a, b = link.sites
        link.ping()
        for site in link.sites:
            site.ns.run("tc", "qdisc", "add", "dev", "out0", "root", "netem", *rule.split())
        before = b.device.counters()
        traffic.tcp(a.ns, b.ns, b.inner[4], MB // 4, seconds=100)
        flow = traffic.Datagrams(a.ns, b.ns, b.inner[6])
        for size in range(8, 1200, 4):
            flow.send(size)
        flow.receive(0.5)
        flow.none_came_twice()
        within(len(flow.seen), flow.next * 0.8, flow.next, "datagrams that came")
        if before:
            now = b.device.counters()
            for counter in drops:
                check(now[counter] > before[counter], f"nothing in {counter}")

    run.__name__ = "network_that_" + name
    return case(run, timeout=120)


netem("loses", "loss 3% limit 10000", ())
netem("doubles", "duplicate 10% limit 10000", ["rx_drop_replayed"])
netem("reorders", "delay 2ms reorder 80% 50% gap 5 limit 10000", ())
netem("does_all_of_it", "delay 1ms 1ms loss 1% duplicate 2% limit 10000", ["rx_drop_replayed"])


# --- offloads ---------------------------------------------------------------------------------


OFF = ("tso", "off", "gso", "off", "gro", "off", "tx", "off", "rx", "off")


def features(link, devices, *settings):
    for site in link.sites:
        for device in devices:
            site.ns.run("ethtool", "-K", device, *settings, check=False)


@case
def wire_without_offloads():
    link = Link()
    features(link, ["out0"], *OFF)
    both(link)


@case
def tunnel_without_offloads():
    link = Link()
    features(link, ["wg0"], *OFF)
    both(link)


@case
def nothing_with_offloads():
    link = Link(outer=6)
    features(link, ["wg0", "out0"], *OFF)
    both(link, family=6)


def largest(sniffer):
    """The largest packet that a sniffer has seen up to now, once emptied."""
    size = 0
    while select.select([sniffer], [], [], 0)[0]:
        size = max(size, len(sniffer.recv(1 << 17)))
    return size


@case
def large_packets_in_and_out():
    """GSO: the stack hands down more than the MTU at once. GRO: it gets more."""
    link = Link()
    a, b = link.sites
    link.ping()
    before = [site.device.counters() for site in link.sites]
    sniffers = [site.ns.sniff("wg0", 0x0800) for site in link.sites]
    for sniffer in sniffers:
        sniffer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
    wire = a.ns.sniff("out0", 0x0800)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
    traffic.tcp(a.ns, b.ns, b.inner[4], 2 * MB)
    for sniffer, site in zip(sniffers, "ab"):
        check(largest(sniffer) > 3000, f"no packet larger than the MTU at {site}")
    if OURS:
        check(largest(wire) > 3000, "no outer packet larger than the MTU")
        for site, was in zip(link.sites, before):
            now = site.device.counters()
            for kind in "tx_gso", "rx_gro":
                batches = now[kind + "_batches"] - was[kind + "_batches"]
                messages = now[kind + "_messages"] - was[kind + "_messages"]
                check(batches > 0 and messages >= 2 * batches,
                      f"{kind}: {messages} messages in {batches} batches")


@case
def datagrams_in_segments():
    """A sender's UDP GSO packet: each datagram comes out alone, in order."""
    link = Link()
    a, b = link.sites
    link.ping()
    for family in 4, 6:
        receiver = b.ns.udp(b.inner[family])
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        sender = a.ns.udp("::" if family == 6 else "0.0.0.0")
        for size in 100, 500, 1300, 1352:
            sender.setsockopt(SOL_UDP, UDP_SEGMENT, size)
            data = traffic.content(size, size * 20 + size // 2)
            sender.sendto(data, receiver.getsockname()[:2])
            for first in range(0, len(data), size):
                equal(receiver.recv(65536), data[first:first + size],
                      f"bytes {first}.. in segments of {size}")


@case
def many_streams():
    link = Link()
    link.ping()
    traffic.tcp(link.a.ns, link.b.ns, link.b.inner[4], MB // 8, streams=16)


@case
def statistics_of_both_ends_agree():
    link = Link()
    a, b = link.sites
    both(link)

    def agree():
        ours, theirs = a.device.peer(b.public), b.device.peer(a.public)
        return (ours.tx, ours.rx) == (theirs.rx, theirs.tx)

    ktap.eventually(agree, "what one sent to be what the other received")
    state = a.device.peer(b.public)
    check(state.tx > MB and state.rx > MB, f"only {state.tx} and {state.rx} bytes were counted")


if __name__ == "__main__":
    ktap.main()
