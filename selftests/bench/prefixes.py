# SPDX-License-Identifier: GPL-2.0
"""A million allowed IPs of all sorts: the lengths that a router of the Internet
mostly has, and single addresses; a fifth of them is IPv6."""

import collections
import ipaddress
import os
import pathlib
import random

COUNT, PACKETS = 1_000_000, 20_000
# {family: (bits of an address, share, {length: how many in a hundred})}
SHAPES = {4: (32, 0.8, {24: 56, 22: 12, 23: 10, 32: 10, 20: 8, 16: 4}),
          6: (128, 0.2, {48: 45, 32: 10, 40: 10, 44: 10, 56: 10, 64: 10, 128: 5})}
OUT = pathlib.Path(__file__).resolve().parents[2] / "build" / "bench"
TABLE, TARGETS = OUT / "prefixes.conf", OUT / "prefixes.targets"

Prefix = collections.namedtuple("Prefix", "family length top")


def table(count, rng):
    """@count different prefixes; those of IPv6 are within 2000::/3."""
    found = {}
    for family, (_, share, shape) in SHAPES.items():
        lengths = rng.choices(list(shape), list(shape.values()), k=count)
        until = len(found) + round(count * share)
        while len(found) < until:
            length = lengths[len(found)]
            top = rng.getrandbits(length) if family == 4 else \
                1 << (length - 3) | rng.getrandbits(length - 3)
            found[Prefix(family, length, top)] = None
    return list(found)


def address(prefix, rest=0):
    """An address within it, as bytes; the lowest bits of @rest are what it leaves open."""
    width = SHAPES[prefix.family][0]
    other = width - prefix.length
    return (prefix.top << other | rest & ((1 << other) - 1)).to_bytes(width // 8, "big")


def write(path, text):
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").rename(path)


def make(count=COUNT, packets=PACKETS):
    """Writes, if they are not there, a peer's AllowedIPs, and addresses within some of
    them; always the same. It takes a processor ten seconds."""
    if TARGETS.exists():
        return
    rng = random.Random(1)
    prefixes = table(count, rng)
    os.makedirs(OUT, exist_ok=True)
    write(TABLE, "".join(f"AllowedIPs = {ipaddress.ip_address(address(prefix))}/{prefix.length}\n"
                         for prefix in prefixes))
    write(TARGETS, "".join(f"{address(prefix, rng.getrandbits(128)).hex()}\n"
                           for prefix in rng.sample(prefixes, packets)))
