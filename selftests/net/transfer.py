#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Real traffic between two devices, with every byte checked: odd MTUs, bad
networks, and the offloads that the speed comes from."""

import os
import random
import select
import socket
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import traffic
from ktap import case, check, equal, within
from link import Link
from tunnel import OURS

MB = 1 << 20
SOL_UDP, UDP_SEGMENT = 17, 103
SO_ZEROCOPY, MSG_ZEROCOPY = 60, 0x4000000


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


@case
def wire_that_cuts_and_joins():
    """A card without UDP segmentation, that puts what it receives together."""
    link = Link()
    a, b = link.sites
    # A veth joins only what comes from one that has no segmentation at all.
    features(link, ["out0"], "tx-udp-segmentation", "off", "tso", "off", "gro", "on")
    link.ping()
    before = b.device.counters()
    both(link)
    if before:
        check(b.device.counters()["rx_gro_batches"] > before["rx_gro_batches"],
              "nothing was put together")


@case
def udp_segmentation_can_be_switched_off():
    if not OURS:
        raise ktap.Skip("n/a: WireGuard has no batches")
    link = Link()
    a, b = link.sites
    link.ping()

    def shown():
        return a.ns.run("ethtool", "--show-priv-flags", "wg0").split()[-1]

    def sent():
        return a.device.counters()["tx_gso_batches"]

    equal(shown(), "on", "udp-segmentation of a new device")
    for setting in "off", "on":
        a.ns.run("ethtool", "--set-priv-flags", "wg0", "udp-segmentation", setting)
        equal(shown(), setting, "udp-segmentation")
        before = sent()
        both(link)
        equal(sent() > before, setting == "on", f"batches were sent with it {setting}")


@case
def over_a_vlan():
    link = Link(inner_mtu=1400)
    for site in link.sites:
        site.ns.ip("link add link out0 name out0.7 type vlan id 7",
                   f"address del {site.outer[4]}/24 dev out0",
                   f"address add {site.outer[4]}/24 dev out0.7", "link set out0.7 up")
    both(link)
    features(link, ["out0", "out0.7"], *OFF)
    both(link, family=6)


def pieces(data, chance):
    while data:
        size = min(len(data), chance.choice((1, 7, 100, 1369, 4096, 20000)))
        yield data[:size]
        data = data[size:]


@case
def any_layout_of_what_is_sent():
    """Pages of a file, small pieces in one packet, and memory that is not copied."""
    link = Link()
    a, b = link.sites
    link.ping()
    data = traffic.content(12345, 60000)
    for family in 4, 6:
        listener = b.ns.socket(socket.AF_INET6 if family == 6 else socket.AF_INET,
                               socket.SOCK_STREAM)
        listener.bind((b.inner[family], 0))
        listener.listen()
        client = a.ns.socket(listener.family, socket.SOCK_STREAM)
        client.connect(listener.getsockname()[:2])
        server, _ = listener.accept()
        server.settimeout(20)
        client.settimeout(20)

        def came(count):
            got = b""
            while len(got) < count * len(data):
                got += server.recv(1 << 20)
            check(got == data * count, "what came is not what was sent")

        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            for offset in 0, 1, 4095:
                client.send(data[:offset])
                client.sendfile(file, offset)
            came(3)
        chance = random.Random(family)
        for piece in pieces(data, chance):
            client.send(piece, socket.MSG_MORE)
        client.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
        left = memoryview(data)
        while left:
            left = left[client.send(left, MSG_ZEROCOPY):]
        came(2)
        client.close()
        server.close()

        receiver = b.ns.udp(b.inner[family])
        sender = a.ns.udp("::" if family == 6 else "0.0.0.0")
        sender.connect(receiver.getsockname()[:2])
        for size in 3, 1000, 1380, 9000:
            *some, last = pieces(data[:size], chance)
            for piece in some:
                sender.send(piece, socket.MSG_MORE)
            sender.send(last)
            equal(receiver.recv(65536), data[:size], f"{size} bytes sent in pieces")


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
        check(largest(sniffer) > 1420, f"no packet larger than the MTU at {site}")
    if OURS:
        check(largest(wire) > 1500, "no outer packet larger than the MTU")
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
def a_delayed_worker_stops_nothing():
    """A processor is taken from the tunnel for a second at a time, under load.

    What waits in its queue waits; the rest goes on, and nothing is lost for good."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        raise ktap.Skip("n/a: this machine has one processor")
    link = Link()
    a, b = link.sites
    link.ping()

    def disturb():
        """Real-time work, which neither softirqs nor their thread can interrupt for long."""
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
        for processor in processors * 2:
            os.sched_setaffinity(0, {processor})
            until = time.monotonic() + 1
            while time.monotonic() < until:
                pass

    traffic.meanwhile(disturb, lambda: traffic.tcp(a.ns, b.ns, b.inner[4], MB // 8, streams=4))
    both(link)


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
