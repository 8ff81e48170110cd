#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A name server that knows a few names and nothing else.

    resolver.py ADDRESS NAME=IPV4..."""

import socket
import struct
import sys

A, NXDOMAIN = 1, 3


def question(query):
    """The name that is asked for, the type, and where the question ends."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels).lower(), struct.unpack_from("!H", query, at + 1)[0], at + 5


def answer(query, names):
    name, kind, end = question(query)
    found = names.get(name) if kind == A else None
    head = query[:2] + struct.pack("!HHHHH", 0x8180 | (0 if name in names else NXDOMAIN), 1, bool(found), 0, 0)
    record = struct.pack("!HHHIH", 0xc00c, A, 1, 60, 4) + socket.inet_aton(found) if found else b""
    return head + query[12:end] + record


def main(address, *names):
    names = dict(name.split("=") for name in names)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, 53))
        while True:
            query, peer = sock.recvfrom(2048)
            sock.sendto(answer(query, names), peer)


main(*sys.argv[1:])
