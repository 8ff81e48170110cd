#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the module tells without being asked (the multicast group "events"), and
the counters of each peer. What takes minutes is in timers.py."""

import ctypes
import errno
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import netlink
from ktap import case, check, equal, eventually, within
from netns import Namespace
from peer import World
from tunnel import (BAD_PUBLIC_KEY, BAD_RESPONSE, ENDPOINT_MOVED, HANDSHAKE_DONE,
                    HANDSHAKE_FAILED, KIND, NO_ENDPOINT, NO_PRIVATE_KEY, NO_ROUTE, OURS,
                    PEER_ADDED, PEER_REMOVED, REMOVE_ME, REPLACE_PEERS, REPLAYED, STATS, Events)
from tunnel import peer as setting
from wgproto import INITIATION, RESPONSE

KEY, OTHER = b"\x01" * 32, b"\x02" * 32


# --- peers ----------------------------------------------------------------------------


@case
def peer_added_and_removed():
    world = World(peers=0)
    events = Events(world.ns)
    world.device.set(peers=[setting(KEY, endpoint=("192.0.2.1", 7)), setting(OTHER)])
    event = events.expect(PEER_ADDED, KEY)
    equal((event.ifname, event.endpoint), ("wg0", ("192.0.2.1", 7)), "device and endpoint")
    equal(events.expect(PEER_ADDED, OTHER).endpoint, None, "endpoint")
    world.device.set(peers=[setting(KEY, preshared_key=OTHER)])
    events.silent()
    world.device.set(peers=[setting(KEY, flags=REMOVE_ME)])
    events.expect(PEER_REMOVED, KEY)
    world.device.set(flags=REPLACE_PEERS, peers=[setting(KEY)])
    events.expect(PEER_REMOVED, OTHER)
    events.expect(PEER_ADDED, KEY)
    events.silent()


@case
def peers_of_a_deleted_device():
    world = World(peers=0)
    world.device.set(peers=[setting(KEY)])
    events = Events(world.ns)
    world.ns.ip("link del wg0")
    events.expect(PEER_REMOVED, KEY)


@case
def device_tells_where_it_is():
    """Not where it was made, when it has moved."""
    world = World(peers=0)
    home, away = Events(world.ns), Namespace("away")
    abroad = Events(away)
    world.ns.ip(f"link set wg0 netns {away.name} name wg7")
    world.device.ns, world.device.name = away, "wg7"
    with away.entered():
        world.device.genl = netlink.Generic(KIND)
    ktap.cleanup(world.device.genl.close)
    world.device.set(peers=[setting(KEY)])
    equal(abroad.expect(PEER_ADDED, KEY).ifname, "wg7", "device")
    home.silent()


# --- handshakes -------------------------------------------------------------------------


@case
def handshake_done_by_either():
    world = World()
    (peer,) = world.peers
    events = Events(world.ns)
    peer.initiate()
    event = events.expect(HANDSHAKE_DONE, peer.public)
    equal((event.initiator, event.endpoint), (False, peer.address), "who began, and where")
    world = World(name="wg1")
    (peer,) = world.peers
    events = Events(world.ns)
    world.transmit(peer, b"x")
    peer.respond()
    event = events.expect(HANDSHAKE_DONE, peer.public)
    equal((event.initiator, event.ifname), (True, "wg1"), "who began, and which device")


@case
def unconfirmed_handshake_is_not_done():
    world = World()
    (peer,) = world.peers
    events = Events(world.ns)
    peer.initiate(confirm=False)
    events.silent()
    peer.send(peer.session.seal())
    events.expect(HANDSHAKE_DONE, peer.public)


def failed(events, peer, why):
    event = events.expect(HANDSHAKE_FAILED, peer)
    equal(event.reason, why, "reason")


@case
def other_preshared_key():
    world = World(psk=os.urandom(32))
    (peer,) = world.peers
    events = Events(world.ns)
    world.transmit(peer, b"x")
    peer.respond_with(peer.open_initiation(), psk=os.urandom(32))
    failed(events, peer.public, BAD_RESPONSE)


@case
def strangers_cannot_make_noise():
    """A repeated initiation is told of once a second, however often it comes."""
    world = World()
    (peer,) = world.peers
    message = peer.initiation()
    peer.send(message)
    peer.finish(peer.expect(RESPONSE))
    peer.ping()
    events = Events(world.ns)
    began = time.monotonic()
    with world.counts(rx_drop_replayed_handshake=200):
        for _ in range(200):
            peer.send(message)
    took = time.monotonic() - began
    failed(events, peer.public, REPLAYED)
    told = 1
    while events.next(0):
        told += 1
    within(told, 1, 2 + took, "events")


@case
def no_private_key():
    world = World()
    (peer,) = world.peers
    world.device.set(private_key=bytes(32))
    events = Events(world.ns)
    world.transmit(peer, b"x")
    failed(events, peer.public, NO_PRIVATE_KEY)


@case
def public_key_of_nobody():
    world = World()
    world.device.set(peers=[setting(bytes(32), allowed=["10.66.9.9/32"],
                                    endpoint=("127.0.0.1", 9))])
    events = Events(world.ns)
    world.ns.udp().sendto(b"x", ("10.66.9.9", 9))
    failed(events, bytes(32), BAD_PUBLIC_KEY)


@case
def peer_without_an_endpoint():
    world = World(endpoint=False)
    (peer,) = world.peers
    events = Events(world.ns)
    world.device.set(peers=[setting(peer.public, keepalive=25)])
    failed(events, peer.public, NO_ENDPOINT)


@case
def endpoint_that_no_route_leads_to():
    world = World()
    (peer,) = world.peers
    world.device.set(peers=[setting(peer.public, endpoint=("192.0.2.1", 9))])
    events = Events(world.ns)
    world.transmit(peer, b"x")
    failed(events, peer.public, NO_ROUTE)


# --- endpoints ----------------------------------------------------------------------------


@case
def endpoint_moved():
    world = World()
    (peer,) = world.peers
    peer.initiate()
    peer.ping()
    events = Events(world.ns)
    peer.ping()
    events.silent()
    for address in "127.0.0.9", "127.0.0.8":
        peer.move(address)
        peer.ping()
        equal(events.expect(ENDPOINT_MOVED, peer.public).endpoint, peer.address, "endpoint")
    events.silent()


@case
def endpoint_set_by_configuration_has_not_moved():
    world = World()
    (peer,) = world.peers
    events = Events(world.ns)
    world.device.set(peers=[setting(peer.public, endpoint=("127.0.0.7", 7))])
    events.silent()


# --- listeners ----------------------------------------------------------------------------


def in_child(function):
    """What a child process, which function() may spoil, exits with."""
    child = os.fork()
    if not child:
        try:
            function()
            os._exit(0)
        except OSError as error:
            os._exit(error.errno)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@case
def listening_needs_the_capability():
    ns = Namespace("dut")

    def without():
        with ns.entered():
            header = struct.pack("=II", 0x20080522, 0)
            if ctypes.CDLL(None, use_errno=True).capset(header, bytes(24)):
                raise OSError(254, "capset")
            netlink.Generic(KIND).join("events")

    equal(in_child(without), errno.EPERM, "errno")


@case
def slow_listener_is_told_that_it_missed_some():
    world = World(peers=0)
    events = Events(world.ns)
    events.genl.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    world.device.set(peers=[setting(os.urandom(32)) for _ in range(500)])
    try:
        while events.next(0):
            pass
        check(False, "500 events came through a buffer of 4 kB")
    except OSError as error:
        equal(error.errno, errno.ENOBUFS, "errno")
    while events.next(0):
        pass
    world.device.set(peers=[setting(KEY)])
    events.expect(PEER_ADDED, KEY)


# --- counters of a peer ----------------------------------------------------------------------


def counted(world, peer, **wanted):
    """Waits until the peer's counters are these, and those not named 0."""
    eventually(lambda: all(world.device.peer_counters(peer.public).get(name, 0) >= count
                           for name, count in wanted.items()), f"counters {wanted}")
    equal(world.device.peer_counters(peer.public), wanted, "counters")


@case
def counters_only_when_asked_for():
    world = World()
    (peer,) = world.peers
    equal(peer.state.stats, None, "counters")
    equal(world.device.peer_counters(peer.public), {}, "counters of a new peer")


@case
def counters_of_what_goes_well():
    world = World(peers=2)
    one, two = world.peers
    one.initiate()
    for _ in range(3):
        one.ping()
    world.transmit(two, b"x")
    two.respond()
    two.receive_packet()
    counted(world, one, rx_initiation=1, tx_response=1, rx_keepalive=1, rx_packets=3,
            tx_packets=3)
    counted(world, two, tx_initiation=1, rx_response=1, tx_packets=1)


@case
def counters_of_drops_are_the_peers_own():
    world = World(peers=2)
    one, two = world.peers
    for peer in one, two:
        peer.initiate()
        peer.ping()
    before = {name: 1 for name in ("rx_initiation", "tx_response", "rx_keepalive")}
    again = one.sealed(b"again")
    damaged = bytearray(one.sealed(b"damaged"))
    damaged[-1] ^= 1
    one.send(bytes(damaged))
    one.send(again)
    equal(world.delivered(), b"again", "payload")
    one.send(again)
    one.send(one.session.seal(b"no IP at all here"))
    one.send(one.session.seal(one.packet(b"x", source="10.66.7.7")))
    one.ping()
    counted(world, one, **before, rx_packets=3, tx_packets=2, rx_drop_bad_tag=1,
            rx_drop_replayed=1, rx_drop_not_ip=1, rx_drop_disallowed_source=1)
    counted(world, two, **before, rx_packets=1, tx_packets=1)


@case
def counters_of_what_cannot_be_sent():
    world = World(endpoint=False)
    (peer,) = world.peers
    for _ in range(4):
        try:
            world.transmit(peer, b"x")
        except OSError:
            pass
    counted(world, peer, tx_drop_no_endpoint=4)
    world.device.set(peers=[peer.setting()])
    for _ in range(200):
        world.transmit(peer, b"x")
    peer.expect(INITIATION)
    counted(world, peer, tx_drop_no_endpoint=4, tx_drop_staged_overflow=72, tx_initiation=1)


@case
def counters_of_the_device_are_at_least_its_peers():
    """Under the same names: what no peer is known for is the device's alone."""
    world = World(peers=2)
    for peer in world.peers:
        peer.initiate()
        peer.ping()
    device = world.device.counters()
    total = dict.fromkeys(STATS, 0)
    for peer in world.peers:
        for name, count in world.device.peer_counters(peer.public).items():
            total[name] += count
    equal(total, {name: device[name] for name in STATS}, "sums over the peers")


@case
def a_dump_with_counters_is_whole():
    """Larger than a message, and every peer once."""
    world = World(peers=0)
    keys = [os.urandom(32) for _ in range(400)]
    world.device.set(peers=[setting(key, allowed=[f"10.70.{i // 256}.{i % 256}/32"])
                            for i, key in enumerate(keys)])
    state = world.device.get(stats=True)
    equal(sorted(state.peers), sorted(keys), "peers")
    check(all(p.stats == {} and len(p.allowed) == 1 for p in state.peers.values()),
          "counters or allowed IPs are missing")


if __name__ == "__main__":
    if not OURS:
        print("1..0 # SKIP n/a: the kernel's own module tells nothing")
        sys.exit(ktap.SKIP)
    ktap.main()
