#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Everything that takes minutes: rekeying, retries, keepalives, cookies' and
keys' ends. For a machine whose idle time passes at once (selftests/vm/run
--icount): there, nothing happens between two events but the clock's jump.

No case starts a program once its device is up: waiting for a disk would let the
clock jump as well."""

import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import wgproto
from ktap import case, check, equal, within
from peer import World, kind_of, sender_of
from tunnel import HANDSHAKE_FAILED, KEYS_EXPIRED, NO_ANSWER, OURS, SESSION_STALLED, Events
from tunnel import peer as setting
from wgproto import DATA, INITIATION, KEEPALIVE_SIZE

REKEY_AFTER, REJECT_AFTER, REKEY_TIMEOUT, JITTER = 120, 180, 5, 0.334
KEEPALIVE, ATTEMPT = 10, 90
# How late a timer may be: the kernel rounds up to 1/63 of what a level of its
# wheel holds, which is 0.26 s below 16 s, 2 s below 129 s, 16 s above.
SLACK, LATE, VERY_LATE = 0.5, 2.2, 16.5

timed = case(timeout=5000)
now = time.monotonic


def sleep_until(moment):
    time.sleep(max(0, moment - now()))


class Clock:
    """Seconds since it was made."""

    def __init__(self):
        self.start = now()

    def __call__(self):
        return now() - self.start

    def until(self, seconds):
        sleep_until(self.start + seconds)


def as_initiator(**options):
    """The device started the handshake. Returns world, peer, session's clock."""
    world = World(**options)
    (peer,) = world.peers
    world.transmit(peer, b"first")
    peer.respond()
    clock = Clock()
    equal(peer.receive_packet().data, b"first", "payload")
    peer.send(peer.session.seal())
    return world, peer, clock


def as_responder(**options):
    world = World(**options)
    (peer,) = world.peers
    peer.initiate()
    clock = Clock()
    peer.ping()
    peer.send(peer.session.seal())
    return world, peer, clock


def events_of(world):
    """What the device tells from now on; None for the kernel's own module."""
    return Events(world.ns) if OURS else None


def exchange(world, peer):
    """Data out, and an answer that is no data, so that nothing is outstanding."""
    world.transmit(peer, b"data")
    equal(peer.receive_packet().data, b"data", "payload")
    peer.send(peer.session.seal())


# --- rekeying -------------------------------------------------------------------------


@timed
def initiator_rekeys_after_120_s():
    world, peer, clock = as_initiator()
    for moment in range(10, 120, 10):
        clock.until(moment - 0.5)
        exchange(world, peer)
        peer.silent()
    clock.until(120.1)
    exchange(world, peer)
    old, peer.session = peer.session, None
    peer.respond()
    equal(kind_of(peer.receive()), DATA, "what follows a handshake is a confirmation")
    peer.ping()
    check(peer.session.remote_index != old.remote_index, "the session has the old index")


@timed
def initiator_rekeys_only_when_it_sends():
    world, peer, clock = as_initiator()
    peer.silent(150)


@timed
def responder_leaves_rekeying_to_the_initiator():
    world, peer, clock = as_responder()
    for moment in range(5, 180, 9):
        clock.until(moment)
        exchange(world, peer)
    peer.silent()


@timed
def initiator_rekeys_late_when_it_only_receives():
    """Before the session ends, so that what the other sends is not lost."""
    world, peer, clock = as_initiator()
    for moment in range(10, 165, 10):
        clock.until(moment - 0.5)
        peer.send(peer.sealed(b"x"))
        equal(world.delivered(), b"x", "payload")
    while peer.receive(0) is not None:
        pass  # passive keepalives
    clock.until(165.1)
    peer.send(peer.sealed(b"x"))
    peer.respond()


@timed
def session_ends_after_180_s():
    world, peer, clock = as_responder()
    late = peer.sealed(b"late")
    clock.until(179)
    exchange(world, peer)
    clock.until(180.5)
    with world.counts(rx_drop_expired_key=1):
        peer.send(late)
        peer.silent(0.1)
    world.nothing_delivered()
    world.transmit(peer, b"out")
    peer.respond()
    equal(peer.receive_packet().data, b"out", "the packet that waited")


@timed
def nothing_is_lost_over_a_rekey():
    """Packets both ways, a few each second, for three sessions."""
    world, peer, clock = as_initiator()
    sessions = {}
    for i in range(1500):
        clock.until(i * 0.25)
        world.transmit(peer, struct.pack("!I", i))
        got = None
        while got is None:
            message = peer.receive()
            if kind_of(message) == INITIATION:
                peer.open_initiation(message)
                old = peer.session
                peer.respond(message)
                sessions[peer.session.local_index] = i
                following, peer.session = peer.session, old
                continue
            if len(message) == KEEPALIVE_SIZE:
                peer.session = following
                continue
            (index,) = struct.unpack("<I", message[4:8])
            if index != peer.session.local_index:
                peer.session = following
            got = peer.session.open(message)
        equal(struct.unpack("!I", got[28:32])[0], i, "packet")
        peer.send(peer.sealed(struct.pack("!I", i)))
        equal(struct.unpack("!I", world.delivered())[0], i, "packet in")
    within(len(sessions), 3, 3, "handshakes in 375 s")


# --- retries ----------------------------------------------------------------------------


@timed
def retries_every_5_s_with_jitter_and_gives_up_after_90_s():
    world = World()
    (peer,) = world.peers
    events = events_of(world)
    with world.counts(tx_drop_staged_expired=3):
        for _ in range(3):
            world.transmit(peer, b"x")
        moments, senders = [], set()
        while (message := peer.receive(60)) is not None:
            equal(kind_of(message), INITIATION, "kind of message")
            peer.open_initiation(message)
            moments.append(now())
            senders.add(sender_of(message))
    gaps = [b - a for a, b in zip(moments, moments[1:])]
    for gap in gaps:
        within(gap, REKEY_TIMEOUT - 0.01, REKEY_TIMEOUT + JITTER + SLACK, "seconds to the next try")
    check(max(gaps) - min(gaps) > 0.02, f"no jitter: {gaps}")
    within(moments[-1] - moments[0], ATTEMPT - 8, ATTEMPT + 20, "seconds of trying")
    equal(len(senders), len(moments), "distinct sender indices")
    if events:
        event = events.expect(HANDSHAKE_FAILED, peer.public, 0)
        equal(event.reason, NO_ANSWER, "reason of the failure that was told")
        events.silent()
    world.transmit(peer, b"again")
    peer.respond()
    equal(peer.receive_packet().data, b"again", "a packet sent later")


@timed
def no_answer_is_told_while_packets_go_on():
    """Each of them begins the count of tries anew."""
    if not OURS:
        raise ktap.Skip("n/a: the kernel's own module tells nothing")
    world = World()
    (peer,) = world.peers
    events = Events(world.ns)
    clock = Clock()
    for told in 1, 2:
        while (event := events.next(0)) is None:
            check(clock() < 110 * told, f"told {told - 1} times in {clock()} s")
            world.transmit(peer, b"x")
            time.sleep(3)
        equal((event.type, event.reason), (HANDSHAKE_FAILED, NO_ANSWER), "event and reason")
        check(clock() > 89 * told, f"told {told} times in {clock()} s")


@timed
def one_initiation_in_5_s_whatever_is_sent():
    world = World()
    (peer,) = world.peers
    began, times = now(), []
    while now() - began < 20:
        world.transmit(peer, b"x")
        if peer.receive(0.1):
            times.append(now())
    within(len(times), 3, 5, "initiations in 20 s")


@timed
def response_to_an_initiation_before_the_last():
    world = World()
    (peer,) = world.peers
    world.transmit(peer, b"x")
    first = peer.open_initiation()
    second = peer.open_initiation(seconds=7)
    peer.respond_with(first)
    peer.silent(1)
    peer.respond_with(second)
    equal(peer.receive_packet().data, b"x", "the packet that waited")


@timed
def no_answer_to_data_starts_a_handshake():
    """Sent, and nothing came back for 10 + 5 seconds: the session may be dead."""
    world, peer, clock = as_responder()
    events = events_of(world)
    sent = Clock()
    world.transmit(peer, b"anyone?")
    equal(peer.receive_packet().data, b"anyone?", "payload")
    peer.open_initiation(seconds=30)
    within(sent(), KEEPALIVE + REKEY_TIMEOUT - 0.1, KEEPALIVE + REKEY_TIMEOUT + JITTER + SLACK,
           "seconds until the initiation")
    if events:
        events.expect(SESSION_STALLED, peer.public, 0)


@timed
def keepalive_is_an_answer():
    world, peer, clock = as_responder()
    exchange(world, peer)
    peer.silent(60)


# --- keepalives ----------------------------------------------------------------------------


@timed
def passive_keepalive_after_data():
    world, peer, clock = as_responder()
    received = Clock()
    with world.counts(tx_keepalive=1):
        peer.send(peer.sealed(b"x"))
        message = peer.expect(DATA, 30)
        equal(len(message), KEEPALIVE_SIZE, "size of a keepalive")
        equal(peer.session.open(message), b"", "content of a keepalive")
        within(received(), KEEPALIVE - 0.1, KEEPALIVE + SLACK, "seconds until the keepalive")
        peer.silent(60)


@timed
def no_keepalive_for_a_keepalive():
    world, peer, clock = as_responder()
    with world.counts(tx_keepalive=0):
        for _ in range(5):
            peer.send(peer.session.seal())
            peer.silent(15)


@timed
def no_keepalive_when_there_was_an_answer():
    world, peer, clock = as_responder()
    exchange(world, peer)
    for _ in range(5):
        peer.send(peer.sealed(b"ask"))
        world.delivered()
        time.sleep(5)
        exchange(world, peer)
        peer.silent(8)


@timed
def keepalives_while_data_goes_on():
    """Neither one for each packet, nor none because the next packet came."""
    world, peer, clock = as_responder()
    keepalives = 0
    for _ in range(50):
        peer.send(peer.sealed(b"x"))
        keepalives += peer.receive(1) is not None
    within(keepalives, 4, 5, "keepalives in 50 s")


@timed
def persistent_keepalive():
    world = World()
    (peer,) = world.peers
    world.device.set(peers=[setting(peer.public, keepalive=25)])
    peer.respond()
    equal(len(peer.expect(DATA)), KEEPALIVE_SIZE, "size of the confirmation")
    last = Clock()
    for number in range(1, 4):
        equal(len(peer.expect(DATA, 40)), KEEPALIVE_SIZE, "size of a keepalive")
        within(last(), 25 * number - 0.5, (25 + LATE) * number, "seconds since the first")
    world.transmit(peer, b"data puts it off")
    peer.receive_packet()
    peer.send(peer.session.seal())
    last = Clock()
    peer.expect(DATA, 40)
    within(last(), 24.5, 25 + LATE, "seconds since data")
    world.device.set(peers=[setting(peer.public, keepalive=0)])
    peer.silent(100)


@timed
def persistent_keepalive_keeps_a_session():
    """With it the session is renewed for ever, without any data."""
    world = World()
    (peer,) = world.peers
    world.device.set(peers=[setting(peer.public, keepalive=10)])
    clock, handshakes, longest, last = Clock(), 0, 0, now()
    while clock() < 400:
        message = peer.receive(30)
        check(message is not None, "the device fell silent")
        longest, last = max(longest, now() - last), now()
        if kind_of(message) == INITIATION:
            peer.respond(message)
            handshakes += 1
    within(handshakes, 3, 4, "handshakes in 400 s")
    within(longest, 9, 12, "longest silence")


# --- cookies that the device gets ------------------------------------------------------------


@timed
def cookie_is_used_for_the_next_try():
    world = World()
    (peer,) = world.peers
    cookie = os.urandom(16)
    world.transmit(peer, b"x")
    first = peer.expect(INITIATION)
    equal(wgproto.mac2_of(first), bytes(16), "mac2 without a cookie")
    with world.counts(rx_cookie=1):
        peer.send(wgproto.cookie_reply(first, cookie, peer.public))
        second = peer.expect(INITIATION, 7)
    check(wgproto.check_mac2(second, cookie), "mac2 is not made with the cookie")
    check(wgproto.check_mac1(second, peer.public), "mac1 is wrong")
    peer.respond(second)
    equal(peer.receive_packet().data, b"x", "the packet that waited")


@timed
def forged_cookies():
    """Wrong key, wrong index, for another message, changed: no use is made of
    them, and the right one still counts."""
    world = World()
    (peer,) = world.peers
    right, wrong = os.urandom(16), os.urandom(16)
    world.transmit(peer, b"x")
    first = peer.expect(INITIATION)
    with world.counts(rx_drop_bad_cookie=4, rx_drop_unknown_index=1):
        good = wgproto.cookie_reply(first, wrong, peer.public)
        peer.send(wgproto.cookie_reply(first, wrong, world.public))
        peer.send(wgproto.cookie_reply(first[:-20] + os.urandom(20), wrong, peer.public))
        for at in 10, 63:
            peer.send(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        peer.send(good[:4] + bytes([good[4] ^ 1]) + good[5:])
        second = peer.expect(INITIATION, 7)
    equal(wgproto.mac2_of(second), bytes(16), "mac2 after forged cookies")
    peer.send(wgproto.cookie_reply(second, right, peer.public))
    third = peer.expect(INITIATION, 7)
    check(wgproto.check_mac2(third, right), "mac2 is not made with the cookie")


@timed
def cookie_reply_twice():
    """A cookie answers one message once."""
    world = World()
    (peer,) = world.peers
    cookie = os.urandom(16)
    world.transmit(peer, b"x")
    first = peer.expect(INITIATION)
    peer.send(wgproto.cookie_reply(first, cookie, peer.public))
    peer.expect(INITIATION, 7)
    peer.send(wgproto.cookie_reply(first, os.urandom(16), peer.public))
    check(wgproto.check_mac2(peer.expect(INITIATION, 7), cookie), "a stale reply was taken")


@timed
def cookie_reply_does_not_move_the_endpoint():
    world = World()
    (peer,) = world.peers
    world.transmit(peer, b"x")
    first = peer.expect(INITIATION)
    elsewhere = world.ns.udp("127.0.0.44")
    with world.counts(rx_cookie=1):
        peer.send(wgproto.cookie_reply(first, os.urandom(16), peer.public), via=elsewhere)
        peer.expect(INITIATION, 7)
    equal(peer.state.endpoint, peer.address, "endpoint")


@timed
def cookie_grows_old():
    world = World()
    (peer,) = world.peers
    cookie = os.urandom(16)
    world.transmit(peer, b"x")
    clock = Clock()
    peer.send(wgproto.cookie_reply(peer.expect(INITIATION), cookie, peer.public))
    next_try = peer.expect(INITIATION, 7)
    check(wgproto.check_mac2(next_try, cookie), "mac2 is not made with the cookie")
    clock.until(121)
    while peer.receive(0) is not None:
        pass
    world.transmit(peer, b"y")
    equal(wgproto.mac2_of(peer.expect(INITIATION, 7)), bytes(16), "mac2 after 120 s")


# --- the end of keys -----------------------------------------------------------------------


@timed
def keys_are_wiped_after_540_s():
    """The index is nobody's then; before, its session was only too old."""
    world, peer, clock = as_responder()
    late = [peer.sealed(b"late") for _ in range(2)]
    events = events_of(world)
    clock.until(530)
    with world.counts(rx_drop_expired_key=1):
        peer.send(late[0])
        peer.silent(0.1)
    clock.until(540 + VERY_LATE)
    with world.counts(rx_drop_unknown_index=1):
        peer.send(late[1])
        peer.silent(0.1)
    if events:
        events.expect(KEYS_EXPIRED, peer.public, 0)
    peer.initiate()
    peer.ping()


if __name__ == "__main__":
    ktap.main()
