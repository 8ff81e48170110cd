#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Under load: cookies, the rate limit, and that load on one device is not load
on another. The load is a burst of initiations with a valid mac1, sent faster
than they can be checked."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import wgproto
from ktap import Failure, Skip, case, check, equal, within
from netns import Namespace
from peer import Peer, World, kind_of, name_of
from tunnel import OURS
from wgproto import COOKIE, COOKIE_SIZE, INITIATION_SIZE, RESPONSE

# As many wait at most; load begins at an eighth of it (README of the protocol's
# kernel implementation, and module/packet.h).
QUEUE = 4096
PER_SECOND, BURST = 20, 5


SOL_UDP, UDP_SEGMENT = 17, 103


class Flooder(Peer):
    """A stranger who knows the device's public key."""

    AT_ONCE = 64

    def __init__(self, world, address="127.0.0.99"):
        super().__init__(world, 99, address=address)
        self.messages = self.initiation() * self.AT_ONCE
        # Many by one system call, or a fast device would keep up.
        self.socket.setsockopt(SOL_UDP, UDP_SEGMENT, INITIATION_SIZE)

    def flood(self, count=QUEUE // 2):
        for _ in range(count // self.AT_ONCE):
            self.send(self.messages)

    def drain(self):
        """How many of each kind came back, up to now."""
        kinds = {}
        while (message := self.receive(0)) is not None:
            kinds[kind_of(message)] = kinds.get(kind_of(message), 0) + 1
        return kinds


def ask_under_load(flooder, peer, wanted, cookie=None):
    """Sends initiations while the device is under load, until an answer of the
    wanted kind comes; returns the message and its answer.

    A queue may be full and drop ours, or may have been worked off already."""
    for _ in range(10):
        flooder.flood()
        message = peer.initiation(cookie=cookie)
        peer.send(message)
        answer = peer.receive(2)
        if answer is not None and kind_of(answer) == wanted:
            return message, answer
    raise Failure(f"under load, the last answer was {name_of(answer)}")


def cookie_for(flooder, peer, wrong=None):
    """The cookie that the peer's present address gets."""
    message, reply = ask_under_load(flooder, peer, COOKIE, wrong)
    equal(len(reply), COOKIE_SIZE, "size of a cookie reply")
    return wgproto.open_cookie_reply(reply, message, peer.world.public)


@case
def no_cookies_without_load():
    world = World()
    (peer,) = world.peers
    peer.initiate()
    peer.ping()
    peer.silent()


@case
def cookie_reply_under_load():
    for outer in "127.0.0.1", "::1":
        world = World(outer=outer)
        (peer,) = world.peers
        flooder = Flooder(world, "127.0.0.99" if outer != "::1" else "::1")
        cookie = cookie_for(flooder, peer)
        time.sleep(0.3)  # a bucket for this address
        _, response = ask_under_load(flooder, peer, RESPONSE, cookie)
        peer.finish(response)
        peer.ping()


@case
def cookie_is_bound_to_address_and_port():
    world = World()
    (peer,) = world.peers
    flooder = Flooder(world)
    cookie = cookie_for(flooder, peer)
    for address in "127.0.0.1", "127.0.0.5":
        peer.move(address)
        check(cookie_for(flooder, peer, wrong=cookie) != cookie,
              "another source got the same cookie")


@case
def wrong_mac1_gets_no_cookie():
    """Strangers who do not know the public key hear nothing, load or not."""
    world = World()
    flooder, stranger = Flooder(world), Peer(world, 9)
    for _ in range(10):
        flooder.flood(QUEUE // 8)
        stranger.send(wgproto.add_macs(stranger.initiation(), stranger.public))
    cookie_for(flooder, world.peers[0])
    stranger.silent(0.2)


@case
def wrong_mac2_gets_another_cookie():
    world = World()
    (peer,) = world.peers
    flooder = Flooder(world)
    equal(cookie_for(flooder, peer), cookie_for(flooder, peer, wrong=os.urandom(16)),
          "the cookie for a wrong one")


@case
def flood_is_bounded():
    """More than fits is dropped, sessions go on, and the device recovers."""
    world = World()
    (peer,) = world.peers
    peer.initiate()
    peer.ping()
    flooder = Flooder(world)
    before = world.device.counters()
    for _ in range(10):
        flooder.flood(QUEUE // 2)
        peer.ping()
    sent = 10 * (QUEUE // 2)
    answers = 0
    while flooder.receive(0.5) is not None:
        answers += 1
    within(answers, 0, sent, "answers to the flood")
    time.sleep(1.1)  # load is over a second after the last of it
    peer.initiate()
    peer.ping()
    if before:
        now = world.device.counters()
        grown = {n: now[n] - before[n] for n in now if now[n] != before[n]}
        seen = sum(grown.get(n, 0) for n in (
            "rx_drop_handshake_overflow", "rx_drop_no_cookie", "rx_drop_rate_limit",
            "rx_drop_unknown_peer", "rx_drop_bad_handshake"))
        within(seen, sent // 2, sent, f"flood messages counted as dropped: {grown}")


@case
def load_is_the_devices_own():
    if not OURS:
        raise Skip("n/a: in the kernel's own module load is the whole system's")
    ns = Namespace("dut")
    loaded = World(ns=ns, name="wg0")
    calm = World(ns=ns, name="wg1", port=51821, addresses=("10.67.0.1/16",))
    flooder = Flooder(loaded)
    (peer,), (other,) = calm.peers, loaded.peers
    for _ in range(3):
        cookie_for(flooder, other)
        flooder.flood()
        peer.send(peer.initiation())
        equal(name_of(peer.receive()), "response of 92 bytes", "answer of the calm device")
    cookie_for(flooder, other)


def answered(world, flooder, peers, sockets, cookies):
    """Sends one initiation a peer with a good cookie, through the sockets in
    turn; returns how many responses each socket got, and the seconds it took."""
    messages = [p.initiation(cookie=cookies[i % len(sockets)]) for i, p in enumerate(peers)]
    flooder.flood()
    began = time.monotonic()
    for i, (peer, message) in enumerate(zip(peers, messages)):
        peer.send(message, via=sockets[i % len(sockets)].socket)
    counts = []
    for at in sockets:
        got = 0
        while (message := at.receive(1.5)) is not None:
            got += kind_of(message) == RESPONSE
        counts.append(got)
    return counts, time.monotonic() - began - 1.5


@case
def rate_limit_per_ipv4_address():
    """A source that proved its address gets 5 at once and 20 a second."""
    world = World(peers=60)
    flooder = Flooder(world)
    one, two = (Peer(world, 90 + i, address=f"127.0.1.{i}") for i in (1, 2))
    cookies = [cookie_for(flooder, p) for p in (one, two)]
    time.sleep(0.5)  # the buckets are full again
    counts, took = answered(world, flooder, world.peers, [one, two], cookies)
    for count in counts:
        within(count, BURST, BURST + PER_SECOND * took + 1, "responses to one address")
    check(sum(counts) < 60, "there is no limit")


@case
def rate_limit_per_ipv6_64():
    """Two addresses of a /64 share, and another /64 has its own."""
    world = World(peers=60, outer="::1")
    flooder = Flooder(world, "::1")
    world.ns.ip("address add fd01::1/128 dev lo", "address add fd01::ffff:2/128 dev lo",
                "address add fd01:0:0:1::1/128 dev lo")
    one, same, other = (Peer(world, 90, address=a)
                        for a in ("fd01::1", "fd01::ffff:2", "fd01:0:0:1::1"))
    for p in one, same, other:
        p.target = "::1"
    cookies = [cookie_for(flooder, p) for p in (one, same, other)]
    time.sleep(0.5)
    (a, b, c), took = answered(world, flooder, world.peers, [one, same, other], cookies)
    limit = BURST + PER_SECOND * took + 1
    within(a + b, BURST, limit, "responses to two addresses of a /64")
    within(c, BURST, limit, "responses to another /64")


if __name__ == "__main__":
    ktap.main()
