# SPDX-License-Identifier: GPL-2.0
"""IP packets, made and read byte by byte."""

import ipaddress
import struct

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _pseudo(source, destination, protocol, length):
    if source.version == 4:
        return source.packed + destination.packed + struct.pack("!BBH", 0, protocol, length)
    return source.packed + destination.packed + struct.pack("!IHBB", length, 0, 0, protocol)


def ip(source, destination, protocol, payload, tos=0, ttl=64):
    """An IPv4 or IPv6 packet around a payload."""
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 4:
        head = struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(payload), 0, 0, ttl, protocol, 0)
        head += source.packed + destination.packed
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload
    return struct.pack("!IHBB", 6 << 28 | tos << 20, len(payload), protocol, ttl) \
        + source.packed + destination.packed + payload


def udp(source, destination, payload, source_port=1000, destination_port=2000, tos=0):
    """A UDP packet with its IP header."""
    head = struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0)
    pseudo = _pseudo(ipaddress.ip_address(source), ipaddress.ip_address(destination),
                     UDP, 8 + len(payload))
    total = checksum(pseudo + head + payload) or 0xffff
    return ip(source, destination, UDP, head[:6] + struct.pack("!H", total) + payload, tos)


class Packet:
    """What an IP packet says. `payload` ends where the IP header says."""

    def __init__(self, data):
        self.version = data[0] >> 4
        if self.version == 4:
            header = (data[0] & 15) * 4
            self.tos, self.total = data[1], struct.unpack("!H", data[2:4])[0]
            self.protocol, self.ttl = data[9], data[8]
            self.source = str(ipaddress.ip_address(data[12:16]))
            self.destination = str(ipaddress.ip_address(data[16:20]))
        else:
            header = 40
            self.tos = struct.unpack("!H", data[:2])[0] >> 4 & 0xff
            self.total = 40 + struct.unpack("!H", data[4:6])[0]
            self.protocol, self.ttl = data[6], data[7]
            self.source = str(ipaddress.ip_address(data[8:24]))
            self.destination = str(ipaddress.ip_address(data[24:40]))
        self.payload = data[header:self.total]
        self.source_port = self.destination_port = self.data = None
        if self.protocol == UDP:
            self.source_port, self.destination_port = struct.unpack("!HH", self.payload[:4])
            self.data = self.payload[8:]
