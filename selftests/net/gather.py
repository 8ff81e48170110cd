#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Segments that come in one batch go up as large packets. Cut again, these have
to be what was sent: every header field and every byte, in order."""

import dataclasses
import ipaddress
import os
import random
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import packet
from ktap import case, check, equal
from peer import World
from traffic import content

SOL_UDP, UDP_SEGMENT = 17, 103
SOL_PACKET, PACKET_VNET_HDR, ETH_P_ALL, GSO_ECN = 263, 15, 3, 0x80
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
DF = 0x4000
BATCH = 20
# Routed to the device, but nobody's: the stack takes them in and is silent.
NOBODY = {4: "10.66.0.99", 6: "fd66::99"}


@dataclasses.dataclass(frozen=True)
class Segment:
    source: str
    target: str
    port: int
    seq: int
    payload: bytes
    ack: int = 77
    flags: int = ACK
    window: int = 500
    options: bytes = b"\1\1\x08\x0a" + bytes(8)
    tos: int = 0
    ttl: int = 64
    fragment: int = DF
    id: int = 0
    broken: bool = False  # the IP header's checksum

    def bytes(self):
        size = 20 + len(self.options)
        head = struct.pack("!HHIIHHHH", self.port, 80, self.seq & 0xffffffff, self.ack,
                           size // 4 << 12 | self.flags, self.window, 0, 0) + self.options
        whole = packet.ip(self.source, self.target, packet.TCP, head + self.payload, self.tos,
                          self.ttl)
        if whole[0] >> 4 == 6:
            return whole
        ip = whole[:4] + struct.pack("!HH", self.id, self.fragment) + whole[8:10] + bytes(2) \
            + whole[12:20]
        total = packet.checksum(ip) ^ self.broken
        return ip[:10] + struct.pack("!H", total) + ip[12:] + whole[20:]


def cut(data):
    """The segments of a packet with the header that virtual machines give it."""
    _, gso, _, mss = struct.unpack("<BBHH", data[:6])
    ip = data[10:]
    head = packet.Packet(ip)
    start = head.total - len(head.payload)
    port, _, seq, ack, size, window = struct.unpack("!HHIIHH", ip[start:start + 16])
    end = start + (size >> 12) * 4
    payload, flags = ip[end:head.total], size & 0xff
    number, fragment = struct.unpack("!HH", ip[4:8]) if head.version == 4 else (0, DF)
    common = dict(source=head.source, target=head.destination, port=port, ack=ack, window=window,
                  options=ip[start + 20:end], tos=head.tos, ttl=head.ttl, fragment=fragment,
                  broken=head.version == 4 and packet.checksum(ip[:start]) != 0)
    step = mss if gso else max(1, len(payload))
    found = []
    for at in range(0, len(payload) or 1, step):
        keep = flags
        if at and gso & GSO_ECN:
            keep &= ~CWR
        if at + step < len(payload):
            keep &= ~(FIN | PSH)
        found.append(Segment(**common, seq=(seq + at) & 0xffffffff, payload=payload[at:at + step],
                             flags=keep, id=None if at else number))
    return found


class Stream:
    """Sends batches through a session, and reads what comes out of the device."""

    def __init__(self, family):
        self.world = World()
        self.peer = self.world.peers[0]
        self.peer.initiate()
        self.peer.ping()
        self.family = family
        self.sniffer = self.world.ns.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.sniffer.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.sniffer.bind((self.world.device.name, ETH_P_ALL))
        self.packets = 0

    def segment(self, **fields):
        source = self.peer.inner4 if self.family == 4 else self.peer.inner6
        return Segment(source, NOBODY[self.family], **fields)

    def send(self, messages):
        """All of one size, but for a shorter last one."""
        self.peer.socket.setsockopt(SOL_UDP, UDP_SEGMENT, len(messages[0]))
        self.peer.send(b"".join(messages))
        self.peer.socket.setsockopt(SOL_UDP, UDP_SEGMENT, 0)

    def came(self, least=0):
        """What came before a ping does, which is in order with all of its session; and
        until there are so many, for the first message says where a batch goes, and when
        that is none of the session's, another processor may have it."""
        found = []
        until = time.monotonic() + 5
        self.read(found)
        while len(found) < least and time.monotonic() < until:
            self.read(found)
        return found

    def read(self, found):
        self.peer.ping()
        while select.select([self.sniffer], [], [], 0)[0]:
            data, address = self.sniffer.recvfrom(1 << 17)
            if address[2] != socket.PACKET_OUTGOING and data[10] >> 4 == self.family \
                    and packet.Packet(data[10:]).protocol == packet.TCP:
                self.packets += 1
                found += cut(data)

    def check(self, sent, found):
        def lane(segment):
            """GRO lets what it cannot read pass what it holds."""
            return segment.port, segment.fragment & 0x2000, segment.broken

        for key in sorted({lane(s) for s in sent + found}):
            here, there = ([s for s in some if lane(s) == key] for some in (sent, found))
            equal(len(there), len(here), f"segments of {key}")
            for ours, theirs in zip(here, there):
                if theirs.id is None or self.family == 6:
                    theirs = dataclasses.replace(theirs, id=ours.id)
                for name in (field.name for field in dataclasses.fields(Segment)):
                    equal(getattr(theirs, name), getattr(ours, name),
                          f"{name} of the segment with sequence number {ours.seq}")

    def through(self, segments):
        self.send([self.peer.session.seal(s.bytes()) for s in segments])
        self.check(segments, self.came())


def both(function):
    for family in 4, 6:
        def run(family=family):
            function(Stream(family))

        run.__name__ = f"{function.__name__}_ipv{family}"
        case(run)
    return function


# Headers and this are a multiple of 16 bytes, so that a few bytes less change the
# padding and not the message's size.
FULL = {4: 1280 - 52, 6: 1280 - 72}


def plain(stream, count=BATCH, first=1000, size=None, ids=1):
    size = size or FULL[stream.family]
    return [stream.segment(port=1, seq=(first + i * size) & 0xffffffff, payload=content(i * size, size),
                           id=(i * ids) & 0xffff) for i in range(count)]


@both
def one_stream_becomes_few_packets(stream):
    before = stream.world.device.counters()
    stream.through(plain(stream, 40))
    if before:  # others take each when it comes
        check(stream.packets <= 3, f"{stream.packets} packets of 40 segments")
        now = stream.world.device.counters()
        equal(now["rx_gro_messages"] - before["rx_gro_messages"], 40, "messages in batches")


@both
def every_number_and_size(stream):
    for count in 2, 3, 22, 23, 24, 40, 64:
        for size in 28, 44, 60, 76, 500, 908, FULL[4]:
            if count * (size + 150) < 65000:
                stream.through(plain(stream, count, size=size))
    stream.through(plain(stream, ids=0))
    stream.through(plain(stream, first=0xffffffff - 5000))


@both
def the_last_is_shorter(stream):
    for less in 1, 15, 16, 100, FULL[stream.family] - 1:
        segments = plain(stream)
        last = segments[-1]
        segments[-1] = dataclasses.replace(last, payload=last.payload[:-less], flags=ACK | PSH)
        stream.through(segments)


CHANGES = (
    lambda s: {"flags": s.flags | PSH},
    lambda s: {"flags": s.flags | FIN},
    lambda s: {"flags": s.flags | URG},
    lambda s: {"flags": s.flags | SYN},
    lambda s: {"flags": s.flags | RST},
    lambda s: {"flags": s.flags | ECE},
    lambda s: {"flags": s.flags | CWR},
    lambda s: {"flags": s.flags & ~ACK},
    lambda s: {"ack": s.ack + 1},
    lambda s: {"window": s.window + 1},
    lambda s: {"options": s.options[:-1] + b"\1"},
    lambda s: {"options": b"\1" * 16, "payload": s.payload[:-4]},
    lambda s: {"options": b"", "payload": s.payload + b"x" * 12},
    lambda s: {"tos": 4},
    lambda s: {"tos": 3},
    lambda s: {"ttl": 63},
    lambda s: {"id": (s.id + 7) & 0xffff},
    lambda s: {"fragment": 0},
    lambda s: {"fragment": 0x2000},
    lambda s: {"seq": s.seq + 1},
    lambda s: {"seq": s.seq - 1},
    lambda s: {"port": 2},
    lambda s: {"payload": s.payload[:-1]},
    lambda s: {"payload": s.payload[:-15]},
    lambda s: {"broken": True},
)


def changed(segment, change):
    new = change(segment)
    if ":" in segment.source:  # which has no such fields
        for name in "id", "fragment", "broken":
            new.pop(name, None)
    return dataclasses.replace(segment, **new)


@both
def each_difference_is_kept(stream):
    for change in CHANGES:
        for place in 0, 1, 7, BATCH - 1:
            segments = plain(stream)
            segments[place] = changed(segments[place], change)
            stream.through(segments)


@both
def many_differences_are_kept(stream):
    chance = random.Random(f"gather {stream.family}")
    for _ in range(60):
        segments = plain(stream, ids=chance.choice((0, 1)))
        for place in range(BATCH):
            if chance.random() < 0.3:
                segments[place] = changed(segments[place], chance.choice(CHANGES))
        if chance.random() < 0.3:
            chance.shuffle(segments)
        stream.through(segments)


@both
def what_is_dropped_leaves_the_rest(stream):
    """Forged, replayed, keepalive-like or foreign messages inside a run."""
    seal = stream.peer.session.seal
    for place in 0, 1, 5, BATCH - 1:
        segments = plain(stream)
        messages = [seal(s.bytes()) for s in segments]
        other = dataclasses.replace(
            segments[place], source="10.66.77.1" if stream.family == 4 else "fd66::77:1")
        bad = (messages[place][:-1] + bytes([messages[place][-1] ^ 1]),
               messages[place][:40] + bytes([messages[place][40] ^ 1]) + messages[place][41:],
               messages[place - 1] if place else None,
               b"\4\0\0\0\xff\xff\xff\xff" + messages[place][8:],
               b"\7" + messages[place][1:],
               seal(other.bytes()),
               seal(bytes(len(messages[place]) - 32)))
        for wrong in filter(None, bad):
            again = [seal(s.bytes()) for s in segments]
            again[place] = wrong
            if wrong is messages[place - 1]:
                again[place - 1] = wrong  # the same counter twice
            stream.send(again)
            rest = segments[:place] + segments[place + 1:]
            stream.check(rest, stream.came(len(rest)))


@both
def a_forged_one_anywhere(stream):
    """Also where the memory that a run lies in has come to its end."""
    with stream.world.counts(rx_drop_bad_tag=40):
        for place in range(40):
            segments = plain(stream, 40)
            messages = [stream.peer.session.seal(s.bytes()) for s in segments]
            messages[place] = messages[place][:-1] + bytes([messages[place][-1] ^ 1])
            stream.send(messages)
            stream.check(segments[:place] + segments[place + 1:], stream.came())


@both
def forged_ones_beside_good_ones(stream):
    """Four messages are authenticated together: each for itself."""
    with stream.world.counts(rx_drop_bad_tag=32):
        for forged in range(16):
            segments = plain(stream, 4)
            messages = [stream.peer.session.seal(s.bytes()) for s in segments]
            for place in range(4):
                if forged >> place & 1:
                    at = 16 + place * 300
                    messages[place] = messages[place][:at] + bytes([messages[place][at] ^ 1]) \
                        + messages[place][at + 1:]
            stream.send(messages)
            stream.check([s for i, s in enumerate(segments) if not forged >> i & 1],
                         stream.came())


@both
def two_sessions_in_one_batch(stream):
    """Messages of two sessions side by side cannot be authenticated together."""
    old = stream.peer.session
    time.sleep(0.03)  # or the initiation would be one too many
    stream.peer.initiate()
    for pattern in range(16):
        segments = plain(stream, 12)
        stream.send([(old if pattern >> i % 4 & 1 else stream.peer.session).seal(s.bytes())
                     for i, s in enumerate(segments)])
        stream.check(segments, stream.came(len(segments)))


@both
def with_gro_off_each_comes_alone(stream):
    stream.world.ns.run("ethtool", "-K", stream.world.device.name, "gro", "off")
    stream.through(plain(stream))
    equal(stream.packets, BATCH, "packets that came")


@case
def the_network_address_must_fit():
    """The source is looked up for the first of a run; another is none of the run."""
    stream = Stream(4)
    segments = plain(stream)
    segments[9] = dataclasses.replace(segments[9], source=str(
        ipaddress.ip_address(stream.peer.inner4) + 1))
    stream.send([stream.peer.session.seal(s.bytes()) for s in segments])
    stream.check(segments[:9] + segments[10:], stream.came())


if __name__ == "__main__":
    ktap.main()
