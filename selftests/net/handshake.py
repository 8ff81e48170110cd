#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The handshake, in both roles, with good and with bad messages."""

import os
import struct
import sys
import time
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import wgproto
from ktap import Skip, case, check, equal
from peer import Peer, World, kind_of, name_of
from tunnel import OURS, REMOVE_ME, peer as setting
from wgproto import COOKIE, DATA, INITIATION, RESPONSE


def flipped(message, at, bit=0):
    changed = bytearray(message)
    changed[at] ^= 1 << bit
    return bytes(changed)


# --- what has to work --------------------------------------------------------


@case
def responder():
    world = World()
    (peer,) = world.peers
    with world.counts(rx_initiation=1, tx_response=1):
        peer.initiate()
    peer.ping()
    peer.ping(6)


@case
def initiator():
    world = World()
    (peer,) = world.peers
    with world.counts(tx_initiation=1, rx_response=1):
        world.transmit(peer, b"first")
        peer.respond()
        equal(peer.receive_packet().data, b"first", "the packet that waited")
    peer.ping()
    peer.ping(6)


@case
def outer_ipv6():
    world = World(outer="::1")
    (peer,) = world.peers
    peer.initiate()
    peer.ping()
    peer.ping(6)
    other = World(outer="::1", name="wg0")
    other.transmit(other.peers[0], b"first")
    other.peers[0].respond()
    equal(other.peers[0].receive_packet().data, b"first", "the packet that waited")


@case
def preshared_key_responder():
    world = World(psk=os.urandom(32))
    world.peers[0].initiate()
    world.peers[0].ping()


@case
def preshared_key_initiator():
    world = World(psk=os.urandom(32))
    (peer,) = world.peers
    world.transmit(peer, b"first")
    peer.respond()
    equal(peer.receive_packet().data, b"first", "the packet that waited")
    peer.ping()


@case
def both_start_at_once():
    world = World()
    (peer,) = world.peers
    world.transmit(peer, b"first")
    peer.expect(INITIATION)
    peer.initiate()
    equal(peer.receive_packet().data, b"first", "the packet that waited")
    peer.ping()


@case
def handshakes_that_cross_both_succeed():
    """Taking the other's initiation does not undo ours."""
    if not OURS:
        raise Skip("n/a: in the kernel's own module the later one undoes the other")
    world = World()
    (peer,) = world.peers
    world.transmit(peer, b"first")
    theirs = peer.open_initiation()
    peer.send(peer.initiation())
    crossing = peer.expect(RESPONSE)
    peer.respond_with(theirs)
    equal(peer.receive_packet().data, b"first", "the packet that waited")
    peer.ping()
    peer.finish(crossing)
    peer.send(peer.sealed(b"by the other"))
    equal(world.delivered(), b"by the other", "packet in the other session")


@case
def responder_waits_for_confirmation():
    """The responder may not use a session before the initiator has."""
    world = World()
    (peer,) = world.peers
    peer.initiate(confirm=False)
    world.transmit(peer, b"early")
    message = peer.receive(0.3)
    check(message is None or kind_of(message) == INITIATION,
          f"{name_of(message)} before the confirmation")
    peer.send(peer.session.seal())
    equal(peer.receive_packet().data, b"early", "the packet that waited")


@case
def sender_indices_are_random():
    world = World(peers=12)
    seen = []
    for peer in world.peers:
        peer.initiate()
        seen.append(peer.session.remote_index)
        world.transmit(peer, b"x")
        peer.receive_packet()
    equal(len(set(seen)), len(seen), "distinct indices")
    for bit in range(32):
        ones = sum(i >> bit & 1 for i in seen)
        check(0 < ones < len(seen), f"bit {bit} of every index is the same: {seen}")
    steps = {(b - a) % 2**32 for a, b in zip(seen, seen[1:])}
    check(len(steps) > 1, "the indices are in steps")


@case
def dump_tells_of_the_handshake():
    world = World(endpoint=False)
    (peer,) = world.peers
    equal(peer.state.handshake, 0, "time of the handshake before it")
    peer.initiate()
    peer.ping()
    ktap.within(peer.state.handshake, time.time() - 10, time.time() + 1, "time of the handshake")
    equal(peer.state.endpoint, peer.address, "endpoint")


@case
def older_session_still_opens():
    """What was sent under the session before is not lost at a rekey."""
    world = World()
    (peer,) = world.peers
    old = peer.initiate()
    peer.ping()
    late = old.seal(peer.packet(b"late"))
    time.sleep(0.03)
    peer.initiate()
    peer.ping()
    peer.send(late)
    equal(world.delivered(), b"late", "the packet of the older session")
    peer.ping()


# --- messages that are not right ----------------------------------------------


@case
def initiation_with_wrong_mac1():
    world = World()
    (peer,) = world.peers
    with world.counts(rx_drop_bad_mac1=2, rx_initiation=1):
        peer.send(flipped(peer.initiation(), 116))
        time.sleep(0.03)
        peer.send(wgproto.add_macs(peer.initiation(), peer.public))
        time.sleep(0.03)
        peer.initiate()
        peer.ping()
    peer.silent()


@case
def response_with_wrong_mac1():
    world = World()
    (peer,) = world.peers
    world.transmit(peer, b"first")
    with world.counts(rx_drop_bad_mac1=1, rx_response=1):
        responder = peer.open_initiation()
        good = peer.macs(responder.response(77))
        peer.send(flipped(good, 60))
        peer.send(good)
        peer.session = responder.session()
        equal(peer.receive_packet().data, b"first", "the packet that waited")
    peer.ping()


@case
def forged_response_does_not_stop_the_real_one():
    """mac1 can be right in anyone's message: it needs only the public key."""
    world = World()
    (peer,) = world.peers
    world.transmit(peer, b"first")
    responder = peer.open_initiation()
    good = peer.macs(responder.response(78))
    with world.counts(rx_drop_bad_handshake=4, rx_response=1):
        for at in 4, 13, 45, 59:
            # The sender index is not authenticated by itself, but by mac1.
            peer.send(peer.macs(flipped(good, at)) if at > 12 else
                      peer.macs(flipped(flipped(good, at), 50)))
        peer.send(good)
        peer.session = responder.session()
        equal(peer.receive_packet().data, b"first", "the packet that waited")
    peer.ping()


@case
def response_with_wrong_index():
    world = World()
    (peer,) = world.peers
    world.transmit(peer, b"first")
    responder = peer.open_initiation()
    good = peer.macs(responder.response(79))
    with world.counts(rx_drop_unknown_index=1, rx_response=1):
        peer.send(peer.macs(flipped(good, 8)))
        peer.send(good)
        peer.session = responder.session()
        equal(peer.receive_packet().data, b"first", "the packet that waited")


@case
def response_twice():
    world = World()
    (peer,) = world.peers
    world.transmit(peer, b"first")
    responder = peer.open_initiation()
    good = peer.macs(responder.response(80))
    peer.send(good)
    peer.session = responder.session()
    peer.receive_packet()
    peer.send(good)
    peer.ping()
    peer.silent(0.1)


@case
def initiation_of_a_stranger():
    world = World()
    stranger, (peer,) = Peer(world, 9), world.peers
    with world.counts(rx_drop_unknown_peer=1, rx_initiation=1):
        stranger.send(stranger.initiation())
        peer.initiate()
        peer.ping()
    stranger.silent(0.1)


@case
def initiation_with_flipped_bits():
    """Every part is authenticated; an attacker has made mac1 right again."""
    world = World()
    (peer,) = world.peers
    good = peer.initiation()
    places = [8, 40, 39, 41, 87, 88, 99, 115]
    with world.counts(rx_drop_bad_handshake=len(places)):
        for at in places:
            peer.send(peer.macs(flipped(good, at, 3)))
        time.sleep(0.1)
    peer.silent()
    peer.initiate()
    peer.ping()


@case
def messages_of_wrong_size_or_type():
    world = World()
    (peer,) = world.peers
    good = peer.initiation()
    bad = [b"", b"\1", b"\1\0\0", b"\1\0\0\0", good[:147], good + b"\0", good[:32],
           struct.pack("<I", 0) + good[4:], struct.pack("<I", 5) + good[4:],
           struct.pack("<I", 0x101) + good[4:], struct.pack("<I", 1 << 24 | 1) + good[4:],
           struct.pack("<I", RESPONSE) + good[4:], struct.pack("<I", RESPONSE) + bytes(87),
           struct.pack("<I", COOKIE) + bytes(59), struct.pack("<I", COOKIE) + bytes(61),
           struct.pack("<I", DATA) + bytes(27), os.urandom(1400), b"\xff" * 148]
    for message in bad:
        peer.send(message)
    peer.silent(0.3)
    peer.initiate()
    peer.ping()


@case
def initiation_twice():
    """TAI64N: the same timestamp is a replay."""
    world = World()
    (peer,) = world.peers
    message = peer.initiation()
    peer.send(message)
    peer.finish(peer.expect(RESPONSE))
    peer.ping()
    time.sleep(0.03)
    with world.counts(rx_drop_replayed_handshake=1):
        peer.send(message)
        peer.silent(0.2)
    peer.ping()


@case
def initiation_with_older_timestamp():
    world = World()
    (peer,) = world.peers
    now = int(time.time())
    peer.send(peer.initiation(wgproto.tai64n(now)))
    peer.finish(peer.expect(RESPONSE))
    time.sleep(0.03)
    session = peer.session
    with world.counts(rx_drop_replayed_handshake=2):
        for stale in wgproto.tai64n(now - 1, 999_999_999), wgproto.tai64n(now):
            peer.send(peer.initiation(stale))
            peer.silent(0.1)
    peer.session = session
    peer.ping()
    peer.send(peer.initiation(wgproto.tai64n(now, 1)))
    peer.finish(peer.expect(RESPONSE))
    peer.ping()


@case
def replay_from_elsewhere_does_not_roam():
    world = World()
    (peer,) = world.peers
    message = peer.initiation()
    peer.send(message)
    peer.finish(peer.expect(RESPONSE))
    peer.ping()
    thief = world.ns.udp("127.0.0.1")
    time.sleep(0.03)
    peer.send(message, via=thief)
    peer.silent(0.1)
    equal(peer.state.endpoint, peer.address, "endpoint")
    peer.ping()


@case
def initiations_come_too_fast():
    """A peer is answered once in 20 ms: newer timestamps do not help."""
    world = World()
    (peer,) = world.peers
    now = int(time.time())
    messages = [peer.initiation(wgproto.tai64n(now, i)) for i in range(40)]
    began = time.monotonic()
    for message in messages:
        peer.send(message)
    answers = 0
    while peer.receive(0.3):
        answers += 1
    took = time.monotonic() - began
    ktap.within(answers, 1, took / 0.02 + 1, "answers")
    check(answers < len(messages), "every one was answered")


# --- keys that are not right --------------------------------------------------


@case
def wrong_preshared_key_responder():
    world = World(psk=os.urandom(32))
    (peer,) = world.peers
    peer.send(peer.initiation())
    response = peer.expect(RESPONSE)
    peer.handshake.psk = bytes(32)
    try:
        peer.handshake.consume_response(response)
    except wgproto.ProtocolError:
        return
    check(False, "the response opened without the preshared key")


@case
def wrong_preshared_key_initiator():
    world = World(psk=os.urandom(32))
    (peer,) = world.peers
    world.transmit(peer, b"first")
    with world.counts(rx_drop_bad_handshake=1):
        responder = peer.open_initiation()
        peer.respond_with(responder, os.urandom(32))
        peer.silent(0.2)


@case
def preshared_key_changes():
    """A new key is used by the next handshake, and the session lives on."""
    world = World()
    (peer,) = world.peers
    peer.initiate()
    peer.ping()
    peer.psk = os.urandom(32)
    world.device.set(peers=[peer.setting(endpoint=False)])
    equal(peer.state.preshared_key, peer.psk, "preshared key in the dump")
    peer.ping()
    time.sleep(0.03)
    peer.initiate()
    peer.ping()
    peer.psk = None
    world.device.set(peers=[peer.setting(endpoint=False, preshared_key=bytes(32))])
    time.sleep(0.03)
    peer.initiate()
    peer.ping()


@case
def private_key_changes():
    """Sessions are not used for sending any more; the handshake has the new key."""
    world = World()
    (peer,) = world.peers
    peer.initiate()
    peer.ping()
    old_public = world.public
    world.private = wgproto.generate_private()
    world.public = wgproto.public_of(world.private)
    world.device.set(private_key=world.private)
    equal(world.device.get().public_key, world.public, "public key in the dump")
    world.transmit(peer, b"under the new key")
    peer.respond()
    equal(peer.receive_packet().data, b"under the new key", "the packet that waited")
    peer.ping()
    time.sleep(0.03)
    stale = wgproto.Initiator(peer.private, old_public)
    peer.send(wgproto.add_macs(stale.initiation(5), old_public))
    peer.silent(0.2)
    time.sleep(0.03)
    peer.initiate()
    peer.ping()


@case
def private_key_is_taken_away():
    world = World()
    (peer,) = world.peers
    world.device.set(private_key=bytes(32))
    check(world.device.get().public_key in (None, bytes(32)), "there is still a public key")
    peer.send(peer.initiation())
    peer.silent(0.2)
    world.device.set(private_key=world.private)
    time.sleep(0.03)
    peer.initiate()


@case
def peer_with_our_own_key():
    """Such a peer is dropped, whichever of the two came first."""
    world = World()
    (peer,) = world.peers
    world.device.set(peers=[peer.setting(endpoint=False)])
    world.device.set(peers=[setting(world.public, allowed=["10.66.9.9/32"])])
    equal(list(world.device.get().peers), [peer.public], "peers")
    world.device.set(private_key=peer.private)
    equal(list(world.device.get().peers), [], "peers after taking the key of one")


@case
def low_order_points_in_an_initiation():
    world = World()
    (peer,) = world.peers
    real, sent = wgproto.dh, 0
    with world.counts(rx_drop_bad_handshake=len(wgproto.LOW_ORDER_POINTS)):
        for point in wgproto.LOW_ORDER_POINTS:
            results = iter([bytes(32)])
            with mock.patch.object(wgproto, "dh",
                                   lambda a, b: next(results, None) or real(a, b)):
                message = peer.initiator().initiation(
                    sent, wgproto.tai64n(int(time.time()) + sent), ephemeral_public=point)
            peer.send(peer.macs(message))
            sent += 1
        peer.silent(0.2)


@case
def low_order_points_in_a_response():
    world = World()
    (peer,) = world.peers
    world.transmit(peer, b"first")
    responder = peer.open_initiation()
    state = responder.state.chaining_key, responder.state.hash
    with world.counts(rx_drop_bad_handshake=len(wgproto.LOW_ORDER_POINTS)):
        for point in wgproto.LOW_ORDER_POINTS:
            responder.state.chaining_key, responder.state.hash = state
            with mock.patch.object(wgproto, "dh", lambda a, b: bytes(32)):
                message = responder.response(1, ephemeral_public=point)
            peer.send(peer.macs(message))
        peer.silent(0.2)
    responder.state.chaining_key, responder.state.hash = state
    peer.respond_with(responder)
    equal(peer.receive_packet().data, b"first", "the packet that waited")


@case
def low_order_points_as_a_public_key():
    """A peer whose key is no key is never sent anything."""
    world = World(peers=0)
    sink = world.ns.udp("127.0.0.1")
    for number, point in enumerate(wgproto.LOW_ORDER_POINTS):
        try:
            world.device.set(peers=[setting(point, allowed=[f"10.66.7.{number}/32"],
                                            endpoint=sink.getsockname())])
        except OSError:
            continue  # refusing it is as good
        try:
            world.inner().sendto(b"x", (f"10.66.7.{number}", 9))
        except OSError:
            pass
    sink.settimeout(0.3)
    try:
        message = sink.recv(2048)
    except TimeoutError:
        return
    check(False, f"a peer without a key was sent {name_of(message)}")


@case
def removed_peer_is_a_stranger():
    world = World(peers=2)
    one, two = world.peers
    one.initiate()
    one.ping()
    world.device.set(peers=[setting(one.public, flags=REMOVE_ME)])
    one.send(one.sealed(b"x"))
    time.sleep(0.03)
    one.send(one.initiation())
    two.initiate()
    two.ping()
    one.silent(0.1)


if __name__ == "__main__":
    ktap.main()
