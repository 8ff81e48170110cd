# SPDX-License-Identifier: GPL-2.0
"""The tunnel device under test, made and configured over netlink.

WARREN_KIND says which: "warren" (the default), or "wireguard" to run a test against
the kernel's own module or against warren.ko with wireguard_compat=1. The
numbers below are those of module/uapi/warren.h."""

import array
import base64
import errno
import fcntl
import ipaddress
import json
import os
import select
import socket
import struct

import netlink
from ktap import Failure, check, cleanup, equal
from netlink import DUMP, DUMP_INTR, attr, attributes, nest, u8, u16, u32

KIND = os.environ.get("WARREN_KIND", "warren")
OURS = KIND == "warren"

GET_DEVICE, SET_DEVICE, EVENT = 0, 1, 64
REPLACE_PEERS = REMOVE_ME = 1
WITH_STATS = 1 << 16
REPLACE_ALLOWEDIPS, UPDATE_ONLY = 2, 4
(D_IFINDEX, D_IFNAME, D_PRIVATE_KEY, D_PUBLIC_KEY, D_FLAGS, D_LISTEN_PORT, D_FWMARK,
 D_PEERS) = range(1, 9)
(P_PUBLIC_KEY, P_PRESHARED_KEY, P_FLAGS, P_ENDPOINT, P_KEEPALIVE, P_LAST_HANDSHAKE,
 P_RX_BYTES, P_TX_BYTES, P_ALLOWEDIPS, P_PROTOCOL_VERSION) = range(1, 11)
D_BIND_IFINDEX, D_BIND_ADDR4, D_BIND_ADDR6, D_BIND_IFNAME = 64, 65, 66, 67
P_STATS = 64
# A peer's counters, as the device's of the same meaning are named by ethtool.
STATS = (
    "rx_packets", "tx_packets", "rx_keepalive", "rx_initiation", "rx_response", "rx_cookie",
    "tx_keepalive", "tx_initiation", "tx_response", "rx_drop_bad_handshake",
    "rx_drop_replayed_handshake", "rx_drop_early_handshake", "rx_drop_bad_cookie",
    "rx_drop_no_memory", "rx_drop_expired_key", "rx_drop_bad_tag", "rx_drop_replayed",
    "rx_drop_not_ip", "rx_drop_bad_ecn", "rx_drop_disallowed_source", "tx_drop_not_ip",
    "tx_drop_no_endpoint", "tx_drop_loop", "tx_drop_staged_overflow", "tx_drop_staged_expired",
    "tx_drop_no_memory", "tx_drop_no_route")
E_TYPE, E_IFINDEX, E_IFNAME, E_PUBLIC_KEY, E_ENDPOINT, E_INITIATOR, E_REASON = range(1, 8)
(PEER_ADDED, PEER_REMOVED, HANDSHAKE_DONE, HANDSHAKE_FAILED, ENDPOINT_MOVED, SESSION_STALLED,
 KEYS_EXPIRED) = range(1, 8)
(NO_ANSWER, BAD_RESPONSE, BAD_INITIATION, REPLAYED, EARLY, NO_PRIVATE_KEY, BAD_PUBLIC_KEY,
 NO_ENDPOINT, NO_ROUTE) = range(1, 10)
A_FAMILY, A_IPADDR, A_CIDR_MASK, A_FLAGS = range(1, 5)

SIOCETHTOOL, ETHTOOL_GSTRINGS, ETHTOOL_GSSET_INFO, ETHTOOL_GSTATS = 0x8946, 0x1b, 0x37, 0x1d


def b64(key):
    return base64.b64encode(key).decode()


def sockaddr(address, port):
    """struct sockaddr_in or sockaddr_in6 of an address as text."""
    address, _, scope = address.partition("%")
    address = ipaddress.ip_address(address)
    if address.version == 4:
        return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) \
            + address.packed + bytes(8)
    return struct.pack("=H", socket.AF_INET6) + struct.pack("!HI", port, 0) \
        + address.packed + struct.pack("=I", int(scope or 0))


def allowed_ip(prefix, flags=None):
    """A nest of one prefix; "-" before it takes the prefix away."""
    if prefix[0] == "-":
        prefix, flags = prefix[1:], REMOVE_ME
    net = ipaddress.ip_network(prefix, strict=False)
    family = socket.AF_INET if net.version == 4 else socket.AF_INET6
    return nest(0, u16(A_FAMILY, family), attr(A_IPADDR, net.network_address.packed),
                u8(A_CIDR_MASK, net.prefixlen), u32(A_FLAGS, flags) if flags else b"")


def peer(public_key, *, allowed=None, endpoint=None, preshared_key=None, keepalive=None,
         flags=None):
    """A nest of one peer. @allowed: prefixes as text; @endpoint: (address, port)."""
    return nest(
        0, attr(P_PUBLIC_KEY, public_key),
        u32(P_FLAGS, flags) if flags is not None else b"",
        attr(P_PRESHARED_KEY, preshared_key) if preshared_key is not None else b"",
        attr(P_ENDPOINT, sockaddr(*endpoint)) if endpoint else b"",
        u16(P_KEEPALIVE, keepalive) if keepalive is not None else b"",
        nest(P_ALLOWEDIPS, *map(allowed_ip, allowed)) if allowed is not None else b"")


def endpoint_of(value):
    """(address, port) of a struct sockaddr_in or sockaddr_in6."""
    raw = value[4:8] if len(value) == 16 else value[8:24]
    return str(ipaddress.ip_address(raw)), struct.unpack("!H", value[2:4])[0]


class PeerState:
    """What a dump says of a peer."""

    def __init__(self):
        self.allowed = []
        self.stats = None
        self.endpoint = self.preshared_key = None
        self.keepalive = self.rx = self.tx = self.handshake = 0

    def take(self, kind, value):
        if kind == P_PRESHARED_KEY:
            self.preshared_key = value
        elif kind == P_ENDPOINT:
            self.endpoint = endpoint_of(value)
        elif kind == P_KEEPALIVE:
            self.keepalive = struct.unpack("=H", value)[0]
        elif kind == P_LAST_HANDSHAKE:
            self.handshake = struct.unpack("=qq", value)[0]
        elif kind == P_RX_BYTES:
            self.rx = struct.unpack("=Q", value)[0]
        elif kind == P_TX_BYTES:
            self.tx = struct.unpack("=Q", value)[0]
        elif kind == P_ALLOWEDIPS:
            for _, one in attributes(value):
                a = dict(attributes(one))
                self.allowed.append(f"{ipaddress.ip_address(a[A_IPADDR])}/{a[A_CIDR_MASK][0]}")
        elif kind == P_STATS:
            self.stats = {STATS[what - 1]: struct.unpack("=Q", count)[0]
                          for what, count in attributes(value) if what}


class DeviceState:
    """What a dump says of a device."""

    def __init__(self):
        self.private_key = self.public_key = None
        self.bind_ifindex, self.bind_ifname, self.bind_addresses = 0, None, []
        self.listen_port = self.fwmark = self.messages = 0
        self.interrupted = False
        self.peers = {}

    def take(self, flags, data):
        self.messages += 1
        self.interrupted |= bool(flags & DUMP_INTR)
        for kind, value in attributes(data):
            if kind == D_PRIVATE_KEY:
                self.private_key = value
            elif kind == D_PUBLIC_KEY:
                self.public_key = value
            elif kind == D_LISTEN_PORT:
                self.listen_port = struct.unpack("=H", value)[0]
            elif kind == D_FWMARK:
                self.fwmark = struct.unpack("=I", value)[0]
            elif kind == D_BIND_IFINDEX:
                self.bind_ifindex = struct.unpack("=I", value)[0]
            elif kind == D_BIND_IFNAME:
                self.bind_ifname = value.rstrip(b"\0").decode()
            elif kind in (D_BIND_ADDR4, D_BIND_ADDR6):
                self.bind_addresses.append(str(ipaddress.ip_address(value)))
            elif kind == D_PEERS:
                for _, one in attributes(value):
                    key = dict(attributes(one))[P_PUBLIC_KEY]
                    state = self.peers.setdefault(key, PeerState())
                    for what, content in attributes(one):
                        state.take(what, content)


class Device:
    """A tunnel device, made in a namespace and deleted when the case is over."""

    def __init__(self, ns, name="wg0", addresses=(), up=True, kind=KIND, **settings):
        self.ns, self.name = ns, name
        ns.links.add(name, kind)
        ns.address(name, *addresses)
        with ns.entered():
            self.genl = netlink.Generic(kind)
        cleanup(self.genl.close)
        if settings:
            self.set(**settings)
        if up:
            ns.links.up(name)
            ns.await_addresses(*addresses)

    def set(self, *, private_key=None, listen_port=None, fwmark=None, flags=None, peers=None):
        """Peers as peer() makes them."""
        self.raw(attr(D_PRIVATE_KEY, private_key) if private_key is not None else b"",
                 u16(D_LISTEN_PORT, listen_port) if listen_port is not None else b"",
                 u32(D_FWMARK, fwmark) if fwmark is not None else b"",
                 u32(D_FLAGS, flags) if flags is not None else b"",
                 nest(D_PEERS, *peers) if peers is not None else b"")

    def raw(self, *attributes_, flags=0):
        """A SET_DEVICE with any attributes."""
        self.genl.call(SET_DEVICE, attr(D_IFNAME, self.name), *attributes_, flags=flags)

    def get(self, stats=False):
        state = DeviceState()
        for flags, data in self.genl.call(GET_DEVICE, attr(D_IFNAME, self.name),
                                          u32(D_FLAGS, WITH_STATS) if stats else b"", flags=DUMP):
            state.take(flags, data)
        return state

    def peer(self, public_key):
        return self.get().peers[public_key]

    def peer_counters(self, public_key):
        """The peer's named counters that are not 0."""
        return self.get(stats=True).peers[public_key].stats

    def bind(self, ifindex=None, address4=None, address6=None, ifname=None):
        self.raw(u32(D_BIND_IFINDEX, ifindex) if ifindex is not None else b"",
                 attr(D_BIND_IFNAME, ifname) if ifname is not None else b"",
                 attr(D_BIND_ADDR4, ipaddress.ip_address(address4).packed) if address4 else b"",
                 attr(D_BIND_ADDR6, ipaddress.ip_address(address6).packed) if address6 else b"")

    def counters(self):
        """The named counters (ethtool -S), {} where the kind has none."""
        with self.ns.entered():
            control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with control:
            def ask(buffer):
                memory = array.array("B", buffer)
                request = struct.pack("16sP", self.name.encode(), memory.buffer_info()[0])
                fcntl.ioctl(control, SIOCETHTOOL, request)
                return memory.tobytes()

            try:
                info = ask(struct.pack("=IIQI", ETHTOOL_GSSET_INFO, 0, 1 << 1, 0))
            except OSError as error:
                if error.errno == errno.EOPNOTSUPP:
                    return {}
                raise
            if not struct.unpack("=Q", info[8:16])[0]:
                return {}
            count = struct.unpack("=I", info[16:20])[0]
            names = ask(struct.pack("=III", ETHTOOL_GSTRINGS, 1, count) + bytes(32 * count))[12:]
            values = ask(struct.pack("=II", ETHTOOL_GSTATS, count) + bytes(8 * count))[8:]
        return {names[32 * i:32 * i + 32].split(b"\0")[0].decode():
                struct.unpack("=Q", values[8 * i:8 * i + 8])[0] for i in range(count)}

    def link(self, statistic):
        """One of the device's standard statistics, such as rx_dropped."""
        data = json.loads(self.ns.run("ip", "-j", "-s", "link", "show", self.name))
        side, _, what = statistic.partition("_")
        return data[0]["stats64"][side][what]


class Event:
    """One event of a device. @endpoint, @reason: None when it has none."""

    def __init__(self, data):
        told = dict(attributes(data))
        self.type = struct.unpack("=I", told[E_TYPE])[0]
        self.ifindex = struct.unpack("=I", told[E_IFINDEX])[0]
        self.ifname = told[E_IFNAME].rstrip(b"\0").decode()
        self.public_key = told[E_PUBLIC_KEY]
        self.endpoint = endpoint_of(told[E_ENDPOINT]) if E_ENDPOINT in told else None
        self.initiator = E_INITIATOR in told
        self.reason = struct.unpack("=I", told[E_REASON])[0] if E_REASON in told else None


class Events:
    """Listens to the events of a namespace."""

    def __init__(self, ns):
        with ns.entered():
            self.genl = netlink.Generic(KIND)
        cleanup(self.genl.close)
        self.genl.join("events")
        self.waiting = []

    def next(self, seconds=20):
        """The next one, or None."""
        if not self.waiting:
            if not select.select([self.genl.socket], [], [], seconds)[0]:
                return None
            self.waiting = [Event(data) for command, data in self.genl.listen()
                            if command == EVENT]
        return self.waiting.pop(0)

    def expect(self, kind, public_key, seconds=20):
        """The next one, which has to be of this kind and of this peer."""
        event = self.next(seconds)
        if event is None:
            raise Failure(f"expected event {kind}, heard nothing")
        equal((event.type, event.public_key), (kind, public_key), "event and its peer")
        return event

    def silent(self):
        event = self.next(0)
        check(event is None, f"heard event {event and event.type}")
