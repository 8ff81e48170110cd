#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Cryptokey routing, what a sender hears when there is no way, and the packets
that wait for a handshake."""

import errno
import os
import random
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
from ktap import case, equal
from netns import Namespace, veth
from peer import World, kind_of
from tunnel import OURS, peer as setting
from wgproto import INITIATION

STAGED = 128  # packets that wait for a handshake


def refused(function, *arguments):
    """The errno a call fails with, 0 if it does not."""
    try:
        function(*arguments)
    except OSError as error:
        return error.errno
    return 0


@case
def longest_prefix_wins():
    world = World(peers=4)
    world.ns.ip("route add 10.77.0.0/16 dev wg0", "route add fd77::/32 dev wg0")
    prefixes = (("10.77.0.0/16", "fd77::/32"), ("10.77.8.0/21", "fd77:0:1::/48"),
                ("10.77.9.0/24", "fd77:0:1:2::/63"), ("10.77.9.9/32", "fd77:0:1:2::9/128"))
    world.device.set(peers=[setting(p.public, allowed=[v4, v6])
                            for p, (v4, v6) in zip(world.peers, prefixes)])
    for peer in world.peers:
        peer.initiate()
        peer.ping()
    for family, to, owner in (
            (4, "10.77.0.1", 0), (4, "10.77.255.255", 0), (4, "10.77.7.255", 0),
            (4, "10.77.8.0", 1), (4, "10.77.15.255", 1), (4, "10.77.16.0", 0),
            (4, "10.77.9.8", 2), (4, "10.77.9.10", 2), (4, "10.77.9.9", 3),
            (6, "fd77::1", 0), (6, "fd77:0:1::1", 1), (6, "fd77:0:1:1::1", 1),
            (6, "fd77:0:1:2::1", 2), (6, "fd77:0:1:3:ffff::", 2), (6, "fd77:0:1:4::", 1),
            (6, "fd77:0:1:2::9", 3), (6, "fd77:0:1:2::8", 2)):
        world.inner(family).sendto(to.encode(), (to, 9))
        got = world.peers[owner].receive_packet()
        equal((got.destination, got.data), (to, to.encode()), f"at the owner of {to}")
    for peer in world.peers:
        peer.silent()


@case
def source_must_be_the_senders_by_longest_prefix():
    """A prefix that another peer has within ours is not ours."""
    world = World(peers=2)
    one, two = world.peers
    world.device.set(peers=[setting(one.public, allowed=["10.78.0.0/16"]),
                            setting(two.public, allowed=["10.78.5.0/24"])])
    for peer in one, two:
        peer.initiate()
        peer.ping()
    with world.counts(rx_drop_disallowed_source=2):
        for peer, source, taken in ((one, "10.78.4.1", True), (one, "10.78.5.1", False),
                                    (two, "10.78.5.1", True), (two, "10.78.4.1", False)):
            world.ns.sysctl("net.ipv4.conf.all.rp_filter", 0)
            world.ns.sysctl("net.ipv4.conf.wg0.rp_filter", 0)
            peer.send(peer.session.seal(peer.packet(source.encode(), source=source)))
            if taken:
                equal(world.delivered(), source.encode(), "payload")
            peer.ping()
    world.nothing_delivered()


@case
def default_route():
    world = World()
    (peer,) = world.peers
    world.device.set(peers=[setting(peer.public, allowed=["0.0.0.0/0", "::/0"])])
    world.ns.ip("route add 198.51.100.0/24 dev wg0", "route add 2001:db8::/32 dev wg0")
    peer.initiate()
    for family, to in (4, "198.51.100.1"), (6, "2001:db8::1"):
        world.inner(family).sendto(b"x", (to, 9))
        equal(peer.receive_packet().destination, to, "destination")
        peer.send(peer.session.seal(peer.packet(b"in", family, source=to)))
        equal(world.delivered(family), b"in", "payload")


@case
def prefix_moves_to_the_last_who_asks():
    world = World(peers=2)
    one, two = world.peers
    one.initiate()
    two.initiate()
    one.ping()
    world.device.set(peers=[setting(two.public, allowed=[f"{one.inner4}/32"])])
    world.transmit(one, b"moved")
    equal(two.receive_packet().data, b"moved", "payload")
    with world.counts(rx_drop_disallowed_source=1):
        one.send(one.sealed(b"x"))
        two.ping()
    one.ping(6)
    equal(one.state.allowed, [f"{one.inner6}/128"], "what is left of the first peer's")


def mixed(outer, family):
    world = World(outer=outer)
    (peer,) = world.peers
    world.transmit(peer, b"first", family)
    peer.respond()
    equal(peer.receive_packet().data, b"first", "the packet that waited")
    for _ in range(5):
        peer.ping(family)


@case
def ipv4_in_ipv6():
    mixed("::1", 4)


@case
def ipv6_in_ipv4():
    mixed("127.0.0.1", 6)


@case
def ipv6_in_ipv6():
    mixed("::1", 6)


# --- no way -----------------------------------------------------------------------


@case
def sender_hears_of_no_peer():
    world = World()
    world.ns.ip("route add 10.99.0.0/16 dev wg0", "route add fd99::/32 dev wg0")
    packets = world.device.link("tx_errors") + world.device.link("tx_dropped")
    with world.counts(tx_drop_no_peer=2):
        for address in "10.99.0.1", "fd99::1":
            sender = world.ns.udp("::" if ":" in address else "0.0.0.0")
            equal(refused(sender.sendto, b"x", (address, 9)), errno.ENOKEY, "errno of sendto")
    equal(world.device.link("tx_errors") + world.device.link("tx_dropped") - packets, 2,
          "failures in the device's statistics")


@case
def sender_hears_of_no_endpoint():
    world = World(endpoint=False)
    (peer,) = world.peers
    with world.counts(tx_drop_no_endpoint=2):
        for address in peer.inner4, peer.inner6:
            sender = world.ns.udp("::" if ":" in address else "0.0.0.0")
            equal(refused(sender.sendto, b"x", (address, 9)), errno.EDESTADDRREQ,
                  "errno of sendto")


def error_queue(sender):
    """Has the socket keep the ICMP errors that come for it."""
    sender.setsockopt(*((socket.IPPROTO_IPV6, 25) if sender.family == socket.AF_INET6 else
                        (socket.IPPROTO_IP, 11)), 1)  # RECVERR


@case
def icmp_to_a_local_sender():
    """Also who does not look at the result of sending hears it: by ICMP."""
    world = World(endpoint=False)
    (peer,) = world.peers
    world.ns.ip("route add 10.99.0.0/16 dev wg0", "route add fd99::/32 dev wg0")
    for address in "10.99.0.1", peer.inner4, "fd99::1", peer.inner6:
        v6 = ":" in address
        sender = world.ns.udp("::" if v6 else "0.0.0.0")
        error_queue(sender)
        sender.setblocking(False)
        refused(sender.sendto, b"x", (address, 9))

        def error():
            try:
                return sender.recvmsg(100, 500, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return None

        _, extra, _, _ = ktap.eventually(error, f"an ICMP error for {address}")
        number, origin, kind, code = struct.unpack("=IBBB", extra[0][2][:7])
        equal((origin, kind, code, number),
              (3, 1, 3, errno.EHOSTUNREACH) if v6 else (2, 3, 1, errno.EHOSTUNREACH),
              f"origin, type, code and errno for {address}")


@case
def icmp_to_a_sender_behind_us():
    """A router with a tunnel tells the host behind it."""
    world = World(endpoint=False)
    lan = Namespace("lan")
    veth(world.ns, "lan0", lan, "eth0", "address add 192.168.7.1/24 dev lan0",
         "address add fd07::1/64 dev lan0 nodad", "route add 10.99.0.0/16 dev wg0",
         "route add fd99::/32 dev wg0")
    lan.ip("address add 192.168.7.2/24 dev eth0", "address add fd07::2/64 dev eth0 nodad",
           "route add default via 192.168.7.1", "route add default via fd07::1")
    world.ns.sysctl("net.ipv4.ip_forward", 1)
    world.ns.sysctl("net.ipv6.conf.all.forwarding", 1)
    for address in "10.99.0.1", "fd99::1":
        sender = lan.udp("::" if ":" in address else "0.0.0.0")
        error_queue(sender)
        sender.connect((address, 9))
        sender.send(b"x")
        equal(refused(sender.recv, 100), errno.EHOSTUNREACH, f"errno of recv for {address}")


@case
def own_outer_packets_are_not_sent_through_the_device():
    """An endpoint routed into the tunnel itself must not make a loop."""
    world = World(peers=2)
    one, two = world.peers
    world.device.set(peers=[setting(one.public, allowed=["192.0.2.0/24"],
                                    endpoint=("192.0.2.1", 51820))])
    world.ns.ip("route add 192.0.2.0/24 dev wg0")
    for _ in range(20):
        refused(world.transmit, one, b"x")
    two.initiate()
    two.ping()
    two.silent()


@case
def tunnel_in_a_tunnel():
    """A second device whose peer is reached through the first."""
    world = World()
    (peer,) = world.peers
    inside = World(ns=world.ns, name="wg1", port=51821, outer=World.INNER4,
                   addresses=("10.67.0.1/16",), peers=0)
    world.device.set(peers=[setting(peer.public)])
    hidden = setting(peer.public, allowed=["10.67.0.2/32"], endpoint=(peer.inner4, 4500))
    inside.device.set(peers=[hidden])
    peer.initiate()
    world.ns.udp().sendto(b"deep", ("10.67.0.2", 9))
    got = peer.receive_packet()
    equal((got.destination, got.destination_port), (peer.inner4, 4500), "where it goes")
    equal(kind_of(got.data), INITIATION, "what the first tunnel carries")
    equal(got.source_port, 51821, "its source port")


# --- what waits --------------------------------------------------------------------


@case
def packets_wait_for_the_handshake():
    world = World()
    (peer,) = world.peers
    for i in range(100):
        world.transmit(peer, struct.pack("!I", i), random.choice((4, 6)))
    peer.respond()
    for i in range(100):
        equal(struct.unpack("!I", peer.receive_packet().data)[0], i, "packet, in order")
    peer.ping()


@case
def waiting_packets_have_a_limit():
    """The newest stay: the oldest are the least worth."""
    world = World()
    (peer,) = world.peers
    before = world.device.link("tx_dropped")
    lost = 72 if OURS else 71
    with world.counts(tx_drop_staged_overflow=lost):
        for i in range(STAGED + 72):
            world.transmit(peer, struct.pack("!I", i))
        peer.respond()
        for i in range(lost, STAGED + 72):
            equal(struct.unpack("!I", peer.receive_packet().data)[0], i, "packet, in order")
        peer.ping()
    equal(world.device.link("tx_dropped") - before, lost, "tx_dropped")


@case
def waiting_packets_of_a_removed_peer():
    world = World(peers=2)
    one, two = world.peers
    for _ in range(50):
        world.transmit(one, bytes(1000))
    one.expect(INITIATION)
    world.device.set(peers=[setting(one.public, flags=1)])
    two.initiate()
    two.ping()
    one.silent()


@case
def session_takes_over_when_they_start():
    """Packets that wait for our handshake leave with theirs."""
    world = World()
    (peer,) = world.peers
    for i in range(10):
        world.transmit(peer, bytes([i]))
    peer.expect(INITIATION)
    peer.initiate()
    for i in range(10):
        equal(peer.receive_packet().data, bytes([i]), "packet, in order")


if __name__ == "__main__":
    ktap.main()
