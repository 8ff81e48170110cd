#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Data messages: padding, the replay window, roaming, and everything that has
to be dropped without an answer and without losing what is good."""

import os
import random
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
from ktap import case, check, equal
from peer import Peer, World
from tunnel import OURS
from wgproto import DATA, INITIATION, KEEPALIVE_SIZE

SOL_UDP, UDP_SEGMENT = 17, 103

# How far behind the newest a counter may be: the kernel's own module keeps a
# word of its 8192 bits free.
WINDOW = 8192 if OURS else 8128


def connected(**options):
    """A world whose first peer has a session, used once both ways."""
    world = World(**options)
    world.peers[0].initiate()
    world.peers[0].ping()
    return world, world.peers[0]


# --- what is sent ------------------------------------------------------------


@case
def padded_to_16_with_zeros():
    world, peer = connected()
    for size in range(0, 34):
        world.transmit(peer, bytes([0xa5]) * size)
        equal(peer.receive_packet().data, bytes([0xa5]) * size, "payload")
        equal(len(peer.padded) % 16, 0, f"padded size of a packet with {size} bytes, modulo 16")
        check(len(peer.padded) - (28 + size) < 16, f"more padding than needed for {size} bytes")
        check(not any(peer.padded[28 + size:]), "padding is not zero")


@case
def padding_stays_within_the_mtu():
    world, peer = connected()
    world.ns.ip("link set wg0 mtu 1413")
    for size, padded in (1413, 1413), (1412, 1413), (1409, 1413), (1408, 1408), (1407, 1408):
        world.transmit(peer, bytes(size - 28))
        peer.receive_packet()
        equal(len(peer.padded), padded, f"padded size of a packet of {size} bytes")


@case
def counters_go_up_by_one():
    world, peer = connected()
    seen = []
    for _ in range(20):
        world.transmit(peer, b"x")
        peer.receive_packet()
        seen.append(peer.session.last_counter)
    equal(seen, list(range(seen[0], seen[0] + 20)), "counters")


@case
def receiver_index_is_ours():
    world, peer = connected()
    world.transmit(peer, b"x")
    message = peer.expect(DATA)
    equal(struct.unpack("<I", message[4:8])[0], peer.session.local_index, "receiver index")


@case
def bytes_are_counted():
    """Per peer: the UDP payloads. Per device: packets."""
    world, peer = connected()
    before, packets = peer.state, world.device.link("rx_packets")
    message = peer.sealed(bytes(100))
    peer.send(message)
    world.delivered()
    world.transmit(peer, bytes(200))
    peer.receive_packet()
    ktap.eventually(lambda: peer.state.tx > before.tx, "tx bytes to change")
    equal(peer.state.rx - before.rx, len(message), "rx bytes of the peer")
    equal(peer.state.tx - before.tx, 32 + 240, "tx bytes of the peer")
    ktap.eventually(lambda: world.device.link("rx_packets") > packets, "rx packets to change")
    equal(world.device.link("rx_packets") - packets, 1, "rx packets of the device")


# --- what is taken -------------------------------------------------------------


@case
def unpadded_packet():
    world, peer = connected()
    for size in range(1, 18):
        payload = os.urandom(size)
        peer.send(peer.sealed(payload, pad=False))
        equal(world.delivered(), payload, "payload")


@case
def padding_is_cut_off():
    """What comes out is as long as its IP header says, however much was padded."""
    world, peer = connected()
    for family, protocol in (4, 0x0800), (6, 0x86dd):
        inner = peer.packet(b"seven..", family)
        sniffer = world.ns.sniff("wg0", protocol)
        peer.send(peer.session.seal(inner + bytes(300), pad=False))
        equal(sniffer.recv(2048), inner, f"the IPv{family} packet that came out")
        equal(world.delivered(family), b"seven..", "payload")


@case
def keepalive_is_taken_and_not_delivered():
    world, peer = connected()
    before = peer.state.rx
    sniffer = world.ns.sniff("wg0")
    with world.counts(rx_keepalive=3):
        for _ in range(3):
            peer.send(peer.session.seal())
        peer.ping()
    equal(len(sniffer.recv(2048)), 44, "size of the first packet that came out")
    equal(peer.state.rx - before, 3 * KEEPALIVE_SIZE + 80, "rx bytes")


@case
def large_packet():
    world, peer = connected()
    world.ns.ip("link set wg0 mtu 9000", "link set lo mtu 65536")
    payload = os.urandom(8900)
    peer.send(peer.sealed(payload))
    equal(world.delivered(), payload, "payload in")
    world.transmit(peer, payload)
    equal(peer.receive_packet().data, payload, "payload out")


@case
def reordered_within_the_window():
    world, peer = connected()
    base = peer.session.counter
    counters = list(range(base, base + 200)) + [base + 200 + i * 39 for i in range(200)]
    random.shuffle(counters)
    counters.sort(key=lambda c: c // 4000)  # never further behind than the window
    for first in range(0, len(counters), 50):
        chunk = counters[first:first + 50]
        for counter in chunk:
            peer.send(peer.sealed(struct.pack("!Q", counter), counter=counter))
        for counter in chunk:
            equal(struct.unpack("!Q", world.delivered())[0], counter, "payload")
    peer.session.counter = max(counters) + 1
    peer.ping()


@case
def oldest_in_the_window():
    world, peer = connected()
    newest = 20000
    peer.send(peer.sealed(b"newest", counter=newest))
    equal(world.delivered(), b"newest", "payload")
    with world.counts(rx_drop_replayed=2):
        for behind, taken in (WINDOW - 1, True), (WINDOW + 64, False), (1, True), (newest, False):
            message = peer.sealed(struct.pack("!I", behind), counter=newest - behind)
            peer.send(message)
            if taken:
                equal(world.delivered(), struct.pack("!I", behind), f"payload {behind} behind")
        peer.session.counter = newest + 1
        peer.ping()


@case
def far_ahead():
    """A jump beyond the whole window forgets nothing that it should know."""
    world, peer = connected()
    with world.counts(rx_drop_replayed=3):
        for counter in 1 << 20, 1 << 40, (1 << 64) - (1 << 14):
            message = peer.sealed(b"jump", counter=counter)
            peer.send(message)
            equal(world.delivered(), b"jump", "payload")
            peer.send(message)
            peer.session.counter = counter + 1
            peer.ping()


@case
def replayed():
    world, peer = connected()
    messages = [peer.sealed(struct.pack("!I", i)) for i in range(50)]
    for message in messages:
        peer.send(message)
    for i in range(50):
        equal(world.delivered(), struct.pack("!I", i), "payload")
    with world.counts(rx_drop_replayed=100):
        for message in messages + messages[::-1]:
            peer.send(message)
        peer.ping()
    world.nothing_delivered()


@case
def counter_at_its_end():
    """A session is over before its counter repeats."""
    world, peer = connected()
    limit = (1 << 64) - 1 - WINDOW
    for counter in limit, limit + 1, (1 << 64) - 1:
        peer.send(peer.sealed(b"too many", counter=counter))
    peer.ping()
    world.nothing_delivered()


# --- what is dropped -----------------------------------------------------------


@case
def bits_flipped():
    """Wherever: the tag does not fit, or the index is nobody's."""
    world, peer = connected()
    good = peer.sealed(bytes(64))
    with world.counts(rx_drop_bad_tag=10):
        for at in 8, 11, 15, 16, 40, 80, 100, len(good) - 16, len(good) - 2, len(good) - 1:
            bad = bytearray(good)
            bad[at] ^= 0x10
            peer.send(bytes(bad))
        peer.ping()
    world.nothing_delivered()
    peer.silent()
    peer.send(good)
    equal(world.delivered(), bytes(64), "the packet that the forged ones resembled")


@case
def truncated():
    world, peer = connected()
    good = peer.sealed(bytes(64))
    sizes = list(range(0, 32)) + [32, 33, 47, 48, 100, len(good) - 1]
    for size in sizes:
        peer.send(good[:size])
    peer.send(good + b"\0")
    peer.ping()
    world.nothing_delivered()
    peer.silent()


@case
def truncated_is_counted():
    world, peer = connected()
    good = peer.sealed(bytes(64))
    with world.counts(rx_drop_bad_tag=4, rx_drop_malformed=3):
        for size in 32, 33, 100, len(good) - 1, 31, 16, 8:
            peer.send(good[:size])
        peer.ping()


@case
def wrong_index():
    world, peer = connected()
    with world.counts(rx_drop_unknown_index=20):
        for _ in range(20):
            index = random.getrandbits(32)
            peer.send(peer.sealed(b"x", receiver=index ^ (index == peer.session.remote_index)))
        peer.ping()
    world.nothing_delivered()
    peer.silent()


@case
def wrong_key():
    world, peer = connected()
    with world.counts(rx_drop_bad_tag=5):
        right, peer.session.sending_key = peer.session.sending_key, os.urandom(32)
        for _ in range(5):
            peer.send(peer.sealed(b"x"))
        peer.session.sending_key = right
        peer.ping()
    world.nothing_delivered()
    peer.silent()


@case
def one_peer_with_the_index_of_another():
    world = World(peers=2)
    one, two = world.peers
    one.initiate()
    two.initiate()
    one.ping()
    two.ping()
    with world.counts(rx_drop_bad_tag=1):
        one.send(one.sealed(b"x", receiver=two.session.remote_index))
        one.ping()
        two.ping()
    equal(two.state.endpoint, two.address, "endpoint of the other")


@case
def not_an_ip_packet():
    world, peer = connected()
    bad = [b"\x00" * 20, b"\x50" + bytes(31), b"\xff" * 40, b"\x45", b"\x45" + bytes(18),
           b"\x60" + bytes(38)]
    with world.counts(rx_drop_not_ip=len(bad)):
        for inner in bad:
            peer.send(peer.session.seal(inner, pad=False))
        peer.ping()
    world.nothing_delivered()


@case
def ip_header_says_more_than_there_is():
    world, peer = connected()
    v4, v6 = peer.packet(bytes(50)), peer.packet(bytes(50), 6)
    bad = [v4[:-1], v4[:30], v6[:-1], v6[:41],
           v4[:2] + struct.pack("!H", 19) + v4[4:],   # less than its own header
           v4[:2] + struct.pack("!H", 0) + v4[4:]]
    with world.counts(rx_drop_not_ip=len(bad)):
        for inner in bad:
            peer.send(peer.session.seal(inner, pad=False))
        peer.ping()
    world.nothing_delivered()
    world.nothing_delivered(6)


@case
def source_not_allowed():
    world = World(peers=2)
    one, two = world.peers
    for peer in one, two:
        peer.initiate()
        peer.ping()
        peer.ping(6)
    with world.counts(rx_drop_disallowed_source=4):
        for family, source in (4, two.inner4), (4, "192.0.2.1"), (6, two.inner6), (6, "fd77::1"):
            one.send(one.session.seal(one.packet(b"x", family, source)))
        one.ping()
        one.ping(6)
    world.nothing_delivered()
    two.ping()


@case
def flood_of_rubbish_harms_no_session():
    world, peer = connected()
    stranger = Peer(world, 9)
    good = peer.sealed(b"x")
    for _ in range(10):
        for _ in range(100):
            stranger.send(os.urandom(random.randrange(0, 200)))
            stranger.send(good[:16] + os.urandom(48))
            stranger.send(struct.pack("<I", 4) + os.urandom(60))
        peer.ping()
    stranger.silent()
    equal(peer.state.endpoint, peer.address, "endpoint")


# --- where the peer is -----------------------------------------------------------


@case
def roaming_on_data():
    world, peer = connected()
    old = peer.move("127.0.0.1")
    peer.ping()
    equal(peer.state.endpoint, peer.address, "endpoint")
    peer.move("127.0.0.7")
    peer.ping()
    equal(peer.state.endpoint, peer.address, "endpoint")
    old.setblocking(False)
    try:
        old.recv(2048)
    except BlockingIOError:
        return
    check(False, "something was sent to the old place")


@case
def roaming_on_a_keepalive():
    world, peer = connected()
    peer.move("127.0.0.8")
    peer.send(peer.session.seal())
    ktap.eventually(lambda: peer.state.endpoint == peer.address, "endpoint to follow")
    world.transmit(peer, b"x")
    equal(peer.receive_packet().data, b"x", "payload")


@case
def roaming_on_an_initiation():
    world, peer = connected()
    peer.move("127.0.0.9")
    time.sleep(0.03)
    peer.initiate()
    equal(peer.state.endpoint, peer.address, "endpoint")
    peer.ping()


@case
def roaming_on_a_response():
    world = World()
    (peer,) = world.peers
    world.transmit(peer, b"first")
    responder = peer.open_initiation()
    peer.move("127.0.0.10")
    peer.respond_with(responder)
    equal(peer.receive_packet().data, b"first", "the packet that waited")
    equal(peer.state.endpoint, peer.address, "endpoint")


@case
def roaming_between_ipv4_and_ipv6():
    world, peer = connected()
    for address in "::1", "127.0.0.1", "::1":
        peer.move(address)
        peer.ping()
        peer.ping(6)
        equal(peer.state.endpoint, peer.address, "endpoint")


@case
def no_roaming_on_what_is_not_authentic():
    world, peer = connected()
    replay, forged = peer.sealed(b"x"), bytearray(peer.sealed(b"y"))
    forged[40] ^= 1
    peer.send(replay)
    equal(world.delivered(), b"x", "payload")
    thief = world.ns.udp("127.0.0.66")
    for message in replay, bytes(forged), peer.sealed(b"z", receiver=1):
        peer.send(message, via=thief)
    world.transmit(peer, b"to whom?")
    equal(peer.receive_packet().data, b"to whom?", "payload")
    equal(peer.state.endpoint, peer.address, "endpoint")
    peer.ping()


@case
def endpoint_set_by_hand():
    world, peer = connected()
    peer.move("127.0.0.11")
    world.device.set(peers=[peer.setting()])
    world.transmit(peer, b"x")
    equal(peer.receive_packet().data, b"x", "payload")


# --- the life of keys --------------------------------------------------------------


@case
def keys_are_gone_when_the_device_goes_down():
    world, peer = connected()
    old = peer.sealed(b"old")
    world.ns.ip("link set wg0 down", "link set wg0 up")
    peer.send(old)
    world.transmit(peer, b"new")
    peer.expect(INITIATION)
    world.nothing_delivered()
    peer.initiate()
    equal(peer.receive_packet().data, b"new", "the packet that waited")
    peer.ping()


@case
def a_device_that_is_down_is_silent():
    world, peer = connected()
    world.ns.ip("link set wg0 down")
    peer.send(peer.sealed(b"x"))
    time.sleep(0.03)
    try:
        peer.send(peer.initiation())
        peer.silent(0.2)
    except ConnectionRefusedError:
        pass
    world.ns.ip("link set wg0 up")
    peer.initiate()
    peer.ping()


@case
def pages_of_others_are_not_written_to():
    """A message may lie in pages of a file that somebody sends without a copy."""
    world, peer = connected()
    message = peer.sealed(bytes(1000))
    batch = b"".join(peer.sealed(bytes([i]) * 1000) for i in range(3))
    for data, size in (message, 0), (batch, len(batch) // 3):
        with tempfile.TemporaryFile() as file:
            file.write(bytes(4096) + data)
            file.flush()
            peer.socket.connect((peer.target, world.port))
            peer.socket.setsockopt(SOL_UDP, UDP_SEGMENT, size)
            equal(os.sendfile(peer.socket.fileno(), file.fileno(), 4096, len(data)), len(data),
                  "bytes sent")
            for i in range(len(data) // len(message)):
                equal(world.delivered(), bytes([i]) * 1000, "the packet delivered")
            file.seek(4096)
            equal(file.read(), data, "the file")
    peer.socket.setsockopt(SOL_UDP, UDP_SEGMENT, 0)


if __name__ == "__main__":
    ktap.main()
