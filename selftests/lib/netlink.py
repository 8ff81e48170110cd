# SPDX-License-Identifier: GPL-2.0
"""Raw netlink: attributes, requests, extended acknowledgements, generic
families. Knows nothing of what it sends, so that tests can send rubbish too."""

import errno
import os
import socket
import struct

NETLINK_ROUTE, NETLINK_GENERIC = 0, 16
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
NLMSG_ERROR, NLMSG_DONE = 2, 3
REQUEST, MULTI, ACK, DUMP, DUMP_INTR = 0x1, 0x2, 0x4, 0x300, 0x10
ACK_CAPPED, ACK_TLVS = 0x100, 0x200
NESTED, NET_BYTEORDER = 0x8000, 0x4000
NETLINK_ADD_MEMBERSHIP = 1
GENL_CTRL, CTRL_GETFAMILY, CTRL_FAMILY_ID, CTRL_MCAST_GROUPS = 0x10, 3, 1, 7
CTRL_GROUP_NAME, CTRL_GROUP_ID = 1, 2
EXTACK_MSG, EXTACK_OFFS, EXTACK_POLICY, EXTACK_MISS_TYPE = 1, 2, 4, 5


class NetlinkError(OSError):
    """A request was refused. `text` is the extended-ack message or "", `offset`
    is where in the request the bad attribute is, or None."""

    def __init__(self, number, text, offset):
        super().__init__(number, f"{os.strerror(number)}: {text or 'no extended-ack text'}")
        self.text, self.offset = text, offset


def attr(kind, payload=b""):
    """One attribute, padded."""
    if isinstance(payload, str):
        payload = payload.encode() + b"\0"
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + bytes(-length % 4)


def nest(kind, *attributes):
    return attr(kind | NESTED, b"".join(attributes))


def u8(kind, value):
    return attr(kind, struct.pack("=B", value))


def u16(kind, value):
    return attr(kind, struct.pack("=H", value))


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def attributes(data):
    """Yields (kind, payload) of each attribute, kind without its flags."""
    while len(data) >= 4:
        length, kind = struct.unpack("=HH", data[:4])
        if not 4 <= length <= len(data):
            raise ValueError(f"attribute {kind}: bad length {length} of {len(data)}")
        yield kind & ~(NESTED | NET_BYTEORDER), data[4:length]
        data = data[length + (-length % 4):]


class Netlink:
    """A netlink socket in the network namespace that this thread is in."""

    def __init__(self, protocol):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        self.socket.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.socket.settimeout(20)
        self.socket.bind((0, 0))
        self.sequence = 0

    def close(self):
        self.socket.close()

    def send(self, kind, flags, payload):
        self.sequence += 1
        self.request = struct.pack("=IHHII", 16 + len(payload), kind, REQUEST | flags,
                                   self.sequence, 0) + payload
        self.socket.send(self.request)

    def receive(self):
        """Yields (kind, flags, payload) of each message of one datagram."""
        data = self.socket.recv(1 << 20)
        while len(data) >= 16:
            length, kind, flags, sequence, _ = struct.unpack("=IHHII", data[:16])
            if sequence == self.sequence:
                yield kind, flags, data[16:length]
            data = data[(length + 3) & ~3:]

    def ask(self, kind, flags, payload):
        """Sends a request; returns the (flags, payload) of all its answers.

        A request without a dump is acknowledged. Raises NetlinkError."""
        if flags & DUMP != DUMP:
            flags |= ACK
        self.send(kind, flags, payload)
        answers = []
        while True:
            for kind_, flags_, body in self.receive():
                if kind_ in (NLMSG_ERROR, NLMSG_DONE):
                    number = -struct.unpack("=i", body[:4])[0] if len(body) >= 4 else 0
                    if number:
                        raise self._error(number, kind_, flags_, body)
                    return answers
                answers.append((flags_, body))

    @staticmethod
    def _error(number, kind, flags, body):
        text, offset = "", None
        if flags & ACK_TLVS:
            rest = body[4:]
            if kind == NLMSG_ERROR:
                rest = rest[16:] if flags & ACK_CAPPED else \
                    rest[(struct.unpack("=I", rest[:4])[0] + 3) & ~3:]
            for what, value in attributes(rest):
                if what == EXTACK_MSG:
                    text = value.rstrip(b"\0").decode()
                elif what == EXTACK_OFFS:
                    offset = struct.unpack("=I", value)[0]
        return NetlinkError(number, text, offset)


class Generic(Netlink):
    """A generic netlink socket that speaks to one family."""

    def __init__(self, family):
        super().__init__(NETLINK_GENERIC)
        try:
            answers = self.ask(GENL_CTRL, 0, struct.pack("=BBH", CTRL_GETFAMILY, 1, 0)
                               + attr(2, family))
        except NetlinkError as error:
            self.close()
            if error.errno == errno.ENOENT:
                raise NetlinkError(errno.ENOENT, f"no netlink family {family}", None)
            raise
        told = dict(attributes(answers[0][1][4:]))
        self.family = struct.unpack("=H", told[CTRL_FAMILY_ID])[0]
        self.groups = {}
        for _, group in attributes(told.get(CTRL_MCAST_GROUPS, b"")):
            group = dict(attributes(group))
            self.groups[group[CTRL_GROUP_NAME].rstrip(b"\0").decode()] = \
                struct.unpack("=I", group[CTRL_GROUP_ID])[0]

    def call(self, command, *attributes_, flags=0, version=1):
        """Returns the (flags, attribute bytes) of all answers."""
        answers = self.ask(self.family, flags, struct.pack("=BBH", command, version, 0)
                           + b"".join(attributes_))
        return [(f, body[4:]) for f, body in answers]

    def join(self, group):
        """Listens to a multicast group from now on."""
        self.socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, self.groups[group])

    def listen(self):
        """Yields (command, attribute bytes) of each message of one datagram."""
        self.sequence = 0
        for kind, _, payload in self.receive():
            if kind == self.family:
                yield payload[0], payload[4:]
