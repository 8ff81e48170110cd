# SPDX-License-Identifier: GPL-2.0
"""A device under test, and peers that exist only in this process: they speak
the protocol over ordinary UDP sockets, correctly or wrongly as a case wants.

    world = World(peers=2)
    one, two = world.peers
    one.initiate()               a handshake that we start
    one.ping()                   a packet each way, through the session
    one.send(b"rubbish")         anything
    one.silent()                 and nothing came back
"""

import contextlib
import random
import select
import socket
import struct
import time

import packet
import wgproto
from ktap import Failure, check, equal, eventually
from netns import Namespace
from tunnel import Device, peer as peer_setting
from wgproto import DATA, INITIATION, KEEPALIVE_SIZE, RESPONSE

PORT = 51820
NAMES = {1: "initiation", 2: "response", 3: "cookie reply", 4: "data"}


def kind_of(message):
    return struct.unpack("<I", message[:4])[0] if len(message) >= 4 else None


def sender_of(message):
    return struct.unpack("<I", message[4:8])[0]


def name_of(message):
    if message is None:
        return "nothing"
    return f"{NAMES.get(kind_of(message), 'rubbish')} of {len(message)} bytes"


class Peer:
    """One fake peer. Its socket is in the device's namespace unless @ns is given."""

    def __init__(self, world, number, psk=None, ns=None, address=None, port=0):
        self.world, self.ns, self.psk = world, ns or world.ns, psk
        self.private = wgproto.generate_private()
        self.public = wgproto.public_of(self.private)
        self.inner4, self.inner6 = f"10.66.1.{number + 1}", f"fd66::1:{number + 1:x}"
        self.session = None
        self.tos = self.source = None
        self.move(address or world.outer, port)

    def move(self, address, port=0):
        """Gets a new socket, and returns the old one."""
        old = getattr(self, "socket", None)
        self.socket = self.ns.udp(address, port)
        v6 = ":" in address
        self.socket.setsockopt(*(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1) if v6 else
                               (socket.IPPROTO_IP, socket.IP_RECVTOS, 1))
        self.target = "::1" if v6 else "127.0.0.1"
        if address not in ("::1",) and not address.startswith("127."):
            self.target = self.world.outer
        self.address = self.socket.getsockname()[:2]
        return old

    def setting(self, endpoint=True, **more):
        """How the device is told of this peer."""
        more.setdefault("allowed", [f"{self.inner4}/32", f"{self.inner6}/128"])
        if endpoint:
            more.setdefault("endpoint", self.address)
        if self.psk:
            more.setdefault("preshared_key", self.psk)
        return peer_setting(self.public, **more)

    @property
    def state(self):
        """What the device says of this peer."""
        return self.world.device.peer(self.public)

    # --- outer ---------------------------------------------------------------

    def send(self, message, via=None):
        (via or self.socket).sendto(message, (self.target, self.world.port))

    def receive(self, seconds=5.0):
        """The next datagram, or None. Notes its .tos and .source."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        message, extra, _, self.source = self.socket.recvmsg(65536, 256)
        for _, kind, data in extra:
            if kind in (socket.IP_TOS, socket.IPV6_TCLASS):
                self.tos = data[0]
        return message

    def expect(self, kind, seconds=5.0):
        """The next datagram, which has to be of this kind."""
        message = self.receive(seconds)
        if message is None or kind_of(message) != kind:
            raise Failure(f"expected {NAMES[kind]}, got {name_of(message)}")
        return message

    def silent(self, seconds=0.0):
        """Checks that nothing waits, for those who have waited otherwise."""
        message = self.receive(seconds)
        check(message is None, f"expected silence, got {name_of(message)}")

    # --- handshake -----------------------------------------------------------

    def initiator(self, psk=None):
        return wgproto.Initiator(self.private, self.world.public, psk or self.psk)

    def macs(self, message, cookie=None):
        return wgproto.add_macs(message, self.world.public, cookie)

    def initiation(self, timestamp=None, cookie=None, sender=None):
        """A fresh first message; the handshake becomes .handshake."""
        self.handshake = self.initiator()
        sender = random.getrandbits(32) if sender is None else sender
        return self.macs(self.handshake.initiation(sender, timestamp), cookie)

    def initiate(self, confirm=True):
        """A handshake that we start; .session is new then."""
        self.send(self.initiation())
        return self.finish(self.expect(RESPONSE), confirm)

    def finish(self, response, confirm=True):
        self.handshake.consume_response(response)
        self.session = self.handshake.session()
        if confirm:
            self.send(self.session.seal())
        return self.session

    def respond(self, initiation=None, seconds=5.0):
        """A handshake that the device starts; .session is new then."""
        self.respond_with(self.open_initiation(initiation, seconds))
        return self.session

    def open_initiation(self, initiation=None, seconds=5.0):
        responder = wgproto.Responder(self.private)
        who = responder.consume_initiation(initiation or self.expect(INITIATION, seconds))
        equal(who, self.world.public, "the initiation's static key")
        return responder

    def respond_with(self, responder, psk=None):
        self.send(self.macs(responder.response(random.getrandbits(32), psk or self.psk)))
        self.session = responder.session()

    # --- inner ---------------------------------------------------------------

    def packet(self, payload, family=4, source=None, tos=0):
        """An inner UDP packet to the world's socket."""
        ours, theirs = (self.inner4, World.INNER4) if family == 4 else \
            (self.inner6, World.INNER6)
        self.world.inner(family)
        return packet.udp(source or ours, theirs, payload, 1000, 2000, tos)

    def sealed(self, payload, family=4, **options):
        return self.session.seal(self.packet(payload, family), **options)

    def receive_packet(self, seconds=5.0):
        """The next inner packet for us; keepalives are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            message = self.receive(max(0, deadline - time.monotonic()))
            if message is None:
                raise Failure("expected a data packet, got nothing")
            if kind_of(message) != DATA:
                raise Failure(f"expected a data packet, got {name_of(message)}")
            if len(message) > KEEPALIVE_SIZE:
                self.padded = self.session.open(message)
                return packet.Packet(self.padded)

    def ping(self, family=4):
        """A packet in and a packet out, in order with all that was sent before.

        Fails if anything else had been delivered since the last one."""
        payload = random.randbytes(16)
        self.send(self.sealed(payload, family))
        equal(self.world.delivered(family), payload, "the packet delivered by the device")
        self.world.transmit(self, payload[::-1], family)
        equal(self.receive_packet().data, payload[::-1], "the packet sent by the device")


class World:
    """A namespace with a device in it, and its peers."""

    INNER4, INNER6 = "10.66.0.1", "fd66::1"

    def __init__(self, peers=1, outer="127.0.0.1", port=PORT, ns=None, name="wg0",
                 endpoint=True, psk=None, up=True, addresses=None):
        self.ns = ns or Namespace("dut")
        self.outer, self.port, self.psk = outer, port, psk
        self.private = wgproto.generate_private()
        self.public = wgproto.public_of(self.private)
        self.peers = [Peer(self, i, psk) for i in range(peers)]
        if addresses is None:
            addresses = f"{self.INNER4}/16", f"{self.INNER6}/64"
        self.device = Device(self.ns, name, addresses, up, private_key=self.private,
                             listen_port=port, peers=[p.setting(endpoint) for p in self.peers])
        self._inner = {}

    def inner(self, family=4):
        if family not in self._inner:
            self._inner[family] = self.ns.udp(self.INNER4 if family == 4 else self.INNER6, 2000)
        return self._inner[family]

    def transmit(self, peer, payload, family=4):
        """Has the device's side send a UDP packet to a peer."""
        self.inner(family).sendto(payload, (peer.inner4 if family == 4 else peer.inner6, 1000))

    def delivered(self, family=4):
        """The payload of the next packet that came out of the device."""
        try:
            return self.inner(family).recvfrom(65536)[0]
        except TimeoutError:
            raise Failure("the device delivered nothing") from None

    def nothing_delivered(self, family=4):
        check(not select.select([self.inner(family)], [], [], 0)[0],
              "the device delivered a packet that it had to drop")

    @contextlib.contextmanager
    def counts(self, **wanted):
        """Checks by how much named counters grow meanwhile: rx_drop_bad_tag=3.

        No other drop may be counted. A kind without counters passes."""
        before = self.device.counters()
        yield
        if not before:
            return

        def growth():
            now = self.device.counters()
            return {n: now[n] - before[n] for n in now
                    if now[n] != before[n] and (n in wanted or "_drop_" in n)}

        wanted = {n: w for n, w in wanted.items() if w}
        eventually(lambda: all(growth().get(n, 0) >= w for n, w in wanted.items()),
                   f"counters {wanted}", 2)
        equal(growth(), wanted, "counters")
