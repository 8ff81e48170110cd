#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Packets are encrypted where they are: those of sockets have room for it, and those
that a network card received are not copied on their way for want of it."""

import fcntl
import os
import socket
import stat
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import packet
from ktap import Skip, case, check, equal
from netns import Namespace, veth
from peer import World
from tunnel import OURS

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x2, 0x1000
TUN = "/dev/net/tun"
TRACING = "/sys/kernel/tracing"
MAC = bytes.fromhex("020000000001")
STRANGER = "192.0.2.9"  # behind the router, from where it gets packets
SIZE = 1332  # of a payload: 1360 bytes with headers
PACKETS = 10


class Router:
    """A world whose device gets packets that came in by another one."""

    def __init__(self, outer="127.0.0.1"):
        if not OURS:
            raise Skip("n/a: WireGuard has no counters, and copies each packet")
        self.world = World(outer=outer)
        self.peer, = self.world.peers
        self.world.ns.sysctl("net.ipv4.ip_forward", 1)
        self.peer.initiate()
        self.peer.ping()

    def arrive(self, device):
        """Has what arrives by a device forwarded."""
        self.world.ns.ip(f"link set {device} address {MAC.hex(':')} up",
                         f"route add {STRANGER} dev {device}")

    def frame(self, payload):
        return MAC + bytes(6) + b"\x08\x00" + packet.udp(STRANGER, self.peer.inner4, payload,
                                                          1000, 2000)

    def every_size(self, sizes, send):
        """Has payloads of many sizes sent, some with enough room behind them, some not:
        those are copied, and nothing is written beyond the end."""
        before = self.world.device.counters()["tx_in_place"]
        for size in sizes:
            payload = os.urandom(size)
            send(payload)
            equal(self.peer.receive_packet().data, payload, f"the packet of {size} bytes")
        fitted = self.world.device.counters()["tx_in_place"] - before
        check(0 < fitted < len(sizes), f"{fitted} of {len(sizes)} were encrypted in place")

    def forwarded(self, write, encrypted_in_place):
        with self.world.counts(tx_in_place=encrypted_in_place, tx_packets=PACKETS):
            for number in range(PACKETS):
                payload = bytes([number]) * SIZE
                write(self.frame(payload))
                equal(self.peer.receive_packet().data, payload, "the packet forwarded")


def tap(ns, name):
    """A tap device, which hands up what is written into it as a card's driver does: with
    NET_SKB_PAD and the Ethernet header before a packet; and, as it does not block, in a
    buffer that ends less than 64 bytes after it. Returns what writes a frame."""
    subprocess.run(["modprobe", "-q", "tun"], check=False)
    if not os.path.exists(TUN):  # no udev is here to make it
        os.makedirs(os.path.dirname(TUN), exist_ok=True)
        os.mknod(TUN, stat.S_IFCHR | 0o600, os.makedev(10, 200))
    with ns.entered():
        fd = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
        ktap.cleanup(os.close, fd)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return lambda frame: os.write(fd, frame)


class Copies:
    """with Copies() as copies: ...; then .count says how often ip_forward() had a
    packet copied to get it more headroom. Its stack traces tell whose copies they were."""

    def __init__(self):
        self.folder = f"{TRACING}/instances/warren-headroom"

    def put(self, name, text):
        with open(f"{self.folder}/{name}", "w") as file:
            file.write(text)

    def __enter__(self):
        if not os.path.isdir(f"{TRACING}/instances"):
            subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING], check=True)
        with open(f"{TRACING}/available_tracers") as file:
            if "function" not in file.read().split():
                raise Skip("n/a: this kernel has no function tracer")
        os.makedirs(self.folder)
        ktap.cleanup(os.rmdir, self.folder)
        self.put("set_ftrace_filter", "pskb_expand_head")
        self.put("current_tracer", "function")
        self.put("options/func_stack_trace", "1")
        return self

    def __exit__(self, *_):
        self.put("tracing_on", "0")
        with open(f"{self.folder}/trace") as file:
            stacks = file.read().split("<stack trace>")
        self.put("current_tracer", "nop")
        self.count = sum("=> ip_forward\n" in stack for stack in stacks[1:])


@case
def datagrams_of_sockets():
    """Over IPv4 what is asked of the sender does, over IPv6 a packet is moved a bit."""
    for outer in "127.0.0.1", "::1":
        router = Router(outer)
        for family in 4, 6:
            with router.world.counts(tx_in_place=PACKETS):
                for number in range(PACKETS):
                    payload = bytes([number]) * (SIZE - number)
                    router.world.transmit(router.peer, payload, family)
                    equal(router.peer.receive_packet().data, payload, "the packet sent")


@case
def from_a_card():
    """Neither forwarding copies a packet, nor do we."""
    router = Router()
    write = tap(router.world.ns, "card")
    router.arrive("card")
    with Copies() as copies:
        router.forwarded(write, PACKETS)
    equal(copies.count, 0, "packets that were copied to be forwarded")


@case
def from_a_card_with_little_room_behind():
    for outer in "127.0.0.1", "::1":
        router = Router(outer)
        write = tap(router.world.ns, "card")
        router.arrive("card")
        router.every_size(range(SIZE - 64, SIZE),
                          lambda payload, r=router, w=write: w(r.frame(payload)))


@case
def moved_with_little_room_behind():
    """Sizes up to where the socket's buffers become larger ones."""
    router = Router("::1")
    router.every_size(range(520, 660), lambda payload: router.world.transmit(router.peer, payload))


@case
def from_a_device_without_room():
    """What a program's packet socket sends through a veth pair has less before it: the
    stack makes room for us, so here Copies has something to find."""
    router = Router()
    lan = Namespace("lan")
    veth(router.world.ns, "lan", lan, "eth0")
    router.arrive("lan")
    sender = lan.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind(("eth0", 0))
    with Copies() as copies:
        router.forwarded(sender.send, PACKETS)
    equal(copies.count, PACKETS, "packets that were copied to be forwarded")


if __name__ == "__main__":
    ktap.main()
